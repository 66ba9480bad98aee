// Package view is the contract between the console's root model and its screens. It holds no screen.
package view

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/theme"
)

// ID names one open view, so that a late answer finds its asker or is dropped.
type ID uint64

// Size is a view's share of the terminal, in cells. Both may be 0.
type Size struct{ Width, Height int }

// Frame is what a view draws: at most Size.Height lines of at most Size.Width cells. Cursor, if any, is relative to the
// frame's top left.
type Frame struct {
	Content string
	Cursor  *tea.Cursor
}

// View is a screen or a dialog. Implementations have pointer receivers.
type View interface {
	// Init begins work on entry.
	Init() tea.Cmd
	// Update changes the view itself. The Action, nil mostly, is a wish for the app; the Cmd is I/O only.
	Update(tea.Msg) (Action, tea.Cmd)
	// View draws. It is pure and total at any size, 0x0 included.
	View(Size) Frame
	// Keys are the current bindings, the most useful first.
	Keys() []Key
	// Typing reports that a text input has the focus: single-letter global keys are withheld.
	Typing() bool
	// Title is the view's part of the breadcrumb.
	Title() string
	// Close cancels the view's reads. Writes go on and still report.
	Close()
}

// Letters reports that letters are text to a view. One that withholds the console's own keys for another reason, such as a
// form with something to lose, says so by a method TakesLetters; for all others it is what Typing says.
func Letters(v View) bool {
	if l, ok := v.(interface{ TakesLetters() bool }); ok {
		return l.TakesLetters()
	}
	return v.Typing()
}

// Key is a binding with, when it is switched off, the reason why. A key with a Why stays visible and says it when pressed.
type Key struct {
	key.Binding
	Why string
	// Hidden keeps the key out of the footer; it is in the help overlay all the same.
	Hidden bool
	// Short is what the footer says instead of the description: what the key does as things are. A hidden way out (esc) is in
	// the footer while it has one.
	Short string
}

// NewKey makes a Key. keys are Bubble Tea's names ("enter", "space", "ctrl+r"), label what the footer shows for them.
func NewKey(label, desc string, keys ...string) Key {
	return Key{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, desc))}
}

// StepOut is esc where it goes out step by step: whole says all its steps, for the help, and now the next one, for the footer.
// Where there is none it is not in the footer.
func StepOut(whole, now string) Key {
	k := NewKey("esc", whole, "esc")
	k.Hidden, k.Short = true, now
	return k
}

// Env is what the app gives each view: who it is, whose session it is and how to draw.
type Env struct {
	ID    ID
	Ctx   context.Context // the session's; reads end with it
	Theme *theme.Theme    // the session's; the app swaps its contents when the terminal's background is known
	Now   func() time.Time
	// Can says whether the operator holds a permission of usher's API, such as "mfa:reset".
	Can func(permission string) bool
	// OperatorID is the operator's own Auth0 id.
	OperatorID auth0client.UserID
	// Reasons says which actions want a reason; it may be nil.
	Reasons *Reasons
}

// Result carries the answer of a Cmd to the view that asked. Screens wrap every message that comes from work in one.
type Result struct {
	To     ID
	Ticket uint64 // of the Loader that asked; 0 for writes
	Write  bool   // a change: reported even if the view is closed
	Msg    tea.Msg
}

// Loader keeps at most one read going: Begin cancels the one before. The zero value is ready.
type Loader struct {
	cancel context.CancelFunc
	ticket uint64
}

// Begin cancels the previous read and returns the context and the ticket of a new one.
func (l *Loader) Begin(parent context.Context) (context.Context, uint64) {
	l.Cancel()
	ctx, cancel := context.WithCancel(parent)
	l.cancel = cancel
	l.ticket++
	return ctx, l.ticket
}

// Current reports whether ticket is of the latest read.
func (l *Loader) Current(ticket uint64) bool { return ticket == l.ticket }

// Cancel ends the read under way; its answer will not be current.
func (l *Loader) Cancel() {
	if l.cancel != nil {
		l.cancel()
		l.cancel = nil
		l.ticket++
	}
}
