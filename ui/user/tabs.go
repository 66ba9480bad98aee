package user

import (
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

func (m *Model) securityRows(width int) []row {
	t := m.env.Theme
	rows := m.stateRows()
	rows = append(rows, m.heading("Authentication methods")...)
	switch {
	case m.why(methodsPermission) != "":
		return append(rows, row{t.Warn.Render(m.why(methodsPermission))})
	case m.methods.err != nil:
		rows = append(rows, m.problem("methods", m.methods.err, m.methods.loading)...)
	case !m.methods.read():
		return append(rows, m.waiting("methods"))
	}
	if m.methods.read() && len(m.methods.value) == 0 {
		return append(rows, row{"None enrolled."})
	}
	name, detail := min(24, max(8, width/4)), min(30, max(6, width/4))
	for _, method := range m.methods.value {
		role := "second factor"
		if method.Kind.Primary() {
			role = "login"
		}
		state := "added " + m.dateOr(method, "at an unknown time")
		if !method.LastAuthAt.IsZero() {
			state = "used " + m.ago(method.LastAuthAt)
		}
		if !method.Confirmed && !method.Kind.Primary() {
			state = t.Warn.Render("not finished") + ", " + state
		}
		rows = append(rows, row{m.column(methodWords(method), name) + "  " + t.Muted.Render(m.column(role, 13)) + "  " +
			m.column(method.Detail.String(), detail) + "  " + state})
	}
	return append(rows, row{""}, row{t.Accent.Render("m") + t.Muted.Render(" resets MFA: second factors go, logins stay unless ticked.")})
}

func (m *Model) dateOr(method auth0client.AuthenticationMethod, otherwise string) string {
	if method.CreatedAt.IsZero() {
		return otherwise
	}
	return m.date(method.CreatedAt)
}

func methodWords(method auth0client.AuthenticationMethod) string {
	if !method.Label.IsEmpty() {
		return method.Label.String()
	}
	return term.Line(string(method.Kind)).String()
}

func (m *Model) accessRows(width int) []row {
	t := m.env.Theme
	if why := m.why(rolesPermission); why != "" {
		return []row{{t.Warn.Render(why)}}
	}
	name := min(32, max(10, width/3))
	rows := []row{{t.Strong.Render("Roles") + "   " + t.Accent.Render("r") + t.Muted.Render(" edits them")}}
	if m.roles.err != nil {
		rows = append(rows, m.problem("roles", m.roles.err, m.roles.loading)...)
	}
	switch {
	case m.roles.read() && len(m.roles.value) == 0:
		rows = append(rows, row{"No role."})
	case !m.roles.read() && m.roles.err == nil:
		rows = append(rows, m.waiting("roles"))
	}
	for _, role := range m.roles.value {
		rows = append(rows, row{m.column(role.Name.String(), name) + "  " + t.Muted.Render(role.Description.String())})
	}
	rows = append(rows, m.heading("Permissions")...)
	if m.perms.err != nil {
		rows = append(rows, m.problem("permissions", m.perms.err, m.perms.loading)...)
	}
	switch {
	case m.perms.read() && len(m.perms.value) == 0:
		rows = append(rows, row{"No permission."})
	case !m.perms.read() && m.perms.err == nil:
		rows = append(rows, m.waiting("permissions"))
	}
	for _, p := range m.perms.value {
		api := p.API
		if api.IsEmpty() {
			api = p.APIID
		}
		rows = append(rows, row{m.column(p.Name.String(), name) + "  " + m.column(api.String(), min(24, max(6, width/4))) +
			"  " + t.Muted.Render(sourceWords(p.Sources))})
	}
	return rows
}

// sourceWords say how a permission is held.
func sourceWords(sources []auth0client.PermissionSource) string {
	var words []string
	for _, s := range sources {
		if s.Direct {
			words = append(words, "direct")
		} else {
			words = append(words, "by "+s.Name.String())
		}
	}
	return strings.Join(words, ", ")
}

func (m *Model) activityRows(width int) []row {
	t := m.env.Theme
	if why := m.why(logsPermission); why != "" {
		return []row{{t.Warn.Render(why)}}
	}
	list := m.events.value
	var rows []row
	for _, e := range list.events {
		rows = append(rows, row{m.eventLine(e, width)})
	}
	switch {
	case m.events.err != nil:
		return append(rows, m.problem("log", m.events.err, m.events.loading)...)
	case !m.events.read():
		return append(rows, m.waiting("the log"))
	case len(rows) == 0:
		return []row{{"Nothing in the tenant's log. Auth0 keeps it for a few days to a month, by plan."}}
	case m.events.loading && list.pages > 0:
		return append(rows, m.waiting("older events"))
	case list.more:
		return append(rows, row{t.Accent.Render("L") + t.Muted.Render(" reads older events")})
	}
	return append(rows, row{t.Muted.Render("That is all the log holds.")})
}

func (m *Model) eventLine(e auth0client.LogEvent, width int) string {
	t := m.env.Theme
	words := e.Words.String()
	if words == "" {
		words = term.Line(e.Code).String()
	}
	result := pad("", 6)
	if e.Failed {
		result = t.Danger.Render(pad("FAILED", 6))
	}
	if d := e.Description.String(); d != "" {
		words += ": " + d
	}
	connection, ip := 0, 15
	if width >= 76 {
		connection = min(32, width/5)
	}
	rest := max(4, width-16-2-6-2-ip-2-connection-2)
	line := m.date(e.Date) + "  " + result + "  " + m.column(words, rest) + "  "
	if connection > 0 {
		line += t.Muted.Render(m.column(e.Connection.String(), connection)) + "  "
	}
	return line + m.column(e.IP.String(), ip)
}

// eventRows are the raw event.
func (m *Model) eventRows(width int) []row {
	var rows []row
	for line := range strings.SplitSeq(m.opened.JSON.String(), "\n") {
		rows = append(rows, wrapped(line, width))
	}
	return rows
}

func (m *Model) rawRows(width int) []row {
	var rows []row
	if m.user.err != nil {
		rows = append(rows, m.problem("record", m.user.err, m.user.loading)...)
	}
	lines := m.filter.lines(m.user.value.JSON)
	switch {
	case m.why(usersPermission) != "":
		return []row{{m.env.Theme.Warn.Render(m.why(usersPermission))}}
	case m.user.value.JSON.IsEmpty() && m.user.err == nil:
		return append(rows, m.waiting("the record"))
	case len(lines) == 0 && m.filter.text != "":
		return append(rows, row{"No line has that text."})
	}
	for _, line := range lines {
		rows = append(rows, wrapped(line, width))
	}
	return rows
}
