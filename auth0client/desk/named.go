package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Seeker is what finding one user by any exact name takes.
type Seeker interface {
	Finder
	Find(ctx context.Context, f auth0client.Finding) (auth0client.FoundPage, error)
}

// most bounds the candidates that are read where a name fits several.
const most = 100

// Named finds the only user that name can mean, with the whole record: by an id or email as One does, by those in a pasted
// line, by a phone number, or by a key of a lookup, with the lookup's name or without. Plain words mean nobody: what is to be
// changed is named exactly. An id names the user who has it and never the one whose linked identity it is.
func Named(ctx context.Context, tenant Seeker, name string, lookups []auth0client.Lookup) (auth0client.User, error) {
	name = strings.TrimSpace(name)
	plan := auth0client.PlanFor(auth0client.Finding{Typed: name, Lookups: lookups})
	switch {
	case plan.Exact && len(plan.IDs) == 0 && len(plan.Emails) > 0 && plan.Emails[0] == name:
		return One(ctx, tenant, name)
	case plan.Exact && len(plan.IDs) == 1:
		if u, err := tenant.User(ctx, plan.IDs[0]); plan.Late || string(plan.IDs[0]) == name && !errors.As(err, new(*auth0client.NotFound)) {
			return u, err
		}
	case !plan.Exact:
		u, err := One(ctx, tenant, name)
		if errors.As(err, new(*NoName)) {
			return byKey(ctx, tenant, name, lookups)
		}
		return u, err
	}
	found, err := exactly(ctx, tenant, name, lookups)
	if err != nil {
		return auth0client.User{}, err
	}
	if plan.Late {
		found = slices.DeleteFunc(found, func(u auth0client.User) bool { return !slices.Contains(plan.IDs, u.ID) })
	}
	return only(ctx, tenant, name, found)
}

// exactly is everybody whom a name fits. A failed search is a failure, since it may hide a second person.
func exactly(ctx context.Context, tenant Seeker, name string, lookups []auth0client.Lookup) ([]auth0client.User, error) {
	page, err := tenant.Find(ctx, auth0client.Finding{Typed: name, Lookups: lookups, PerPage: most})
	return page.Users, errors.Join(err, page.Missed)
}

// byKey finds whom a key without its lookup's name means.
func byKey(ctx context.Context, tenant Seeker, key string, lookups []auth0client.Lookup) (auth0client.User, error) {
	if len(lookups) == 0 || strings.ContainsAny(key, `:*" `) || !strings.ContainsFunc(key, unicode.IsDigit) {
		return auth0client.User{}, &NoName{term.Line(key)}
	}
	var all []auth0client.User
	for _, l := range lookups {
		found, err := exactly(ctx, tenant, l.Name+":"+key, lookups)
		if err != nil {
			return auth0client.User{}, err
		}
		for _, u := range found {
			if !slices.ContainsFunc(all, func(is auth0client.User) bool { return is.ID == u.ID }) {
				all = append(all, u)
			}
		}
	}
	return only(ctx, tenant, key, all)
}

func only(ctx context.Context, tenant Finder, name string, found []auth0client.User) (auth0client.User, error) {
	switch len(found) {
	case 0:
		return auth0client.User{}, &auth0client.NotFound{Answer: auth0client.Answer{Status: 404, Message: term.Line(fmt.Sprintf("nobody fits %q", name))}}
	case 1:
		return tenant.User(ctx, found[0].ID)
	}
	return auth0client.User{}, &Ambiguous{term.Line(name), found}
}
