package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAChangeOfWhatWasChangedMeanwhileIsNotMade(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, path, body, seen, changed string }{
		{"nothing changed", "PATCH", ann, `{"name":"x"}`, `{"name":"ann"}`, ""},
		{"another field changed", "PATCH", ann, `{"name":"x"}`, `{"name":"ann","email":"ann@example.com"}`, ""},
		{"the field changed", "PATCH", ann, `{"name":"x"}`, `{"name":"Anne"}`, "name: Anne, now ann"},
		{"it was absent and is there", "PATCH", ann, `{"name":"x"}`, `{"name":null}`, "name: <nil>, now ann"},
		{"it was there and is absent", "PATCH", ann, `{"nickname":"x"}`, `{"nickname":"a"}`, "nickname: a, now <nil>"},
		{"absent then and now", "PATCH", ann, `{"nickname":"x"}`, `{"nickname":null}`, ""},
		{"a key of the metadata changed", "PATCH", ann, `{"user_metadata":{"tone":"x"}}`, `{"user_metadata":{"tone":"wry"}}`, "user_metadata.tone: wry, now dry"},
		{"another key of the metadata changed", "PATCH", ann, `{"user_metadata":{"new":"x"}}`, `{"user_metadata":{"new":null}}`, ""},
		{"a number is the same in other figures", "PATCH", ann, `{"app_metadata":{"salary":6}}`, `{"app_metadata":{"salary":5.0}}`, ""},
		{"two changed", "PATCH", ann, `{"name":"x"}`, `{"name":"Anne","app_metadata":{"salary":4}}`, "app_metadata.salary: 4, now 5; name: Anne, now ann"},
		{"roles as they were", "POST", ann + "/roles", `{"roles":["rol_customer"]}`, `{"roles":[]}`, ""},
		{"roles were given meanwhile", "DELETE", ann + "/roles", `{"roles":["rol_customer"]}`, `{"roles":["rol_customer"]}`, "roles: [rol_customer], now <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			got := d.ask(t, "op", c.method, c.path, c.body, unchangedHeader(c.seen)...)
			var lines []string
			list, _ := got.json["changed"].([]any)
			for _, l := range list {
				m, _ := l.(map[string]any)
				lines = append(lines, fmt.Sprintf("%v: %v, now %v", m["name"], m["expected"], m["actual"]))
			}
			if strings.Join(lines, "; ") != c.changed {
				t.Errorf("changed %q, want %q", lines, c.changed)
			}
			if c.changed == "" && (got.status >= 300 || len(d.sent) != 1) || c.changed != "" && (got.status != 409 || got.code != "usher_changed" || len(d.sent) != 0) {
				t.Errorf("%d %s, sent %q", got.status, got.body, d.sent)
			}
		})
	}
}

func TestWhatWasSeenMustBeSaidInOneWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sales+`hidden = ["app_metadata.salary"]`+"\n")
	for header, want := range map[string]string{"!": "usher_field", "e30=": "usher_field", "W10=": "usher_field", "eyJuYW1lIjoi": "usher_field",
		unchangedHeader(`{"app_metadata":{"salary":4}}`)[1]: "usher_policy"} {
		if got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, UnchangedHeader, header); got.code != want {
			t.Errorf("%q: %d %s, want %s", header, got.status, got.body, want)
		}
	}
	if got := d.ask(t, "op", "DELETE", ann, "", unchangedHeader(`{"name":"ann"}`)...); got.code != "usher_field" {
		t.Errorf("with a deletion: %d %s", got.status, got.body)
	}
	if len(d.sent) != 0 {
		t.Errorf("sent %q", d.sent)
	}
}

func TestOnlyWhatAChangeSetsIsCompared(t *testing.T) {
	t.Parallel()
	for _, seen := range []string{`{"identities":[]}`, `{"identities":{"a":1}}`, `{"last_ip":""}`, `{"user_id.x":""}`} {
		d := newDesk(t, "")
		got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, unchangedHeader(seen)...)
		if got.code != "usher_field" || strings.Contains(got.body, "canary") || len(d.sent) != 0 {
			t.Errorf("%s: %d %s, sent %q", seen, got.status, got.body, d.sent)
		}
	}
}

// counterTenant holds one user with a few fields, and checks of each change that it replaces what its author had seen.
type counterTenant struct {
	mu     sync.Mutex
	fields map[string]string
	lost   []string
	writes int
}

func (c *counterTenant) RoundTrip(r *http.Request) (*http.Response, error) {
	for range rand.IntN(3) {
		runtime.Gosched() // another goroutine may come between
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodPatch {
		var set map[string]string
		if err := json.NewDecoder(r.Body).Decode(&set); err != nil {
			return nil, err
		}
		for k, v := range set {
			// A value says what it replaces: "seen>number".
			if seen, _, _ := strings.Cut(v, ">"); seen != short(c.fields[k]) {
				c.lost = append(c.lost, fmt.Sprintf("%s: %q replaced %q", k, v, c.fields[k]))
			}
			c.fields[k] = v
		}
		c.writes++
	}
	data, err := json.Marshal(c.fields)
	if err != nil {
		return nil, err
	}
	return answer(200, string(data))
}

// short is the number of a value.
func short(v string) string {
	_, number, _ := strings.Cut(v, ">")
	return number
}

// TestNoUpdateIsLostSilently lets operators edit one user as they come: each looks, decides, and changes what they saw. Of all
// changes that were made none replaced a value that its author had not seen; all others were told of the difference.
func TestNoUpdateIsLostSilently(t *testing.T) {
	t.Parallel()
	const operators, edits = 5, 2000 // 10,000 interleavings
	d := newDesk(t, "")
	tenant := &counterTenant{fields: map[string]string{"name": ">0", "nickname": ">0", "given_name": ">0"}}
	d.o.Transport = tenant
	names := []string{"name", "nickname", "given_name"}
	var wait sync.WaitGroup
	var mu sync.Mutex
	made, refused := 0, 0
	for who := range operators {
		wait.Go(func() {
			choose := rand.New(rand.NewPCG(uint64(who), 7))
			for edit := range edits {
				seen := fieldsSeen(t, d)
				set, was := map[string]string{}, map[string]any{}
				for _, n := range names {
					if choose.IntN(2) == 0 || n == names[2] && len(set) == 0 {
						was[n] = seen[n]
						set[n] = fmt.Sprintf("%s>%d", short(fmt.Sprint(seen[n])), (who+1)*100_000+edit)
					}
				}
				body, _ := json.Marshal(set)
				before, _ := json.Marshal(was)
				for range choose.IntN(4) {
					runtime.Gosched() // they think
				}
				got := d.ask(t, "op", "PATCH", ann, string(body), unchangedHeader(string(before))...)
				mu.Lock()
				switch {
				case got.status == 200:
					made++
				case got.status == 409 && got.code == "usher_changed" && len(got.json["changed"].([]any)) > 0:
					refused++
				default:
					t.Errorf("answered %d %s", got.status, got.body)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(tenant.lost) > 0 {
		t.Errorf("%d updates were lost, the first: %s", len(tenant.lost), tenant.lost[0])
	}
	if made != tenant.writes || made+refused != operators*edits || made == 0 || refused == 0 {
		t.Errorf("%d made (%d written), %d told of a change: the interleavings show nothing", made, tenant.writes, refused)
	}
	t.Logf("%d interleavings: %d made, %d told of a change", made+refused, made, refused)
}

func fieldsSeen(t *testing.T, d *desk) map[string]any {
	t.Helper()
	return d.ask(t, "op", "GET", ann, "").json
}

func TestAChangeThatWaitsForAnotherLeavesWithItsOperator(t *testing.T) {
	t.Parallel()
	l := newLocks()
	unlock, err := l.lock(t.Context(), []string{"auth0|b", "auth0|a"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.lock(ctx, []string{"AUTH0|A", "auth0|c"}); err == nil {
		t.Error("two changes of one user at a time")
	}
	unlock()
	again, err := l.lock(t.Context(), []string{"auth0|a", "auth0|c"})
	if err != nil {
		t.Fatal(err)
	}
	again()
	if len(l.held) != 0 {
		t.Errorf("%d places are left behind", len(l.held))
	}
}
