package localtenant

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzBodies sends bodies to every route that takes one: the bytes as they are, and JSON that mostly has the shape the route
// wants, made from the bytes. Nothing may panic, and nothing may answer 5xx.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `null`, `{"roles":["x"]}`, `{"scope":[null],"permissions":[{"permission_name":1e400}]}`,
		`{"options":{"passwordPolicy":7,"validation":{"username":{"min":"x"}}},"name":"c","strategy":"auth0"}`,
		`[{"type":"phone","phone_number":"++"}]`, `{"link_with":"a.b.c"}`, "\x00\xff", "\x01\x02\x03\x04\x05\x06\x07\x08",
		strings.Repeat("\x01", 64), strings.Repeat("\x02\x00\x05", 40), strings.Repeat("zebra", 30)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		tn, err := New(Options{Users: 8, SearchLag: -1})
		if err != nil {
			t.Fatal(err)
		}
		ids := known(tn)
		for _, r := range endpoints() {
			if r.method == http.MethodGet || r.body == nil {
				continue
			}
			e := &entropy{bytes: bytes, known: ids}
			shaped, err := json.Marshal(e.value(*r.body))
			if err != nil {
				t.Fatal(err)
			}
			for _, body := range [][]byte{bytes, shaped} {
				if answer := try(t, tn, &r, e, body); answer.status >= 500 || answer.status < 200 {
					t.Errorf("%s %v with %q: %d %v", r.method, r.pattern, body, answer.status, answer.body)
				}
			}
		}
	})
}

// try does one request of a route without a server.
func try(t *testing.T, tn *Tenant, r *route, e *entropy, body []byte) reply {
	t.Helper()
	c := &call{Tenant: tn, who: claims{Scope: strings.Join(managementScopes(), " ")}, title: r.title}
	path := ""
	for _, part := range r.pattern {
		if part == "*" {
			part = e.id()
			c.args = append(c.args, part)
		}
		path += "/" + url.PathEscape(part)
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, "http://localhost/api/v2"+path, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	c.r = req
	answer, refused := c.accept(discard{}, r)
	if refused {
		return answer
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	answer = r.do(c)
	tn.catchUp()
	if _, err := json.Marshal(answer.body); err != nil {
		t.Errorf("%s %s answers what is no JSON: %v", r.method, path, err)
	}
	return answer
}

// known are ids of what a tenant has.
func known(tn *Tenant) []string {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	out := []string{ShowcaseID, "x", "auth0|x", shopClientID, database, "0x1p-2", "🙂", "a@example.com"}
	for _, list := range [][]string{tn.users.names(), tn.orgs.names(), tn.roles.names(), tn.groups.names(), tn.connections.names(), tn.apis.names()} {
		out = append(out, list[:min(3, len(list))]...)
	}
	for _, m := range tn.methods.at(ShowcaseID) {
		out = append(out, m.ID, enrollmentID(m))
	}
	return append(out, tn.sessions.at(ShowcaseID)[0].ID, tn.grants.at(ShowcaseID)[0].ID)
}

// entropy makes choices from bytes, and the first ones for ever when they run out.
type entropy struct {
	bytes []byte
	at    int
	known []string
}

func (e *entropy) n(of int) int {
	if len(e.bytes) == 0 || of < 1 {
		return 0
	}
	b := e.bytes[e.at%len(e.bytes)]
	e.at++
	return (int(b) + e.at/len(e.bytes)) % of
}

func (e *entropy) id() string { return e.known[e.n(len(e.known))] }

// value mostly has the shape: now and then it is something else.
func (e *entropy) value(s shape) any {
	if e.n(16) == 15 || len(s.kinds) == 0 {
		return []any{nil, true, "x", -1, 1e18, []any{}, map[string]any{"x": []any{nil}}}[e.n(7)]
	}
	switch kind := s.kinds[e.n(len(s.kinds))]; kind {
	case "string":
		if s.choice != nil {
			return s.choice[e.n(len(s.choice))]
		}
		return e.text(s)
	case "integer":
		return s.low + e.n(7) - 1
	case "boolean":
		return e.n(2) == 1
	case "array":
		out := []any{}
		for range e.n(3) + min(s.low, 2) {
			out = append(out, e.value(*s.items))
		}
		return out
	case "object":
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.fields)) {
			if slices.Contains(s.need, name) || e.n(2) == 1 {
				out[name] = e.value(s.fields[name])
			}
		}
		if s.loose && e.n(2) == 1 {
			out[e.id()] = e.value(anything())
		}
		return out
	}
	return nil
}

func (e *entropy) text(s shape) string {
	switch s.format {
	case "email":
		return []string{"a@example.com", "ada@example.com", "b@example.org"}[e.n(3)]
	case "user-id":
		return []string{ShowcaseID, "auth0|x"}[e.n(2)]
	case "url", "strict-uri", "strict-https-uri-or-null":
		return "https://example.com/x"
	case "hostname", "organization-name":
		return []string{"example", "northwind"}[e.n(2)]
	}
	if s.pattern == phoneShape {
		return "+15550001"
	}
	if e.n(3) == 0 {
		return strings.Repeat("aB1-", e.n(9))
	}
	return e.id()
}

// discard is a response nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
