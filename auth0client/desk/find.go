package desk

import (
	"context"
	"fmt"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Finder is what finding one user takes.
type Finder interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UsersByEmail(ctx context.Context, email string) ([]auth0client.User, error)
}

// Ambiguous: what was named fits several users. Nothing was done to any of them.
type Ambiguous struct {
	Named term.Safe
	Users []auth0client.User
}

func (e *Ambiguous) Error() string {
	lines := []string{fmt.Sprintf("%d users fit %s; name one by its id:", len(e.Users), e.Named)}
	for _, u := range e.Users {
		lines = append(lines, "  "+Who(u))
	}
	return strings.Join(lines, "\n")
}

// NoName: a text says nothing exact about a user.
type NoName struct{ Text term.Safe }

func (e *NoName) Error() string {
	return fmt.Sprintf("%q holds no user's id (provider|id), email or phone number and is no key of a lookup; usher users search finds people by other words", e.Text)
}

// One finds the user that an id or an email names, with the whole record. Both ways are exact and immediate. Auth0 compares
// emails with case and keeps those of its databases in lower case: both are tried.
func One(ctx context.Context, tenant Finder, name string) (auth0client.User, error) {
	name = strings.TrimSpace(name)
	before, _, bar := strings.Cut(name, "|")
	switch {
	case bar && before != "" && !strings.ContainsAny(before, "@\" "):
		return tenant.User(ctx, auth0client.UserID(name))
	case !strings.Contains(name, "@"):
		return auth0client.User{}, &NoName{term.Line(name)}
	}
	all, err := byEmail(ctx, tenant, name)
	switch {
	case err != nil:
		return auth0client.User{}, err
	case len(all) == 0:
		return auth0client.User{}, &auth0client.NotFound{Answer: auth0client.Answer{Status: 404, Message: term.Line("nobody has the email " + name)}}
	case len(all) > 1:
		return auth0client.User{}, &Ambiguous{term.Line(name), all}
	}
	return tenant.User(ctx, all[0].ID)
}

func byEmail(ctx context.Context, tenant Finder, email string) ([]auth0client.User, error) {
	all, err := tenant.UsersByEmail(ctx, email)
	lower := strings.ToLower(email)
	if err != nil || lower == email {
		return all, err
	}
	more, err := tenant.UsersByEmail(ctx, lower)
	if err != nil {
		return nil, err
	}
	seen := map[auth0client.UserID]bool{}
	for _, u := range all {
		seen[u.ID] = true
	}
	for _, u := range more {
		if !seen[u.ID] {
			all = append(all, u)
		}
	}
	return all, nil
}
