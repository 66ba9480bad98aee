package user

import (
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/widget"
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
	name := min(24, max(8, width/4))
	for _, method := range m.methods.value {
		role := "second factor"
		if method.Kind.Primary() {
			role = "login"
		}
		state := m.useWords(method)
		rows = append(rows, row{widget.Pad(methodWords(method), name) + "  " + t.Muted.Render(widget.Pad(role, 13)) + "  " +
			state + "  " + method.Detail.String()})
	}
	return append(rows, row{""}, row{t.Accent.Render("m") + t.Muted.Render(" resets MFA: second factors go, logins stay unless ticked.")})
}

// useWords say whether a method is in use, and since when.
func (m *Model) useWords(method auth0client.AuthenticationMethod) string {
	var words []string
	if !method.Confirmed && !method.Kind.Primary() {
		words = append(words, m.env.Theme.Warn.Render("not finished"))
	}
	switch {
	case !method.LastAuthAt.IsZero():
		words = append(words, "used "+m.ago(method.LastAuthAt))
	case !method.CreatedAt.IsZero():
		words = append(words, "added "+m.ago(method.CreatedAt))
	}
	return strings.Join(words, ", ")
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
		rows = append(rows, row{widget.Pad(role.Name.String(), name) + "  " + t.Muted.Render(role.Description.String())})
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
		rows = append(rows, row{widget.Pad(p.Name.String(), name) + "  " + widget.Pad(api.String(), min(24, max(6, width/4))) +
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
	result := widget.Pad("", 6)
	if e.Failed {
		result = t.Danger.Render(widget.Pad("FAILED", 6))
	}
	if d := e.Description.String(); d != "" {
		words += ": " + d
	}
	connection, ip := 0, 15
	if width >= 100 { // what happened comes first; where is told when there is room
		connection = min(32, width/5)
	}
	date := m.date(e.Date)
	if width < 70 {
		date = date[5:] // the year can be spared
	}
	rest := max(4, width-len(date)-2-6-2-ip-2-connection-2)
	line := date + "  " + result + "  " + widget.Pad(words, rest) + "  "
	if connection > 0 {
		line += t.Muted.Render(widget.Pad(e.Connection.String(), connection)) + "  "
	}
	return line + widget.Pad(e.IP.String(), ip)
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
