package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// Credential gets a token as the gateway of this process does, and compares its scopes with what the actions need. The
// source is made by source, which reads the secret or the key.
func Credential(source func() (*signin.M2M, error), actions []policy.Action) Check {
	return Check{Names: []string{"credential", "scopes"}, Run: func(ctx context.Context, r *Report) {
		m2m, err := source()
		if err != nil {
			r.Fail("credential", "put management.key or management.secret right in the profile", "%v", err)
			return
		}
		token, err := m2m.Token(ctx)
		var refused *signin.Refused
		switch {
		case errors.As(err, &refused):
			r.Fail("credential", firstOf(refused.Hint, "run usher setup"), "%s (%s)", refused.Description, refused.Code)
			return
		case err != nil:
			r.Fail("credential", "look at the network", "%v", err)
			return
		}
		r.OK("credential", "the gateway gets its token")
		judgeScopes(r, token, actions)
	}}
}

// judgeScopes reads the scopes off a token that came straight from the tenant.
func judgeScopes(r *Report, token string, actions []policy.Action) {
	var said struct {
		Scope string `json:"scope"`
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.RS512})
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&said) != nil {
		r.Note("scopes", "", "the token does not show its scopes")
		return
	}
	held, need := strings.Fields(said.Scope), policy.Scopes(actions)
	lacks := func(scopes []string) []string {
		return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return slices.Contains(held, s) })
	}
	extra := slices.DeleteFunc(slices.Clone(held), func(s string) bool { return slices.Contains(need, s) })
	if missing := lacks(need); len(missing) > 0 {
		var cannot []string
		for _, a := range actions {
			if len(lacks(policy.Scopes([]policy.Action{a}))) > 0 {
				cannot = append(cannot, string(a))
			}
		}
		also := ""
		if len(extra) > 0 {
			also = "; more than needed: " + some(extra)
		}
		r.Fail("scopes", "run usher setup, or add them to the application's grant at the Management API; where less is meant, say so with --features",
			"missing: %s, and without them %s fail%s", strings.Join(missing, " "), strings.Join(cannot, " "), also)
		return
	}
	if len(extra) > 0 {
		r.Note("scopes", "take them off the application's grant: what the gateway does not hold it cannot lose", "all %d, and more than needed: %s", len(need), some(extra))
		return
	}
	r.OK("scopes", "the %d that are needed and no more", len(need))
}

// mostNamed keeps a line readable where a grant holds everything.
const mostNamed = 6

func some(scopes []string) string {
	if len(scopes) <= mostNamed {
		return strings.Join(scopes, " ")
	}
	return fmt.Sprintf("%s and %d more (usher setup --print names all)", strings.Join(scopes[:mostNamed], " "), len(scopes)-mostNamed)
}

// Remote asks a gateway on another machine whether it is ready. ca is the PEM of the authority that alone counts for it;
// nil: the system's.
func Remote(address string, ca func() ([]byte, error)) Check {
	return Check{Names: []string{"gateway"}, Run: func(ctx context.Context, r *Report) {
		u, err := url.Parse(address)
		if err != nil {
			r.Fail("gateway", "put the gateway right in the profile", "it is no address: %v", err)
			return
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		defer transport.CloseIdleConnections()
		if pem, err := ca(); err != nil {
			r.Fail("gateway", "put gateway_ca right in the profile", "its authority cannot be read: %v", err)
			return
		} else if pem != nil {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(pem) {
				r.Fail("gateway", "put gateway_ca right in the profile", "gateway_ca holds no certificate in PEM")
				return
			}
			transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		}
		p := Profile{HTTP: &http.Client{Transport: transport}}
		res, body, err := p.get(ctx, u.JoinPath("readyz").String())
		said, _, _ := strings.Cut(string(body), "\n")
		switch {
		case err != nil:
			r.Fail("gateway", "look whether it runs, and at the way there", "%s", reasonOf(u.Host, err))
		case res.StatusCode == http.StatusOK && said == "ready":
			r.OK("gateway", "%s is ready", u.Host)
		case res.StatusCode == http.StatusServiceUnavailable && (said == "not ready" || said == "stopping"):
			r.Fail("gateway", "on its machine, usher gateway --check says why", "%s is %s", u.Host, said)
		default:
			r.Fail("gateway", "put the gateway right in the profile", "%s does not answer like a gateway of usher's (HTTP %d)", u.Host, res.StatusCode)
		}
	}}
}

// Journal looks whether the journal of the gateway in this process can grow and is whole.
func Journal(dir string) Check {
	return Check{Names: []string{"journal"}, Run: func(_ context.Context, r *Report) {
		at, there := dir, true
		for {
			info, err := os.Stat(at)
			if err == nil && !info.IsDir() {
				r.Fail("journal", "move it out of the way", "%s should be a folder", at)
				return
			}
			if err == nil {
				break
			}
			if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(at) == at {
				r.Fail("journal", "make the folder, for yourself only", "the journal's folder cannot be read: %v", err)
				return
			}
			at, there = filepath.Dir(at), false
		}
		if err := writable(at); err != nil {
			r.Fail("journal", "make room, or give yourself the folder; USHER_STATE names another", "no change could be recorded, and so none made: %v", err)
			return
		}
		if !there {
			r.OK("journal", "%s will be made with the first change", dir)
			return
		}
		whole(r, dir)
	}}
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return fmt.Errorf("%s takes no file: %w", dir, err)
	}
	_, err = f.Write(make([]byte, 4096))
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("%s takes no more: %w", dir, err)
	}
	return nil
}

func whole(r *Report, dir string) {
	rep, err := journal.Verify(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, journal.ErrNoKey) && rep.Bad == nil && rep.Lines == 0:
		r.OK("journal", "%s has none yet", dir)
	case rep.Bad != nil:
		r.Fail("journal", "look with: usher journal verify --dir "+dir, "it is damaged at %s; the %d lines before are whole", rep.Bad, rep.Lines)
	case err != nil:
		r.Fail("journal", "look with: usher journal verify --dir "+dir, "%s", term.Line(err.Error()))
	case len(rep.Unfinished) > 0:
		r.Note("journal", "look with: usher journal list --dir "+dir+" --unknown", "%d lines, all whole; of %d changes nobody knows whether they were made", rep.Lines, len(rep.Unfinished))
	default:
		r.OK("journal", "%d lines, all whole", rep.Lines)
	}
}
