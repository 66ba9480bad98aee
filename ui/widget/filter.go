package widget

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
)

// Filter is the box that narrows a list as one types. Build it with [NewFilter].
type Filter struct {
	input  textinput.Model
	typing bool
}

// NewFilter makes an empty filter.
func NewFilter() Filter { return Filter{input: NewInput("/")} }

// Typing reports that the box takes letters.
func (f *Filter) Typing() bool { return f.typing }

// Text is what is typed, as it is looked for: without case and space around.
func (f *Filter) Text() string { return strings.ToLower(strings.TrimSpace(f.input.Value())) }

// Typed is what is typed, as it is.
func (f *Filter) Typed() string { return f.input.Value() }

// Type replaces what is typed.
func (f *Filter) Type(text string) { f.input.SetValue(text) }

// Open puts the cursor into the box.
func (f *Filter) Open() {
	f.typing = true
	f.input.Focus()
}

// Leave takes the cursor out of the box; what is typed goes on narrowing.
func (f *Filter) Leave() {
	f.typing = false
	f.input.Blur()
}

// Clear forgets what is typed.
func (f *Filter) Clear() { f.input.SetValue("") }

// Key takes a key while the box is open: enter leaves it, esc leaves and empties it.
func (f *Filter) Key(k tea.KeyPressMsg) {
	switch k.String() {
	case "enter":
		f.Leave()
	case "esc":
		f.Clear()
		f.Leave()
	default:
		f.input, _ = f.input.Update(k) // the cursor does not blink: there is no command
	}
}

// Paste takes pasted text. It can be a tenant's: it is one line, and what it hides becomes visible.
func (f *Filter) Paste(text string) {
	if f.typing {
		f.input, _ = f.input.Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(text), " ")).String()})
	}
}

// Line draws the box while it is open or narrows; empty else.
func (f *Filter) Line(width int) string {
	switch {
	case f.typing:
		in := f.input
		in.SetWidth(max(1, width-2))
		return in.View()
	case f.Text() != "":
		return Truncate("/"+f.input.Value(), width)
	}
	return ""
}
