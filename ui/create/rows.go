package create

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
)

type rowKind int

const (
	textRow rowKind = iota
	flagRow
	listRow
)

// row is a line of the form. One with a why cannot be changed.
type row struct {
	name    string
	label   string // of a custom field, whose name is its path
	kind    rowKind
	options []string
	must    bool
	why     string
}

// title is what a line is called on the screen.
func (r row) title() string {
	if r.label != "" {
		return r.label
	}
	return term.Line(r.name).String()
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// allowed reports that the operator's policies let them create users in a connection.
func allowed(me *auth0client.Me, connection string) bool {
	if me == nil || me.Connections == nil {
		return true
	}
	return slices.ContainsFunc(me.Connections, func(p string) bool {
		before, star := strings.CutSuffix(p, "*")
		return p == connection || star && strings.HasPrefix(connection, before)
	})
}

// connection is the chosen one.
func (m *Model) connection() (auth0client.Connection, bool) {
	if i := m.chosen["connection"]; i < len(m.connections) {
		return m.connections[i], true
	}
	return auth0client.Connection{}, false
}

// rows are the lines of the form for the chosen connection.
func (m *Model) rows() []row {
	if m.inviting {
		return m.inviteRows()
	}
	var names []string
	for _, c := range m.connections {
		names = append(names, c.Label.String()+" ("+c.Strategy.String()+")")
	}
	out := []row{{name: "connection", kind: listRow, options: names, must: true}}
	c, ok := m.connection()
	if !ok {
		return out
	}
	if c.Strategy.String() != "sms" {
		out = append(out, row{name: "email", must: true})
	}
	if c.Database() && c.Options.RequiresUsername {
		out = append(out, row{name: "username", must: true})
	}
	if c.Strategy.String() == "sms" {
		out = append(out, row{name: "phone_number", must: true})
	}
	if c.Database() {
		out = append(out, row{name: "password", must: true})
	}
	for _, n := range []string{"name", "given_name", "family_name", "nickname"} {
		out = append(out, row{name: n})
	}
	if c.Strategy.String() != "sms" {
		out = append(out, row{name: "email_verified", kind: flagRow}, row{name: "verify_email", kind: flagRow})
	}
	return m.byPolicy(m.withCustom(out))
}

// withCustom adds the profile's own fields. What is a line already gets no second one.
func (m *Model) withCustom(rows []row) []row {
	for _, f := range m.o.Fields {
		if !f.Create || slices.ContainsFunc(rows, func(r row) bool { return r.name == f.Path }) {
			continue
		}
		r := row{name: f.Path, label: cmp.Or(term.Line(f.Label).String(), f.Path)}
		if root, _, nested := strings.Cut(f.Path, "."); !nested || root != "user_metadata" && root != "app_metadata" {
			r.why = "only metadata can be set here"
		}
		rows = append(rows, r)
	}
	return rows
}

// within names the field with a text that a custom field would have to lie in; empty when there is none.
func (m *Model) within(r row) string {
	for _, other := range m.rows() {
		if other.name != r.name && m.values[other.name] != "" && strings.HasPrefix(r.name, other.name+".") {
			return other.title()
		}
	}
	return ""
}

// byPolicy adds what a policy offers or sets itself, and dims what it keeps.
func (m *Model) byPolicy(rows []row) []row {
	if m.me == nil {
		return rows
	}
	for _, path := range slices.Sorted(maps.Keys(m.me.Choices)) {
		choice := row{name: path, kind: listRow, options: choicesOf(m.me.Choices[path]), must: true}
		if i := slices.IndexFunc(rows, func(r row) bool { return r.name == path }); i >= 0 && rows[i].label != "" {
			choice.label = rows[i].label
			rows[i] = choice
			continue
		}
		rows = append(rows, choice)
	}
	for _, path := range m.me.Stamped {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.name == path }) {
			rows = append(rows, row{name: path})
		}
	}
	for i := range rows {
		r := &rows[i]
		switch {
		case contains(m.me.Stamped, r.name):
			r.why = "your policy sets it"
		case contains([]string{"connection", "email", "username", "phone_number", "password", "verify_email"}, r.name), r.kind == listRow, r.why != "":
		case r.label != "":
			r.why = m.me.UnwritableField(r.name)
		default:
			r.why = m.me.Unwritable(r.name)
		}
	}
	return rows
}

func choicesOf(values []any) []string {
	var out []string
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			raw, err := json.Marshal(v)
			if err != nil {
				continue
			}
			s = string(raw)
		}
		out = append(out, term.Line(s).String())
	}
	return out
}

func (m *Model) inviteRows() []row {
	var orgs, apps []string
	for _, o := range m.orgs {
		orgs = append(orgs, o.Name.String())
	}
	for _, a := range m.apps {
		apps = append(apps, a.Name.String())
	}
	return []row{{name: "email", must: true}, {name: "organization", kind: listRow, options: orgs, must: true},
		{name: "application", kind: listRow, options: apps, must: true}, {name: "inviter", must: true}}
}

// attributes are what the form comes to.
func (m *Model) attributes() auth0client.Change {
	out := auth0client.Change{}
	for _, r := range m.rows() {
		switch {
		case r.why != "":
		case r.name == "connection":
			c, _ := m.connection()
			out["connection"] = c.Name
		case r.kind == listRow:
			m.put(out, r.name, m.me.Choices[r.name][m.chosen[r.name]])
		case r.kind == flagRow && r.name == "verify_email":
			if m.flags["email_verified"] || !m.flags[r.name] {
				out[r.name] = false
			}
		case r.kind == flagRow:
			if m.flags[r.name] {
				out[r.name] = true
			}
		case m.values[r.name] != "" && r.label != "":
			m.put(out, r.name, m.values[r.name])
		case m.values[r.name] != "":
			out[r.name] = m.values[r.name]
		}
	}
	return out
}

// put sets a value at a path, such as app_metadata.team.
func (m *Model) put(into auth0client.Change, path string, v any) {
	parts := strings.Split(path, ".")
	at := map[string]any(into)
	for _, p := range parts[:len(parts)-1] {
		next, ok := at[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[p] = next
		}
		at = next
	}
	at[parts[len(parts)-1]] = v
}

// user is the new user as far as passwords are held against it.
func (m *Model) user() auth0client.User {
	v := func(n string) term.Safe { return term.Line(m.values[n]) }
	return auth0client.User{EmailRaw: m.values["email"], Email: v("email"), Username: v("username"), Name: v("name"), GivenName: v("given_name"),
		FamilyName: v("family_name"), Nickname: v("nickname")}
}

// passwordRules are the demands on the password as it is typed now.
func (m *Model) passwordRules() []desk.PasswordRule {
	c, _ := m.connection()
	return desk.PasswordRules(c.Options, m.user(), m.now("password"))
}

// now is a field's text, with what is being typed.
func (m *Model) now(name string) string {
	if rows := m.rows(); m.typing && m.cursor < len(rows) && rows[m.cursor].name == name {
		return m.input.Value()
	}
	return m.values[name]
}

// problem says what is wrong with a line; empty when nothing is known to be.
func (m *Model) problem(r row) string {
	if said := m.refused[r.name]; said != "" {
		return said
	}
	c, _ := m.connection()
	switch s := m.values[r.name]; {
	case r.why != "":
	case r.kind == listRow && len(r.options) == 0 && !m.reading:
		return "there is none to choose"
	case r.kind != textRow:
	case s == "" && r.must:
		return "it is missing"
	case s == "":
	case r.label != "" && m.within(r) != "":
		return "it would lie within " + m.within(r) + ", which is a text"
	case r.name == "username":
		return desk.UsernameProblem(&c, s)
	case r.name == "password":
		if unmet := desk.Unmet(m.passwordRules()); len(unmet) > 0 {
			return "it needs " + unmet[0]
		}
	default:
		return desk.TextProblem(r.name, s)
	}
	return ""
}

// review shows what will happen, and asks.
func (m *Model) review() {
	if m.inviting {
		org := m.orgs[m.chosen["organization"]]
		m.op = desk.Invite(m.tenant, org, auth0client.Invite{Email: m.values["email"], Inviter: m.values["inviter"], Application: m.apps[m.chosen["application"]].ID})
	} else {
		m.op = desk.Create(m.tenant, m.attributes())
	}
	m.reason = m.reasonFor(m.op.Permission)
	m.phase, m.onDo = reviewing, true
}

// reasonFor keeps a reason that was typed already.
func (m *Model) reasonFor(permission string) dialog.Reason {
	if m.reason.Text() != "" || permission == Permission {
		return m.reason
	}
	return dialog.NewReason(m.env, permission)
}

// why says what keeps the operator from it all.
func (m *Model) why() string {
	need := Permission
	if m.inviting {
		need = InvitePermission
	}
	switch {
	case m.env.Can != nil && !m.env.Can(need):
		return "You lack the permission " + need + "."
	case !m.inviting && m.me != nil && !m.me.Create:
		return fmt.Sprintf("Your policy %s does not let you create users.", term.Line(strings.Join(m.me.Policies, ", ")))
	}
	return ""
}
