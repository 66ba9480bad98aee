package gateway

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lineUp has asks wait while the tenant limits, and says in which order they went.
func lineUp(t *testing.T, asks []claim) string {
	t.Helper()
	b := newBudget(time.Now, time.After, 0.2)
	first, err := b.take(t.Context(), claim{class: "other", deadline: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	order := map[uint64]string{}
	var all sync.WaitGroup
	for _, a := range asks {
		a.deadline = time.Now().Add(time.Hour)
		all.Go(func() {
			turn, err := b.take(t.Context(), a)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order[turn.seq] = a.operator
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			h := http.Header{}
			h.Set("X-Ratelimit-Limit", "5")
			h.Set("X-Ratelimit-Remaining", "5")
			b.done(turn, 200, h)
		})
		synctest.Wait() // in this order
	}
	b.done(first, 429, http.Header{"Retry-After": {"2"}})
	all.Wait()
	var out []string
	for _, seq := range slices.Sorted(maps.Keys(order)) {
		out = append(out, order[seq])
	}
	return strings.Join(out, " ")
}

func TestWaitingRequestsGoByUrgencyAndOperatorsTakeTurns(t *testing.T) {
	for _, c := range []struct{ name, asks, want string }{
		{"an action before a screen before bulk", "b3 s1 p2 a0", "a s p b"},
		{"one who asks much and one who asks little", "m1 m1 m1 m1 l1 l1", "m l m l m m"},
		{"turns are taken within a priority only", "m3 m3 l3 u1", "u m l m"},
		{"who comes later has no credit from before", "m1 m1 l1 m1 l1", "m l m l m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asks []claim
				for _, f := range strings.Fields(c.asks) {
					priority, err := strconv.Atoi(f[1:])
					if err != nil {
						t.Fatal(err)
					}
					asks = append(asks, claim{class: "other", asker: asker{priority: priority, operator: f[:1]}})
				}
				if got := lineUp(t, asks); got != c.want {
					t.Errorf("they went %q, want %q", got, c.want)
				}
			})
		})
	}
}

// perEndpoint is a tenant whose endpoints have limits of their own, some of the same size.
func perEndpoint() map[string]*plan {
	users, logs, others := newPlan(40, 500.0/60), newPlan(10, 100.0/60), newPlan(10, 150.0/60)
	return map[string]*plan{"read users": users, "read logs": logs, "other": others}
}

func TestEachEndpointsLimitIsKeptApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plans := perEndpoint()
		tenant := roundTripper(func(r *http.Request) (*http.Response, error) {
			return plans[classOf(r.Method, r.URL.EscapedPath())].RoundTrip(r)
		})
		g := gatewayTo(t, tenant, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var all sync.WaitGroup
		var sent sync.Map
		for _, path := range []string{user, user + "/logs", user + "/roles"} {
			all.Go(func() {
				n := 0
				for ctx.Err() == nil {
					r := request(ctx, t, "GET", path, "")
					if res, err := g.RoundTrip(r); err == nil && res.StatusCode == 200 {
						n++
					} else if ctx.Err() == nil {
						t.Errorf("%s: %v, %v", path, res, err)
					}
				}
				sent.Store(path, n)
			})
		}
		all.Wait()
		for class, p := range plans {
			// Each could give its burst and a minute of its refill.
			if allowed := p.rate*60 + p.burst*0.8; float64(p.count()) < 0.85*allowed {
				t.Errorf("%s: %d requests, the plan allowed %.0f", class, p.count(), allowed)
			}
			if p.refused > 1 {
				t.Errorf("%s: %d times a 429", class, p.refused)
			}
			if p.least < p.burst*0.2-2 {
				t.Errorf("%s: only %.0f of %.0f were left at the least", class, p.least, p.burst)
			}
		}
	})
}

func TestProductionKeepsItsReserveWhileItTakesMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlan(50, 16)
		g := gatewayTo(t, p, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		lost, asked := 0, 0
		var all sync.WaitGroup
		all.Go(func() { // production, twelve a second
			for ctx.Err() == nil {
				wait(ctx, time.Second/12)
				p.mu.Lock()
				asked++
				if !p.take() {
					lost++
				}
				p.mu.Unlock()
			}
		})
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					r := request(ctx, t, "GET", user, "")
					r.Header.Set("X-Usher-Priority", "bulk")
					_, _ = g.RoundTrip(r)
				}
			})
		}
		all.Wait()
		if lost > 0 || p.refused > 0 || p.least < 10 {
			t.Errorf("production lost %d of %d, usher met %d 429s, at the least %.0f were left", lost, asked, p.refused, p.least)
		}
		if left := 16*120 - asked; float64(p.count()) < 0.9*float64(left) {
			t.Errorf("usher made %d requests of the %d that production left", p.count(), left)
		}
	})
}

func TestClassesFollowAuth0sTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/api/v2/users", "read users"}, {"GET", "/api/v2/users/auth0%7C1", "read users"}, {"GET", "/api/v2/users-by-email", "read users"},
		{"PATCH", "/api/v2/users/a", "write users"}, {"POST", "/api/v2/users", "write users"}, {"DELETE", "/api/v2/users/a", "delete users"},
		{"GET", "/api/v2/users/a/logs", "read logs"}, {"GET", "/api/v2/logs", "read logs"}, {"GET", "/api/v2/logs/1", "read logs"},
		{"GET", "/api/v2/users/a/roles", "other"}, {"POST", "/api/v2/users/a/roles", "other"}, {"GET", "/api/v2/roles", "other"},
		{"GET", "/api/v2/users/a/organizations", "read organizations of a user"}, {"GET", "/api/v2/organizations", "read organizations"},
		{"GET", "/api/v2/organizations/name/acme%22", "read organizations by name"}, {"GET", "/api/v2/organizations/o", "read organizations by id"}, {"GET", "/api/v2/organizations/o/members", "read organization members"},
		{"POST", "/api/v2/organizations/o/members", "write organization members"},
		{"DELETE", "/api/v2/organizations/o/members/u/roles", "organization member roles"},
		{"GET", "/api/v2/connections", "read connections"}, {"GET", "/api/v2/clients", "read clients"}, {"GET", "/api/v2/", "other"},
	} {
		if got := classOf(c.method, c.path); got != c.want {
			t.Errorf("%s %s counts as %q, want %q", c.method, c.path, got, c.want)
		}
	}
}
