package localtenant

import (
	"net/url"
	"time"
)

// What a ticket is for.
const (
	ticketPassword = "password"
	ticketVerify   = "verify"
	ticketEnrol    = "enrol"

	// ticketLife is how long a ticket holds when nobody says.
	ticketLife = 5 * 24 * time.Hour
)

// ticket is a link that stands for a person, by its hash.
type ticket struct {
	Kind      string
	UserID    string
	ResultURL string // where the browser goes after it
	Expires   time.Time
	Used      bool

	MarkVerified   bool // a new password proves the address too
	EmailInResult  bool // the result's address carries the email
	SeveralFactors bool // a factor may be added to those there are
}

// newTicket makes a link for a person: what it is for (ticketPassword, ticketVerify, ticketEnrol), for how long (zero is
// five days), and where the browser goes afterwards (may be empty). The tenant is locked.
func (t *Tenant) newTicket(kind, userID string, ttl time.Duration, resultURL string) (address string) {
	return t.keepTicket(ticket{Kind: kind, UserID: userID, ResultURL: resultURL}, ttl)
}

// keepTicket is newTicket for a ticket with more to say. The tenant is locked.
func (t *Tenant) keepTicket(k ticket, ttl time.Duration) (address string) {
	t.tidy()
	if ttl <= 0 {
		ttl = ticketLife
	}
	k.Expires = t.now().Add(ttl)
	raw := secret(32, alnum)
	t.tickets.set(hashOf(raw), k)
	path := map[string]string{ticketPassword: "/u/reset-password", ticketVerify: "/u/email-verification", ticketEnrol: "/mfa/enrollment"}[k.Kind]
	address = t.base + path + "?ticket=" + raw
	if k.Kind != ticketEnrol {
		address += "#"
	}
	return address
}

// openTicket finds a ticket that still holds, and whom it is for. The tenant is locked.
func (t *Tenant) openTicket(raw, kind string) (key string, k ticket, u *user, problem string) {
	key = hashOf(raw)
	k = t.tickets.at(key)
	u = t.users.at(k.UserID)
	switch {
	case k.Kind != kind || u == nil:
		return key, k, nil, "This link is not valid."
	case k.Used:
		return key, k, nil, "This link can be used only once."
	case !t.now().Before(k.Expires):
		return key, k, nil, "This link has expired. To try again, ask for a new one."
	}
	return key, k, u, ""
}

func (t *Tenant) useTicket(key string, k ticket) {
	k.Used = true
	t.tickets.set(key, k)
}

// result is where a ticket leads, with what came of it as Auth0 tells it; empty when it leads nowhere.
func (k ticket) result(email, code, message string) string {
	u, err := url.Parse(k.ResultURL)
	if k.ResultURL == "" || err != nil {
		return ""
	}
	q := u.Query()
	q.Set("success", "true")
	q.Set("code", code)
	q.Set("message", message)
	q.Set("supportSignUp", "true")
	q.Set("supportForgotPassword", "true")
	if k.EmailInResult || k.Kind == ticketVerify {
		q.Set("email", email)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
