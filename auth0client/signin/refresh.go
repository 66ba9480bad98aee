package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	// ahead is how long before its end an access token is refreshed in the background, early when callers wait for it.
	ahead, early = 5 * time.Minute, time.Minute
	// refreshWithin bounds one refresh: the lock, the store and the answer.
	refreshWithin = 45 * time.Second
	// retryAhead is how long after a failure a refresh ahead of time is tried again.
	retryAhead = 15 * time.Second
)

// unkept is the answer of a refresh that the store did not take: the token that it used up, and what came for it. Using the
// old one once more would end the sign-in.
type unkept struct {
	used Secret
	next Tokens
}

// renewal is one refresh, which all callers share.
type renewal struct {
	old  Secret // the access token to replace
	done chan struct{}
	err  error // once done
}

// AccessToken gives a token that is good for a while yet. It is refreshed in the background ahead of its end; only when
// that is near do callers wait, all for the same refresh. [ErrSignedOut] means that only a new sign-in helps.
func (c *Client) AccessToken(ctx context.Context) (string, error) {
	c.mu.Lock()
	if !c.signedIn {
		c.mu.Unlock()
		return "", ErrSignedOut
	}
	token, now := c.tokens.Access.Reveal(), c.cfg.Now()
	current := session{tokens: *c.tokens, since: c.since}
	left, soon := current.left(now, ahead)
	_, late := current.left(now, early)
	if left > soon || left > late && now.Before(c.retry) {
		c.mu.Unlock()
		return token, nil
	}
	r := c.renew()
	c.mu.Unlock()
	if left > late {
		return token, nil
	}
	return c.await(ctx, r)
}

// Renew refreshes the access token now, good as it may seem: the gateway has refused it. Whoever comes with one that was
// replaced meanwhile gets the present one.
func (c *Client) Renew(ctx context.Context, refused string) (string, error) {
	c.mu.Lock()
	if !c.signedIn {
		c.mu.Unlock()
		return "", ErrSignedOut
	}
	if c.tokens.Access.Reveal() != refused {
		c.mu.Unlock()
		return c.AccessToken(ctx)
	}
	c.tokens.ExpiresAt = time.Time{}
	r := c.renew()
	c.mu.Unlock()
	return c.await(ctx, r)
}

func (c *Client) await(ctx context.Context, r *renewal) (string, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.err != nil && (!c.signedIn || !c.cfg.Now().Before(c.tokens.ExpiresAt)) {
		return "", r.err
	}
	return c.tokens.Access.Reveal(), nil // after a failure the old token is good a little longer
}

// renew starts a refresh, or joins the one under way. It ends with the client and not with who needed it first: an answer
// that nobody keeps would lose the sign-in. The caller holds c.mu.
func (c *Client) renew() *renewal {
	if c.renewal != nil {
		return c.renewal
	}
	r := &renewal{done: make(chan struct{}), old: c.tokens.Access}
	c.renewal = r
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, refreshWithin)
		defer cancel()
		r.err = caught("renew the sign-in", func() error { return c.refresh(ctx, r.old) })
		c.mu.Lock()
		defer c.mu.Unlock()
		c.renewal = nil
		if r.err != nil {
			c.retry = c.cfg.Now().Add(retryAhead)
		}
		close(r.done)
	})
	return r
}

// refresh takes up what another usher refreshed, or exchanges the refresh token. The store's lock keeps two ushers from
// using one token twice, which Auth0 takes for theft and answers by ending the whole sign-in.
func (c *Client) refresh(ctx context.Context, old Secret) error {
	unlock, err := c.cfg.Store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("lock the kept sign-in: %w", err)
	}
	defer unlock()
	c.mu.Lock()
	mine, who := *c.tokens, c.operator.Subject
	c.mu.Unlock()
	if mine.Access != old {
		return nil // somebody signed in meanwhile
	}
	kept, err := c.cfg.Store.Load(ctx)
	switch {
	case errors.Is(err, ErrDamaged):
		kept = mine
	case err != nil:
		return fmt.Errorf("read the kept sign-in: %w", err)
	}
	if kept, err = c.keepLate(ctx, kept); err != nil {
		return err
	}
	if kept.Access != mine.Access {
		if done, err := c.takeUp(ctx, kept, who); done {
			return err
		}
	}
	if kept.Refresh == "" {
		return c.lost(ctx, kept)
	}
	err = c.exchange(ctx, kept, who)
	if !dead(err) {
		return err
	}
	// The token was used up. Whoever did so without the lock, from another machine perhaps, may have kept the next one.
	again, lerr := c.cfg.Store.Load(ctx)
	if lerr == nil && again.Refresh != "" && again.Refresh != kept.Refresh {
		if done, err := c.takeUp(ctx, again, who); done {
			return err
		}
		if err = c.exchange(ctx, again, who); !dead(err) {
			return err
		}
		kept = again
	}
	return c.lost(ctx, kept)
}

// keepLate keeps the answer of an earlier refresh that could not be kept then, and gives what is kept now. Where somebody
// signed in anew meanwhile it is dropped. The caller holds the store's lock.
func (c *Client) keepLate(ctx context.Context, kept Tokens) (Tokens, error) {
	c.mu.Lock()
	late := c.unkept
	c.mu.Unlock()
	if late == nil {
		return kept, nil
	}
	if kept.Refresh == late.used {
		if err := c.cfg.Store.Save(ctx, late.next); err != nil {
			return kept, fmt.Errorf("keep the sign-in: %w", err)
		}
		kept = late.next
	}
	c.mu.Lock()
	c.unkept = nil
	c.mu.Unlock()
	return kept, nil
}

// takeUp makes what another usher kept the session, if it is good for a while yet.
func (c *Client) takeUp(ctx context.Context, kept Tokens, who string) (done bool, err error) {
	if kept.Access == "" || !c.cfg.Now().Before(kept.ExpiresAt) {
		return false, nil
	}
	s, err := c.inspect(ctx, kept.answer(), demand{subject: who, kept: true})
	if errors.Is(err, ErrOtherPerson) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leave()
		return true, fmt.Errorf("%w any more: %w", ErrSignedOut, err)
	}
	if err != nil {
		return false, nil // it does not count; its refresh token may
	}
	if left, late := s.left(c.cfg.Now(), early); left <= late {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(s)
	return true, nil
}

// dead reports that a refresh token counts no longer.
func dead(err error) bool {
	var refused *Refused
	return errors.As(err, &refused) && refused.Code == "invalid_grant"
}

// exchange uses the refresh token. The new one is on disk before anything is done with the answer: a crash in between
// must not lose it, nor an answer that cannot be verified just now.
func (c *Client) exchange(ctx context.Context, kept Tokens, who string) error {
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {c.cfg.ClientID}, "refresh_token": {kept.Refresh.Reveal()}}
	var t tokenAnswer
	if _, err := c.post(ctx, "oauth/token", form, &t); err != nil {
		var refused *Refused
		if errors.As(err, &refused) && refused.final() && refused.Code != "invalid_grant" {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.leave()
			return fmt.Errorf("%w any more: %w", ErrSignedOut, err)
		}
		return fmt.Errorf("refresh the sign-in: %w", err)
	}
	t.RefreshToken, t.IDToken = first(t.RefreshToken, kept.Refresh.Reveal()), first(t.IDToken, kept.ID.Reveal())
	next := t.kept(c.cfg.Now().Add(time.Duration(t.ExpiresIn) * time.Second))
	if err := c.cfg.Store.Save(ctx, next); err != nil {
		c.mu.Lock()
		c.unkept = &unkept{kept.Refresh, next}
		c.mu.Unlock()
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	s, err := c.inspect(ctx, t, demand{subject: who, oldID: t.IDToken == kept.ID.Reveal()})
	if err != nil {
		return errors.Join(fmt.Errorf("refresh the sign-in: %w", err), c.putBack(ctx, t, err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(s)
	return nil
}

// putBack keeps only the refresh token of an answer that does not count, for when it can be checked; not another person's.
func (c *Client) putBack(ctx context.Context, t tokenAnswer, why error) error {
	rest := Tokens{Refresh: Secret(t.RefreshToken)}
	if errors.Is(why, ErrOtherPerson) || errors.Is(why, ErrAudience) {
		rest = Tokens{}
	}
	c.mu.Lock()
	c.tokens.Refresh = rest.Refresh
	c.mu.Unlock()
	if err := c.cfg.Store.Save(ctx, rest); err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	return nil
}

// lost ends a sign-in that cannot be refreshed, and wipes what was kept of it. The caller holds the store's lock, and kept
// is what it read there.
func (c *Client) lost(ctx context.Context, kept Tokens) error {
	c.mu.Lock()
	c.leave()
	c.mu.Unlock()
	if kept == (Tokens{}) {
		return ErrSignedOut
	}
	if err := c.cfg.Store.Wipe(ctx); err != nil {
		return fmt.Errorf("%w, and the old sign-in could not be wiped: %w", ErrSignedOut, err)
	}
	return ErrSignedOut
}

// Resume takes up a kept sign-in, if there is one that still holds. At most one request is sent before: for the tenant's
// keys, or for a refresh when the token's time is over.
func (c *Client) Resume(ctx context.Context) (Operator, bool, error) {
	kept, err := c.cfg.Store.Load(ctx)
	if errors.Is(err, ErrDamaged) {
		return Operator{}, false, err
	}
	if err != nil {
		return Operator{}, false, fmt.Errorf("read the kept sign-in: %w", err)
	}
	if kept.Access == "" && kept.Refresh == "" {
		return Operator{}, false, nil
	}
	if c.cfg.Now().Add(early).Before(kept.ExpiresAt) {
		s, err := c.inspect(ctx, kept.answer(), demand{subject: c.cfg.Subject, kept: true})
		if err == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.enter(s)
			return c.operator, true, nil
		}
		if errors.Is(err, ErrKeys) || errors.Is(err, ErrClock) || errors.Is(err, ErrOtherPerson) || ctx.Err() != nil {
			return Operator{}, false, err
		}
		kept.Access = "" // it does not count any more: the profile or the tenant's keys have changed
	}
	c.mu.Lock()
	kept.ExpiresAt = time.Time{}
	c.tokens, c.operator, c.signedIn = &kept, Operator{Subject: c.cfg.Subject}, false
	r := c.renew()
	c.mu.Unlock()
	if _, err := c.await(ctx, r); err != nil {
		if err == ErrSignedOut { //nolint:errorlint // with a cause it is worth telling
			return Operator{}, false, nil
		}
		return Operator{}, false, err
	}
	op, ok := c.Operator()
	return op, ok, nil
}

// SignOut revokes the refresh token at Auth0 and forgets the sign-in. It is forgotten here even when Auth0 cannot be told.
func (c *Client) SignOut(ctx context.Context) error {
	if err := c.settle(ctx); err != nil {
		return err
	}
	unlock, err := c.cfg.Store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("lock the kept sign-in: %w", err)
	}
	defer unlock()
	kept, unread := c.cfg.Store.Load(ctx)
	c.mu.Lock()
	if kept.Refresh == "" {
		kept = *c.tokens
	}
	if c.unkept != nil && c.unkept.used == kept.Refresh {
		kept = c.unkept.next
	}
	c.leave()
	c.mu.Unlock()
	wipe := c.cfg.Store.Wipe(ctx)
	if kept.Refresh == "" {
		return errors.Join(unread, wipe)
	}
	form := url.Values{"client_id": {c.cfg.ClientID}, "token": {kept.Refresh.Reveal()}}
	if _, err := c.post(ctx, "oauth/revoke", form, nil); err != nil {
		return errors.Join(wipe, fmt.Errorf("the sign-in is forgotten here, but Auth0 could not be told: %w", err))
	}
	return wipe
}

// final reports a refusal that asking again will not change.
func (e *Refused) final() bool {
	return e.Code != "" && e.Status < 500 && e.Status != http.StatusTooManyRequests
}
