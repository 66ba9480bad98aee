package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDevicePolling(t *testing.T) {
	t.Parallel()
	pending := func(w http.ResponseWriter) { refuses(w, 403, "authorization_pending", "wait") }
	slow := func(w http.ResponseWriter) { refuses(w, 429, "slow_down", "slower") }
	limited := func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "23")
		refuses(w, 429, "too_many_requests", "limit")
	}
	down := func(w http.ResponseWriter) { says(w, 503, "down") }
	wall := func(w http.ResponseWriter) { says(w, 403, "<html>blocked") }
	portal := func(w http.ResponseWriter) { says(w, 200, "<html>pay for Wi-Fi") }
	for _, tc := range []struct {
		name   string
		script []func(http.ResponseWriter) // then a grant
		waits  []int                       // seconds
	}{
		{"approved at once", nil, []int{5}},
		{"pending keeps the interval", []func(http.ResponseWriter){pending, pending}, []int{5, 5, 5}},
		{"slow_down adds five seconds for good", []func(http.ResponseWriter){slow, pending, slow, pending}, []int{5, 10, 10, 15, 15}},
		{"a tenant-wide limit is waited for, once", []func(http.ResponseWriter){limited, pending}, []int{5, 23, 5}},
		{"a lost network is survived, asking less often each time", []func(http.ResponseWriter){breaks, breaks, breaks, breaks, breaks, pending}, []int{5, 10, 20, 40, 60, 60, 5}},
		{"a tenant that is down is survived", []func(http.ResponseWriter){down, pending}, []int{5, 10, 5}},
		{"a firewall's page is survived", []func(http.ResponseWriter){wall, pending}, []int{5, 10, 5}},
		{"a hotel's login page is survived", []func(http.ResponseWriter){portal, pending}, []int{5, 10, 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.token = func(n int, form url.Values, w http.ResponseWriter) {
				if form.Get("device_code") != "dev-secret" || form.Get("client_id") != clientID || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code" {
					t.Errorf("the poll sends %v", form)
				}
				if n <= len(tc.script) {
					tc.script[n-1](w)
					return
				}
				s.grants(t, w, "r1")
			}
			c := s.client(t, nil)
			code, err := c.StartDevice(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			op, err := c.WaitDevice(t.Context(), code)
			if err != nil {
				t.Fatal(err)
			}
			if op.Subject != "auth0|ada" || op.Email != "ada@example.com" || !reflect.DeepEqual(op.Permissions, []string{"users:read"}) {
				t.Errorf("signed in as %+v", op)
			}
			var want []time.Duration
			for _, sec := range tc.waits {
				want = append(want, time.Duration(sec)*time.Second)
			}
			if !reflect.DeepEqual(s.clock.waits, want) {
				t.Errorf("waited %v, want %v", s.clock.waits, want)
			}
		})
	}
}

func TestDevicePollingEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer func(http.ResponseWriter)
		check  func(error) bool
	}{
		{"a code that is too old", func(w http.ResponseWriter) { refuses(w, 403, "expired_token", "") }, func(err error) bool { return errors.Is(err, ErrExpired) }},
		{"a code that is not known any more", func(w http.ResponseWriter) { refuses(w, 403, "invalid_grant", "") }, func(err error) bool { return errors.Is(err, ErrExpired) }},
		{"a code nobody approves", func(w http.ResponseWriter) { refuses(w, 403, "authorization_pending", "") }, func(err error) bool { return errors.Is(err, ErrExpired) }},
		{"a refusal tells why, harmlessly", func(w http.ResponseWriter) { refuses(w, 403, "access_denied", "not on \x1b[31mthe list") }, func(err error) bool {
			var d *Denied
			return errors.As(err, &d) && d.Description == "not on ␛[31mthe list"
		}},
		{"a client that is not allowed", func(w http.ResponseWriter) { refuses(w, 401, "unauthorized_client", "no") }, func(err error) bool {
			var r *Refused
			return errors.As(err, &r) && r.Code == "unauthorized_client"
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.token = func(_ int, _ url.Values, w http.ResponseWriter) { tc.answer(w) }
			c := s.client(t, nil)
			code, err := c.StartDevice(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.WaitDevice(t.Context(), code); !tc.check(err) {
				t.Errorf("the error is %v", err)
			}
			if _, ok := c.Operator(); ok {
				t.Error("somebody is signed in")
			}
		})
	}
}

func TestWaitingForApprovalCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.client(t, nil)
	c.cfg.After = func(time.Duration) <-chan time.Time { return nil }
	code, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.WaitDevice(ctx, code); !errors.Is(err, context.Canceled) || len(s.calls()) != 0 {
		t.Errorf("the error is %v after %d polls", err, len(s.calls()))
	}
}

func TestALaptopThatSleptKnowsThatItsCodeIsOld(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) { refuses(w, 403, "authorization_pending", "") }
	// While a laptop sleeps the wall clock goes on and the monotonic one does not: times that carry both would be
	// compared by the one that stood still.
	began, slept := time.Now(), time.Duration(0)
	c := s.client(t, nil)
	c.cfg.Now = func() time.Time {
		if slept == 0 {
			return began
		}
		return began.Round(0).Add(slept)
	}
	code, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(code.ExpiresAt.String(), "m=") {
		t.Errorf("the code's end %s is not on the wall", code.ExpiresAt)
	}
	polls := 0
	c.cfg.After = func(time.Duration) <-chan time.Time {
		if polls++; polls == 3 {
			slept = time.Hour
		}
		ready := make(chan time.Time, 1)
		ready <- began
		return ready
	}
	if _, err := c.WaitDevice(t.Context(), code); !errors.Is(err, ErrExpired) || len(s.calls()) != 2 {
		t.Errorf("after the sleep: %v and %d polls", err, len(s.calls()))
	}
}

func TestASecondCodeEndsTheFirst(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) { s.grants(t, w, "r1") }
	c := s.client(t, nil)
	c.cfg.After = func(time.Duration) <-chan time.Time { return nil }
	first, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := c.WaitDevice(t.Context(), first)
		done <- err
	}()
	second, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrSuperseded) {
		t.Errorf("the first code ends with %v", err)
	}
	c.cfg.After = s.clock.After
	if _, err := c.WaitDevice(t.Context(), first); !errors.Is(err, ErrSuperseded) || len(s.calls()) != 0 {
		t.Errorf("the first code is polled still: %v", err)
	}
	if _, err := c.WaitDevice(t.Context(), second); err != nil {
		t.Errorf("the second code gives %v", err)
	}
}

func TestANetworkThatIsAwayAfterTheApprovalIsSurvived(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) { s.grants(t, w, "r1") }
	s.change(func() { s.keyDown = true })
	c := s.client(t, nil)
	c.cfg.After = func(d time.Duration) <-chan time.Time {
		if d == 2*retryKeys {
			s.change(func() { s.keyDown = false })
		}
		return s.clock.After(d)
	}
	code, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitDevice(t.Context(), code); err != nil || len(s.calls()) != 1 {
		t.Errorf("%v after %d polls", err, len(s.calls()))
	}
}

func TestOnlyOnePersonMaySignIn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) { s.grants(t, w, "r1") }
	c := s.client(t, nil)
	c.cfg.Subject = "auth0|eve" // whose SSH key this is
	code, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitDevice(t.Context(), code); !errors.Is(err, ErrOtherPerson) {
		t.Errorf("a code approved by somebody else gives %v", err)
	}
	if kept, _ := c.cfg.Store.Load(t.Context()); kept != (Tokens{}) {
		t.Error("somebody else's sign-in is kept")
	}
}

func TestAnAnswerOfTheMoonKeepsThePaceOfTheEarth(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.device["interval"], s.device["expires_in"] = int64(1)<<60, int64(1)<<60
	code, err := s.client(t, nil).StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if life := code.ExpiresAt.Sub(s.clock.Now()); code.Interval < time.Second || life < time.Minute || life > 24*time.Hour {
		t.Errorf("polls every %s for %s", code.Interval, life)
	}
}

func TestStartDeviceRefusesAForeignPage(t *testing.T) {
	t.Parallel()
	for _, change := range []map[string]any{
		{"verification_uri": "https://evil.example.com/activate"},
		{"verification_uri_complete": "https://evil.example.com/activate?user_code=A"},
		{"verification_uri": "http://127.0.0.1@evil.example.com/activate"},
		{"verification_uri": "javascript:alert(1)"},
		{"verification_uri": "::"},
		{"verification_uri": nil},
		{"user_code": ""},
		{"device_code": ""},
	} {
		s := newServer(t)
		for k, v := range change {
			s.device[k] = v
		}
		if _, err := s.client(t, nil).StartDevice(t.Context()); err == nil {
			t.Errorf("an answer with %v is taken", change)
		}
	}
}

func TestNewRefusesAnIssuerThatIsNotSafe(t *testing.T) {
	t.Parallel()
	for issuer, ok := range map[string]bool{
		"https://tenant.eu.auth0.com/": true, "http://127.0.0.1:8080/": true, "http://localhost:1/": true, "http://[::1]:1/": true,
		"http://tenant.eu.auth0.com/": false, "https://tenant.eu.auth0.com": false, "tenant.eu.auth0.com/": false, "": false,
		"http://127.0.0.1.evil.example.com/": false, "ftp://127.0.0.1/": false,
	} {
		if _, err := New(Config{Issuer: issuer, ClientID: clientID, Audience: audience}); (err == nil) != ok {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
}
