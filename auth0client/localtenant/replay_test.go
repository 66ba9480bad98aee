package localtenant

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// replayer plays recorded exchanges to a tenant. The tenant gives other ids than Auth0 gave: it learns them from the
// answers and puts them into what follows.
type replayer struct {
	*rig
	ids map[string]string // as recorded, to the tenant's
}

// finding is an exchange that the tenant answers otherwise than Auth0 did.
type finding struct {
	cassette string
	exchange exchange
	template string
	wrong    []string
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s\n    %s", f.cassette, f.exchange, strings.Join(f.wrong, "\n    "))
}

// play sends an exchange's request and compares the answers. It gives the status that the tenant answered with.
func (p *replayer) play(o *operation, e exchange) (status int, wrong []string) {
	into := strings.NewReplacer(p.pairs(url.PathEscape)...)
	body := strings.NewReplacer(p.pairs(func(s string) string { return s })...).Replace(e.body)
	query := strings.NewReplacer(p.pairs(url.QueryEscape)...).Replace(e.query)
	req, err := http.NewRequestWithContext(p.Context(), e.method, p.base+"/api/v2"+into.Replace(e.path)+"?"+query, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", e.contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.Fatal(err)
	}
	p.clock.pass(2 * time.Second) // the search catches up, jobs finish
	if res.StatusCode != e.status {
		wrong = append(wrong, fmt.Sprintf("status: recorded %d, got %d %.300s", e.status, res.StatusCode, raw))
		return res.StatusCode, wrong
	}
	if got := res.Header.Get("Content-Type"); e.answerType != "" && !sameType(e.answerType, got) {
		wrong = append(wrong, fmt.Sprintf("content type: recorded %q, got %q", e.answerType, got))
	}
	var got any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &got); err != nil {
			return res.StatusCode, append(wrong, "the body is not JSON: "+err.Error())
		}
	}
	if (e.answer == nil) != (got == nil) {
		return res.StatusCode, append(wrong, fmt.Sprintf("body: recorded %.200s, got %.200s", text(e.answer), raw))
	}
	got = p.known(got)
	p.learn("", e.answer, got)
	wrong = append(wrong, differ("", skeletonOf(e.answer), skeletonOf(got), leniencyFor(o))...)
	if e.status >= 400 {
		wrong = append(wrong, sameError(e.answer, got)...)
	}
	return res.StatusCode, wrong
}

func sameType(a, b string) bool {
	mediaA, paramsA, errA := mime.ParseMediaType(a)
	mediaB, paramsB, errB := mime.ParseMediaType(b)
	return errA == nil && errB == nil && mediaA == mediaB && paramsA["charset"] == paramsB["charset"]
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// sameError compares what callers of Auth0 look at: the code, and the message where it has no id in it.
func sameError(want, got any) []string {
	w, _ := want.(map[string]any)
	g, _ := got.(map[string]any)
	if w["errorCode"] != g["errorCode"] || w["message"] != g["message"] {
		return []string{fmt.Sprintf("error: recorded %s, got %s", text(want), text(got))}
	}
	return nil
}

// pairs is what to replace with what: longer ids first, since one may be the end of another.
func (p *replayer) pairs(escape func(string) string) []string {
	known := make([]string, 0, len(p.ids))
	for id := range p.ids {
		known = append(known, id)
	}
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(known))
	for _, id := range known {
		pairs = append(pairs, escape(id), escape(p.ids[id]))
	}
	return pairs
}

// learn remembers which id of the tenant stands for a recorded one, by where they are in the two answers.
func (p *replayer) learn(key string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for k, v := range w {
				p.learn(k, v, g[k])
			}
		}
	case []any:
		g, _ := got.([]any)
		for i, v := range w {
			if e := p.counterpart(v, g, i); e != nil {
				p.learn(key, v, e)
			}
		}
	case string:
		g, ok := got.(string)
		if !ok || w == g || len(w) < 6 || !isIDKey(key) {
			return
		}
		p.ids[w] = g
		_, plainW, bothW := strings.Cut(w, "|")
		_, plainG, bothG := strings.Cut(g, "|")
		if bothW && bothG && key == "user_id" {
			p.ids[plainW] = plainG
		}
	}
}

// known leaves in lists what the recording made, if anything of that is there: the tenant has more besides.
func (p *replayer) known(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = p.known(e)
		}
		return out
	case []any:
		ours := slices.DeleteFunc(slices.Clone(v), func(e any) bool { return !p.isOurs(e) })
		if len(ours) > 0 {
			return ours
		}
	}
	return v
}

func (p *replayer) isOurs(e any) bool {
	m, _ := e.(map[string]any)
	for k, v := range m {
		id, _ := v.(string)
		for _, ours := range p.ids {
			if isIDKey(k) && id == ours {
				return true
			}
		}
	}
	return false
}

func isIDKey(key string) bool {
	switch key {
	case "id", "_id", "log_id", "user_id", "client_id", "connection_id", "grant_id", "organization_id", "session_id", "ticket_id", "next":
		return true
	}
	return false
}

// counterpart is the element of list that stands for v, which was at i: the one of its id or name, or else at its place.
func (p *replayer) counterpart(v any, list []any, i int) any {
	w, _ := v.(map[string]any)
	for _, key := range []string{"id", "user_id", "client_id", "name", "email", "identifier", "username"} {
		want, _ := w[key].(string)
		if ours := p.ids[want]; ours != "" {
			want = ours
		}
		for _, e := range list {
			if g, ok := e.(map[string]any); ok && want != "" && g[key] == want {
				return g
			}
		}
	}
	if i < len(list) {
		return list[i]
	}
	return nil
}

// outOfScope reports operations that no console needs. The tenant answers 501 to them, or takes them in earnest.
func outOfScope(o *operation) bool {
	root := o.segments[0]
	switch {
	case root == "tenants":
		return true
	case root == "guardian":
		return o.segments[1] == "policies" || o.segments[1] == "factors" && len(o.segments) > 3
	case root == "organizations" && len(o.segments) > 2:
		return o.segments[2] == "discovery-domains" || o.segments[2] == "client-grants"
	}
	return false
}

// inScope is the operation of an exchange if the tenant is to have it: the console's, and what `usher setup` needs of
// connections, clients, client grants and resource servers.
func inScope(method, path string) *operation {
	d, err := console()
	if err != nil {
		return nil
	}
	if o := d.find(method, path); o != nil {
		if outOfScope(o) {
			return nil
		}
		return o
	}
	d, o, err := operationOf(method, path)
	if err != nil || d == nil || o == nil || len(o.segments) > 2 {
		return nil
	}
	switch o.segments[0] {
	case "connections", "clients", "client-grants", "resource-servers":
		return o
	}
	return nil
}

func TestRecordedExchangesAreAnsweredAsAuth0Did(t *testing.T) {
	t.Parallel()
	loadDescription(t)
	cassettes := append(readCassettes(t), readDeployments(t)...)
	p := &replayer{rig: serve(t, Options{Users: 40})}
	p.prepare()
	var findings []finding
	played := 0
	for i, c := range cassettes {
		if i == 0 || c.name != cassettes[i-1].name {
			p.ids = p.prior(c.name)
		}
		for _, e := range c.exchanges {
			o := inScope(e.method, e.path)
			if o == nil {
				continue
			}
			played++
			if _, wrong := p.play(o, e); len(wrong) > 0 {
				findings = append(findings, finding{cassette: c.name, exchange: e, template: o.template, wrong: wrong})
			}
		}
	}
	if played < 450 {
		t.Errorf("only %d exchanges were played: the recordings have another form", played)
	}
	report(t, findings)
	t.Logf("%d exchanges played, %d differ", played, len(findings))
	used := map[int]bool{}
	for _, f := range findings {
		left := slices.DeleteFunc(slices.Clone(f.wrong), func(line string) bool {
			for i, a := range meant() {
				if a.covers(f, line) {
					used[i] = true
					return true
				}
			}
			return false
		})
		if len(left) > 0 {
			f.wrong = left
			t.Error(f)
		}
	}
	for i, a := range meant() {
		if !used[i] {
			t.Errorf("nothing differs any more as accepted because %s (%s %s): take it off the list", a.why, a.cassette, a.template)
		}
	}
}

// report writes all findings to the file that USHER_DIFFERENCES names, if it names one.
func report(t *testing.T, findings []finding) {
	t.Helper()
	name := os.Getenv("USHER_DIFFERENCES")
	if name == "" {
		return
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s\n    request: %.300q\n", f, f.exchange.body)
	}
	if err := os.WriteFile(filepath.Clean(name), []byte(b.String()), 0o600); err != nil {
		t.Error(err)
	}
}

// TestTheConsolesOperationsAreThere asks for each operation once. What comes back does not matter, unless it is that
// there is no such thing.
func TestTheConsolesOperationsAreThere(t *testing.T) {
	t.Parallel()
	d := loadDescription(t)
	r := serve(t, Options{Users: 5})
	var missing []string
	for _, o := range d.all() {
		if outOfScope(o) {
			continue
		}
		path := make([]string, len(o.segments))
		for i, s := range o.segments {
			path[i] = s
			if s[0] == '{' {
				path[i] = "absent"
			}
		}
		if a := r.api(o.method, strings.Join(path, "/"), ""); a.status == http.StatusNotImplemented {
			missing = append(missing, o.method+" "+o.template)
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("%s is not implemented", m)
	}
}
