// Package theme holds the console's colours and signs. One [Theme] is built per session and passed down; no view names a
// colour, and no colour carries meaning alone.
package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Theme is the styles by meaning. Build it with [New].
type Theme struct {
	Dark  bool
	ASCII bool // no characters beyond ASCII for our own signs

	Text, Muted, Strong, Title, Accent, Selected, Danger, Warn, Good, Added, Removed, Border, Production lipgloss.Style

	Icons Icons
}

// Icons are the signs that go with words.
type Icons struct {
	Cursor, Checked, Unchecked, Partial, Yes, No, Warn, Bullet, Ellipsis, Up, Down, Plus, Minus, Crumb, Spinner, Sep string
	Rule                                                                                                             string
	BorderStyle                                                                                                      lipgloss.Border
}

// New builds the theme for a dark or light background, with ASCII signs where the terminal has no others.
func New(dark, ascii bool) Theme {
	pick := func(light, darkC string) color.Color {
		if dark {
			return lipgloss.Color(darkC)
		}
		return lipgloss.Color(light)
	}
	fg := func(light, darkC string) lipgloss.Style { return lipgloss.NewStyle().Foreground(pick(light, darkC)) }
	t := Theme{
		Dark: dark, ASCII: ascii,
		Text:       lipgloss.NewStyle(),
		Muted:      fg("#5f6368", "#8b949e"),
		Strong:     lipgloss.NewStyle().Bold(true),
		Title:      fg("#6b2fb3", "#b392f0").Bold(true),
		Accent:     fg("#0b57d0", "#79c0ff"),
		Selected:   lipgloss.NewStyle().Bold(true).Reverse(true),
		Danger:     fg("#b3261e", "#ff7b72").Bold(true),
		Warn:       fg("#8a5a00", "#e3b341"),
		Good:       fg("#146c2e", "#7ee787"),
		Added:      fg("#146c2e", "#7ee787").Bold(true),
		Removed:    fg("#b3261e", "#ff7b72").Bold(true),
		Border:     fg("#80868b", "#6e7681"),
		Production: lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("#ffffff")).Background(lipgloss.Color("#b3261e")),
		Icons:      unicodeIcons(),
	}
	if ascii {
		t.Icons = asciiIcons()
	}
	return t
}

func unicodeIcons() Icons {
	return Icons{
		Cursor: "›", Checked: "[x]", Unchecked: "[ ]", Partial: "[~]", Yes: "✓", No: "✗", Warn: "!", Bullet: "•",
		Ellipsis: "…", Up: "↑", Down: "↓", Plus: "+", Minus: "−", Crumb: "›", Spinner: "⋯", Sep: "·", Rule: "─",
		BorderStyle: lipgloss.RoundedBorder(),
	}
}

func asciiIcons() Icons {
	return Icons{
		Cursor: ">", Checked: "[x]", Unchecked: "[ ]", Partial: "[~]", Yes: "yes", No: "x", Warn: "!", Bullet: "*",
		Ellipsis: "...", Up: "^", Down: "v", Plus: "+", Minus: "-", Crumb: ">", Spinner: "...", Sep: "|", Rule: "-",
		BorderStyle: lipgloss.ASCIIBorder(),
	}
}

// Spare is the theme for a slow line: the selected row has its marker alone, so that moving it sends two characters and
// not two rows.
func (t Theme) Spare() Theme {
	t.Selected = lipgloss.NewStyle()
	return t
}
