package users

import tea "charm.land/bubbletea/v2"

// Query is the search whose answer is shown, or on its way.
func (m *Model) Query() string { return m.query }

// Show shows the answer to a search, and opens nobody even if it finds one person alone.
func (m *Model) Show(query string) tea.Cmd {
	cmd := m.Search(query)
	m.opening = false
	return cmd
}
