package dialog

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// Reason is the field for why a change is made. It is there from the moment the action is known to want a reason: a
// refusal teaches it for the session. Build it with [NewReason].
type Reason struct {
	env        view.Env
	permission string
	input      textinput.Model
	shown      bool
	focused    bool
	dropping   bool // leaving was asked for once, although something is typed
}

// NewReason makes the field for changes under a permission.
func NewReason(env view.Env, permission string) Reason {
	return Reason{env: env, permission: permission, input: widget.NewInput("Reason: "), shown: env.Reasons.Wanted(permission)}
}

// Demand shows the field and puts the cursor into it: the change was refused for want of a reason.
func (r *Reason) Demand() {
	r.env.Reasons.Learn(r.permission)
	r.shown = true
	r.Focus()
}

// Shown reports that the field is there.
func (r *Reason) Shown() bool { return r.shown }

// Typing reports that the field takes letters.
func (r *Reason) Typing() bool { return r.focused }

// Focus puts the cursor into the field.
func (r *Reason) Focus() {
	r.focused = true
	r.input.Focus()
}

func (r *Reason) blur() {
	r.focused = false
	r.input.Blur()
}

// Text is what is typed, on one line.
func (r *Reason) Text() string { return strings.Join(strings.Fields(r.input.Value()), " ") }

// Put is a reason that was typed before. A field with text in it is shown.
func (r *Reason) Put(text string) {
	r.input.SetValue(text)
	r.shown = r.shown || text != ""
}

// Missing says what keeps a change from being confirmed, and puts the cursor there; empty for nothing.
func (r *Reason) Missing() string {
	if !r.shown || r.Text() != "" {
		return ""
	}
	r.Focus()
	return "This action wants a reason: type it, then confirm."
}

// Left is how a key left the field.
type Left int

// The ways out of the field. By Enter and Tab the focus goes to the buttons.
const (
	Stayed Left = iota
	ByEnter
	ByTab
	ByEsc
)

// Key takes a key while the field has the focus.
func (r *Reason) Key(msg tea.KeyPressMsg) Left {
	r.dropping = false
	var left Left
	switch msg.String() {
	case "enter":
		left = ByEnter
	case "tab", "shift+tab", "down", "up":
		left = ByTab
	case "esc":
		left = ByEsc
	default:
		r.input, _ = r.input.Update(msg) // the cursor does not blink: there is no command
		return Stayed
	}
	r.blur()
	return left
}

// Next is where the focus is after a key, in a dialog whose buttons are one that cancels and one that acts.
type Next int

// The places the focus goes to. By enter it goes on to the button that acts, which the same press, held down, must not press.
const (
	InField Next = iota
	ToCancel
	ToAct
	ToActByEnter
)

// KeyBesideButtons takes a key as [Reason.Key] does, and says where it leads.
func (r *Reason) KeyBesideButtons(msg tea.KeyPressMsg) Next {
	switch r.Key(msg) {
	case ByEnter:
		return ToActByEnter
	case ByTab:
		if k := msg.String(); k == "shift+tab" || k == "up" {
			return ToAct
		}
		return ToCancel
	case ByEsc:
		return ToCancel
	case Stayed:
	}
	return InField
}

// Paste takes pasted text while the field has the focus. What is pasted can be a tenant's text: it is one line, and what
// it hides becomes visible.
func (r *Reason) Paste(text string) {
	if r.focused {
		r.input, _ = r.input.Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(text), " ")).String()})
	}
}

// Keep says, once, that leaving would lose what is typed; empty when the dialog may go.
func (r *Reason) Keep() string {
	if r.Text() == "" || r.dropping {
		return ""
	}
	r.dropping = true
	return "Your reason would be lost. The same key again drops it."
}

// With gives the changes made with ctx the reason.
func (r *Reason) With() func(context.Context) context.Context {
	text := r.Text()
	return func(ctx context.Context) context.Context {
		if text == "" {
			return ctx
		}
		return auth0client.WithReason(ctx, text)
	}
}

// Buttons are the dialog's: none is highlighted while the field has the focus.
func (r *Reason) Buttons(safe, act string, onAct bool) string {
	if r.focused {
		return " " + safe + "     " + act + " "
	}
	return Buttons(r.env.Theme, safe, act, onAct)
}

// ButtonsAndKeys are the buttons and the keys that press them; without the keys while the field has the focus, as letters are
// text then.
func (r *Reason) ButtonsAndKeys(safe, act string, onAct bool, keys string) string {
	if r.focused {
		return r.Buttons(safe, act, onAct)
	}
	return r.Buttons(safe, act, onAct) + "   " + keys
}

// Lines draw the field, width cells wide; none when it is not shown.
func (r *Reason) Lines(width int) []string {
	if !r.shown {
		return nil
	}
	in := r.input
	in.SetWidth(max(1, width-widget.Width(in.Prompt)-1))
	return []string{in.View()}
}
