package signin

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"usher/auth0client/term"
)

// Denied: the operator, or a rule of the tenant, refused the sign-in.
type Denied struct{ Description string }

func (e *Denied) Error() string {
	if e.Description == "" {
		return "the sign-in was refused"
	}
	return "the sign-in was refused: " + e.Description
}

// Refused: Auth0 answered with an OAuth error, or something else answered in its place.
type Refused struct {
	Status            int
	Code, Description string
	Hint              string // what to do about it; may be empty
}

func (e *Refused) Error() string {
	s := fmt.Sprintf("Auth0 refused: %s (%s, HTTP %d)", e.Description, e.Code, e.Status)
	if e.Code == "" {
		s = fmt.Sprintf("the answer is not Auth0's (HTTP %d)", e.Status)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// post sends a form to the tenant and decodes the answer into out.
func (c *Client) post(ctx context.Context, path string, form url.Values, out any) (http.Header, error) {
	return post(ctx, c.cfg.HTTP, c.issuer.JoinPath(path).String(), form, out)
}

// post sends a form and decodes the answer into out. A refusal is a *Refused; other errors mean that no answer came.
func post(ctx context.Context, client *http.Client, to string, form url.Values, out any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return nil, unreachable(req.URL.Hostname(), err)
	}
	defer res.Body.Close() //nolint:errcheck // read already
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read Auth0's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return res.Header, refusal(res.StatusCode, body, req.URL.Hostname(), form)
	}
	if out == nil {
		return res.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return res.Header, errors.New("Auth0's answer is not what the sign-in expects")
	}
	return res.Header, nil
}

func refusal(status int, body []byte, host string, form url.Values) error {
	r := &Refused{Status: status}
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &e) == nil {
		r.Code, r.Description = told(e.Error, form), told(e.Description, form)
	}
	r.Hint = hint(r, host, form)
	return r
}

// told is text of an answer as it may be told: harmless, and without a secret of the question that it quotes.
func told(text string, form url.Values) string {
	for _, name := range []string{"device_code", "refresh_token", "token", "code", "code_verifier", "client_secret", "client_assertion"} {
		if v := form.Get(name); v != "" {
			text = strings.ReplaceAll(text, v, redacted)
		}
	}
	return term.Line(text).String()
}

// hint is what to do about a refusal.
func hint(r *Refused, host string, form url.Values) string {
	client := form.Get("client_id")
	switch {
	case r.Code == "" && r.Status < 500:
		return host + " does not answer like an Auth0 tenant: check the profile's domain"
	case r.Code == "invalid_client", strings.HasPrefix(r.Description, "Unknown client"):
		return fmt.Sprintf("%s does not know the client %s: check client_id and domain, they may be of two tenants", host, client)
	case r.Code == "unauthorized_client":
		return fmt.Sprintf("the application %s may not sign in this way: switch the grant on in its advanced settings, or run usher setup", client)
	case strings.HasPrefix(r.Description, "Service not found"):
		return host + " has no API with the profile's audience: check it, or run usher setup"
	case strings.Contains(r.Description, "not authorized to access"):
		return fmt.Sprintf("give the application %s a grant for the API, or run usher setup", client)
	case r.Code == "access_denied" && form.Get("client_secret") != "", r.Code == "access_denied" && form.Get("client_assertion") != "":
		return fmt.Sprintf("the credential of the client %s is not accepted: check management.secret or management.key", client)
	}
	return ""
}

// unreachable words why no answer came. The address is not in it: url.Error would quote a query.
func unreachable(host string, err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host %s: check the profile's domain: %w", host, err)
	case errors.As(err, &authority), errors.As(err, &name):
		return fmt.Errorf("%s does not prove that it is the tenant: something on the way may answer in its place: %w", host, err)
	}
	return fmt.Errorf("%s cannot be reached: check the network and the profile's domain: %w", host, err)
}
