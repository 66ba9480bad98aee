package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"usher/auth0client/gateway/policy"
)

type countingVerifier struct {
	calls int
	ends  time.Time
	err   error
}

func (c *countingVerifier) Verify(_ context.Context, token string) (policy.Operator, error) {
	c.calls++
	return policy.Operator{Subject: token, ExpiresAt: c.ends}, c.err
}

func TestAGoodTokenIsRememberedForAWhileAndNeverBeyondItsEnd(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	c := &clock{now: start}
	v := &countingVerifier{ends: start.Add(40 * time.Second)}
	r := Remember(v, c.Now)
	ask := func(token string, calls int) {
		t.Helper()
		op, err := r.Verify(t.Context(), token)
		if v.calls != calls || err == nil && op.Subject != token {
			t.Errorf("%s at %v: %d checks, %v, want %d", token, c.Now().Sub(start), v.calls, op.Subject, calls)
		}
	}
	ask("a", 1)
	ask("a", 1)
	ask("b", 2)
	c.After(29 * time.Second)
	ask("a", 2)
	c.After(2 * time.Second)
	ask("a", 3) // for a while only
	c.After(8 * time.Second)
	ask("a", 3)
	c.After(time.Second)
	v.err = errors.New("it has expired")
	ask("a", 4)
	ask("a", 5) // what is bad is not remembered
	v.err, v.ends = nil, start.Add(time.Hour)
	for i := range checkedMost + 10 {
		ask(fmt.Sprint("many-", i), 6+i)
	}
	if n := len(r.(*remembering).known); n > checkedMost {
		t.Errorf("%d are remembered", n)
	}
}
