package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
)

// Device asks for a device code and lets it lapse: whether the application may sign in so, and whether the tenant knows
// usher's API.
func Device(p Profile) Check {
	return Check{Names: []string{"device", "audience"}, Run: func(ctx context.Context, r *Report) {
		c, err := signin.New(signin.Config{Issuer: p.Issuer, ClientID: p.ClientID, Audience: p.Audience, Scopes: p.Scopes, HTTP: p.HTTP, Now: p.Now})
		if err != nil {
			r.Fail("device", "put the profile right", "%v", err)
			return
		}
		defer c.Close()
		_, err = c.StartDevice(ctx)
		var refused *signin.Refused
		switch {
		case err == nil:
			r.OK("device", "the application %s gives device codes", p.ClientID)
			r.OK("audience", "the tenant has the API %s", p.Audience)
		case !errors.As(err, &refused):
			r.Fail("device", "look at the network", "%v", err)
		case refused.Status == http.StatusTooManyRequests:
			r.Note("device", "try again in a minute", "the tenant gives no more device codes at the moment")
		case strings.HasPrefix(refused.Description, "Service not found"), strings.Contains(refused.Description, "not authorized to access"):
			r.Fail("audience", refused.Hint, "%s", refused.Description)
		default:
			r.Fail("device", refused.Hint, "%s (%s)", refused.Description, refused.Code)
		}
	}}
}

// SignIn is where a sign-in is kept.
type SignIn struct {
	Store *tokenstore.Store
	Want  string // the kind that the profile names; empty: any
	Open  func() (*signin.Client, func(), error)
	Login string // the command that signs in
}

// endsWithin is how long the sign-in's client may take to end: the answer of a refresh under way holds the only refresh token
// that still counts.
const endsWithin = 3 * time.Second

// Check looks at the store, the sign-in that it keeps, and what that allows.
func (s SignIn) Check() Check {
	return Check{Names: []string{"store", "sign-in", "permissions"}, Run: s.run, Ends: endsWithin}
}

func (s SignIn) run(ctx context.Context, r *Report) {
	kept, err := s.Store.Open(ctx)
	switch {
	case err != nil:
		r.Fail("store", "see docs/profiles.md on where sign-ins are kept", "%v", err)
		return
	case kept.Kind == tokenstore.Memory && s.Want != "" && s.Want != string(tokenstore.Memory):
		r.Fail("store", "see docs/profiles.md on where sign-ins are kept", "%s cannot be used: %s", s.Want, kept.Note)
	case kept.Kind == tokenstore.Memory:
		r.Note("store", "start a keyring, or set USHER_TOKEN_PASSPHRASE or token_identity", "sign-ins end with usher: %s", firstOf(kept.Note, "they are kept in memory"))
	case kept.Note != "":
		r.Note("store", "", "%s keeps the sign-in: %s", kept.Kind, kept.Note)
	default:
		r.OK("store", "%s keeps the sign-in", kept.Kind)
	}
	client, closeClient, err := s.Open()
	if err != nil {
		r.Fail("sign-in", "put the profile right", "%v", err)
		return
	}
	defer closeClient()
	op, ok, err := client.Resume(ctx)
	switch {
	case err != nil:
		r.Fail("sign-in", "run: "+s.Login, "%v", err)
		return
	case !ok:
		r.Fail("sign-in", "run: "+s.Login, "nobody is signed in")
		return
	}
	s.allowed(r, op, client.Missing())
}

// allowed says what the sign-in is good for.
func (s SignIn) allowed(r *Report, op signin.Operator, missing []string) {
	all := policy.Actions()
	missing = slices.DeleteFunc(slices.Clone(missing), func(m string) bool { return slices.Contains(all, policy.Action(m)) })
	switch {
	case slices.Contains(missing, "offline_access"):
		r.Fail("sign-in", "allow offline access at usher's API, and the refresh grant at the application (usher setup); then "+s.Login, "it cannot be renewed: the scope offline_access was asked for and not given")
	case len(missing) > 0:
		r.Note("sign-in", "", "%s is signed in, without the scopes %s", firstOf(op.Email, op.Subject), strings.Join(missing, " "))
	default:
		r.OK("sign-in", "%s, renewed by itself", firstOf(op.Email, op.Subject))
	}
	var lacks []string
	for _, a := range all {
		if !slices.Contains(op.Permissions, string(a)) {
			lacks = append(lacks, string(a))
		}
	}
	switch {
	case op.Permissions == nil:
		r.Fail("permissions", "at usher's API switch RBAC on, and that permissions are added to the token (usher setup)", "the token says nothing of permissions")
	case len(lacks) == len(all):
		r.Fail("permissions", "have one of the roles \"usher viewer\", \"usher support\" and \"usher admin\" assigned", "%s may do nothing", firstOf(op.Email, op.Subject))
	case len(lacks) > 0:
		r.OK("permissions", "%d of %d%s; not: %s", len(all)-len(lacks), len(all), presetOf(op), strings.Join(lacks, " "))
	default:
		r.OK("permissions", "all %d%s", len(all), presetOf(op))
	}
}

// presetOf names the preset role that gives just what an operator may.
func presetOf(op signin.Operator) string {
	for _, name := range []string{"viewer", "support", "admin"} {
		n := 0
		for _, a := range policy.Preset(name) {
			if slices.Contains(op.Permissions, string(a)) {
				n++
			}
		}
		if n == len(policy.Preset(name)) && n == len(op.Permissions) {
			return fmt.Sprintf(" (as usher %s)", name)
		}
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
