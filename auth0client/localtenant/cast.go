package localtenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// castFrom is how many people a tenant must have for the cast to be among them.
const castFrom = 100

// castID is the user id of a member of the cast, the same for every seed.
func castID(key string) string { return "auth0|" + castPlain(key) }

func castPlain(key string) string {
	id := "ca57" + fmt.Sprintf("%x", key)
	return (id + strings.Repeat("0", 24))[:24]
}

// member is one of the cast: people with something to show, or on the boundary of a rule.
type member struct {
	key, name, email string
	do               func(m *maker, u *user)
}

func (m *maker) cast() {
	for _, one := range slices.Concat(m.troubled(), m.factors(), m.boundaries(), m.oddities()) {
		m.join(one)
	}
	m.sharedAddress()
	m.phoneOnly()
}

// join makes a member of the cast: a verified database user of two years who signed in lately, but for what do changes.
func (m *maker) join(one member) *user {
	u := &user{ID: castID(one.key), Email: one.email, EmailVerified: yes(true), Name: one.name, Nickname: strings.ToLower(strings.Fields(one.name)[0]),
		Created: m.born.AddDate(-2, 0, -7).Truncate(24 * time.Hour).Add(9 * time.Hour), LastLogin: m.born.Add(-27 * time.Hour).Truncate(time.Millisecond),
		Logins: 41, LastIP: "198.51.100.23",
		Identities: []identity{{Connection: database, UserID: castPlain(one.key), Provider: "auth0"}}}
	u.Given, u.Family, _ = strings.Cut(one.name, " ")
	u.Updated = u.LastLogin
	u.Picture = gravatar(u.Email, u.Name)
	m.seen[u.Email] = true
	if one.do != nil {
		one.do(m, u)
	}
	m.populateWith(u)
	m.addMethod(u, "password")
	m.setRoles(u.ID, append([]string{m.roles[3].ID}, m.userRoles.at(u.ID)...))
	return u
}

// troubled cannot get in, each for another reason.
func (m *maker) troubled() []member {
	blockedAt := func(m *maker, u *user) {
		m.blocks.set(u.ID, []block{{Identifier: u.Email, IP: "203.0.113.9", Connection: database}})
	}
	return []member{
		{"locked", "Lena Locked", "lena.locked@example.com", blockedAt},
		{"blocked", "Bruno Blocked", "bruno.blocked@example.com", func(_ *maker, u *user) { u.Blocked = yes(true) }},
		{"both", "Bella Bothways", "bella.bothways@example.com", func(m *maker, u *user) { u.Blocked = yes(true); blockedAt(m, u) }},
		{"unverified", "Uma Unverified", "uma.unverified@example.com", func(_ *maker, u *user) { u.EmailVerified = yes(false) }},
		{"never", "Nico Newcomer", "nico.newcomer@example.com", func(m *maker, u *user) {
			u.Created, u.LastLogin, u.Logins, u.LastIP = m.born.AddDate(0, 0, -3), time.Time{}, 0, ""
			u.Updated = u.Created
		}},
		{"leaked", "Lio Leaked", "lio.leaked@example.com", nil},
		{"fatigue", "Faye Fatigue", "faye.fatigue@example.com", func(m *maker, u *user) { m.addMethod(u, "push"); m.addMethod(u, "recovery-code") }},
		{"nosms", "Sven Silent", "sven.silent@example.com", func(m *maker, u *user) { m.addMethod(u, "phone") }},
	}
}

// factors have one kind of second factor each.
func (m *maker) factors() []member {
	var out []member
	for _, kind := range []string{"totp", "phone", "push", "email", "webauthn-roaming", "webauthn-platform", "passkey", "recovery-code"} {
		first := strings.ToUpper(kind[:1]) + strings.ReplaceAll(kind[1:], "-", "")
		out = append(out, member{"mfa" + kind, first + " Factor", strings.ToLower(first) + ".factor@example.com", func(m *maker, u *user) { m.addMethod(u, kind) }})
	}
	return append(out, member{"mfahalf", "Half Factor", "half.factor@example.com", func(m *maker, u *user) {
		m.addMethod(u, "totp")
		m.methods.at(u.ID)[len(m.methods.at(u.ID))-1].Confirmed = false
	}})
}

// boundaries lie on the edges of the ranges that Auth0's documentation of the user search uses.
func (m *maker) boundaries() []member {
	logins := func(n int) func(*maker, *user) { return func(_ *maker, u *user) { u.Logins = n } }
	last := func(at string) func(*maker, *user) {
		return func(_ *maker, u *user) {
			u.LastLogin, _ = time.Parse(time.RFC3339, at)
			u.Created, u.Updated = u.LastLogin.AddDate(-1, 0, 0), u.LastLogin
		}
	}
	updated := func(at string) func(*maker, *user) {
		return func(_ *maker, u *user) { u.Updated, _ = time.Parse(time.RFC3339, at) }
	}
	return []member{
		{"logins9", "Nine Logins", "logins.9@example.com", logins(9)}, {"logins10", "Ten Logins", "logins.10@example.com", logins(10)},
		{"logins99", "Ninetynine Logins", "logins.99@example.com", logins(99)}, {"logins100", "Hundred Logins", "logins.100@example.com", logins(100)},
		{"logins200", "Twohundred Logins", "logins.200@example.com", logins(200)},
		{"nov2017", "Last November", "last.november@example.com", last("2017-11-30T23:59:59.999Z")},
		{"dec2017", "First December", "first.december@example.com", last("2017-12-01T00:00:00Z")},
		{"dec2017e", "Last December", "last.december@example.com", last("2017-12-31T23:59:59.999Z")},
		{"jan2018", "First January", "first.january@example.com", last("2018-01-01T00:00:00Z")},
		{"upd14", "Updated Fourteenth", "updated.14@example.com", updated("2018-01-14T23:59:59.999Z")},
		{"upd15a", "Updated Fifteenth", "updated.15a@example.com", updated("2018-01-15T08:00:00Z")},
		{"upd15b", "Updated Also", "updated.15b@example.com", updated("2018-01-15T08:00:00Z")},
		{"upd16", "Updated Sixteenth", "updated.16@example.com", updated("2018-01-16T00:00:00Z")},
		{"eugenio", "eugenio", "eugenio@example.com", nil},
		{"jane", "Jane Smith", "jane@exampleco.com", func(_ *maker, u *user) {
			u.AppMetadata = map[string]any{"subscription": map[string]any{"plan": "gold"}}
		}},
		{"mary", "Mary Jane Smith", "mary.jane@exampleco.com", nil},
		{"john", "John Richard Doe", "john.doe@example.com", func(_ *maker, u *user) { u.Nickname = "Johnny1" }},
		{"plus", "First Last", "first+last@example.com", nil},
		{"profile", "Example Name", "example.name@example.com", func(_ *maker, u *user) {
			u.UserMetadata = map[string]any{"full_name": "Example Name", "display": map[string]any{"preferredLanguage": "en", "fontSize": 13.0},
				"addresses": map[string]any{"cities": []any{"Paris", "Seattle"}}}
			u.AppMetadata = map[string]any{"facts": []any{"count_to_infinity_twice"}}
		}},
		{"places", "Paris Places", "paris.places@example.com", func(_ *maker, u *user) {
			u.UserMetadata = map[string]any{"addresses": []any{map[string]any{"city": "Paris"}, map[string]any{"city": "Seattle"}}}
		}},
	}
}

// oddities are what real directories hold: linked identities, look-alikes, huge and deep metadata.
func (m *maker) oddities() []member {
	return []member{
		{"linked", "Lucy Linked", "lucy.linked@example.com", func(_ *maker, u *user) {
			u.Identities = append(u.Identities,
				identity{Connection: "google-oauth2", UserID: "109876543210987654321", Provider: "google-oauth2", Social: true,
					Profile: map[string]any{"email": u.Email, "email_verified": true, "name": u.Name}},
				identity{Connection: "sms", UserID: "5c0ffee00000000000000001", Provider: "sms",
					Profile: map[string]any{"phone_number": "+15550100001", "phone_verified": true, "name": "+15550100001"}})
		}},
		// The second letter a is Cyrillic: not the Ada that everybody looks for.
		{"lookalike", "Adа Lovelace", "adа@example.com", nil},
		{"huge", "Hugo Huge", "hugo.huge@example.com", func(_ *maker, u *user) {
			notes := make([]any, 0, 120)
			for i := range 120 {
				notes = append(notes, map[string]any{"at": m.born.AddDate(0, 0, -i).Format(time.DateOnly), "note": "Called about order " + fmt.Sprint(70000+i) + ", satisfied with the answer."})
			}
			u.UserMetadata = map[string]any{"notes": notes}
		}},
		{"deep", "Dora Deep", "dora.deep@example.com", func(_ *maker, u *user) {
			var inner any = "the bottom"
			for i := 16; i > 0; i-- {
				inner = map[string]any{fmt.Sprintf("level%d", i): inner}
			}
			u.AppMetadata = map[string]any{"tree": inner, "empty": map[string]any{}, "none": []any{}}
		}},
		{"many", "Mona Many", "mona.many@example.com", func(m *maker, u *user) {
			m.addSessions(u, 8)
			for _, o := range m.orgs {
				m.setMember(u.ID, membership{Org: o.ID, Roles: []string{m.roles[5].ID}})
			}
			ids := []string{}
			for _, r := range m.roles[4:] {
				ids = append(ids, r.ID)
			}
			m.setRoles(u.ID, ids)
		}},
	}
}

// sharedAddress is one address in five connections, as after years of sign-up buttons.
func (m *maker) sharedAddress() {
	for _, in := range []struct{ strategy, connection, plain string }{
		{"auth0", database, castPlain("robin")}, {"google-oauth2", "google-oauth2", "118273645546372819100"},
		{"email", "email", castPlain("robin-email")}, {"samlp", corporate, corporate + "|AD/robin@example.com"},
		{"auth0", directory, castPlain("robin-staff")},
	} {
		u := &user{ID: in.strategy + "|" + in.plain, Email: "robin@example.com", EmailVerified: yes(in.strategy != "auth0"), Name: "Robin Everywhere",
			Given: "Robin", Family: "Everywhere", Nickname: "robin", Picture: gravatar("robin@example.com", "Robin Everywhere"),
			Created: m.born.AddDate(-1, -2, 0), Updated: m.born.AddDate(0, -1, 0), LastLogin: m.born.AddDate(0, -1, 0), Logins: 7, LastIP: "192.0.2.44",
			Identities: []identity{{Connection: in.connection, UserID: in.plain, Provider: in.strategy, Social: in.strategy == "google-oauth2"}}}
		if in.connection == directory {
			u.Username = "test-user998"
		}
		m.populateWith(u)
		if in.strategy == "auth0" {
			m.addMethod(u, "password")
		}
	}
	m.seen["robin@example.com"] = true
}

// phoneOnly signs in by SMS and has no email at all.
func (m *maker) phoneOnly() {
	plain := castPlain("phone")
	m.populateWith(&user{ID: "sms|" + plain, Phone: "+15550100099", PhoneVerified: yes(true), Name: "+15550100099", Nickname: "+15550100099",
		Picture: gravatar("", "+1"), Created: m.born.AddDate(0, -5, 0), Updated: m.born.Add(-50 * time.Hour), LastLogin: m.born.Add(-50 * time.Hour),
		Logins: 12, LastIP: "203.0.113.120", Identities: []identity{{Connection: "sms", UserID: plain, Provider: "sms"}}})
}
