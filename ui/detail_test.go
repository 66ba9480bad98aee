package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/ui/view"
)

func TestADetailIsFourRequestsAtOnceAndItsHeaderIsThereBefore(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	found, err := f.client.UsersByEmail(t.Context(), "lena.locked@example.com")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	f.requests()
	hold := make(chan struct{})
	f.mu.Lock()
	f.hold = hold
	f.mu.Unlock()
	f.run(f.app.perform(0, view.OpenUser{User: found[0]}, grace{}))
	for deadline := time.Now().Add(5 * time.Second); ; {
		f.mu.Lock()
		n := len(f.sent)
		f.mu.Unlock()
		if n == 4 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests are under way together, want 4", n)
		}
	}
	for _, text := range []string{"lena.locked@example.com Lena Locked", string(found[0].ID), "[1 Overview]", "still reading"} {
		if !strings.Contains(f.flat(), text) {
			t.Errorf("before any answer %q is missing in %s", text, f.flat())
		}
	}
	close(hold)
	f.await("STOPS Blocked since")
	f.until("the verdict is not", func() bool { return !strings.Contains(f.flat(), "reading") })
	sent := f.requests()
	slices.Sort(sent)
	id := "/api/v2/users/" + string(found[0].ID)
	if want := []string{"GET /api/v2/user-blocks/" + string(found[0].ID), "GET " + id, "GET " + id + "/authentication-methods", "GET " + id + "/logs"}; !slices.Equal(sent, want) {
		t.Errorf("the detail took %q, want %q", sent, want)
	}
}

// BenchmarkDetail is how long a person's detail takes after enter, in round trips to a tenant 100 ms away.
func BenchmarkDetail(b *testing.B) {
	f := openFloor(b, localtenant.Options{SearchLag: -1})
	found, err := f.client.UsersByEmail(b.Context(), "lena.locked@example.com")
	if err != nil || len(found) != 1 {
		b.Fatal(found, err)
	}
	const away = 100 * time.Millisecond
	f.delay = away
	var header, whole time.Duration
	for b.Loop() {
		begin := time.Now()
		f.run(f.app.perform(0, view.OpenUser{User: found[0]}, grace{}))
		f.await("lena.locked@example.com Lena Locked")
		header += time.Since(begin)
		f.until("the verdict is not", func() bool { return !strings.Contains(f.flat(), "reading") })
		whole += time.Since(begin)
		f.app.close(f.app.top().id)
	}
	b.ReportMetric(float64(whole)/float64(away)/float64(b.N), "round-trips")
	b.ReportMetric(1.3, "target-round-trips")
	b.ReportMetric(header.Seconds()*1000/float64(b.N), "header-ms")
}

// BenchmarkReset is how long an MFA reset takes from its key to its result, beyond the tenant's own time.
func BenchmarkReset(b *testing.B) {
	f := openFloor(b, localtenant.Options{SearchLag: -1})
	known := auth0client.User{}
	if found, err := f.client.UsersByEmail(b.Context(), "totp.factor@example.com"); err == nil && len(found) == 1 {
		known = found[0]
	}
	var took time.Duration
	for b.Loop() {
		begin := time.Now()
		f.run(f.app.perform(0, view.ResetMFA{User: known}, grace{}))
		f.await("remembered browsers will be forgotten")
		f.press("y")
		f.await("Done.")
		took += time.Since(begin)
		f.press("enter")
		f.app.toasts.Dismiss()
	}
	b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms")
	b.ReportMetric(100, "target-ms")
}

func TestEveryOddUserOpensInEveryTab(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	var users []auth0client.User
	for _, email := range []string{"robin@example.com", "first+last@example.com", "hugo.huge@example.com", "dora.deep@example.com", "adа@example.com", "mona.many@example.com"} {
		found, err := f.client.UsersByEmail(t.Context(), email)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", email, found, err)
		}
		users = append(users, found...)
	}
	for _, u := range users {
		f.run(f.app.perform(0, view.OpenUser{User: u}, grace{}))
		for _, tab := range "12345678" {
			f.press(string(tab))
			f.until("all is not read", func() bool { return !strings.Contains(f.flat(), "reading") })
			for _, bad := range []string{"could not be read", "no longer exists", "Reading"} {
				if strings.Contains(f.flat(), bad) {
					t.Errorf("%s, tab %c: %s", u.ID, tab, f.flat())
				}
			}
		}
		f.press("esc")
	}
}
