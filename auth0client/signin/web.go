package signin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"usher/auth0client/term"
)

// webWithin is how long a sign-in in the browser may take.
const webWithin = 10 * time.Minute

// WebSignIn is a sign-in that waits for a browser of this machine.
type WebSignIn struct {
	URL       string // for the browser
	ExpiresAt time.Time

	listener net.Listener
	redirect string
	state    *Secret // pointers: fmt prints unexported fields without asking their methods
	verifier *Secret
	demand   demand
	dropped  <-chan struct{}
}

// StartWeb listens on a loopback port for the browser's answer (RFC 8252 §7.3), on one of a few fixed ports: Auth0 compares
// callback addresses letter by letter. [Client.WaitWeb] or [WebSignIn.Close] must follow.
func (c *Client) StartWeb(ctx context.Context) (*WebSignIn, error) {
	return c.startWeb(ctx, demand{subject: c.cfg.Subject})
}

// StartFreshWeb is [Client.StartWeb] for a new sign-in not older than within, as [Client.StartFreshDevice].
func (c *Client) StartFreshWeb(ctx context.Context, within time.Duration) (*WebSignIn, error) {
	return c.startWeb(ctx, c.fresh(within))
}

func (c *Client) startWeb(ctx context.Context, d demand) (*WebSignIn, error) {
	l, err := c.listen(ctx)
	if err != nil {
		return nil, err
	}
	state, verifier := Secret(c.cfg.Random()), Secret(c.cfg.Random()+c.cfg.Random()) // 43 characters at least (RFC 7636 §4.1)
	challenge := sha256.Sum256([]byte(verifier.Reveal()))
	w := &WebSignIn{
		listener: l, redirect: "http://" + l.Addr().String() + "/callback", state: &state, verifier: &verifier, demand: d,
		dropped: c.alone(), ExpiresAt: c.cfg.Now().Add(webWithin).Round(0),
	}
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.cfg.ClientID}, "redirect_uri": {w.redirect}, "audience": {c.cfg.Audience},
		"scope": {strings.Join(c.cfg.Scopes, " ")}, "state": {state.Reveal()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	d.ask(q)
	u := c.issuer.JoinPath("authorize")
	u.RawQuery = q.Encode()
	w.URL = u.String()
	return w, nil
}

func (c *Client) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	var failed error
	for _, port := range c.cfg.WebPorts {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("the ports for the browser's answer (%s) are all taken; close what uses them, or sign in without --web: %w",
		strings.Trim(strings.ReplaceAll(fmt.Sprint(c.cfg.WebPorts), " ", ", "), "[]"), failed)
}

// Close gives the port back.
func (w *WebSignIn) Close() { _ = w.listener.Close() }

// Format implements fmt.Formatter: printing the sign-in must not show its proof.
func (w *WebSignIn) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.WebSignIn")) }

// WaitWeb waits for the browser's answer and exchanges it: [Operator], [*Denied], [*Refused], [ErrExpired] or
// [ErrSuperseded]. The one answer that carries the right state is served; then the port is closed.
func (c *Client) WaitWeb(ctx context.Context, w *WebSignIn) (Operator, error) {
	answers := make(chan url.Values, 1)
	server := &http.Server{Handler: w.handler(answers), ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(w.listener) }) // ends with the listener
	defer serving.Wait()
	defer func() {
		// The page is let reach the browser.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}()
	select {
	case <-ctx.Done():
		return Operator{}, ctx.Err()
	case <-w.dropped:
		return Operator{}, ErrSuperseded
	case <-c.cfg.After(webWithin):
		return Operator{}, ErrExpired
	case q := <-answers:
		return c.redeem(ctx, w, q)
	}
}

// redeem exchanges what the browser brought.
func (c *Client) redeem(ctx context.Context, w *WebSignIn, q url.Values) (Operator, error) {
	if code := q.Get("error"); code != "" {
		description := term.Line(q.Get("error_description")).String()
		if code == "access_denied" {
			return Operator{}, &Denied{Description: description}
		}
		r := &Refused{Status: http.StatusOK, Code: term.Line(code).String(), Description: description}
		r.Hint = hint(r, c.issuer.Hostname(), url.Values{"client_id": {c.cfg.ClientID}})
		return Operator{}, fmt.Errorf("sign in: %w", r)
	}
	if q.Get("code") == "" {
		return Operator{}, errors.New("the browser came back without a code; start the sign-in again")
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {c.cfg.ClientID}, "code": {q.Get("code")},
		"code_verifier": {w.verifier.Reveal()}, "redirect_uri": {w.redirect},
	}
	var t tokenAnswer
	if _, err := c.post(ctx, "oauth/token", form, &t); err != nil {
		return Operator{}, fmt.Errorf("sign in: %w", err)
	}
	return c.beginPatiently(ctx, t, w.demand)
}

// handler takes one answer with the right state. All else is turned away and changes nothing: any page in the browser can
// call this port.
func (w *WebSignIn) handler(answers chan<- url.Values) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h := rw.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Connection", "close")
		switch {
		case r.URL.Path != "/callback" || r.Method != http.MethodGet:
			rw.WriteHeader(http.StatusNotFound)
			return
		case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(w.state.Reveal())) != 1:
			rw.WriteHeader(http.StatusBadRequest)
			writePage(rw, "This is not the sign-in that usher began", "Close this tab and start again from usher.")
			return
		}
		served := false
		once.Do(func() {
			served = true
			if q.Get("error") != "" {
				writePage(rw, "The sign-in was refused", "usher says why. You can close this tab.")
			} else {
				writePage(rw, "Back to usher", "Your sign-in has reached usher. You can close this tab.")
			}
			answers <- q
		})
		if !served {
			rw.WriteHeader(http.StatusGone)
		}
	})
}

// writePage writes constant text only: nothing of the request is in it.
func writePage(rw http.ResponseWriter, title, text string) {
	_, _ = fmt.Fprintf(rw, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>usher</title>`+
		`<style>body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>`+
		`</head><body><h1>%s</h1><p>%s</p></body></html>`, title, text)
}
