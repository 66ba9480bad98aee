// Command floor is the least a Bubble Tea program can cost: some rows, a highlighted cursor, no network. The benchmark
// measures usher beside it.
package main

import (
	"fmt"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
)

type model struct{ cursor int }

func (m model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "j":
			m.cursor = (m.cursor + 1) % 35
		case "q":
			return m, tea.Quit
		}
	}
	return m, nil
}

func (m model) View() tea.View {
	var b strings.Builder
	b.WriteString("users\n")
	for i := range 35 {
		row := fmt.Sprintf("%-28s %-30s %-34s 2026-01-02", fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("auth0|%024x", i))
		if i == m.cursor {
			row = "\x1b[7m" + row + "\x1b[0m"
		}
		b.WriteString(row + "\n")
	}
	v := tea.NewView(b.String())
	v.AltScreen = true
	return v
}

func main() {
	if _, err := tea.NewProgram(model{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
