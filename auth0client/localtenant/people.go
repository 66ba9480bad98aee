package localtenant

import (
	"encoding/json"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// ShowcaseID is the first generated user, the same for every seed: Ada Lovelace, with a bit of everything.
const ShowcaseID = "auth0|5f7c8ec7c33c6c004bbafe82"

// makePeople keeps what generating people needs.
type maker struct {
	*Tenant
	first, last []string
	towns       []town
	rand        *mathrand.Rand
	seen        map[string]bool
	local       *strings.Replacer // makes the first part of an address of a name

	roles []*role
	orgs  []*organization
}

// populate generates n people. Who they are depends on the seed alone, their dates also on the clock.
func (t *Tenant) populate(n int) {
	m := maker{Tenant: t, first: firstNames(), last: lastNames(), towns: towns(), rand: mathrand.New(mathrand.NewPCG(t.opts.Seed, 7)),
		seen: map[string]bool{"ada@example.com": true}, local: strings.NewReplacer(" ", "", "'", "", "ö", "o", "ü", "u", "ć", "c", "ı", "i"), roles: t.roles.list(), orgs: t.orgs.list()}
	if n > 0 {
		m.showcase()
	}
	if n >= castFrom {
		m.cast()
	}
	for m.users.len() < n {
		m.person()
	}
	m.surround()
}

// populateWith adds a record that is there from the start.
func (t *Tenant) populateWith(u *user) {
	t.settleIn(u)
	t.index.apply(u.ID, u)
}

func (m *maker) chance(percent int) bool { return m.rand.IntN(100) < percent }

func (m *maker) ago(most time.Duration) time.Time {
	return m.born.Add(-time.Duration(m.rand.Int64N(int64(most)))).Truncate(time.Millisecond)
}

func yes(b bool) *bool { return &b }

func (m *maker) showcase() {
	u := &user{ID: ShowcaseID, Email: "ada@example.com", EmailVerified: yes(true), Name: "Ada Lovelace", Given: "Ada",
		Family: "Lovelace", Nickname: "ada", Picture: gravatar("ada@example.com", "Ada Lovelace"),
		Created: m.born.AddDate(-2, 0, 0), Updated: m.born.Add(-3 * time.Hour), LastLogin: m.born.Add(-3 * time.Hour),
		LastPassword: m.born.AddDate(0, -4, 0), Logins: 187, LastIP: "203.0.113.42",
		Identities:   []identity{{Connection: database, UserID: strings.TrimPrefix(ShowcaseID, "auth0|"), Provider: "auth0"}},
		UserMetadata: map[string]any{"language": "en-GB", "newsletter": true, "address": map[string]any{"city": "London", "country": "UK"}},
		AppMetadata:  map[string]any{"plan": "premium", "customer": "C-10001", "tags": []any{"vip", "beta"}}}
	m.populateWith(u)
	m.setRoles(u.ID, []string{m.roleNamed("Customer").ID, m.roleNamed("Refund desk").ID})
	for _, kind := range []string{"password", "totp", "phone", "recovery-code"} {
		m.addMethod(u, kind)
	}
	m.setMember(u.ID, membership{Org: m.orgs[0].ID})
	m.addSessions(u, 2)
}

func (m *maker) person() {
	first, last := oneOf(m, m.first), oneOf(m, m.last)
	u := &user{Given: first, Family: last, Name: first + " " + last, Created: m.ago(3 * 365 * 24 * time.Hour)}
	local := strings.ToLower(m.local.Replace(first + "." + last))
	email := local + "@" + []string{"example.com", "example.org", "example.net", "mail.example"}[m.rand.IntN(4)]
	if m.seen[email] {
		email = local + strconv.Itoa(len(m.seen)) + email[strings.IndexByte(email, '@'):]
	}
	m.seen[email] = true
	strategy, name, plain := m.origins(email)
	u.ID = strategy + "|" + plain
	u.Identities = []identity{{Connection: name, UserID: plain, Provider: strategy, Social: strategy == "google-oauth2"}}
	if strategy == "sms" {
		u.Phone = fmt.Sprintf("+1555%07d", m.rand.IntN(10_000_000))
		u.PhoneVerified, u.Given, u.Family, u.Name = yes(true), "", "", u.Phone
		u.Nickname = u.Phone
	} else {
		u.Email, u.EmailVerified, u.Nickname = email, yes(!m.chance(12)), local
	}
	u.Picture = gravatar(u.Email, u.Name)
	m.history(u, strategy)
	m.populateWith(u)
	m.belongings(u, strategy)
}

func (m *maker) origins(email string) (strategy, connection, plain string) {
	switch n := m.rand.IntN(100); {
	case n < 62:
		return "auth0", database, pick(m.rand, 24, hexDigits)
	case n < 80:
		return "google-oauth2", "google-oauth2", "1" + pick(m.rand, 20, "0123456789")
	case n < 86:
		return "sms", "sms", pick(m.rand, 24, hexDigits)
	case n < 91:
		return "email", "email", pick(m.rand, 24, hexDigits)
	}
	return "samlp", corporate, corporate + "|" + email
}

// history gives a record its dates, logins, blocks and metadata.
func (m *maker) history(u *user, strategy string) {
	u.Updated = u.Created
	if !m.chance(9) {
		u.Logins = 1 + int(m.rand.ExpFloat64()*40)
		since := m.born.Sub(u.Created)
		u.LastLogin = u.Created.Add(time.Duration(float64(since) * (1 - min(1, m.rand.ExpFloat64()*0.15)))).Truncate(time.Millisecond)
		if at := rhythmic(m.rand, u.LastLogin); at.Before(m.born) && at.After(u.Created) {
			u.LastLogin = at
		}
		u.Updated = u.LastLogin
		u.LastIP = m.address()
	}
	if strategy == "auth0" && m.chance(30) {
		u.LastPassword = u.Created.Add(u.Updated.Sub(u.Created) / 2).Truncate(time.Millisecond)
	}
	switch n := m.rand.IntN(100); {
	case n < 4:
		u.Blocked = yes(true)
	case n < 8:
		u.Blocked = yes(false)
	}
	if m.chance(55) {
		u.UserMetadata = map[string]any{"language": oneOf(m, []string{"en", "de", "fr", "es", "ja", "pt-BR"})}
		if m.chance(40) {
			at := oneOf(m, m.towns)
			u.UserMetadata["address"] = map[string]any{"city": at.City, "country": at.Country}
		}
	} else if m.chance(20) {
		u.UserMetadata = map[string]any{}
	}
	if m.chance(60) {
		u.AppMetadata = map[string]any{"plan": oneOf(m, []string{"free", "basic", "premium", "Enterprise"}),
			"customer": "C-" + strconv.Itoa(20000+m.users.len())}
		if m.chance(25) {
			u.AppMetadata["tags"] = []any{oneOf(m, []string{"vip", "beta", "trial"}), "imported"}
		}
	}
	if strategy == "auth0" && m.chance(6) {
		u.Identities = append(u.Identities, identity{Connection: "google-oauth2", UserID: "1" + pick(m.rand, 20, "0123456789"),
			Provider: "google-oauth2", Social: true, Profile: map[string]any{"email": u.Email, "email_verified": true, "name": u.Name}})
	}
}

// address is one of the ranges kept for documentation.
func (m *maker) address() string {
	return []string{"192.0.2.", "198.51.100.", "203.0.113."}[m.rand.IntN(3)] + strconv.Itoa(1+m.rand.IntN(254))
}

// belongings gives a user roles, permissions, factors, memberships, blocks and sessions.
func (m *maker) belongings(u *user, strategy string) {
	if m.chance(70) {
		m.setRoles(u.ID, []string{m.roles[3].ID})
	}
	if m.chance(12) {
		id := m.roles[4+m.rand.IntN(len(m.roles)-4)].ID
		m.setRoles(u.ID, append(m.userRoles.at(u.ID), id))
	}
	if m.chance(5) {
		m.userPerms.set(u.ID, []permission{{API: shopAPI, Name: "read:orders"}})
	}
	if strategy == "auth0" {
		m.addMethod(u, "password")
	}
	if m.chance(35) {
		kinds := []string{"totp", "phone", "push", "webauthn-roaming", "webauthn-platform", "email", "passkey"}
		m.addMethod(u, kinds[m.rand.IntN(len(kinds))])
		if m.chance(60) {
			m.addMethod(u, "recovery-code")
		}
	}
	if m.chance(18) {
		in := membership{Org: m.orgs[m.rand.IntN(len(m.orgs))].ID}
		if m.chance(40) {
			in.Roles = []string{m.roles[5+m.rand.IntN(3)].ID}
		}
		m.setMember(u.ID, in)
	}
	if strategy == "auth0" && m.chance(2) {
		m.blocks.set(u.ID, []block{{Identifier: u.Email, IP: m.address(), Connection: database}})
	}
	if u.Logins > 0 && m.chance(30) {
		m.addSessions(u, 1+m.rand.IntN(2))
	}
}

func (m *maker) addMethod(u *user, kind string) {
	at := u.Created.Add(time.Hour)
	x := &authMethod{ID: strings.ReplaceAll(kind, "-", "_") + "|dev_" + pick(m.rand, 16, alnum), Type: kind, Confirmed: true,
		Created: at, Enrolled: at, LastAuth: u.LastLogin}
	switch kind {
	case "phone":
		x.Phone, x.Preferred, x.Name = fmt.Sprintf("+1555%07d", m.rand.IntN(10_000_000)), "sms", "Phone"
	case "email":
		x.Email = u.Email
	case "push":
		x.Name, x.Confirmed = oneOf(m, []string{"iPhone", "Pixel 9", "Galaxy S25"}), !m.chance(15)
	case "webauthn-roaming", "webauthn-platform", "passkey":
		x.Name, x.KeyID = oneOf(m, []string{"Security key", "MacBook", "Windows Hello"}), pick(m.rand, 22, alnum)
	}
	m.methods.set(u.ID, append(m.methods.at(u.ID), x))
}

func passwordMethod(r *mathrand.Rand, at time.Time) *authMethod {
	return &authMethod{ID: "password|dev_" + pick(r, 16, alnum), Type: "password", Confirmed: true, Created: at, Enrolled: at}
}

func (m *maker) addSessions(u *user, n int) {
	for range n {
		begun := m.ago(72 * time.Hour)
		s := &session{ID: pick(m.rand, 32, alnum), Created: begun, Active: begun.Add(m.born.Sub(begun) / 2), IP: m.address(),
			Agent: oneOf(m, agents()), Client: shopClientID}
		m.sessions.set(u.ID, append(m.sessions.at(u.ID), s))
		m.grants.set(u.ID, append(m.grants.at(u.ID), &refreshRow{ID: pick(m.rand, 18, alnum), Client: s.Client, Session: s.ID,
			Created: begun, Exchanged: s.Active, API: shopAPI}))
	}
}

func agents() []string {
	return []string{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"}
}

func (t *Tenant) addOperators() {
	roles := t.roles.list()
	for i, o := range operators() {
		if t.users.at(o.ID) != nil {
			continue
		}
		given, family, _ := strings.Cut(o.Name, " ")
		t.populateWith(&user{ID: o.ID, Email: o.Email, EmailVerified: yes(true), Name: o.Name, Given: given, Family: family,
			Nickname: strings.ToLower(given), Picture: gravatar(o.Email, o.Name), Created: t.born.AddDate(-1, 0, 0),
			Updated: t.born.AddDate(0, -1, 0), Identities: []identity{{Connection: operatorsBase,
				UserID: strings.TrimPrefix(o.ID, "auth0|"), Provider: "auth0"}}})
		t.setRoles(o.ID, []string{roles[i].ID})
	}
}

// load takes people in Auth0's import format instead of generated ones. They go into the database connection.
func (t *Tenant) load(data []byte) error {
	var rows []map[string]any
	if err := json.Unmarshal(data, &rows); err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	r, want := mathrand.New(mathrand.NewPCG(t.opts.Seed, 7)), importedUser()
	for i, row := range rows {
		plain, _ := row["user_id"].(string)
		plain = strings.TrimPrefix(plain, "auth0|")
		if plain == "" {
			plain = pick(r, 24, hexDigits)
		}
		known := maps.Clone(row)
		maps.DeleteFunc(known, func(_ string, v any) bool { return v == nil })
		if bad := want.check(anyMap(known), ""); bad != nil {
			return fmt.Errorf("user %d: %v", i+1, bad.complaint("", "").body.(map[string]any)["message"])
		}
		if bad := metadataProblem(known); bad != nil {
			return fmt.Errorf("user %d: %v", i+1, bad.body.(map[string]any)["message"])
		}
		u := &user{ID: "auth0|" + plain, Created: t.born, Updated: t.born,
			Identities: []identity{{Connection: database, UserID: plain, Provider: "auth0"}}}
		u.apply(known)
		if u.Email == "" {
			return fmt.Errorf("user %d has no email", i+1)
		}
		if t.users.at(u.ID) != nil {
			return fmt.Errorf("user %d: the id %q is there twice", i+1, u.ID)
		}
		u.fillIn()
		u.Password, _ = known["password_hash"].(string)
		t.populateWith(u)
		t.importMethods(r, u, known, t.born)
	}
	return nil
}
