package users

// Query is the search whose answer is shown, or on its way.
func (m *Model) Query() string { return m.query }
