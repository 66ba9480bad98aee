package role

import (
	"cmp"
	"slices"
	"strings"

	"usher/auth0client"
)

// line is a row among permissions: an API's heading, or a permission of it.
type line struct {
	heading    bool
	api        string
	permission auth0client.Permission
}

func apiName(p auth0client.Permission) string {
	if p.API.IsEmpty() {
		return p.APIID.String()
	}
	return p.API.String()
}

// inOrder sorts permissions by API, then by name.
func inOrder(ps []auth0client.Permission) []auth0client.Permission {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b auth0client.Permission) int {
		return cmp.Or(strings.Compare(apiName(a), apiName(b)), strings.Compare(a.Ref.API, b.Ref.API), strings.Compare(a.Ref.Name, b.Ref.Name))
	})
	return out
}

// grouped is permissions below the headings of their APIs, those that match only.
func grouped(ps []auth0client.Permission, want string) []line {
	var out []line
	last := ""
	for _, p := range inOrder(ps) {
		if want != "" && !strings.Contains(strings.ToLower(p.Name.String()+"\x00"+apiName(p)+"\x00"+p.Description.String()), want) {
			continue
		}
		if len(out) == 0 || p.Ref.API != last {
			out = append(out, line{heading: true, api: apiName(p), permission: p})
			last = p.Ref.API
		}
		out = append(out, line{api: apiName(p), permission: p})
	}
	return out
}

// narrow applies the filters.
func (m *Model) narrow() {
	if m.tab == permissionsTab {
		m.lines = grouped(m.permissions.Value(), m.filter[permissionsTab].Text())
	}
	rows := m.members.Rows()
	m.shown.Narrow(m.filter[membersTab].Text(), m.members.Generation(), len(rows), func(i int) string {
		return strings.ToLower(rows[i].email.String() + "\x00" + rows[i].name.String() + "\x00" + string(rows[i].id))
	})
	m.place[m.tab].Keep(m.length())
}

// length is how many rows the open tab has.
func (m *Model) length() int {
	switch m.tab {
	case membersTab:
		return m.shown.Len()
	case permissionsTab:
		return len(m.lines)
	case groupsTab, tabs:
	}
	return len(m.groups.Value())
}

func (m *Model) memberAt(i int) member {
	return m.members.Rows()[m.shown.At(i)]
}

// here are the permissions that a key is about: those chosen, else the marked one, or all of a marked API.
func (m *Model) here() []auth0client.Permission {
	var out []auth0client.Permission
	for _, p := range inOrder(m.permissions.Value()) {
		if m.chosen[p.Ref] {
			out = append(out, p)
		}
	}
	at := m.place[permissionsTab].Cursor
	if len(out) > 0 || at >= len(m.lines) {
		return out
	}
	return m.under(at)
}

// under is the permission of a line, or all below a heading.
func (m *Model) under(at int) []auth0client.Permission {
	if !m.lines[at].heading {
		return []auth0client.Permission{m.lines[at].permission}
	}
	var out []auth0client.Permission
	for _, l := range m.lines {
		if !l.heading && l.permission.Ref.API == m.lines[at].permission.Ref.API {
			out = append(out, l.permission)
		}
	}
	return out
}

// toggle chooses the marked permission, or all of the marked API.
func (m *Model) toggle() {
	at := m.place[permissionsTab].Cursor
	if m.tab != permissionsTab || at >= len(m.lines) {
		return
	}
	under := m.under(at)
	all := !slices.ContainsFunc(under, func(p auth0client.Permission) bool { return !m.chosen[p.Ref] })
	for _, p := range under {
		if all {
			delete(m.chosen, p.Ref)
		} else {
			m.chosen[p.Ref] = true
		}
	}
	m.place[permissionsTab].Move("down", len(m.lines))
}
