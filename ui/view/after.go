package view

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// After gives a message after a time, unless ctx ends before. Bubble Tea's own Tick waits for its time even when the program
// has ended, and keeps all of the program until then: on a server, every console whose connection was lost.
func After(ctx context.Context, d time.Duration, msg tea.Msg) tea.Cmd {
	return func() tea.Msg {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}
