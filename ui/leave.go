package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

// quit leaves the console. It asks once while a change is under way, or while something typed, staged or shown only once
// would be lost.
func (a *App) quit() tea.Cmd {
	if !a.writing() && !a.unsaved() && !a.showsOnce() {
		return tea.Quit
	}
	a.leaving = true
	return nil
}

// leavingPressed answers the question whether to leave. What asked, q or ctrl+c, may come twice by itself: of the two only
// ctrl+c leaves, as nobody types it in passing.
func (a *App) leavingPressed(k string) tea.Cmd {
	switch k {
	case "y", "ctrl+c":
		return tea.Quit
	case "n", "esc":
		a.leaving = false
	}
	return nil
}

func (a *App) writing() bool {
	return slices.ContainsFunc(a.all(), func(w open) bool {
		v, ok := w.v.(view.Writer)
		return ok && v.Writing()
	})
}

func (a *App) unsaved() bool {
	return slices.ContainsFunc(a.all(), func(w open) bool {
		v, ok := w.v.(view.Keeper)
		return ok && v.Unsaved()
	})
}

func (a *App) showsOnce() bool {
	return slices.ContainsFunc(a.all(), func(w open) bool {
		v, ok := w.v.(view.Shower)
		return ok && v.ShowsOnce()
	})
}

// ask draws the question whether to leave over what is shown.
func (a *App) ask(size view.Size, f view.Frame) view.Frame {
	if !a.leaving {
		return f
	}
	var why string
	typed := "What you typed is lost."
	if a.writing() {
		why = "\n" + a.th.Warn.Render("A change is still under way.") + "\nIf you leave now you will not see its outcome."
		typed = "What you typed elsewhere is lost."
	}
	if a.showsOnce() {
		why += "\n" + a.th.Warn.Render("A secret is open that is shown only once.")
	}
	if a.unsaved() {
		why += "\n" + typed
	}
	return dialog.Over(a.th, f.Content, size, view.Frame{Content: a.th.Title.Render("Leave usher?") + why +
		"\n\ny leave   n stay   ctrl+c again leaves too"})
}
