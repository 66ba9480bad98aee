package user

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
)

// overview is the verdict, then who the user is.
type overview struct {
	plain
	m *Model
}

func (o *overview) title() (long, short string) { return "Overview", "Overview" }

func (o *overview) parts() []tracked {
	return []tracked{&o.m.user, &o.m.bans, &o.m.methods, &o.m.events}
}

// need asks for all that the verdict rests on at once.
func (o *overview) need() tea.Cmd {
	return tea.Batch(o.m.needUser(), o.m.needBans(), o.m.needMethods(), o.m.needEvents())
}

func (o *overview) rows(width int) []row {
	m, u := o.m, o.m.user.value
	rows := append(m.verdictRows(width), line(""))
	email := u.Email.String()
	if email != "" && !u.EmailVerified {
		email += "  (not verified)"
	} else if email != "" {
		email += "  (verified)"
	}
	phone := u.Phone.String()
	if phone != "" && u.PhoneVerified {
		phone += "  (verified)"
	}
	given := strings.TrimSpace(u.GivenName.String() + " " + u.FamilyName.String())
	if given == u.Name.String() {
		given = ""
	}
	rows = append(rows, m.fact("email", email, width)...)
	rows = append(rows, m.fact("phone", phone, width)...)
	rows = append(rows, m.fact("name", u.Name.String(), width)...)
	rows = append(rows, m.fact("given, family", given, width)...)
	rows = append(rows, m.fact("nickname", u.Nickname.String(), width)...)
	rows = append(rows, m.fact("username", u.Username.String(), width)...)
	rows = append(rows, m.fact("user id", u.ID.Safe().String(), width)...)
	for i, id := range u.Identities {
		name := "signs in by"
		if i > 0 {
			name = "linked"
		}
		rows = append(rows, m.fact(name, m.identityWords(id), width)...)
	}
	rows = append(rows, m.fact("last sign-in", m.lastLogin(u), width)...)
	rows = append(rows, m.fact("password set", m.when(u.LastPassword), width)...)
	rows = append(rows, m.fact("created", m.when(u.CreatedAt), width)...)
	rows = append(rows, m.fact("updated", m.when(u.UpdatedAt), width)...)
	for i, f := range m.fields {
		if i == 0 {
			rows = append(rows, line(""))
		}
		value := u.Value(f.Path).String()
		if value == "" {
			value = m.env.Theme.Icons.Minus // a field that a profile names is looked for: that it is empty says something
		}
		rows = append(rows, m.fact(termLine(f.Label), value, width)...)
	}
	return rows
}

func (m *Model) identityWords(id auth0client.Identity) string {
	sep := " " + m.env.Theme.Icons.Sep + " "
	words := id.Connection.String()
	if p := id.Provider.String(); p != "" {
		words += sep + p
	}
	if id.Social {
		words += sep + "social"
	}
	return words
}

func (m *Model) lastLogin(u auth0client.User) string {
	if u.LastLogin.IsZero() {
		if m.user.read() && u.Logins == 0 {
			return "never"
		}
		return ""
	}
	words := m.when(u.LastLogin)
	if ip := u.LastIP.String(); ip != "" {
		words += " from " + ip
	}
	if u.Logins > 0 {
		words += ", " + strconv.Itoa(u.Logins) + " in all"
	}
	return words
}
