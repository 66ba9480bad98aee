package users

import (
	"fmt"

	"usher/auth0client"
	"usher/ui/widget"
)

// columns are all there are, in the order in which they matter: what does not fit is dropped from the right.
func (m *Model) columns() []widget.Column {
	all := []widget.Column{
		{Title: "User", Min: 24, Flex: 4}, {Title: "Name", Min: 14, Flex: 2}, {Title: "State", Min: 12}, {Title: "Last sign-in", Min: 12},
	}
	for _, f := range m.o.Fields {
		if f.List {
			all = append(all, widget.Column{Title: oneLine(f.Label), Min: 12, Flex: 1})
		}
	}
	return append(all, widget.Column{Title: "Connection", Min: 14, Flex: 1}, widget.Column{Title: "Sign-ins", Min: 8},
		widget.Column{Title: "Created", Min: 12}, widget.Column{Title: "Phone", Min: 14})
}

// on says whether a column is in view. Two are only when somebody wants them.
func (m *Model) on(c widget.Column) bool {
	return m.switched[c.Title] == (c.Title == "Created" || c.Title == "Phone")
}

// table is the columns in view. on says for each of all columns whether it is among them.
func (m *Model) table() (t widget.Table, on []bool) {
	all := m.columns()
	on = make([]bool, len(all))
	for i, c := range all {
		if on[i] = i == 0 || m.on(c); on[i] {
			t.Columns = append(t.Columns, c)
		}
	}
	return t, on
}

// cut are the titles of columns that are wanted and have no room as wide as the list is now.
func (m *Model) cut() map[string]bool {
	t, _ := m.table()
	cut := map[string]bool{}
	for i, w := range t.Widths(m.width) {
		cut[t.Columns[i].Title] = w == 0
	}
	return cut
}

// cells are what a row shows. mark is what tells it from one of the same label, in place of the name or, where there is no
// such column, after a label of at most user cells.
func (m *Model) cells(r row, on []bool, mark string, inName bool, user int) []string {
	label, name, check := r.Label().String(), r.Name.String(), ""
	if _, ok := m.selected[r.ID]; ok {
		check = m.env.Theme.Icons.Checked + " "
	}
	switch {
	case mark != "" && inName:
		name = mark
	case mark != "":
		label = widget.Truncate(label, max(1, user-widget.Width(check+mark)-1)) + " " + mark
	}
	label = check + label
	all := []string{label, name, state(r.User), widget.Ago(m.env.Now(), r.LastLogin)}
	for i, f := range m.o.Fields {
		if f.List {
			all = append(all, r.extra[i])
		}
	}
	created := ""
	if !r.CreatedAt.IsZero() {
		created = widget.Ago(m.env.Now(), r.CreatedAt)
	}
	all = append(all, r.Connection().String(), fmt.Sprint(r.Logins), created, r.Phone.String())
	cells := make([]string, 0, len(all))
	for i, c := range all {
		if on[i] {
			cells = append(cells, c)
		}
	}
	return cells
}

// state is what stands out about an account, in a word. Brute-force blocks are not in a search's answer.
func state(u auth0client.User) string {
	switch {
	case u.Blocked:
		return "blocked"
	case !u.Email.IsEmpty() && !u.EmailVerified:
		return "unverified"
	case u.LastLogin.IsZero():
		return "never in"
	}
	return ""
}
