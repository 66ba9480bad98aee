package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// tokenAnswer is a success of the token endpoint.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`
}

// Format implements fmt.Formatter: printing an answer must not show its tokens.
func (t tokenAnswer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON implements json.Marshaler: logs write JSON as well.
func (t tokenAnswer) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// demand is what a sign-in must be beyond well-formed.
type demand struct {
	subject string        // whose it must be; empty: anybody's
	within  time.Duration // how new it must be when it was asked for; zero: any age
	asked   time.Time
	kept    bool // from the store: it may be past its time
	oldID   bool // the id token is of an earlier answer and may be past its time
}

// session is a sign-in that counts.
type session struct {
	tokens   Tokens
	operator Operator
	scopes   []string
	since    time.Time
}

// Format implements fmt.Formatter: printing a session must not show its tokens.
func (s session) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// left is for how long the access token is good yet, and spare how much of that is kept in reserve: at most the given
// time, less where tokens are short-lived.
func (s session) left(now time.Time, reserve time.Duration) (left, spare time.Duration) {
	return s.tokens.ExpiresAt.Sub(now), min(reserve, s.tokens.ExpiresAt.Sub(s.since)/4)
}

// inspect verifies an answer of the token endpoint, or what was kept of one.
func (c *Client) inspect(ctx context.Context, t tokenAnswer, d demand) (session, error) {
	got, err := c.verifier.verify(ctx, t.AccessToken, c.cfg.Audience)
	if errors.Is(err, ErrExpiredToken) && !d.kept {
		late := c.cfg.Now().Sub(got.ExpiresAt).Round(time.Second)
		return session{}, fmt.Errorf("%w: a token that came just now ended %s ago, so the clock is ahead; set the clock", ErrClock, late)
	}
	if err != nil {
		return session{}, fmt.Errorf("check the access token: %w", err)
	}
	op := got.Operator
	if d.subject != "" && d.subject != op.Subject {
		return session{}, fmt.Errorf("%w: %s, not %s", ErrOtherPerson, op.Subject, d.subject)
	}
	if t.IDToken != "" {
		id, err := c.verifier.verify(ctx, t.IDToken, c.cfg.ClientID)
		if err != nil && (!d.kept && !d.oldID || !errors.Is(err, ErrExpiredToken)) { // it still says who signed in
			return session{}, fmt.Errorf("check the id token: %w", err)
		}
		if id.Subject != op.Subject {
			return session{}, errors.New("the id token and the access token are of two different people")
		}
		op.Email, op.Name = first(op.Email, id.Email), first(op.Name, id.Name)
		if op.AuthTime.IsZero() {
			op.AuthTime = id.AuthTime
		}
	}
	if err := c.checkFresh(op, d); err != nil {
		return session{}, err
	}
	s := session{operator: op, scopes: got.scopes, since: got.issued, tokens: t.kept(op.ExpiresAt)}
	if t.Scope != "" {
		s.scopes = strings.Fields(t.Scope)
	}
	if s.since.IsZero() {
		s.since = c.cfg.Now()
	}
	return s, nil
}

// checkFresh makes sure that the operator proved who they are, and not only that their browser remembered them.
func (c *Client) checkFresh(op Operator, d demand) error {
	if d.within <= 0 {
		return nil
	}
	if op.AuthTime.IsZero() {
		return fmt.Errorf("%w: Auth0 did not say when it was made", ErrNotFresh)
	}
	if op.AuthTime.Before(d.asked.Add(-d.within - clockSkew)) {
		return fmt.Errorf("%w: Auth0 took the browser's, of %s ago; sign out in the browser first (%s)",
			ErrNotFresh, c.cfg.Now().Sub(op.AuthTime).Round(time.Second), c.LogoutURL())
	}
	return nil
}

// kept is the answer as it is kept.
func (t tokenAnswer) kept(until time.Time) Tokens {
	return Tokens{Access: Secret(t.AccessToken), Refresh: Secret(t.RefreshToken), ID: Secret(t.IDToken), ExpiresAt: until.Round(0)}
}

// answer is what is kept, as if it came from the token endpoint.
func (t Tokens) answer() tokenAnswer {
	return tokenAnswer{AccessToken: t.Access.Reveal(), RefreshToken: t.Refresh.Reveal(), IDToken: t.ID.Reveal()}
}

// begin makes a fresh answer the session, once it is kept. A refresh of the session before is let finish first.
func (c *Client) begin(ctx context.Context, t tokenAnswer, d demand) (Operator, error) {
	s, err := c.inspect(ctx, t, d)
	if err != nil {
		return Operator{}, err
	}
	if err := c.settle(ctx); err != nil {
		return Operator{}, err
	}
	unlock, err := c.cfg.Store.Lock(ctx)
	if err != nil {
		return Operator{}, fmt.Errorf("lock the kept sign-in: %w", err)
	}
	defer unlock()
	if err := c.cfg.Store.Save(ctx, s.tokens); err != nil {
		return Operator{}, fmt.Errorf("keep the sign-in: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(s)
	return c.operator, nil
}

// beginPatiently is begin that survives a network that is away just then: the code is used up and there is no second answer.
func (c *Client) beginPatiently(ctx context.Context, t tokenAnswer, d demand) (Operator, error) {
	for try := 0; ; try++ {
		op, err := c.begin(ctx, t, d)
		if !errors.Is(err, ErrKeys) || try == 5 {
			return op, err
		}
		select {
		case <-ctx.Done():
			return Operator{}, ctx.Err()
		case <-c.cfg.After(retryKeys << try):
		}
	}
}

// enter makes s the session. The caller holds c.mu.
func (c *Client) enter(s session) {
	if c.operator.Subject == s.operator.Subject { // a refresh may come without an id token
		s.operator.Email, s.operator.Name = first(s.operator.Email, c.operator.Email), first(s.operator.Name, c.operator.Name)
		if s.operator.AuthTime.IsZero() {
			s.operator.AuthTime = c.operator.AuthTime
		}
	}
	c.tokens, c.operator, c.scopes, c.since, c.signedIn = &s.tokens, s.operator, s.scopes, s.since, true
	c.retry, c.unkept = time.Time{}, nil
}

// leave forgets the session. The caller holds c.mu.
func (c *Client) leave() {
	c.tokens, c.operator, c.scopes, c.signedIn, c.unkept = &Tokens{}, Operator{}, nil, false, nil
}

// settle waits for a refresh under way.
func (c *Client) settle(ctx context.Context) error {
	c.mu.Lock()
	r := c.renewal
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
