package localtenant

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// DemoPassword is the password of everybody in a database who was not given another.
	DemoPassword = "Demo-Passw0rd!"
	// bruteForceLimit is how many failures of one address with one account block it, Auth0's default.
	bruteForceLimit = 10
	// blockLife is how long a failure counts.
	blockLife = 30 * 24 * time.Hour
)

// leakedPasswords are those that this tenant takes to be known from breaches.
func leakedPasswords() []string {
	return []string{"Password1!", "Passw0rd123", "Summer2024!", "Qwerty123456!"}
}

// failure is how often something went wrong, such as one address with one account.
type failure struct {
	Count       int
	First, Last time.Time
}

// isPassword checks a password: the one a person was given, else everybody's.
func (u *user) isPassword(raw string) bool {
	if u.Password == "" {
		return subtle.ConstantTimeCompare([]byte(raw), []byte(DemoPassword)) == 1
	}
	return bcrypt.CompareHashAndPassword([]byte(u.Password), []byte(raw[:min(len(raw), maxPassword)])) == nil
}

// What the sign-in page says.
const (
	sayWrong   = "Wrong email or password"
	sayBlocked = "Your account has been blocked after multiple consecutive login attempts. We've sent you an email with instructions " +
		"on how to unblock it."
	sayLeaked = "We have detected a potential security issue with this account. To protect your account, we have prevented this " +
		"login. Please reset your password to proceed."
)

// tryPassword checks a password as Auth0's database login does, and logs what happened. Without a person, problem is what to
// tell them. The tenant is locked.
func (t *Tenant) tryPassword(identifier, password, connection string, v visitor) (_ *user, problem string) {
	u := t.accountOf(identifier, password, connection)
	if u == nil {
		e := t.noteEvent("fu", nil, "Wrong email or password.", v)
		e.UserName, e.Connection, e.Strategy = strings.ToLower(identifier), database, "auth0"
		return nil, sayWrong
	}
	guarded := t.guarded(u)
	if guarded && slices.ContainsFunc(t.blocks.at(u.ID), func(b block) bool { return b.IP == v.IP || b.IP == "" }) {
		t.noteEvent("limit_wc", u, "Account blocked: too many failed logins from this address", v)
		return nil, sayBlocked
	}
	if !u.isPassword(password) {
		t.noteEvent("fp", u, "Wrong email or password.", v)
		if guarded && t.failed(u.ID+" "+v.IP) >= bruteForceLimit {
			t.failures.drop(u.ID + " " + v.IP)
			t.blocks.set(u.ID, append(slices.Clone(t.blocks.at(u.ID)), block{Identifier: u.Email, IP: v.IP, Connection: u.connection()}))
			t.noteEvent("limit_wc", u, "Account blocked: too many failed logins from this address", v)
			return nil, sayBlocked
		}
		return nil, sayWrong
	}
	if slices.Contains(leakedPasswords(), password) {
		t.noteEvent("pwd_leak", u, "This password is known from a data breach on another site", v)
		return nil, sayLeaked
	}
	t.failures.drop(u.ID + " " + v.IP)
	return u, ""
}

// accountOf finds a database account by address or username. Of several it is the one the password is for.
func (t *Tenant) accountOf(identifier, password, connection string) *user {
	id := strings.ToLower(strings.TrimSpace(identifier))
	var first *user
	for _, key := range slices.Concat(t.byEmail(id), t.byUsername(id)) {
		u := t.users.at(key)
		cn := t.connectionNamed(u.connection())
		if id == "" || cn == nil || cn.Strategy != "auth0" || connection != "" && cn.Name != connection {
			continue
		}
		if u.isPassword(password) {
			return u
		}
		if first == nil {
			first = u
		}
	}
	return first
}

// guarded reports that a person's connection counts failures.
func (t *Tenant) guarded(u *user) bool {
	cn := t.connectionNamed(u.connection())
	return cn == nil || cn.Options["brute_force_protection"] != false
}

// failed counts one more failure and gives their number.
func (t *Tenant) failed(key string) int {
	f, now := t.failures.at(key), t.now()
	if f.Count == 0 {
		f.First = now
	}
	f.Count, f.Last = f.Count+1, now
	t.failures.set(key, f)
	return f.Count
}

// passwordProblem is what the policy of a person's connection says against a password, empty when nothing.
func (t *Tenant) passwordProblem(u *user, password string) string {
	shortest := 8
	if cn := t.connectionNamed(u.connection()); cn != nil {
		rules, _ := cn.Options["password_complexity_options"].(map[string]any)
		shortest = max(shortest, numberIn(rules, "min_length"))
	}
	switch {
	case len(password) < shortest:
		return fmt.Sprintf("Password is too weak: it needs at least %d characters.", shortest)
	case len(password) > maxPassword:
		return "Password is too long: it may have 72 bytes."
	}
	if bad := refusePassword(t.connectionNamed(u.connection()), u, password); bad != nil {
		message, _ := dig(bad.body, "message").(string)
		_, why, _ := strings.Cut(message, ": ")
		return why + "."
	}
	return ""
}

// changePassword gives a person a new password, which lifts attack protection's blocks and ends their sessions, as at Auth0.
func (t *Tenant) changePassword(u *user, password string) *user {
	c, now := u.clone(), t.now().UTC()
	c.keepPassword(password, t.connectionNamed(u.connection()))
	c.LastPassword, c.Updated = now, now
	t.put(c)
	t.blocks.drop(u.ID)
	t.sessions.drop(u.ID)
	for _, key := range t.failures.names() {
		if strings.HasPrefix(key, u.ID+" ") {
			t.failures.drop(key)
		}
	}
	if !slices.ContainsFunc(t.methods.at(u.ID), func(m *authMethod) bool { return m.Type == "password" }) {
		t.methods.set(u.ID, append(slices.Clone(t.methods.at(u.ID)), passwordMethod(t.ids, now)))
	}
	return c
}

// FailLogins makes somebody fail to sign in, as a wrong password from an address does that many times.
func (t *Tenant) FailLogins(identifier, ip string, times int) error {
	if times < 1 || times > 1000 {
		return fmt.Errorf("the number of failed logins is %d, want 1 to 1000", times)
	}
	t.mu.Lock()
	defer t.release()
	for range times {
		t.tryPassword(identifier, "\x00not a password", "", visitor{IP: ip, Client: consoleClientID})
	}
	return nil
}
