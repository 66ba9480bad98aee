package desk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"usher/auth0client"
)

// Weight is how much a finding keeps somebody out.
type Weight int

// The weights, heaviest first.
const (
	Stops Weight = iota // cannot get in
	Hinders
	Tells // worth knowing
	Fine
)

// Finding is one part of a verdict. Fix is the console's key that puts it right, empty where none does.
type Finding struct {
	Weight Weight
	Text   string
	Fix    string
}

// The parts of the evidence, as a verdict names them.
const (
	PartUser    = "profile"
	PartBans    = "brute-force blocks"
	PartFactors = "second factors"
	PartLog     = "log"
)

// Evidence is what a verdict rests on. A part that is not there is named in Unknown, Denied or Awaited instead.
type Evidence struct {
	User       auth0client.User
	Bans       []auth0client.BruteForceBlock
	Methods    []auth0client.AuthenticationMethod
	Events     []auth0client.LogEvent // newest first
	Connection *auth0client.Connection
	Unknown    []string          // parts that could not be read
	Denied     map[string]string // parts that the operator may not read, and the permission it takes
	Awaited    []string          // parts that are still being read
}

// Verdict says why somebody cannot get in, or that nothing found stops them, the heaviest reason first.
func Verdict(e Evidence, at time.Time) []Finding {
	v := verdict{Evidence: e, at: at}
	v.blocks()
	v.account()
	v.factors()
	v.recent()
	for _, what := range e.Unknown {
		v.add(Hinders, "Not known: "+what+" could not be read", "ctrl+r")
	}
	for _, what := range slices.Sorted(maps.Keys(e.Denied)) {
		v.add(Hinders, "Not known: "+what+", which you may not see without "+e.Denied[what], "")
	}
	slices.SortStableFunc(v.found, func(a, b Finding) int { return int(a.Weight) - int(b.Weight) })
	if len(v.found) == 0 || v.found[0].Weight > Stops {
		v.calm()
	}
	return v.found
}

// calm says that nothing found stops them, after what hinders: whoever reads that all is well reads no further.
func (v *verdict) calm() {
	at := 0
	for at < len(v.found) && v.found[at].Weight <= Hinders {
		at++
	}
	text := "Nothing found keeps them out"
	if at > len(v.Unknown)+len(v.Denied) {
		text = "Nothing else found keeps them out"
	}
	switch {
	case len(v.Awaited) > 0:
		text, at = "Nothing found so far; still reading: "+strings.Join(v.Awaited, ", "), 0
	case len(v.Unknown)+len(v.Denied) > 0:
		text += ", as far as could be read"
	}
	v.found = slices.Insert(v.found, at, Finding{Fine, text, ""})
}

type verdict struct {
	Evidence
	at    time.Time
	found []Finding
}

func (v *verdict) add(w Weight, text, fix string) { v.found = append(v.found, Finding{w, text, fix}) }

func (v *verdict) knows(what string) bool { return v.Known(what) }

// Known reports that a part was read.
func (e Evidence) Known(part string) bool {
	_, denied := e.Denied[part]
	return !denied && !slices.Contains(e.Unknown, part) && !slices.Contains(e.Awaited, part)
}

// since is when something happened, in the fewest words: today the time, else the date.
func (v *verdict) since(t time.Time) string {
	t = t.In(v.at.Location())
	if t.Format(time.DateOnly) == v.at.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// last is the newest event of one of the codes.
func (v *verdict) last(codes ...string) (auth0client.LogEvent, bool) {
	i := slices.IndexFunc(v.Events, func(e auth0client.LogEvent) bool { return slices.Contains(codes, e.Code) })
	if i < 0 {
		return auth0client.LogEvent{}, false
	}
	return v.Events[i], true
}

func (v *verdict) blocks() {
	if v.User.Blocked {
		text := "Blocked by an administrator"
		if e, ok := v.last("f"); ok && strings.Contains(e.Description.String(), "blocked") {
			text += "; last turned away " + v.since(e.Date)
		}
		v.add(Stops, text, "b")
	}
	for _, b := range v.Bans {
		text := "Blocked"
		if e, ok := v.last("limit_wc"); ok {
			text += " since " + v.since(e.Date)
		}
		text += " by failed sign-ins"
		if n := v.failuresFrom(b.IP.String()); n > 1 {
			text = strings.Replace(text, "failed", fmt.Sprintf("%d failed", n), 1)
		}
		if ip := b.IP.String(); ip != "" {
			text += " from " + ip
		}
		v.add(Stops, text, "b")
	}
}

// failuresFrom counts the wrong passwords from an address before the block.
func (v *verdict) failuresFrom(ip string) int {
	n, seen := 0, false
	for _, e := range v.Events {
		seen = seen || e.Code == "limit_wc"
		if seen && e.Code == "fp" && (ip == "" || e.IP.String() == ip) {
			n++
		}
		if seen && (e.Code == "s" || e.Code == "scp") {
			break
		}
	}
	return n
}

func (v *verdict) account() {
	u := v.User
	if u.LastLogin.IsZero() && u.Logins == 0 && v.knows(PartUser) {
		v.add(Tells, "Has never signed in", "")
	}
	if !u.Email.IsEmpty() && !u.EmailVerified {
		v.add(Hinders, "Email not verified: a rule of the tenant may stop them", "v")
	}
	if c := v.Connection; c != nil {
		if c.Options.Known && c.Options.ImportMode {
			v.add(Tells, "Comes over from an older database at the first sign-in (import mode)", "")
		}
		if !c.Database() {
			v.add(Tells, "Signs in at "+c.Label.String()+" ("+c.Strategy.String()+"): there is no password here", "")
		}
	}
	if u.LastPassword.After(u.LastLogin) && !u.LastPassword.IsZero() {
		v.add(Tells, "Password changed "+v.since(u.LastPassword)+", and no sign-in since", "p")
	}
}

func (v *verdict) factors() {
	if !v.knows(PartFactors) {
		return
	}
	var names, half []string
	for _, m := range SecondFactors(v.Methods) {
		switch {
		case !m.Confirmed:
			half = append(half, m.Label.String())
		case m.Kind != "recovery-code":
			names = append(names, short(m))
		}
	}
	switch {
	case len(half) > 0 && len(names) == 0:
		v.add(Hinders, "MFA enrolment begun and not finished: "+strings.Join(half, ", "), "m")
	case len(names) == 0:
		v.add(Tells, "Has not enrolled MFA", "")
	default:
		v.add(Tells, "Has enrolled MFA: "+strings.Join(names, ", "), "m")
	}
}

// short is a second factor in a word or two.
func short(m auth0client.AuthenticationMethod) string {
	words := map[auth0client.MethodKind]string{"totp": "app code", "push": "push", "guardian": "push", "phone": "phone", "email": "email code",
		"webauthn-roaming": "security key", "webauthn-platform": "device biometrics"}
	if w, ok := words[m.Kind]; ok {
		return w
	}
	return m.Label.String()
}

// skew is how much earlier than the record the log may date the sign-in that made it.
const skew = time.Minute

// own are the events of this account: a user made again under the same id has a log of the account before as well.
func (v *verdict) own() []auth0client.LogEvent {
	i := slices.IndexFunc(v.Events, func(e auth0client.LogEvent) bool { return e.Date.Before(v.User.CreatedAt.Add(-skew)) })
	if i < 0 || v.User.CreatedAt.IsZero() {
		return v.Events
	}
	return v.Events[:i]
}

// recent reads the log since the last good sign-in.
func (v *verdict) recent() {
	own := v.own()
	if len(own) == 0 {
		return
	}
	good := slices.IndexFunc(own, func(e auth0client.LogEvent) bool { return e.Code == "s" })
	since := own
	if good >= 0 {
		since = own[:good]
	}
	count := map[string]int{}
	newest := map[string]auth0client.LogEvent{}
	for _, e := range since {
		if count[e.Code]++; count[e.Code] == 1 {
			newest[e.Code] = e
		}
	}
	say := func(w Weight, code, one, many, fix string) {
		if n := count[code]; n > 0 {
			text := one
			if n > 1 {
				text = fmt.Sprintf(many, n)
			}
			v.add(w, text+", last "+v.since(newest[code].Date), fix)
		}
	}
	say(Hinders, "fp", "A wrong password", "%d wrong passwords", "p")
	say(Hinders, "gd_auth_failed", "A wrong second factor", "%d wrong second factors", "m")
	say(Hinders, "gd_send_sms_failure", "A code by SMS was not delivered", "%d codes by SMS were not delivered", "m")
	say(Hinders, "gd_send_email_failure", "A code by email was not delivered", "%d codes by email were not delivered", "m")
	say(Hinders, "gd_send_pn_failure", "A push was not delivered", "%d pushes were not delivered", "m")
	say(Hinders, "gd_otp_rate_limit_exceed", "Too many second-factor attempts", "Too many second-factor attempts, %d times", "m")
	say(Hinders, "pwd_leak", "The password stands in a list of leaked ones", "The password stands in a list of leaked ones, refused %d times", "p")
	say(Hinders, "limit_sul", "Too many sign-ins in a short time", "Too many sign-ins in a short time, %d times", "")
	v.fatigue(own)
	if good >= 0 {
		v.add(Tells, "Last signed in "+v.since(own[good].Date), "")
	}
}

// fatigue looks for a run of refused pushes that ends in an accepted one: somebody may have been worn down.
func (v *verdict) fatigue(own []auth0client.LogEvent) {
	refused := 0
	for _, e := range slices.Backward(own) {
		switch e.Code {
		case "gd_auth_rejected":
			refused++
		case "gd_auth_succeed":
			if refused >= 5 {
				v.add(Hinders, fmt.Sprintf("%d pushes refused and then one accepted %s: the account may be taken over", refused, v.since(e.Date)), "s")
			}
			refused = 0
		}
	}
	if refused >= 3 {
		v.add(Hinders, fmt.Sprintf("%d pushes refused by the user: somebody else may have the password", refused), "p")
	}
}
