package gateway

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"usher/auth0client/gateway/policy"
)

const (
	// checkedFor is how long a checked token is not checked again. The tenant's keys are kept for longer than that anyhow,
	// so a withdrawn key ends a token no later than it would.
	checkedFor = 30 * time.Second
	// checkedMost bounds the memory that operators' tokens take.
	checkedMost = 10_000
)

// Remember spares a verifier the same token again and again: an operator's screen asks many times a minute with one. Only
// good tokens are remembered, by their hash, never beyond their end.
func Remember(v Verifier, now func() time.Time) Verifier {
	return &remembering{next: v, now: now, known: map[[sha256.Size]byte]remembered{}}
}

type remembered struct {
	op    policy.Operator
	until time.Time
}

type remembering struct {
	next Verifier
	now  func() time.Time

	mu    sync.RWMutex
	known map[[sha256.Size]byte]remembered
}

// Verify implements Verifier.
func (r *remembering) Verify(ctx context.Context, token string) (policy.Operator, error) {
	key := sha256.Sum256([]byte(token))
	now := r.now()
	r.mu.RLock()
	have, ok := r.known[key]
	r.mu.RUnlock()
	if ok && now.Before(have.until) {
		return have.op, nil
	}
	op, err := r.next.Verify(ctx, token)
	if err != nil {
		return op, err
	}
	if op.Claims == nil {
		op.Claims = claimsOf(token)
	}
	until := now.Add(checkedFor)
	if op.ExpiresAt.Before(until) {
		until = op.ExpiresAt
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= checkedMost {
		r.forget(now)
	}
	r.known[key] = remembered{op: op, until: until}
	return op, nil
}

// forget drops what is over; when nothing is, everything: it is only a shortcut.
func (r *remembering) forget(now time.Time) {
	for key, have := range r.known {
		if !now.Before(have.until) {
			delete(r.known, key)
		}
	}
	if len(r.known) >= checkedMost {
		clear(r.known)
	}
}
