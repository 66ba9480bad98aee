package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/ui/login"
)

func TestPollsTellWhatHoldsASignInUp(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	pending := answer{403, `{"error":"authorization_pending"}`}
	script := []answer{
		pending, {0, ""}, {503, "<html>"}, pending, pending, {429, `{"error":"slow_down"}`}, pending,
		{429, `{"error":"too_many_requests"}`}, {429, `not json`}, pending, {200, `{"access_token":"x"}`},
	}
	var next atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a := script[next.Add(1)-1]
		if a.status == 0 {
			panic(http.ErrAbortHandler) // the connection closes without an answer
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	}))
	defer server.Close()
	watch := &pollWatch{next: &http.Transport{DisableKeepAlives: true}, now: func() time.Time { return noon }}
	var told []login.Trouble
	poll := func() {
		for range script {
			want := script[next.Load()].body
			res, err := watch.client().PostForm(server.URL+"/oauth/token", url.Values{})
			if err != nil {
				continue
			}
			if got := refusalBody(t, res); got != want {
				t.Errorf("the sign-in reads %q, want %q", got, want)
			}
		}
	}
	watch.during(func(x login.Trouble) { told = append(told, x) }, poll)
	limited := login.Trouble{Kind: login.Limited, Until: noon.Add(7 * time.Second)}
	want := []login.Trouble{{Kind: login.Lost}, {}, {Kind: login.SlowDown}, limited, limited, {}}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	next.Store(1)
	if _, err := watch.client().PostForm(server.URL+"/oauth/token", nil); err == nil || len(told) != len(want) {
		t.Errorf("a refresh without a waiting sign-in told %v", told[len(want):])
	}
}

type answer struct {
	status int
	body   string
}

func refusalBody(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close() //nolint:errcheck // read to its end
	var b strings.Builder
	buf := make([]byte, 512)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// signedInAs plays the console's sign-in against the tenant.
func signedInAs(t *testing.T, s deviceSignIn, tenant *localtenant.Tenant, preset string) login.Operator {
	t.Helper()
	code, err := s.StartDevice(t.Context(), login.Ask{})
	if err == nil {
		err = tenant.Approve(code.UserCode, preset)
	}
	if err != nil {
		t.Fatal(err)
	}
	op, err := s.WaitDevice(t.Context(), code, func(login.Trouble) {})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func TestAChangeIsNeverSentInAnotherOperatorsName(t *testing.T) {
	t.Parallel()
	tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1, DeviceInterval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	inner := tenant.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			changes = append(changes, r.URL.Path)
		}
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	tenant.SetBaseURL(server.URL)
	w, err := wireLocal(t.Context(), tenant, server.URL, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close() //nolint:errcheck // the journal is a temporary folder's
	sign := deviceSignIn{w.session, w.polls, nil}
	admin := signedInAs(t, sign, tenant, "admin")
	if admin.AuthTime.IsZero() || len(admin.Permissions) == 0 {
		t.Errorf("the operator is %+v", admin)
	}
	page, err := w.client.SearchUsers(t.Context(), auth0client.Search{PerPage: 10})
	if err != nil {
		t.Fatal(err)
	}
	var target auth0client.UserID
	for _, u := range page.Users {
		if !strings.HasSuffix(u.Email.String(), "ops.example") {
			target = u.ID
		}
	}
	asAdmin := auth0client.WithOperator(context.Background(), admin.ID)
	if _, err := w.client.SetBlocked(asAdmin, target, true); err != nil || len(changes) != 1 {
		t.Fatalf("the operator's own change: %v, %d requests", err, len(changes))
	}
	support := signedInAs(t, sign, tenant, "support")
	_, err = w.client.SetBlocked(asAdmin, target, false)
	if !errors.As(err, new(*auth0client.Forbidden)) || len(changes) != 1 {
		t.Errorf("the change of who left: %v, %d requests", err, len(changes))
	}
	if _, err := w.client.SetBlocked(auth0client.WithOperator(t.Context(), support.ID), target, false); err != nil {
		t.Errorf("the new operator's change: %v", err)
	}
}

func TestASignInsEndHasItsWords(t *testing.T) {
	t.Parallel()
	tenant, err := localtenant.New(localtenant.Options{Users: 1, Seed: 1, DeviceInterval: time.Second, CodeLife: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	defer server.Close()
	tenant.SetBaseURL(server.URL)
	w, err := wireLocal(t.Context(), tenant, server.URL, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close() //nolint:errcheck // the journal is a temporary folder's
	sign := deviceSignIn{w.session, w.polls, nil}
	if _, ok, err := sign.Resume(t.Context()); ok || err != nil {
		t.Errorf("a sign-in was taken up that nobody kept: %v", err)
	}
	code, err := sign.StartDevice(t.Context(), login.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign.WaitDevice(t.Context(), code, func(login.Trouble) {}); !errors.Is(err, login.ErrExpired) {
		t.Errorf("an old code ends with %v", err)
	}
}
