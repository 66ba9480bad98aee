package desk

import (
	"context"
	"sync"

	"usher/auth0client"
	"usher/auth0client/parallel"
)

// Witness is what a verdict rests on.
type Witness interface {
	UserBlocks(ctx context.Context, id auth0client.UserID) ([]auth0client.BruteForceBlock, error)
	AuthenticationMethods(ctx context.Context, id auth0client.UserID) ([]auth0client.AuthenticationMethod, error)
	UserLogs(ctx context.Context, id auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error)
	Connections(ctx context.Context) ([]auth0client.Connection, error)
}

// gathered is how many log events a verdict looks at.
const gathered = 50

// Gather reads the evidence for a verdict about a user, in four requests at once. can says which permissions the operator
// holds. What cannot be read is named in the evidence, never an error.
func Gather(ctx context.Context, tenant Witness, u auth0client.User, can func(permission string) bool) Evidence {
	e := Evidence{User: u, Denied: map[string]string{}}
	var mu sync.Mutex
	var all parallel.Group
	read := func(part, permission string, look func() error) {
		if !can(permission) {
			e.Denied[part] = permission
			return
		}
		all.Go(func() {
			if err := look(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				e.Unknown = append(e.Unknown, part)
			}
		})
	}
	read(PartBans, "users:read", func() (err error) { e.Bans, err = tenant.UserBlocks(ctx, u.ID); return err })
	read(PartFactors, "mfa:read", func() (err error) { e.Methods, err = tenant.AuthenticationMethods(ctx, u.ID); return err })
	read(PartLog, "logs:read", func() (err error) { e.Events, err = tenant.UserLogs(ctx, u.ID, 0, gathered); return err })
	all.Go(func() { e.Connection = connectionOf(ctx, tenant, u) })
	all.Wait()
	return e
}

// connectionOf is the connection of the user's first identity; where it cannot be read, what the identity itself tells.
func connectionOf(ctx context.Context, tenant Witness, u auth0client.User) *auth0client.Connection {
	if len(u.Identities) == 0 {
		return nil
	}
	i := u.Identities[0]
	if all, err := tenant.Connections(ctx); err == nil {
		for _, c := range all {
			if c.Label == i.Connection {
				return &c
			}
		}
	}
	if i.Provider.IsEmpty() {
		return nil
	}
	return &auth0client.Connection{Name: i.Connection.String(), Label: i.Connection, Strategy: i.Provider}
}
