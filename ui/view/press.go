package view

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// Writer is a view that changes things: the app asks before quitting while a change is under way.
type Writer interface {
	// Writing reports that a change was sent and has not answered.
	Writing() bool
}

// Keeper is a view that can hold what only the operator has: the app asks before quitting while it does.
type Keeper interface {
	// Unsaved reports that something is typed or staged that leaving would lose.
	Unsaved() bool
}

// Shower is a view that can show what is shown only once, such as a link or a recovery code: the app asks before quitting
// while it does.
type Shower interface {
	// ShowsOnce reports that it is on the screen, or will be when what covers it goes.
	ShowsOnce() bool
}

// Reporter is the message of a write's Result that can be told after the view that sent it was closed.
type Reporter interface{ Report() Action }

// Press is the message of pressing a key, by Bubble Tea's name for it ("enter", "ctrl+r", "G").
func Press(name string) tea.KeyPressMsg {
	var k tea.Key
	for {
		rest, ok := strings.CutPrefix(name, "ctrl+")
		if ok {
			k.Mod |= tea.ModCtrl
		} else if rest, ok = strings.CutPrefix(name, "shift+"); ok {
			k.Mod |= tea.ModShift
		} else if rest, ok = strings.CutPrefix(name, "alt+"); ok {
			k.Mod |= tea.ModAlt
		}
		if !ok || rest == "" {
			break
		}
		name = rest
	}
	if code, ok := named(name); ok {
		k.Code = code
		return tea.KeyPressMsg(k)
	}
	r, _ := utf8.DecodeRuneInString(name)
	k.Code = r
	if k.Mod&^tea.ModShift == 0 {
		k.Text = name
	}
	return tea.KeyPressMsg(k)
}

func named(name string) (rune, bool) {
	switch name {
	case "space":
		return tea.KeySpace, true
	case "enter":
		return tea.KeyEnter, true
	case "esc":
		return tea.KeyEscape, true
	case "tab":
		return tea.KeyTab, true
	case "backspace":
		return tea.KeyBackspace, true
	case "delete":
		return tea.KeyDelete, true
	case "up":
		return tea.KeyUp, true
	case "down":
		return tea.KeyDown, true
	case "left":
		return tea.KeyLeft, true
	case "right":
		return tea.KeyRight, true
	case "home":
		return tea.KeyHome, true
	case "end":
		return tea.KeyEnd, true
	case "pgup":
		return tea.KeyPgUp, true
	case "pgdown":
		return tea.KeyPgDown, true
	}
	return 0, false
}
