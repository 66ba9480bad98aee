package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
	"usher/ui/widget"
)

func globals() []view.Key {
	return []view.Key{
		view.NewKey("?", "help", "?"),
		view.NewKey(":", "commands", ":", "ctrl+k"),
		view.NewKey("ctrl+r", "reload", "ctrl+r"),
		{Binding: view.NewKey("u", "undo my last change", "u").Binding, Hidden: true},
		{Binding: view.NewKey("W", "what may I do?", "W").Binding, Hidden: true},
		view.NewKey("q", "quit", "q"),
	}
}

// globalsOf are the keys that work everywhere as far as they work over a view: its letters are text while it takes any.
func globalsOf(v view.View) []view.Key {
	if !v.Typing() {
		return globals()
	}
	keys := []view.Key{view.NewKey("ctrl+k", "commands", "ctrl+k"), view.NewKey("ctrl+r", "reload", "ctrl+r")}
	if !view.Letters(v) {
		keys = append([]view.Key{view.NewKey("?", "help", "?")}, keys...)
	}
	return keys
}

// global carries out a key that works everywhere; letters are left to a view in which the operator types.
func (a *App) global(k string, top open) (tea.Cmd, bool) {
	switch k {
	case "ctrl+r":
		_, cmd := a.tell(top, view.ReloadMsg{})
		return cmd, true
	case "ctrl+k":
		a.openPalette(top.v)
		return nil, true
	}
	if k == "?" && !view.Letters(top.v) {
		a.help, a.helpTop = true, 0
		return nil, true
	}
	if top.v.Typing() {
		return nil, false
	}
	switch k {
	case ":":
		a.openPalette(top.v)
	case "W":
		a.rights = true
	case "u":
		return a.takeBack(top), true
	case "q":
		return a.quit(), true
	default:
		return nil, false
	}
	return nil, true
}

// takeBack does what undoes the last change. A change of roles that the editor has just made goes back there, all of it;
// any other is looked for in the journal. Each is taken back once: what undid it can be undone in its turn.
func (a *App) takeBack(top open) tea.Cmd {
	undo := a.undo
	if undo.Undo == nil {
		return a.perform(top.id, view.Undo{}, grace{})
	}
	a.undo = view.Undoable{}
	return a.perform(top.id, undo.Undo, grace{})
}

// place is a screen that can be opened from everywhere, by its name in the palette.
type place struct {
	view.Key
	open view.Action
}

func (a *App) places() []place {
	of := func(name, permission string, open view.Action) place {
		k := view.NewKey("go to", name)
		if permission != "" && !a.can(permission) {
			k.Why = "You lack the permission " + permission + "."
		}
		return place{k, open}
	}
	return []place{
		of("Users", "users:read", view.OpenUsers{}),
		of("Roles", "roles:read", view.OpenRoles{}),
		of("Organizations", "orgs:read", view.OpenOrganizations{}),
		of("Approvals", "", view.OpenApprovals{}),
	}
}

// palette is the list of what can be done now, narrowed by what is typed.
type palette struct {
	keys   []place // without an action: the key is pressed
	query  string
	cursor int
}

func (a *App) openPalette(v view.View) {
	a.palette = newPalette(slices.Concat(v.Keys(), globalsOf(v)), a.places()...)
}

func newPalette(keys []view.Key, places ...place) *palette {
	p := &palette{}
	for _, k := range keys {
		if len(k.Keys()) > 0 && k.Keys()[0] != ":" && k.Keys()[0] != "ctrl+k" {
			p.keys = append(p.keys, place{Key: k})
		}
	}
	p.keys = append(p.keys, places...)
	return p
}

func (p *palette) typed(s string) {
	for _, r := range s {
		if r >= ' ' && r <= '~' && len(p.query) < 40 {
			p.query += string(r)
		}
	}
	p.cursor = 0
}

// matches are the rows that fit what is typed, one of exactly that name first: "Roles" is the screen, "roles" the key.
func (p *palette) matches() []place {
	var exact, out []place
	for _, k := range p.keys {
		switch {
		case k.Help().Desc == p.query:
			exact = append(exact, k)
		case fuzzy(k.Help().Desc, p.query):
			out = append(out, k)
		}
	}
	return append(exact, out...)
}

// fuzzy reports that the letters of query come in text in this order.
func fuzzy(text, query string) bool {
	text = strings.ToLower(text)
	for _, r := range strings.ToLower(query) {
		_, rest, ok := strings.Cut(text, string(r))
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

func (a *App) palettePressed(msg tea.KeyPressMsg) tea.Cmd {
	p := a.palette
	found := p.matches()
	switch msg.String() {
	case "esc", "ctrl+k":
		a.palette = nil
	case "up", "ctrl+p":
		p.cursor = max(0, p.cursor-1)
	case "down", "ctrl+n":
		p.cursor = max(0, min(p.cursor+1, len(found)-1))
	case "backspace":
		if p.query != "" {
			p.query, p.cursor = p.query[:len(p.query)-1], 0
		}
	case "enter":
		a.palette = nil
		if p.cursor < len(found) {
			return a.chose(found[p.cursor])
		}
	default:
		p.typed(msg.Text)
	}
	return nil
}

// chose carries out a row of the palette: it opens a screen, or presses the key.
func (a *App) chose(p place) tea.Cmd {
	switch {
	case p.open == nil:
		return a.pressed(view.Press(p.Keys()[0]))
	case p.Why != "":
		return a.notify(view.Info, p.Why)
	}
	return a.perform(a.top().id, p.open, grace{})
}

func (a *App) drawPalette(size view.Size) view.Frame {
	p := a.palette
	head := a.th.Title.Render("Commands") + "  " + p.query
	if p.query == "" {
		head += " " + a.th.Muted.Render("type a part of a name") // beside the cursor
	}
	lines := []string{head}
	found := p.matches()
	room := max(0, size.Height-1)
	if len(found) > room && room > 1 {
		room-- // for the mark
	}
	top := widget.Scroll(0, p.cursor, len(found), room)
	for i := top; i < min(len(found), top+room); i++ {
		lines = append(lines, a.keyLine(found[i].Key, i == p.cursor))
	}
	if below := len(found) - top - room; below > 0 {
		lines = append(lines, a.th.Muted.Render(fmt.Sprintf("%s %d more below", a.th.Icons.Down, below)))
	}
	if len(found) == 0 {
		lines = append(lines, a.th.Muted.Render("Nothing of that name here"))
	}
	f := view.Frame{Content: strings.Join(lines, "\n")}
	f.Cursor = tea.NewCursor(10+len(p.query), 0)
	return f
}

// briefly is why a key is off, for a line that has little room. Pressed, the key says it in full.
func briefly(why string) string {
	if permission, ok := strings.CutPrefix(why, "You lack the permission "); ok {
		return "needs " + strings.TrimSuffix(permission, ".")
	}
	return why
}

func (a *App) keyLine(k view.Key, selected bool) string {
	marker := " "
	if selected {
		marker = a.th.Icons.Cursor
	}
	line := widget.Pad(marker, 2) + widget.Pad(k.Help().Key, 14) + k.Help().Desc
	switch {
	case k.Why != "":
		return a.th.Muted.Render(line + " (" + briefly(k.Why) + ")")
	case selected:
		return a.th.Strong.Render(line)
	}
	return line
}
