package localtenant

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logEvent is one entry of the tenant's log.
type logEvent struct {
	ID, Type, Description         string
	At                            time.Time
	Connection, ConnectionID      string
	Strategy                      string
	ClientID, IP, Agent           string
	UserID, UserName, Correlation string
	RequestMethod, RequestPath    string
	Status                        int
}

// retention is how far back the log goes.
const retention = 30 * 24 * time.Hour

func logID(at time.Time, tail uint64) string {
	s := "900" + strings.ReplaceAll(at.UTC().Format(logTimeLayout), ".", "")
	return s + fmt.Sprintf("%0*d", 56-len(s), tail)
}

const logTimeLayout = "20060102150405.000"

// logTime is the time a log id holds.
func logTime(id string) (time.Time, bool) {
	if len(id) != 56 || id[:3] != "900" {
		return time.Time{}, false
	}
	at, err := time.Parse(logTimeLayout, id[3:17]+"."+id[17:20])
	return at, err == nil
}

// record adds an event of now. The tenant is locked.
func (t *Tenant) record(kind string, u *user, description string) *logEvent {
	t.logTick++
	e := &logEvent{ID: logID(t.now(), 1<<62+uint64(t.logTick)), Type: kind, Description: description, At: t.now().UTC(),
		ClientID: consoleClientID, IP: "127.0.0.1"}
	e.about(t, u)
	t.events.set(e.ID, e)
	return e
}

func (e *logEvent) about(t *Tenant, u *user) {
	if u == nil {
		return
	}
	e.UserID, e.UserName, e.Connection = u.ID, u.loginName(), u.connection()
	e.from(t)
}

// loginName is what a person is called in the log.
func (u *user) loginName() string { return cmp.Or(u.Email, u.Username, u.Phone, u.Name) }

// from fills in what the log tells of a connection beside its name.
func (e *logEvent) from(t *Tenant) {
	if cn := t.connectionNamed(e.Connection); cn != nil {
		e.ConnectionID, e.Strategy = cn.ID, cn.Strategy
	}
}

// logWrite notes a successful write through the Management API. What was sent is not kept: it may hold a password.
func (t *Tenant) logWrite(c *call, status int) {
	e := t.record("sapi", nil, c.title)
	e.ClientID, e.RequestMethod, e.RequestPath, e.Status = c.who.AZP, c.r.Method, c.r.URL.EscapedPath(), status
	e.Agent = c.r.UserAgent()
	if id := c.r.Header.Get("X-Correlation-ID"); id != "" {
		e.Correlation = id[:min(len(id), 64)]
	}
	if len(c.args) > 0 && strings.Contains(c.arg(0), "|") {
		e.UserID = c.arg(0)
	}
}

// userEvents is everything about one user that the plan still keeps, newest first. The tenant is locked.
func (t *Tenant) userEvents(id string) []*logEvent {
	entries := t.log()
	var out []*logEvent
	for _, e := range slices.Backward(entries.fresh) {
		if e.UserID == id {
			out = append(out, e)
		}
	}
	for _, i := range entries.past.about(id) {
		if int(i) < entries.old {
			out = append(out, entries.past.event(t, i))
		}
	}
	return out
}

// logView is the log that the plan still keeps, oldest first: what the past was made of, then what happened since.
type logView struct {
	t     *Tenant
	past  *past
	old   int // how many of the past are kept
	fresh []*logEvent
}

// log is the log as it is now. The tenant is locked.
func (t *Tenant) log() logView {
	oldest := t.oldest()
	v := logView{t: t, past: t.past(), fresh: t.events.list()}
	v.old = v.past.since(oldest)
	for len(v.fresh) > 0 && v.fresh[0].At.Before(oldest) {
		v.fresh = v.fresh[1:]
	}
	return v
}

func (v logView) len() int { return v.old + len(v.fresh) }

// at is the n-th entry, oldest first.
func (v logView) at(n int) logEntry {
	if n < v.old {
		return logEntry{v: v, past: uint32(v.old - 1 - n)}
	}
	return logEntry{v: v, fresh: v.fresh[n-v.old]}
}

// find is the place of a log id.
func (v logView) find(id string) (int, bool) {
	if i := slices.IndexFunc(v.fresh, func(e *logEvent) bool { return e.ID == id }); i >= 0 {
		return v.old + i, true
	}
	at, ok := logTime(id)
	if !ok {
		return 0, false
	}
	for i := v.past.since(at) - 1; i >= 0 && v.past.Events[i].At == at.UnixMilli(); i-- {
		if i < v.old && v.past.event(v.t, uint32(i)).ID == id {
			return v.old - 1 - i, true
		}
	}
	return 0, false
}

// logEntry is one entry, written out only when it is asked for.
type logEntry struct {
	v     logView
	past  uint32
	fresh *logEvent
}

func (e logEntry) event() *logEvent {
	if e.fresh != nil {
		return e.fresh
	}
	return e.v.past.event(e.v.t, e.past)
}

// oldest is how far back the plan keeps the log (Auth0: free 1 day, professional 10, enterprise 30).
//
// Source: https://auth0.com/docs/deploy-monitor/logs/log-data-retention
func (t *Tenant) oldest() time.Time {
	kept := retention
	switch t.opts.Plan {
	case PlanFree:
		kept = 24 * time.Hour
	case PlanPro:
		kept = 10 * 24 * time.Hour
	}
	return t.now().Add(-kept)
}

func (e *logEvent) json(t *Tenant) map[string]any {
	out := map[string]any{"log_id": e.ID, "_id": e.ID, "date": stamp(e.At), "type": e.Type, "description": e.Description,
		"isMobile": strings.Contains(e.Agent, "Mobile")}
	for k, v := range map[string]string{"connection": e.Connection, "connection_id": e.ConnectionID, "strategy": e.Strategy,
		"client_id": e.ClientID, "ip": e.IP, "user_agent": e.Agent, "user_id": e.UserID, "user_name": e.UserName} {
		if v != "" {
			out[k] = v
		}
	}
	if c := t.clientByID(e.ClientID); c != nil {
		out["client_name"] = c.Name
	}
	if e.Strategy == "auth0" {
		out["strategy_type"] = "database"
	}
	if e.RequestMethod != "" {
		out["details"] = map[string]any{"request": map[string]any{"method": strings.ToLower(e.RequestMethod), "path": e.RequestPath},
			"response": map[string]any{"statusCode": e.Status}}
	}
	if e.Correlation != "" {
		out["references"] = map[string]any{"correlation_id": e.Correlation}
	}
	return out
}

// daily counts logins and signups by day, oldest first. Days without any are absent.
func (t *Tenant) daily(from, to string) []any {
	type day struct{ logins, signups, leaks int }
	days := map[string]day{}
	note := func(at time.Time, kind string) {
		key := at.Format("20060102")
		if (from != "" && key < from) || (to != "" && key > to) {
			return
		}
		d := days[key]
		switch kind {
		case "s":
			d.logins++
		case "ss":
			d.signups++
		case "pwd_leak", "signup_pwd_leak", "reset_pwd_leak":
			d.leaks++
		default:
			return
		}
		days[key] = d
	}
	entries := t.log()
	for _, e := range entries.past.Events[:entries.old] {
		note(time.UnixMilli(e.At).UTC(), entries.past.Kinds[e.Kind].Type)
	}
	for _, e := range entries.fresh {
		note(e.At, e.Type)
	}
	keys := make([]string, 0, len(days))
	for k := range days {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := []any{}
	for _, k := range keys {
		n, _ := strconv.Atoi(k)
		at := time.Date(n/10000, time.Month(n/100%100), n%100, 0, 0, 0, 0, time.UTC)
		out = append(out, map[string]any{"date": stamp(at), "created_at": stamp(at), "updated_at": stamp(at),
			"logins": days[k].logins, "signups": days[k].signups, "leaked_passwords": days[k].leaks})
	}
	return out
}
