package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

func TestWhatCanBePutRight(t *testing.T) {
	t.Parallel()
	fresh := &auth0client.FreshLogin{MaxAge: time.Minute}
	for name, c := range map[string]struct {
		err     error
		signIn  Action
		unsent  bool
		waiting bool
	}{
		"nothing":           {},
		"a lost sign-in":    {err: &auth0client.Unauthorized{}, signIn: RequireLogin{}, unsent: true},
		"one too old":       {err: fmt.Errorf("block: %w", fresh), signIn: RequireLogin{Fresh: true, MaxAge: time.Minute}, unsent: true},
		"a missing reason":  {err: &auth0client.ReasonNeeded{}, unsent: true},
		"a second operator": {err: &auth0client.ApprovalPending{}, waiting: true},
		"a refusal":         {err: &auth0client.Forbidden{}},
		"an unknown end":    {err: &auth0client.Unknown{Err: errors.New("no answer")}},
	} {
		if got := SignInFor(c.err); got != c.signIn || Unsent(c.err) != c.unsent || Waiting(c.err) != c.waiting {
			t.Errorf("%s: sign-in %v, unsent %v, waiting %v", name, got, Unsent(c.err), Waiting(c.err))
		}
	}
}

func TestWordsForWhatAGatewaySays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		err  error
		says string
	}{
		{&auth0client.FreshLogin{}, "This action wants a fresh sign-in. Sign in again, then confirm it again"},
		{&auth0client.ReasonNeeded{}, "This action wants a reason. Type one, then confirm it again"},
		{&auth0client.ApprovalPending{ID: term.Line("a\x1b[2J"), ExpiresAt: now.Add(90 * time.Minute)}, "as approval a␛[2J, for 1 h 30 min at most. It is not made yet"},
		{&auth0client.ApprovalPending{}, "It waits for a second operator. It is not made yet"},
		{&auth0client.Unavailable{Answer: auth0client.Answer{Status: 502, Code: term.Line("usher_m2m")}}, "The gateway's own credential is not accepted"},
	} {
		if got := Explain(now, c.err).String(); !strings.Contains(got, c.says) {
			t.Errorf("%T says %q, want %q in it", c.err, got, c.says)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 min", 45 * time.Second: "45 s", time.Minute: "1 min", 90 * time.Second: "90 s", 15 * time.Minute: "15 min",
		12 * time.Hour: "12 h", 150 * time.Minute: "2 h 30 min", time.Hour - time.Second: "1 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestReasonsAreLearnedAndForgotten(t *testing.T) {
	t.Parallel()
	var none *Reasons
	none.Learn("a")
	none.Forget()
	r := &Reasons{}
	if r.Learn("mfa:reset"); none.Wanted("a") || !r.Wanted("mfa:reset") || r.Wanted("users:block") {
		t.Error("the wrong actions want a reason")
	}
	if r.Forget(); r.Wanted("mfa:reset") {
		t.Error("another operator inherits it")
	}
}
