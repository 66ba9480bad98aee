package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

// OrgKeeping is what changing an organization's members and invitations needs.
type OrgKeeping interface {
	AddOrgMembers(ctx context.Context, id auth0client.OrgID, users []auth0client.UserID) error
	RemoveOrgMembers(ctx context.Context, id auth0client.OrgID, users []auth0client.UserID) error
	InviteMember(ctx context.Context, id auth0client.OrgID, i auth0client.Invite) (auth0client.Invitation, error)
	RevokeInvitation(ctx context.Context, id auth0client.OrgID, invitation string) error
}

const manageOrgs = "orgs:manage"

func ofOrg(o auth0client.Organization) Subject { return Subject{ID: string(o.ID), Label: o.Label()} }

func whoAll(users []auth0client.User) ([]string, []auth0client.UserID) {
	lines, ids := make([]string, len(users)), make([]auth0client.UserID, len(users))
	for i, u := range users {
		lines[i], ids[i] = Who(u), u.ID
	}
	return lines, ids
}

// AddMembers makes users members of an organization, in one request.
func AddMembers(tenant OrgKeeping, o auth0client.Organization, users []auth0client.User) Operation {
	lines, ids := whoAll(users)
	return Operation{Name: "Add members", Permission: manageOrgs, Subject: ofOrg(o),
		Does: append([]string{"Make members of " + o.Label().String() + ", without a role there:"}, lines...),
		Run: func(ctx context.Context) Result {
			return done(tenant.AddOrgMembers(ctx, o.ID, ids), Many(len(ids), "member is", "members are")+" added.", "Auth0 lists them a moment later: ctrl+r.")
		}}
}

// RemoveMembers takes users out of an organization, in one request.
func RemoveMembers(tenant OrgKeeping, o auth0client.Organization, members []auth0client.Member) Operation {
	users, roles := make([]auth0client.User, len(members)), 0
	for i, m := range members {
		users[i] = m.User
		roles += len(m.Roles)
	}
	lines, ids := whoAll(users)
	op := Operation{Name: "Remove members", Permission: manageOrgs, Subject: ofOrg(o), Danger: true,
		Does: append([]string{"Take out of " + o.Label().String() + ". They stay users of the tenant:"}, lines...),
		Run: func(ctx context.Context) Result {
			return done(tenant.RemoveOrgMembers(ctx, o.ID, ids), Many(len(ids), "member is", "members are")+" removed.", "Auth0 lists them for a moment more: ctrl+r.")
		}}
	if roles > 0 {
		op.Loses = []string{"the roles they have there (" + fmt.Sprint(roles) + ")"}
	} else { // the list trails behind: they may have some by now
		op.Does = append(op.Does, "Roles given to them there in the last moments go with it.")
	}
	return op
}

// Invitee is whom to invite, into which application, as what.
type Invitee struct {
	Email, Inviter string
	Application    auth0client.Application
	Roles          []auth0client.Role
	Lifetime       time.Duration // zero is Auth0's week
	Send           bool          // Auth0 mails it; else the link is for the operator to hand on
}

// InviteTo invites somebody into an organization. The link is shown once: whoever has it becomes a member.
func InviteTo(tenant OrgKeeping, o auth0client.Organization, i Invitee) Operation {
	good := "a week"
	if i.Lifetime > 0 {
		good = Many(int(i.Lifetime/(24*time.Hour)), "day", "days")
	}
	op := Operation{Name: "Invite", Permission: manageOrgs, Subject: ofOrg(o),
		Does: []string{"Invite " + term.Line(i.Email).String() + " into " + o.Label().String() + ", for the application " + i.Application.Name.String() + "."}}
	if i.Send {
		op.Does = append(op.Does, "Auth0 mails the link. It is good for "+good+" and is shown once here as well.")
	} else {
		op.Does = append(op.Does, "The link is shown once: nobody is told. It is good for "+good+".")
	}
	ids := make([]auth0client.RoleID, len(i.Roles))
	names := make([]string, len(i.Roles))
	for k, r := range i.Roles {
		ids[k], names[k] = r.ID, r.Name.String()
	}
	if len(names) > 0 {
		op.Does = append(op.Does, "Who accepts has there: "+strings.Join(names, ", "))
	}
	op.Run = func(ctx context.Context) Result {
		made, err := tenant.InviteMember(ctx, o.ID, auth0client.Invite{Email: i.Email, Inviter: i.Inviter, Application: i.Application.ID, Roles: ids, Lifetime: i.Lifetime, Send: i.Send})
		r := done(err, "The invitation is made.")
		if err == nil && made.Link.Reveal() != "" {
			r.Once = []Once{{"Invitation link", made.Link}}
		}
		return r
	}
	return op
}

// Revoke makes an invitation invalid.
func Revoke(tenant OrgKeeping, o auth0client.Organization, i auth0client.Invitation) Operation {
	return Operation{Name: "Revoke invitation", Permission: manageOrgs, Subject: ofOrg(o), Danger: true,
		Does: []string{"The link sent to " + i.Invitee.String() + " stops working."},
		Run: func(ctx context.Context) Result {
			return done(tenant.RevokeInvitation(ctx, o.ID, i.ID), "The invitation is revoked.")
		}}
}
