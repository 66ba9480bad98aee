package ui

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/view"
)

// NoticeMsg tells the operator something of the program that hosts the console: it stops, or is about to end a session that
// nobody uses.
type NoticeMsg struct {
	Level view.Level
	Text  string
}

func (a *App) noticed(msg NoticeMsg) tea.Cmd {
	return a.notify(msg.Level, term.Line(msg.Text).String())
}
