package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

// grace is the time at which something opened by itself; the zero grace was opened by a key.
type grace struct{ opened time.Time }

func (g grace) swallows(now time.Time) bool {
	return !g.opened.IsZero() && now.Sub(g.opened) < dialog.Grace
}

// open is a view on the stack or a dialog over it.
type open struct {
	id  view.ID
	v   view.View
	by  grace
	did view.Action // what opened it; nil for the first
}

func (a *App) all() []open { return slices.Concat(a.stack, a.dialogs) }

// top is the view that has the keys; its v is nil before the first sign-in.
func (a *App) top() open {
	if n := len(a.dialogs); n > 0 {
		return a.dialogs[n-1]
	}
	if n := len(a.stack); n > 0 {
		return a.stack[n-1]
	}
	return open{}
}

func (a *App) find(id view.ID) (open, bool) {
	for _, w := range a.all() {
		if w.id == id {
			return w, true
		}
	}
	return open{}, false
}

func (a *App) push(env view.Env, v view.View) tea.Cmd {
	a.stack = append(a.stack, open{id: env.ID, v: v, did: a.acting})
	if r, ok := v.(view.Resumer); ok && a.kept != nil {
		r.TakeUp(a.kept)
	}
	return v.Init()
}

func (a *App) pushDialog(env view.Env, v view.View, by grace) tea.Cmd {
	a.dialogs = append(a.dialogs, open{id: env.ID, v: v, by: by})
	return v.Init()
}

// close takes a view away; the first view of the stack stays.
func (a *App) close(id view.ID) {
	is := func(w open) bool { return w.id == id }
	if i := slices.IndexFunc(a.dialogs, is); i >= 0 {
		a.leave(a.dialogs[i])
		a.dialogs = slices.Delete(a.dialogs, i, i+1)
		return
	}
	if i := slices.IndexFunc(a.stack, is); i > 0 {
		a.leave(a.stack[i])
		a.stack = slices.Delete(a.stack, i, i+1)
	}
}

// home closes all but the first view.
func (a *App) home() {
	for _, w := range a.all()[min(1, len(a.stack)):] {
		a.close(w.id)
	}
}

// tell gives a message to one view and carries out what it wishes.
func (a *App) tell(w open, msg tea.Msg) (tea.Model, tea.Cmd) {
	if w.v == nil {
		return a, nil
	}
	action, cmd := w.v.Update(msg)
	return a, tea.Batch(cmd, a.perform(w.id, action, byItself(a, msg)))
}

// byItself dates what opens because of an answer instead of a key.
func byItself(a *App, msg tea.Msg) grace {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		return grace{}
	}
	return grace{opened: a.o.Now()}
}

func (a *App) tellAll(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, w := range a.all() {
		_, cmd := a.tell(w, msg)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}
