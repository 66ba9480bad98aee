package localtenant

import (
	"fmt"
	"time"
)

// incidents write what a support engineer should be able to find: a credential-stuffing burst, a leaked password, a run of
// push requests meant to tire somebody out, and a phone that gets no codes. Small tenants have none.
func (h *history) incidents(people []*user) {
	if len(people) < castFrom {
		return
	}
	h.stuffing(people)
	for i, u := range people {
		who := uint32(i)
		switch u.ID {
		case castID("leaked"):
			h.leaked(who, packed(u.LastIP))
		case castID("fatigue"):
			h.fatigue(who, packed(u.LastIP))
		case castID("nosms"):
			h.undelivered(who, packed(u.LastIP))
		}
	}
}

// stuffing is six nights ago: two addresses try a list of leaked logins, most of them unknown here, until they are blocked.
func (h *history) stuffing(people []*user) {
	begin := h.t.born.Truncate(24*time.Hour).AddDate(0, 0, -6).Add(3*time.Hour + 12*time.Minute)
	attackers := []uint32{packed("203.0.113.66"), packed("203.0.113.67")}
	for n := range 420 {
		at, ip := begin.Add(time.Duration(n)*1700*time.Millisecond), attackers[n%2]
		if h.rand.IntN(3) > 0 {
			unknown := h.someone("", fmt.Sprintf("%s%d@mail.example", []string{"sunny", "lucky", "happy", "magic"}[n%4], 100+n), database)
			h.add(at, unknown, ip, 1, "fu", "Wrong email or password.")
			continue
		}
		i := h.rand.IntN(len(people))
		if people[i].connection() != database {
			continue
		}
		h.add(at, uint32(i), ip, 1, "fp", "Wrong email or password.")
	}
	end := begin.Add(12 * time.Minute)
	for n, ip := range attackers {
		h.add(end.Add(time.Duration(n)*time.Second), nobody, ip, 1, "limit_mu", "Too many failed sign-ins from this address")
	}
	h.add(end.Add(20*time.Second), nobody, attackers[0], 1, "api_limit_warning", "The authentication rate limit is about to be reached")
}

// leaked is the day before yesterday: a right password that stands in a published list.
func (h *history) leaked(who, ip uint32) {
	at := h.t.born.Add(-49 * time.Hour)
	h.add(at, who, packed("203.0.113.66"), 1, "pwd_leak", "Someone behind the IP address attempted to log in with a leaked password.")
	h.add(at.Add(5*time.Hour), who, ip, 0, "pwd_leak", "Someone behind the IP address attempted to log in with a leaked password.")
	h.add(at.Add(5*time.Hour+time.Minute), who, ip, 0, "scpr", "")
}

// fatigue is last night: somebody has the password and asks for push after push, until one is accepted.
func (h *history) fatigue(who, ip uint32) {
	at, stranger := h.t.born.Truncate(24*time.Hour).Add(-80*time.Minute), packed("198.51.100.231")
	for n := range 14 {
		asked := at.Add(time.Duration(n) * 95 * time.Second)
		h.add(asked, who, stranger, 1, "gd_start_auth", "Second factor authentication started")
		h.add(asked.Add(time.Second), who, stranger, 1, "gd_send_pn", "Push notification sent")
		if n < 13 {
			h.add(asked.Add(20*time.Second), who, ip, 2, "gd_auth_rejected", "Second factor authentication rejected by the user")
		}
	}
	last := at.Add(13*95*time.Second + 30*time.Second)
	h.add(last, who, ip, 2, "gd_auth_succeed", "Second factor authentication success")
	h.add(last.Add(time.Second), who, stranger, 1, "s", "Successful login")
}

// undelivered is this morning: codes by SMS that never arrive.
func (h *history) undelivered(who, ip uint32) {
	for n := range 4 {
		at := h.t.born.Add(-time.Duration(95-n*20) * time.Minute)
		h.add(at, who, ip, 2, "gd_start_auth", "Second factor authentication started")
		h.add(at.Add(time.Second), who, ip, 2, "gd_send_sms_failure", "The SMS could not be delivered: unreachable carrier")
	}
}
