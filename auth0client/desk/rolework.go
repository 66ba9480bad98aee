package desk

import (
	"context"
	"fmt"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

// RoleKeeping is what making and changing roles needs.
type RoleKeeping interface {
	CreateRole(ctx context.Context, name, description string) (auth0client.Role, error)
	UpdateRole(ctx context.Context, id auth0client.RoleID, name, description string) (auth0client.Role, error)
	DeleteRole(ctx context.Context, id auth0client.RoleID) error
	AddRolePermissions(ctx context.Context, id auth0client.RoleID, ps []auth0client.PermissionRef) error
	RemoveRolePermissions(ctx context.Context, id auth0client.RoleID, ps []auth0client.PermissionRef) error
}

const manageRoles = "roles:manage"

func ofRole(r auth0client.Role) Subject { return Subject{ID: string(r.ID), Label: r.Name} }

// quoted is a name that may hold anything, beyond mistake within a sentence.
func quoted(s string) string { return "“" + term.Line(s).String() + "”" }

// CreateRole makes a role without permissions.
func CreateRole(tenant RoleKeeping, name, description string) Operation {
	does := "Make the role " + quoted(name)
	if description != "" {
		does += ": " + term.Line(description).String()
	}
	return Operation{Name: "Create role", Permission: manageRoles, Subject: Subject{ID: "roles", Label: term.Line(name)},
		Does: []string{does, "It gives no permission and nobody has it until you say so."},
		Run: func(ctx context.Context) Result {
			made, err := tenant.CreateRole(ctx, name, description)
			return done(err, "The role is made: "+auth0client.UserID(made.ID).Safe().String())
		}}
}

// EditRole gives a role another name and description. Nobody gains or loses anything by it.
func EditRole(tenant RoleKeeping, r auth0client.Role, name, description string) Operation {
	op := Operation{Name: "Save role", Permission: manageRoles, Subject: ofRole(r)}
	if name != r.Name.String() {
		op.Does = append(op.Does, "name: "+quoted(r.Name.String())+" → "+quoted(name), "What looks for the role by its name (Actions, policies of usher) no longer finds it.")
		op.Danger = true
	}
	if description != r.Description.String() {
		op.Does = append(op.Does, "description: "+quoted(r.Description.String())+" → "+quoted(description))
	}
	op.Run = func(ctx context.Context) Result {
		_, err := tenant.UpdateRole(ctx, r.ID, name, description)
		return done(err, "The role is saved.")
	}
	return op
}

// Losses are what goes with a role.
type Losses struct {
	Members     int
	More        bool // there are more members than were counted
	Groups      []auth0client.Group
	Permissions int
	Unknown     []string // what could not be read
}

// DeleteRole takes a role away from everybody, for good. Its name must be typed.
func DeleteRole(tenant RoleKeeping, r auth0client.Role, l Losses) Operation {
	subject := ofRole(r)
	subject.Gone = true
	op := Operation{Name: "Delete role", Permission: manageRoles, Subject: subject, Danger: true, Type: r.Name.String(),
		Does: []string{"Delete the role " + quoted(r.Name.String()) + " and take it from everybody."}}
	if op.Type == "" {
		op.Type = string(r.ID)
	}
	people := fmt.Sprintf("%s hold it directly and lose %s", Many(l.Members, "person", "people"), Many(l.Permissions, "permission", "permissions"))
	switch {
	case l.More:
		people = fmt.Sprintf("more than %s hold it directly (counted until you went on) and lose %s", Many(l.Members, "person", "people"), Many(l.Permissions, "permission", "permissions"))
	case l.Members == 0:
		people = "nobody holds it directly"
	case l.Members == 1:
		people = "1 person holds it directly and loses " + Many(l.Permissions, "permission", "permissions")
	}
	op.Loses = append(op.Loses, people)
	if len(l.Groups) > 0 {
		names := make([]string, len(l.Groups))
		for i, g := range l.Groups {
			names[i] = g.Name.String()
		}
		op.Loses = append(op.Loses, "all members of "+strings.Join(names, ", ")+", who have it through the group")
	}
	op.Loses = append(op.Loses, "who has it in an organization loses it too")
	for _, what := range l.Unknown {
		op.Loses = append(op.Loses, "not known: "+what)
	}
	op.Run = func(ctx context.Context) Result {
		return done(tenant.DeleteRole(ctx, r.ID), "The role is deleted.", "Access tokens already issued keep its permissions until they expire.")
	}
	return op
}

// Many is a number with its noun: "1 person", "12,300 people".
func Many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + more
}

// Thousands is a number with its digits in groups: "12,300".
func Thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// permissionLines names permissions, each with the API it is of.
func permissionLines(sign string, ps []auth0client.Permission) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		api := p.API
		if api.IsEmpty() {
			api = p.APIID
		}
		out[i] = sign + " " + p.Name.String() + "  " + api.String()
	}
	return out
}

// AddToRole makes a role allow more. Everybody who has it may do so then.
func AddToRole(tenant RoleKeeping, r auth0client.Role, ps []auth0client.Permission) Operation {
	return Operation{Name: "Add permissions", Permission: manageRoles, Subject: ofRole(r),
		Does: append([]string{"Everybody with the role " + quoted(r.Name.String()) + " may then do this as well:"}, permissionLines("+", ps)...),
		Run: func(ctx context.Context) Result {
			return done(tenant.AddRolePermissions(ctx, r.ID, refsOf(ps)), Many(len(ps), "permission is", "permissions are")+" added.", "They take effect with the next access token.")
		}}
}

// RemoveFromRole makes a role allow less.
func RemoveFromRole(tenant RoleKeeping, r auth0client.Role, ps []auth0client.Permission) Operation {
	return Operation{Name: "Remove permissions", Permission: manageRoles, Subject: ofRole(r), Danger: true,
		Does: append([]string{"Everybody with the role " + quoted(r.Name.String()) + " loses this, unless they have it another way:"}, permissionLines("−", ps)...),
		Run: func(ctx context.Context) Result {
			return done(tenant.RemoveRolePermissions(ctx, r.ID, refsOf(ps)), Many(len(ps), "permission is", "permissions are")+" removed.", "Access tokens already issued keep them until they expire.")
		}}
}

func refsOf(ps []auth0client.Permission) []auth0client.PermissionRef {
	out := make([]auth0client.PermissionRef, len(ps))
	for i, p := range ps {
		out[i] = p.Ref
	}
	return out
}

// DirectGrants is what giving a user permissions and roles needs.
type DirectGrants interface {
	GrantPermissions(ctx context.Context, id auth0client.UserID, ps []auth0client.PermissionRef) error
	WithdrawPermissions(ctx context.Context, id auth0client.UserID, ps []auth0client.PermissionRef) error
	AssignRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
}

// GrantDirectly gives a user permissions without a role.
func GrantDirectly(tenant DirectGrants, u auth0client.User, ps []auth0client.Permission) Operation {
	return Operation{Name: "Grant permissions", Permission: "roles:assign", User: u,
		Does: append([]string{"Grant " + Who(u) + " directly, beside what their roles give:"}, permissionLines("+", ps)...),
		Run: func(ctx context.Context) Result {
			return done(tenant.GrantPermissions(ctx, u.ID, refsOf(ps)), Many(len(ps), "permission is", "permissions are")+" granted.", "They take effect with the next access token.")
		}}
}

// WithdrawDirect takes directly granted permissions from a user. still are those that they keep by a role.
func WithdrawDirect(tenant DirectGrants, u auth0client.User, ps []auth0client.Permission, still int) Operation {
	op := Operation{Name: "Withdraw permissions", Permission: "roles:assign", User: u, Danger: true,
		Does: append([]string{"Withdraw from " + Who(u) + " what was granted directly:"}, permissionLines("−", ps)...),
		Run: func(ctx context.Context) Result {
			return done(tenant.WithdrawPermissions(ctx, u.ID, refsOf(ps)), Many(len(ps), "permission is", "permissions are")+" withdrawn.", "Access tokens already issued keep them until they expire.")
		}}
	if still > 0 {
		op.Does = append(op.Does, fmt.Sprintf("%d of them they keep: a role gives it too.", still))
	}
	return op
}

// GiveRole assigns a user one role.
func GiveRole(tenant DirectGrants, u auth0client.User, r auth0client.Role) Operation {
	return Operation{Name: "Assign role", Permission: "roles:assign", User: u,
		Does: []string{"Assign the role " + quoted(r.Name.String()) + " to " + Who(u), "All that it gives comes with it, not only what was looked for."},
		Run: func(ctx context.Context) Result {
			return done(tenant.AssignRoles(ctx, u.ID, []auth0client.RoleID{r.ID}), "The role is assigned.")
		}}
}
