package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// early is how long before its end an access token is refreshed.
const early = time.Minute

// AccessToken gives a token that is good for a while yet, refreshing it first where needed. Concurrent callers share one
// refresh. [ErrSignedOut] means that only a new sign-in helps.
func (c *Client) AccessToken(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.signedIn {
		return "", ErrSignedOut
	}
	if c.cfg.Now().Add(early).Before(c.tokens.ExpiresAt) {
		return c.tokens.Access.Reveal(), nil
	}
	if err := c.refresh(ctx); err != nil {
		return "", err
	}
	return c.tokens.Access.Reveal(), nil
}

// refresh exchanges the refresh token. The store's lock keeps two ushers from using one token twice, which Auth0 takes
// for theft and answers by ending the whole sign-in. The caller holds c.mu.
func (c *Client) refresh(ctx context.Context) error {
	unlock, err := c.cfg.Store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("lock the kept sign-in: %w", err)
	}
	defer unlock()
	if kept, err := c.cfg.Store.Load(ctx); err == nil && kept.Refresh != "" && kept.Refresh != c.tokens.Refresh {
		if c.cfg.Now().Add(early).Before(kept.ExpiresAt) { // another usher refreshed meanwhile
			_, err := c.accept(ctx, kept.answer(c.operator.Subject))
			return err
		}
		c.tokens = &kept
	}
	if c.tokens.Refresh == "" {
		return c.lost(ctx)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {c.cfg.ClientID}, "refresh_token": {c.tokens.Refresh.Reveal()}}
	var t tokenAnswer
	if _, err := post(ctx, c.cfg.HTTP, c.issuer.JoinPath("oauth/token").String(), form, &t); err != nil {
		var refused *Refused
		if errors.As(err, &refused) && refused.Code != "" && refused.Status < 500 && refused.Status != http.StatusTooManyRequests {
			return c.lost(ctx)
		}
		if c.signedIn && c.cfg.Now().Before(c.tokens.ExpiresAt) {
			return nil // the old token is good a little longer; the next call tries again
		}
		return fmt.Errorf("refresh the sign-in: %w", err)
	}
	t.subject = c.operator.Subject
	_, err = c.accept(ctx, t)
	return err
}

// lost ends a sign-in that cannot be refreshed, and wipes it unless somebody has signed in anew meanwhile.
func (c *Client) lost(ctx context.Context) error {
	dead := c.tokens.Refresh
	c.signedIn, c.tokens = false, &Tokens{}
	kept, err := c.cfg.Store.Load(ctx)
	if err == nil && kept.Refresh == dead {
		err = c.cfg.Store.Wipe(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w, and the old sign-in could not be wiped: %w", ErrSignedOut, err)
	}
	return ErrSignedOut
}

// Resume takes up a kept sign-in, if there is one that still holds.
func (c *Client) Resume(ctx context.Context) (Operator, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, err := c.cfg.Store.Load(ctx)
	if err != nil {
		return Operator{}, false, fmt.Errorf("read the kept sign-in: %w", err)
	}
	if kept.Access == "" && kept.Refresh == "" {
		return Operator{}, false, nil
	}
	c.tokens = &kept
	if !c.cfg.Now().Add(early).Before(kept.ExpiresAt) {
		if err := c.refresh(ctx); err != nil {
			if errors.Is(err, ErrSignedOut) {
				return Operator{}, false, nil
			}
			return Operator{}, false, err
		}
		return c.operator, true, nil
	}
	op, err := c.accept(ctx, kept.answer(""))
	if err != nil {
		return Operator{}, false, err
	}
	return op, true, nil
}

// SignOut revokes the refresh token at Auth0 and forgets the sign-in. It is forgotten here even when Auth0 cannot be told.
func (c *Client) SignOut(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	token := c.tokens.Refresh
	c.signedIn, c.tokens, c.operator = false, &Tokens{}, Operator{}
	wipe := c.cfg.Store.Wipe(ctx)
	if token == "" {
		return wipe
	}
	form := url.Values{"client_id": {c.cfg.ClientID}, "token": {token.Reveal()}}
	if _, err := post(ctx, c.cfg.HTTP, c.issuer.JoinPath("oauth/revoke").String(), form, nil); err != nil {
		return errors.Join(wipe, fmt.Errorf("revoke the sign-in at Auth0: %w", err))
	}
	return wipe
}
