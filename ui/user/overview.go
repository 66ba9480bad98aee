package user

import (
	"strconv"
	"strings"
	"time"

	"usher/auth0client"
)

// overviewRows begin with whether the user can sign in, and with what helps when they can't.
func (m *Model) overviewRows(int) []row {
	u := m.user.value
	rows := m.stateRows()
	rows = append(rows, row{""})
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
	rows = append(rows, m.fact("email", email)...)
	rows = append(rows, m.fact("phone", phone)...)
	rows = append(rows, m.factSafe("name", u.Name)...)
	rows = append(rows, m.fact("given, family", given)...)
	rows = append(rows, m.factSafe("nickname", u.Nickname)...)
	rows = append(rows, m.factSafe("username", u.Username)...)
	rows = append(rows, m.factSafe("user id", u.ID.Safe())...)
	for i, id := range u.Identities {
		name := "signs in by"
		if i > 0 {
			name = "linked"
		}
		rows = append(rows, m.fact(name, m.identityWords(id))...)
	}
	rows = append(rows, m.fact("last sign-in", m.lastLogin(u))...)
	rows = append(rows, m.fact("password set", m.when(u.LastPassword))...)
	rows = append(rows, m.fact("created", m.when(u.CreatedAt))...)
	rows = append(rows, m.fact("updated", m.when(u.UpdatedAt))...)
	if m.user.err != nil {
		rows = append(rows, row{""})
		rows = append(rows, m.problem("record", m.user.err, m.user.loading)...)
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

// stateRows say what keeps the user from signing in, each with the key that fixes it. "Can sign in" is said only when
// both kinds of block were looked for.
func (m *Model) stateRows() []row {
	t, u := m.env.Theme, m.user.value
	key := func(k, does string) string { return "   " + t.Accent.Render(k) + t.Muted.Render(" "+does) }
	var rows []row
	if u.Blocked {
		rows = append(rows, row{t.Danger.Render(t.Icons.No+" Blocked by an administrator.") + key("b", "unblocks")})
	}
	for _, ban := range m.bans.value {
		rows = append(rows, row{t.Danger.Render(t.Icons.No+" "+banWords(ban)) + key("b", "unblocks")})
	}
	known := m.user.read() && m.bans.read()
	switch {
	case m.why(usersPermission) != "":
		rows = append(rows, row{t.Warn.Render(t.Icons.Warn + " Whether they can sign in is not known. " + m.why(usersPermission))})
	case len(rows) > 0:
	case known:
		rows = append(rows, row{t.Good.Render(t.Icons.Yes + " Can sign in: no block of either kind.")})
	case m.user.err == nil && m.bans.err == nil:
		rows = append(rows, row{t.Muted.Render("Looking for blocks" + t.Icons.Ellipsis)})
	default:
		rows = append(rows, row{t.Warn.Render(t.Icons.Warn+" Whether they can sign in is not known.") + key("R", "tries again")})
	}
	if m.bans.err != nil {
		rows = append(rows, m.problem("brute-force blocks", m.bans.err, m.bans.loading)...)
	}
	if !u.Email.IsEmpty() && !u.EmailVerified {
		rows = append(rows, row{t.Warn.Render(t.Icons.Warn+" Email not verified.") +
			t.Muted.Render("   Only a rule of the tenant stops them for that.")})
	}
	if m.user.read() && u.LastLogin.IsZero() && u.Logins == 0 {
		rows = append(rows, row{t.Warn.Render(t.Icons.Warn+" Has never signed in.") + key("4", "shows attempts")})
	}
	return rows
}

// banWords names a block of attack protection, apart from the administrator's.
func banWords(ban auth0client.BruteForceBlock) string {
	words := "Blocked after failed logins"
	if ip := ban.IP.String(); ip != "" {
		words += " from " + ip
	}
	if id := ban.Identifier.String(); id != "" {
		words += " as " + id
	}
	return words + "."
}

// when is a time as date and age, empty for none.
func (m *Model) when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if age := m.ago(at); !strings.HasPrefix(m.date(at), age) { // what is long past has its date for an age
		return m.date(at) + "  (" + age + ")"
	}
	return m.date(at)
}

func (m *Model) date(at time.Time) string {
	return at.In(m.env.Now().Location()).Format("2006-01-02 15:04")
}
