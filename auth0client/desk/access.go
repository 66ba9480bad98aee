package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"usher/auth0client"
)

// Blocks is what blocking and unblocking need.
type Blocks interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	SetBlocked(ctx context.Context, id auth0client.UserID, blocked bool) (auth0client.User, error)
	ClearUserBlocks(ctx context.Context, id auth0client.UserID) error
	UnblockIP(ctx context.Context, ip string) error
}

// Block keeps a user from signing in. It looks first: a list can be old, and a block that somebody else set is not this
// one's to take back.
func Block(tenant Blocks, u auth0client.User) Operation {
	return Operation{Name: "Block", Permission: "users:block", User: u, Danger: true,
		Does: []string{"Block " + Who(u), "They cannot sign in any more. Sessions and tokens they have go on: sign them out as well to end those."},
		Run: func(ctx context.Context) Result {
			is, err := tenant.User(ctx, u.ID)
			switch {
			case err != nil:
				return Result{Err: err}
			case is.Blocked:
				return Result{Done: []string{"They were blocked already."}, User: &is}
			}
			after, err := SetBlocked(ctx, tenant, u.ID, true)
			r := now(after, err, "Blocked.")
			if err == nil {
				r.Back = whileBlocked(Unblock(tenant, blocked(u, true), nil, nil), true)
			}
			return r
		}}
}

// SetBlocked sets or lifts an administrator's block, and reads back when the outcome is not known.
func SetBlocked(ctx context.Context, tenant interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	SetBlocked(ctx context.Context, id auth0client.UserID, blocked bool) (auth0client.User, error)
}, id auth0client.UserID, blocked bool) (auth0client.User, error) {
	after, err := tenant.SetBlocked(ctx, id, blocked)
	if !errors.As(err, new(*auth0client.Unknown)) {
		return after, err
	}
	if is, readErr := tenant.User(ctx, id); readErr == nil && is.Blocked == blocked {
		return is, nil
	}
	return after, err
}

// blocked is a user with or without an administrator's block.
func blocked(u auth0client.User, is bool) auth0client.User {
	u.Blocked = is
	return u
}

// whileBlocked makes op one that the gateway makes only while the block is still as a change left it.
func whileBlocked(op Operation, is bool) *Operation {
	run := op.Run
	op.Run = func(ctx context.Context) Result {
		return run(auth0client.WithUnchanged(ctx, auth0client.Unchanged{"blocked": is}))
	}
	return &op
}

// Unblock lifts what keeps a user out: the administrator's block, and attack protection's where bans are given. Addresses
// in ips are freed for the whole tenant.
func Unblock(tenant Blocks, u auth0client.User, bans []auth0client.BruteForceBlock, ips []string) Operation {
	op := Operation{Name: "Unblock", Permission: "users:block", User: u}
	if u.Blocked {
		op.Does = append(op.Does, "Lift the administrator's block of "+Who(u))
	}
	for _, b := range bans {
		op.Does = append(op.Does, fmt.Sprintf("Lift the block after failed sign-ins from %s as %s", b.IP, b.Identifier))
	}
	for _, ip := range ips {
		op.Does = append(op.Does, "Free the address "+auth0client.UserID(ip).Safe().String()+" for the whole tenant")
	}
	op.Run = func(ctx context.Context) (r Result) {
		if u.Blocked {
			after, err := SetBlocked(ctx, tenant, u.ID, false)
			if r = now(after, err, "The administrator's block is lifted."); err != nil {
				return r
			}
			r.Back = whileBlocked(Block(tenant, blocked(u, false)), false)
		}
		if len(bans) > 0 {
			if r.Err = tenant.ClearUserBlocks(ctx, u.ID); r.Err != nil {
				return r
			}
			r.Done = append(r.Done, "The blocks after failed sign-ins are lifted.")
		}
		for _, ip := range ips {
			if r.Err = tenant.UnblockIP(ctx, ip); r.Err != nil {
				return r
			}
			r.Done = append(r.Done, "The address "+auth0client.UserID(ip).Safe().String()+" is free.")
		}
		return r
	}
	return op
}

// Unblocking is what lifting blocks needs that nobody has looked at yet.
type Unblocking interface {
	Blocks
	UserBlocks(ctx context.Context, id auth0client.UserID) ([]auth0client.BruteForceBlock, error)
}

// LiftBlocks looks, when it runs, at what keeps a user out, and lifts both kinds of block. Addresses stay as they are.
func LiftBlocks(tenant Unblocking, u auth0client.User) Operation {
	return Operation{Name: "Unblock", Permission: "users:block", User: u,
		Does: []string{"Lift the administrator's block and those after failed sign-ins of " + Who(u)},
		Run: func(ctx context.Context) Result {
			is, err := tenant.User(ctx, u.ID)
			if err != nil {
				return Result{Err: err}
			}
			bans, err := tenant.UserBlocks(ctx, u.ID)
			if err != nil {
				return Result{Err: err}
			}
			if !is.Blocked && len(bans) == 0 {
				return Result{Done: []string{"Nothing blocked them."}, User: &is}
			}
			return Unblock(tenant, is, bans, nil).Run(ctx)
		}}
}

// SessionEnds is what signing out needs.
type SessionEnds interface {
	SignOutEverywhere(ctx context.Context, id auth0client.UserID) (auth0client.SignOut, error)
	EndSession(ctx context.Context, id string) error
	RevokeRefreshToken(ctx context.Context, id string) error
	RevokeDevice(ctx context.Context, id string) error
	RevokeGrant(ctx context.Context, id string) error
}

// SignOut ends all of a user's sessions and refresh tokens.
func SignOut(tenant SessionEnds, u auth0client.User) Operation {
	return Operation{Name: "Sign out everywhere", Permission: "sessions:revoke", User: u, Danger: true,
		Does: []string{"End all sessions and refresh tokens of " + Who(u), "Access tokens already issued are good until they expire."},
		Run: func(ctx context.Context) Result {
			out, err := tenant.SignOutEverywhere(ctx, u.ID)
			switch {
			case out.Whole:
				return Result{Done: []string{"Auth0 ends all sessions and refresh tokens; it takes a moment."}}
			case err != nil && out.Devices+out.Grants == 0:
				return Result{Err: err}
			}
			return Result{Err: err, Done: []string{fmt.Sprintf("Took away %d devices and %d grants.", out.Devices, out.Grants)},
				Note: []string{"This tenant's plan cannot end sessions in browsers: they go on until they end by themselves."}}
		}}
}

// One thing that can be taken away by itself.
const (
	OneSession = "session"
	OneToken   = "refresh token"
	OneDevice  = "device"
	OneGrant   = "grant"
)

// EndOne ends one session, refresh token, device or grant. what describes it for the operator.
func EndOne(tenant SessionEnds, u auth0client.User, kind, id, what string) Operation {
	calls := map[string]func(context.Context, string) error{OneSession: tenant.EndSession, OneToken: tenant.RevokeRefreshToken,
		OneDevice: tenant.RevokeDevice, OneGrant: tenant.RevokeGrant}
	return Operation{Name: "End " + kind, Permission: "sessions:revoke", User: u,
		Does: []string{"End the " + kind + " " + what + " of " + Who(u)},
		Run: func(ctx context.Context) Result {
			return done(calls[kind](ctx, id), "The "+kind+" is ended; Auth0 may take a moment.")
		}}
}

// Passwords is what passwords and mails need.
type Passwords interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	ResetEmail(ctx context.Context, id auth0client.UserID) error
	PasswordLink(ctx context.Context, id auth0client.UserID, lifetime time.Duration) (auth0client.Link, error)
	UpdateUser(ctx context.Context, id auth0client.UserID, step auth0client.Change, rests auth0client.Unchanged) (auth0client.User, error)
	SendVerification(ctx context.Context, id auth0client.UserID) (auth0client.JobID, error)
	VerificationLink(ctx context.Context, id auth0client.UserID, lifetime time.Duration) (auth0client.Link, error)
}

// PasswordEmail has Auth0 mail the user a link by which they set a new password.
func PasswordEmail(tenant Passwords, u auth0client.User) Operation {
	return Operation{Name: "Send password email", Permission: "users:password", User: u,
		Does: []string{"Auth0 mails " + Who(u) + " a link to set a new password.", "The old password is good until they use it."},
		Run: func(ctx context.Context) Result {
			return done(tenant.ResetEmail(ctx, u.ID), "Auth0 sends the email to "+u.Email.String()+".")
		}}
}

// PasswordLink makes a link for the operator to hand on. lifetime zero is Auth0's five days.
func PasswordLink(tenant Passwords, u auth0client.User, lifetime time.Duration) Operation {
	return Operation{Name: "Make password link", Permission: "users:password", User: u, Danger: true,
		Does: []string{"Make a link by which whoever has it sets a new password of " + Who(u), "It is good for " + span(lifetime) + " and is shown once. Nobody is told."},
		Run: func(ctx context.Context) Result {
			link, err := tenant.PasswordLink(ctx, u.ID, lifetime)
			r := done(err, "The link is made. It is shown this once.")
			if err == nil {
				r.Once = []Once{{"Password link", link.URL}}
			}
			return r
		}}
}

// span is a lifetime in words; zero is Auth0's default for links.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "5 days"
	case d == day:
		return "1 day"
	case d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	case d == time.Hour:
		return "1 hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return d.String()
}

// SetPassword sets a password that the operator chose. Auth0 lifts both kinds of block by it; one that an administrator
// set is put back. Whether there is one is looked at just before: what the operator saw can be old.
func SetPassword(tenant Passwords, u auth0client.User, connection string, password auth0client.Secret) Operation {
	op := Operation{Name: "Set password", Permission: "users:password", User: u, Danger: true,
		Does:  []string{"Set a new password for " + Who(u), "Blocks after failed sign-ins are lifted by it."},
		Loses: []string{"the old password"}}
	if u.Blocked {
		op.Does = append(op.Does, "The administrator's block would be lifted too: it is set again.")
	}
	op.Run = func(ctx context.Context) Result {
		change := auth0client.Change{"password": password.Reveal()}
		if connection != "" {
			change["connection"] = connection
		}
		is, err := tenant.User(ctx, u.ID)
		if err != nil {
			return Result{Err: err}
		}
		after, err := tenant.UpdateUser(ctx, u.ID, change, nil)
		r := now(after, err, "The password is set.")
		if err == nil {
			r.Once = []Once{{"Password", password}}
		}
		switch {
		case !is.Blocked, err == nil && after.Blocked:
			return r
		case r.Waits():
			r.Note = append(r.Note, "Once approved it lifts the administrator's block: set that again then.")
			return r
		case err != nil && !r.Unsure():
			return r
		}
		again, err := tenant.UpdateUser(ctx, u.ID, auth0client.Change{"blocked": true}, nil)
		switch {
		case err == nil:
			r.User, r.Done = &again, append(r.Done, "The administrator's block is set again.")
		case r.Err == nil:
			r.Err = err
		default: // neither is known to be made
			r.Note = append(r.Note, "If the password was set, it lifted the administrator's block: look at it.")
		}
		return r
	}
	return op
}

// VerifyEmail has Auth0 mail the user its verification email again.
func VerifyEmail(tenant Passwords, u auth0client.User) Operation {
	return Operation{Name: "Send verification email", Permission: "users:edit", User: u,
		Does: []string{"Auth0 mails " + Who(u) + " a link to verify " + u.Email.String() + "."},
		Run: func(ctx context.Context) Result {
			_, err := tenant.SendVerification(ctx, u.ID)
			return done(err, "Auth0 sends the email to "+u.Email.String()+".")
		}}
}

// VerificationLink makes a link for the operator to hand on, by which the address is verified. lifetime zero is Auth0's
// five days.
func VerificationLink(tenant Passwords, u auth0client.User, lifetime time.Duration) Operation {
	return Operation{Name: "Make verification link", Permission: "users:edit", User: u, Danger: true,
		Does: []string{"Make a link by which whoever has it verifies " + u.Email.String() + " of " + Who(u), "It is good for " + span(lifetime) + " and is shown once. Nobody is told."},
		Run: func(ctx context.Context) Result {
			link, err := tenant.VerificationLink(ctx, u.ID, lifetime)
			r := done(err, "The link is made. It is shown this once.")
			if err == nil {
				r.Once = []Once{{"Verification link", link.URL}}
			}
			return r
		}}
}

// MarkVerified sets the email as verified without a mail.
func MarkVerified(tenant Passwords, u auth0client.User) Operation {
	return Operation{Name: "Mark email verified", Permission: "users:edit", User: u, Danger: true,
		Does: []string{"Mark " + u.Email.String() + " of " + Who(u) + " as verified: from not verified to verified", "Nobody proves that the address is theirs."},
		Run: func(ctx context.Context) Result {
			after, err := tenant.UpdateUser(ctx, u.ID, auth0client.Change{"email_verified": true}, u.Before(auth0client.Change{"email_verified": true}))
			return now(after, err, "The email is marked as verified.")
		}}
}
