// Package undo is the dialog that looks for the operator's last change that can be undone, and then asks about it as about
// any change.
package undo

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Model is the dialog. Build it with [New].
type Model struct {
	env    view.Env
	tenant desk.Undoer
	loader view.Loader
	busy   bool
	none   bool
	unkept string // what the last change was, when nobody knows what was before it
	err    error
}

var _ view.View = (*Model)(nil)

// New makes the dialog.
func New(env view.Env, tenant desk.Undoer) *Model { return &Model{env: env, tenant: tenant} }

// Init reads the operator's own changes, and the user of the last that can be undone.
func (m *Model) Init() tea.Cmd {
	m.busy, m.none, m.err = true, false, nil
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	tenant, to, now := m.tenant, m.env.ID, m.env.Now()
	return func() tea.Msg { return view.Result{To: to, Ticket: ticket, Msg: look(ctx, tenant, now)} }
}

type found struct {
	entry  auth0client.Entry
	user   auth0client.User
	none   bool
	unkept string
	err    error
}

func look(ctx context.Context, tenant desk.Undoer, now time.Time) found {
	all, err := tenant.MyChanges(ctx)
	if err != nil {
		return found{err: err}
	}
	unkept := desk.Unkept(all, now)
	e, ok := desk.LastChange(all)
	if !ok {
		return found{none: true, unkept: unkept}
	}
	u, err := tenant.User(ctx, e.Target)
	return found{entry: e, user: u, unkept: unkept, err: err}
}

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return "Undo" }

// Typing reports that no field has the focus: there is none.
func (m *Model) Typing() bool { return false }

// Close cancels the read.
func (m *Model) Close() { m.loader.Cancel() }

// Update takes keys and what was found.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		f, ok := msg.Msg.(found)
		if !ok || msg.To != m.env.ID || !m.loader.Current(msg.Ticket) {
			return nil, nil
		}
		return m.found(f), nil
	case view.SignedInMsg, view.ReloadMsg:
		if m.err != nil {
			return nil, m.Init()
		}
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "n", "enter", "q":
			return view.Back{}, nil
		}
	}
	return nil, nil
}

func (m *Model) found(f found) view.Action {
	m.busy, m.none, m.unkept, m.err = false, f.none, f.unkept, f.err
	switch {
	case errors.Is(f.err, context.Canceled):
		m.err = nil
	case f.err != nil:
		return view.SignInFor(f.err)
	case !f.none:
		op := desk.Undo(m.tenant, f.user, f.entry, m.env.Now())
		if f.unkept != "" {
			op.Does = append([]string{f.unkept + " This is the one before:"}, op.Does...)
		}
		return view.All{view.Back{}, view.Operate{Operation: op}}
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	return []view.Key{view.NewKey("esc", "close", "esc", "n", "enter")}
}

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	t := m.env.Theme
	lines := []string{t.Title.Render("Undo")}
	switch {
	case m.busy:
		lines = append(lines, t.Muted.Render("Looking for your last change"+t.Icons.Ellipsis))
	case m.err != nil:
		lines = append(lines, dialog.Problem(m.env, "Your last change cannot be undone", m.err)...)
	case m.none && m.unkept != "":
		lines = append(lines, m.unkept)
	case m.none:
		lines = append(lines, "You have changed nothing lately that can be undone.",
			t.Muted.Render("Blocks, profile fields, metadata and roles can; passwords, MFA resets, sign-outs and deletions cannot."))
	}
	lines = append(lines, t.Accent.Render("esc")+" close")
	return view.Frame{Content: widget.Fit(strings.Join(dialog.Wrap(lines, size.Width), "\n"), size.Width, size.Height)}
}
