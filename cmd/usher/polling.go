package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"usher/auth0client/ratelimit"
	"usher/ui/login"
)

// pollWatch looks at the answers that a waiting sign-in gets, so that the console can say what holds it up.
type pollWatch struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	told func(login.Trouble) // nil while no sign-in waits
	last login.Hindrance
}

// client is what the sign-in sends with. It follows no redirect: a code or token goes to the tenant or nowhere.
func (p *pollWatch) client() *http.Client {
	return &http.Client{
		Transport: p, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// during tells of trouble for as long as wait runs.
func (p *pollWatch) during(told func(login.Trouble), wait func()) {
	p.set(told)
	defer p.set(nil)
	wait()
}

func (p *pollWatch) set(told func(login.Trouble)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told, p.last = told, login.Nothing
}

// RoundTrip implements http.RoundTripper.
func (p *pollWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := p.next.RoundTrip(r)
	if strings.HasSuffix(r.URL.Path, "/oauth/token") && r.Context().Err() == nil {
		p.heard(res, err)
	}
	return res, err
}

func (p *pollWatch) heard(res *http.Response, err error) {
	t := login.Trouble{}
	switch {
	case err != nil, res.StatusCode >= 500:
		t.Kind = login.Lost
	case res.StatusCode == http.StatusTooManyRequests:
		if t.Kind = login.SlowDown; refusal(res) != "slow_down" {
			t = login.Trouble{Kind: login.Limited, Until: p.now().Add(ratelimit.Wait(res.Header, p.now()))}
		}
	case p.slowed() && refusal(res) == "authorization_pending":
		t.Kind = login.SlowDown // the interval stays longer for good
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told != nil && (t.Kind != p.last || t.Kind == login.Limited) {
		p.told(t)
	}
	p.last = t.Kind
}

func (p *pollWatch) slowed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last == login.SlowDown
}

// refusal is the OAuth error in an answer, which can still be read afterwards.
func refusal(res *http.Response) string {
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	var e struct {
		Error string `json:"error"`
	}
	if err != nil || json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Error
}
