package user

import (
	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/widget"
)

// evidence is what the verdict rests on, with the parts that are missing and why.
func (m *Model) evidence() desk.Evidence {
	e := desk.Evidence{User: m.user.value, Bans: m.bans.value, Methods: m.methods.value, Events: m.log(),
		Connection: m.connection(), Denied: map[string]string{}}
	for _, p := range []struct {
		name, permission string
		read             bool
		err              error
	}{
		{desk.PartUser, usersPermission, m.user.read(), m.user.err}, {desk.PartBans, usersPermission, m.bans.read(), m.bans.err},
		{desk.PartFactors, methodsPermission, m.methods.read(), m.methods.err}, {desk.PartLog, logsPermission, m.events.read(), m.events.err},
	} {
		switch {
		case m.why(p.permission) != "":
			e.Denied[p.name] = p.permission
		case p.read: // what was read before counts, with its age in the line above
		case p.err != nil:
			e.Unknown = append(e.Unknown, p.name)
		default:
			e.Awaited = append(e.Awaited, p.name)
		}
	}
	return e
}

// connection is what is known of the user's own without asking: that kept from before, or what the identity tells.
func (m *Model) connection() *auth0client.Connection {
	if len(m.user.value.Identities) == 0 {
		return nil
	}
	i := m.user.value.Identities[0]
	if kept, ok := m.records.ConnectionsKept(); ok {
		for _, c := range kept {
			if c.Label == i.Connection {
				return &c
			}
		}
	}
	if i.Provider.IsEmpty() {
		return nil
	}
	return &auth0client.Connection{Name: i.Connection.String(), Label: i.Connection, Strategy: i.Provider}
}

// verdictRows say what keeps the user from signing in, the heaviest first, each with the key that puts it right.
func (m *Model) verdictRows(width int) []row {
	rows := []row{line(m.env.Theme.Strong.Render("Why can't they get in?"))}
	for _, f := range desk.Verdict(m.evidence(), m.env.Now()) {
		rows = append(rows, m.findingRow(f, width))
	}
	for _, p := range []struct {
		what    string
		err     error
		loading bool
	}{
		{desk.PartUser, m.user.err, m.user.loading}, {desk.PartBans, m.bans.err, m.bans.loading},
		{desk.PartFactors, m.methods.err, m.methods.loading}, {desk.PartLog, m.events.err, m.events.loading},
	} {
		if p.err != nil {
			rows = append(rows, m.problem(p.what, p.err, p.loading)...)
		}
	}
	return rows
}

// weightWidth is the column of how heavy a finding is.
const weightWidth = 10

// findingRow is how heavy a finding is, in a word, what was found, and the key.
func (m *Model) findingRow(f desk.Finding, width int) row {
	t := m.env.Theme
	style, sign, word := t.Text, t.Icons.Bullet, ""
	switch f.Weight {
	case desk.Stops:
		style, sign, word = t.Danger, t.Icons.No, "STOPS"
	case desk.Hinders:
		style, sign, word = t.Warn, t.Icons.Warn, "hinders"
	case desk.Fine:
		style, sign, word = t.Good, t.Icons.Yes, "OK"
		if len(m.evidence().Awaited) > 0 {
			style, sign, word = t.Muted, t.Icons.Spinner, ""
		}
	case desk.Tells:
	}
	room := max(8, width-weightWidth-1)
	r := wrapped(f.Text, room)
	for i, l := range r.lines {
		head := ""
		if i == 0 {
			head = sign + " " + word
		}
		r.lines[i] = style.Render(widget.Pad(head, weightWidth)) + " " + style.Render(l)
	}
	if f.Fix == "" {
		return r
	}
	does := keyWords(f.Fix)
	if why := m.whyAct(keyPermission(f.Fix)); why != "" {
		does += " (needs " + keyPermission(f.Fix) + ")"
	}
	key := t.Accent.Render(f.Fix) + t.Muted.Render(" "+does)
	if last := len(r.lines) - 1; widget.Width(r.lines[last])+3+widget.Width(key) <= width {
		r.lines[last] += "   " + key
	} else {
		r.lines = append(r.lines, widget.Pad("", weightWidth+1)+key)
	}
	return r
}

// keyWords say what the key of a finding does.
func keyWords(k string) string {
	switch k {
	case "b":
		return "unblocks"
	case "v":
		return "verifies"
	case "p":
		return "gives a new password"
	case "m":
		return "resets MFA"
	case "s":
		return "signs them out"
	case "ctrl+r":
		return "reads again"
	}
	return ""
}

// keyPermission is what the key of a finding needs; reading again needs what the view needs.
func keyPermission(k string) string {
	switch k {
	case "b":
		return blockPermission
	case "m":
		return resetPermission
	}
	if kind, ok := fixes()[k]; ok {
		return kind.Permission()
	}
	return usersPermission
}
