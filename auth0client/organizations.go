package auth0client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

// OrgID is an organization's exact id ("org_…").
type OrgID string

// Organization is a customer's or department's circle of users.
type Organization struct {
	ID      OrgID
	Name    term.Safe
	Display term.Safe
}

type orgJSON struct {
	ID      text `json:"id"`
	Name    text `json:"name"`
	Display text `json:"display_name"`
}

func (o orgJSON) organization() Organization {
	return Organization{OrgID(o.ID), o.Name.line(), o.Display.line()}
}

// Member is a user in an organization, with the roles they have there.
type Member struct {
	User  User
	Roles []Role
}

// Invitation asks somebody by mail to join an organization.
type Invitation struct {
	ID        string
	Invitee   term.Safe
	Inviter   term.Safe
	CreatedAt time.Time
	ExpiresAt time.Time
	Roles     []RoleID
	Link      Secret
}

// UserOrganizations reads the organizations a user belongs to.
func (c *Client) UserOrganizations(ctx context.Context, id UserID) ([]Organization, error) {
	return paged(func(page int) ([]byte, error) {
		return c.read(ctx, "read the user's organizations", func(ctx context.Context) error {
			_, err := c.users.Organizations.List(ctx, string(id), &management.ListUserOrganizationsRequestParameters{Page: ptr(page), PerPage: ptr(take), IncludeTotals: ptr(true)})
			return err
		}, string(id))
	}, orgJSON.organization, "organizations")
}

// Organizations reads one part of the tenant's organizations.
func (c *Client) Organizations(ctx context.Context, from string) (Batch[Organization], error) {
	req := &management.ListOrganizationsRequestParameters{Take: ptr(take)}
	if from != "" {
		req.From = ptr(from)
	}
	body, err := c.read(ctx, "list organizations", func(ctx context.Context) error {
		_, err := c.orgs.List(ctx, req)
		return err
	})
	if err != nil {
		return Batch[Organization]{}, err
	}
	return batch(body, orgJSON.organization, "organizations")
}

// Organization reads one organization.
func (c *Client) Organization(ctx context.Context, id OrgID) (Organization, error) {
	return c.organization(ctx, string(id), func(ctx context.Context) error {
		_, err := c.orgs.Get(ctx, string(id))
		return err
	})
}

// OrganizationNamed reads the organization of exactly this name, which Auth0 keeps in lower case.
func (c *Client) OrganizationNamed(ctx context.Context, name string) (Organization, error) {
	return c.organization(ctx, name, func(ctx context.Context) error {
		_, err := c.orgs.GetByName(ctx, name)
		return err
	})
}

func (c *Client) organization(ctx context.Context, inPath string, call func(context.Context) error) (Organization, error) {
	body, err := c.read(ctx, "read the organization", call, inPath)
	if err != nil {
		return Organization{}, err
	}
	var o orgJSON
	if err := json.Unmarshal(body, &o); err != nil {
		return Organization{}, badAnswer(err)
	}
	return o.organization(), nil
}

// Label is what an organization is called on screen.
func (o Organization) Label() term.Safe {
	for _, s := range []term.Safe{o.Display, o.Name} {
		if !s.IsEmpty() {
			return s
		}
	}
	return term.Line(string(o.ID))
}

type memberJSON struct {
	userJSON
	Roles []roleJSON `json:"roles"`
}

// OrgMembers reads one part of an organization's members with their roles. Auth0 shows changes a moment later.
func (c *Client) OrgMembers(ctx context.Context, id OrgID, from string) (Batch[Member], error) {
	req := &management.ListOrganizationMembersRequestParameters{Take: ptr(take), Fields: ptr("user_id,email,name,picture,roles"), IncludeFields: ptr(true)}
	if from != "" {
		req.From = ptr(from)
	}
	body, err := c.read(ctx, "read the organization's members", func(ctx context.Context) error {
		_, err := c.orgs.Members.List(ctx, string(id), req)
		return err
	}, string(id))
	if err != nil {
		return Batch[Member]{}, err
	}
	return batch(body, func(m memberJSON) Member {
		out := Member{User: m.user()}
		for _, r := range m.Roles {
			out.Roles = append(out.Roles, r.role())
		}
		return out
	}, "members")
}

func idStrings(users []UserID) []string {
	out := make([]string, len(users))
	for i, u := range users {
		out[i] = string(u)
	}
	return out
}

// AddOrgMembers makes users members of an organization.
func (c *Client) AddOrgMembers(ctx context.Context, id OrgID, users []UserID) error {
	_, err := c.write(ctx, "add the members", func(ctx context.Context) error {
		return c.orgs.Members.Create(ctx, string(id), &management.CreateOrganizationMemberRequestContent{Members: idStrings(users)})
	}, string(id))
	return err
}

// RemoveOrgMembers takes users out of an organization; the roles they had there go with it.
func (c *Client) RemoveOrgMembers(ctx context.Context, id OrgID, users []UserID) error {
	_, err := c.write(ctx, "remove the members", func(ctx context.Context) error {
		return c.orgs.Members.Delete(ctx, string(id), &management.DeleteOrganizationMembersRequestContent{Members: idStrings(users)})
	}, string(id))
	return err
}

// MemberRoles reads the roles a user has in an organization.
func (c *Client) MemberRoles(ctx context.Context, id OrgID, user UserID) ([]Role, error) {
	return c.rolePages(ctx, "read the member's roles", func(ctx context.Context, page int) error {
		_, err := c.orgs.Members.Roles.List(ctx, string(id), string(user), &management.ListOrganizationMemberRolesRequestParameters{Page: ptr(page), PerPage: ptr(rolePage), IncludeTotals: ptr(true)})
		return err
	}, string(id), string(user))
}

// AssignMemberRoles gives a member roles in an organization, in one request.
func (c *Client) AssignMemberRoles(ctx context.Context, id OrgID, user UserID, roles []RoleID) error {
	_, err := c.write(ctx, "assign the member's roles", func(ctx context.Context) error {
		return c.orgs.Members.Roles.Assign(ctx, string(id), string(user), &management.AssignOrganizationMemberRolesRequestContent{Roles: names(roles)})
	}, string(id), string(user))
	return err
}

// RemoveMemberRoles takes roles from a member of an organization, in one request.
func (c *Client) RemoveMemberRoles(ctx context.Context, id OrgID, user UserID, roles []RoleID) error {
	_, err := c.write(ctx, "remove the member's roles", func(ctx context.Context) error {
		return c.orgs.Members.Roles.Delete(ctx, string(id), string(user), &management.DeleteOrganizationMemberRolesRequestContent{Roles: names(roles)})
	}, string(id), string(user))
	return err
}

type invitationJSON struct {
	ID      text `json:"id"`
	Invitee struct {
		Email text `json:"email"`
	} `json:"invitee"`
	Inviter struct {
		Name text `json:"name"`
	} `json:"inviter"`
	CreatedAt moment `json:"created_at"`
	ExpiresAt moment `json:"expires_at"`
	Roles     []text `json:"roles"`
	URL       text   `json:"invitation_url"`
}

func (i invitationJSON) invitation() Invitation {
	out := Invitation{ID: string(i.ID), Invitee: i.Invitee.Email.line(), Inviter: i.Inviter.Name.line(), CreatedAt: i.CreatedAt.Time,
		ExpiresAt: i.ExpiresAt.Time, Link: NewSecret(string(i.URL))}
	for _, r := range i.Roles {
		out.Roles = append(out.Roles, RoleID(r))
	}
	return out
}

// Invitations reads an organization's open invitations, newest first.
func (c *Client) Invitations(ctx context.Context, id OrgID) ([]Invitation, error) {
	return paged(func(page int) ([]byte, error) {
		return c.read(ctx, "read the invitations", func(ctx context.Context) error {
			_, err := c.orgs.Invitations.List(ctx, string(id), &management.ListOrganizationInvitationsRequestParameters{Page: ptr(page), PerPage: ptr(take), Sort: ptr("created_at:-1")})
			return err
		}, string(id))
	}, invitationJSON.invitation, "invitations")
}

// Invite is whom to invite, and as what.
type Invite struct {
	Email, Inviter, Application string // the application's client id is where they land
	Roles                       []RoleID
	Lifetime                    time.Duration // zero is Auth0's week
	Send                        bool          // let Auth0 mail it
}

// InviteMember invites somebody into an organization. The link is shown once.
func (c *Client) InviteMember(ctx context.Context, id OrgID, i Invite) (Invitation, error) {
	req := &management.CreateOrganizationInvitationRequestContent{
		Inviter: &management.OrganizationInvitationInviter{Name: i.Inviter}, Invitee: &management.OrganizationInvitationInvitee{Email: i.Email},
		ClientID: i.Application, Roles: names(i.Roles), SendInvitationEmail: ptr(i.Send),
	}
	if i.Lifetime > 0 {
		req.TTLSec = ptr(int(i.Lifetime.Seconds()))
	}
	body, err := c.write(ctx, "send the invitation", func(ctx context.Context) error {
		_, err := c.orgs.Invitations.Create(ctx, string(id), req)
		return err
	}, string(id))
	if err != nil {
		return Invitation{}, err
	}
	var made invitationJSON
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		return Invitation{}, &Unknown{Err: errors.New("the answer is no invitation")}
	}
	return made.invitation(), nil
}

// RevokeInvitation makes an invitation invalid.
func (c *Client) RevokeInvitation(ctx context.Context, id OrgID, invitation string) error {
	_, err := c.write(ctx, "revoke the invitation", func(ctx context.Context) error {
		return c.orgs.Invitations.Delete(ctx, string(id), invitation)
	}, string(id), invitation)
	return err
}

type orgConnectionJSON struct {
	ID         text `json:"connection_id"`
	Connection struct {
		Name     text `json:"name"`
		Strategy text `json:"strategy"`
	} `json:"connection"`
}

// OrgConnections reads by which connections an organization's members sign in.
func (c *Client) OrgConnections(ctx context.Context, id OrgID) ([]Connection, error) {
	return paged(func(page int) ([]byte, error) {
		return c.read(ctx, "read the organization's connections", func(ctx context.Context) error {
			_, err := c.orgs.EnabledConnections.List(ctx, string(id), &management.ListOrganizationConnectionsRequestParameters{Page: ptr(page), PerPage: ptr(take)})
			return err
		}, string(id))
	}, func(o orgConnectionJSON) Connection {
		return Connection{ID: string(o.ID), Name: string(o.Connection.Name), Label: o.Connection.Name.line(), Strategy: o.Connection.Strategy.line()}
	}, "enabled_connections")
}
