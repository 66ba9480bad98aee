package localtenant

import (
	"cmp"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
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
	s := "900" + strings.ReplaceAll(at.UTC().Format("20060102150405.000"), ".", "")
	return s + fmt.Sprintf("%0*d", 56-len(s), tail)
}

// record adds an event of now. The tenant is locked.
func (t *Tenant) record(kind string, u *user, description string) *logEvent {
	t.logTick++
	e := &logEvent{ID: logID(t.now(), 1<<62+uint64(t.logTick)), Type: kind, Description: description, At: t.now().UTC(),
		ClientID: consoleClientID, IP: "127.0.0.1"}
	e.about(t, u)
	t.events = append(t.events, e)
	return e
}

func (e *logEvent) about(t *Tenant, u *user) {
	if u == nil {
		return
	}
	e.UserID, e.UserName, e.Connection = u.ID, u.Email, u.connection()
	if e.UserName == "" {
		e.UserName = cmp.Or(u.Username, u.Phone, u.Name)
	}
	if cn := t.connectionNamed(e.Connection); cn != nil {
		e.ConnectionID, e.Strategy = cn.ID, cn.Strategy
	}
}

// logWrite notes a successful write through the Management API. What was sent is not kept: it may hold a password.
func (t *Tenant) logWrite(c *call, status int) {
	e := t.record("sapi", nil, sentence(c.r.Method, c.args, c.r.URL.Path))
	e.ClientID, e.RequestMethod, e.RequestPath, e.Status = c.who.AZP, c.r.Method, c.r.URL.EscapedPath(), status
	e.Agent = c.r.UserAgent()
	if id := c.r.Header.Get("X-Correlation-ID"); id != "" {
		e.Correlation = id[:min(len(id), 64)]
	}
	if len(c.args) > 0 && t.origin[c.arg(0)] != nil || len(c.args) > 0 && t.users.at(c.arg(0)) != nil {
		e.UserID = c.arg(0)
	}
}

func sentence(method string, args []string, path string) string {
	what := strings.TrimPrefix(path, "/api/v2/")
	for _, a := range args {
		what = strings.Replace(what, a, "{id}", 1)
	}
	verb := map[string]string{"POST": "Create", "PATCH": "Update", "PUT": "Replace", "DELETE": "Delete"}[method]
	return verb + " " + what
}

// pastOf derives a user's old events from the seed and the record they had at the start: the same every time.
func (t *Tenant) pastOf(u *user) []*logEvent {
	h := fnv.New64a()
	h.Write([]byte(u.ID)) //nolint:errcheck // a hash never fails
	r := mathrand.New(mathrand.NewPCG(t.opts.Seed, h.Sum64()))
	var out []*logEvent
	add := func(at time.Time, kind, description string) {
		if at.After(t.born) || t.born.Sub(at) > retention {
			return
		}
		e := &logEvent{ID: logID(at, r.Uint64()>>2), Type: kind, Description: description, At: at, ClientID: shopClientID,
			IP: cmp.Or(u.LastIP, "198.51.100.7"), Agent: agents()[r.IntN(len(agents()))]}
		e.about(t, u)
		out = append(out, e)
	}
	if !u.LastLogin.IsZero() {
		at := u.LastLogin
		for range 2 + r.IntN(6) {
			add(at, "s", "Successful login")
			add(at.Add(800*time.Millisecond), "seacft", "Authorization Code for Access Token")
			if r.IntN(4) == 0 {
				add(at.Add(-20*time.Second), "fp", "Wrong email or password.")
			}
			if len(t.bornMethods[u.ID]) > 1 && r.IntN(2) == 0 {
				add(at.Add(-2*time.Second), "gd_auth_succeed", "Guardian - Second factor authentication success")
			}
			at = at.Add(-time.Duration(1+r.IntN(96)) * time.Hour)
		}
	}
	add(u.Created, "ss", "Successful signup")
	if u.Blocked != nil && *u.Blocked {
		add(t.born.Add(-time.Duration(1+r.IntN(400))*time.Hour), "f", "user is blocked")
	}
	if len(t.bornBlocks[u.ID]) > 0 {
		add(t.born.Add(-time.Duration(1+r.IntN(40))*time.Hour), "limit_wc", "")
	}
	newestFirst(out)
	return out
}

func newestFirst(events []*logEvent) {
	slices.SortStableFunc(events, func(a, b *logEvent) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID))
	})
}

// userEvents is everything about one user, newest first. The tenant is locked.
func (t *Tenant) userEvents(id string) []*logEvent {
	var out []*logEvent
	for _, e := range t.events {
		if e.UserID == id {
			out = append(out, e)
		}
	}
	if u := t.origin[id]; u != nil {
		out = append(out, t.pastOf(u)...)
	}
	newestFirst(out)
	return out
}

// allEvents is the whole log, newest first. Generating it takes a moment, so it is kept. The tenant is locked.
func (t *Tenant) allEvents() []*logEvent {
	if t.past == nil {
		t.past = []*logEvent{}
		for _, u := range t.origin {
			t.past = append(t.past, t.pastOf(u)...)
		}
		newestFirst(t.past)
	}
	out := make([]*logEvent, 0, len(t.past)+len(t.events))
	for _, e := range slices.Backward(t.events) {
		out = append(out, e)
	}
	return append(out, t.past...)
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

// document lets the log search see an event.
type document struct {
	e *logEvent
	t *Tenant
}

func (d document) Values(path string) []any {
	var s string
	switch path {
	case "log_id":
		s = d.e.ID
	case "type":
		s = d.e.Type
	case "date":
		s = stamp(d.e.At)
	case "description":
		s = d.e.Description
	case "connection":
		s = d.e.Connection
	case "connection_id":
		s = d.e.ConnectionID
	case "strategy":
		s = d.e.Strategy
	case "strategy_type":
		if d.e.Strategy == "auth0" {
			s = "database"
		}
	case "client_id":
		s = d.e.ClientID
	case "client_name":
		if c := d.t.clientByID(d.e.ClientID); c != nil {
			s = c.Name
		}
	case "ip":
		s = d.e.IP
	case "user_agent":
		s = d.e.Agent
	case "user_id":
		s = d.e.UserID
	case "user_name":
		s = d.e.UserName
	}
	if s == "" {
		return nil
	}
	return []any{s}
}

// daily counts logins and signups by day, oldest first. Days without any are absent.
func (t *Tenant) daily(from, to string) []any {
	type day struct{ logins, signups int }
	days := map[string]day{}
	for _, e := range t.allEvents() {
		key := e.At.Format("20060102")
		if (from != "" && key < from) || (to != "" && key > to) {
			continue
		}
		d := days[key]
		switch e.Type {
		case "s":
			d.logins++
		case "ss":
			d.signups++
		default:
			continue
		}
		days[key] = d
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
			"logins": days[k].logins, "signups": days[k].signups, "leaked_passwords": 0})
	}
	return out
}
