package organizations

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/view"
)

// mostAdded is how many members are added by one request.
const mostAdded = 50

// add asks whom to add, finds them, and asks which are meant where an email is of several.
func (o *One) add() view.Action {
	tenant, org, self := o.tenant, o.now(), o.env.OperatorID
	return view.Form{
		Title: "Add members to " + org.Label().String(), Done: "Find them",
		Fields: []view.Blank{{Label: "Emails or ids", Hint: "several with spaces between", Most: 5000}},
		Read: func(ctx context.Context, values []string) (view.Action, error) {
			wanted := strings.FieldsFunc(values[0], func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
			if len(wanted) == 0 {
				return nil, errors.New("type at least one email or user id")
			}
			if len(wanted) > mostAdded {
				return nil, fmt.Errorf("%d at once: at most %d fit into one change", len(wanted), mostAdded)
			}
			found, doubtful, err := people(ctx, tenant, wanted)
			switch {
			case err != nil:
				return nil, err
			case slices.ContainsFunc(found, func(u auth0client.User) bool { return u.ID == self }):
				return nil, errors.New("nobody changes their own memberships: ask another operator")
			case doubtful:
				return which(tenant, org, found), nil
			}
			return view.Operate{Operation: desk.AddMembers(tenant, org, found)}, nil
		},
	}
}

// people finds users by email or id. doubtful reports that an email is of several.
func people(ctx context.Context, tenant Choices, wanted []string) (found []auth0client.User, doubtful bool, err error) {
	has := map[auth0client.UserID]bool{}
	for _, w := range wanted {
		var us []auth0client.User
		if strings.Contains(w, "@") && !strings.Contains(w, "|") {
			us, err = tenant.UsersByEmail(ctx, w)
		} else {
			var u auth0client.User
			u, err = tenant.User(ctx, auth0client.UserID(w))
			us = []auth0client.User{u}
		}
		switch {
		case errors.As(err, new(*auth0client.NotFound)), err == nil && len(us) == 0:
			return nil, false, fmt.Errorf("no user is %s", term.Line(w))
		case err != nil:
			return nil, false, err
		}
		doubtful = doubtful || len(us) > 1
		for _, u := range us {
			if !has[u.ID] {
				has[u.ID] = true
				found = append(found, u)
			}
		}
	}
	return found, doubtful, nil
}

// which asks whom of several is meant.
func which(tenant Tenant, org auth0client.Organization, found []auth0client.User) view.Action {
	return view.Pick{
		Title: "An email is of several users: whom?", Empty: "Nobody.",
		Load: func(context.Context) ([]view.Choice, error) {
			out := make([]view.Choice, len(found))
			for i, u := range found {
				out[i] = view.Choice{Value: u, Label: u.Label().String(), Group: u.Connection().String(), Note: u.ID.Safe().String()}
			}
			return out, nil
		},
		Then: func(chosen []view.Choice) view.Action {
			us := make([]auth0client.User, len(chosen))
			for i, c := range chosen {
				us[i] = c.Value.(auth0client.User) //nolint:forcetypeassert // Load made it
			}
			return view.Operate{Operation: desk.AddMembers(tenant, org, us)}
		},
	}
}

// invite asks for the application, then whom, then as what.
func (o *One) invite() view.Action {
	tenant := o.tenant
	return view.Pick{
		Title: "Invite into " + o.now().Label().String() + ": for which application?", One: true, Empty: "This tenant has no application.",
		Load: func(ctx context.Context) ([]view.Choice, error) {
			apps, err := tenant.Applications(ctx)
			if err != nil {
				return nil, err
			}
			told := slices.ContainsFunc(apps, func(a auth0client.Application) bool { return a.ForOrganizations })
			var can, cannot []view.Choice
			for _, a := range apps {
				c := view.Choice{Value: a, Label: a.Name.String(), Note: safe(a.ID)}
				if told && !a.ForOrganizations {
					c.Why = "organizations cannot sign in to it"
					cannot = append(cannot, c)
				} else {
					can = append(can, c)
				}
			}
			return append(can, cannot...), nil
		},
		Then: func(chosen []view.Choice) view.Action {
			return o.invitee(chosen[0].Value.(auth0client.Application)) //nolint:forcetypeassert // Load made it
		},
	}
}

// lifetimes are the choices of how long an invitation is good. Auth0 takes 30 days at most.
func lifetimes() ([]string, map[string]time.Duration) {
	const day = 24 * time.Hour
	return []string{"7 days", "1 day", "3 days", "14 days", "30 days"},
		map[string]time.Duration{"7 days": 7 * day, "1 day": day, "3 days": 3 * day, "14 days": 14 * day, "30 days": 30 * day}
}

func (o *One) invitee(app auth0client.Application) view.Action {
	words, spans := lifetimes()
	const byLink, byMail = "give me the link", "let Auth0 mail it"
	return view.Form{
		Title: "Invite into " + o.now().Label().String(), Says: "They sign in to " + app.Name.String() + " and become a member.", Done: "Choose roles",
		Fields: []view.Blank{
			{Label: "Email", Most: 254, Hint: "of whom to invite"},
			{Label: "From", Value: "Support", Most: 300, Hint: "who invites, as the mail says"},
			{Label: "Good for", Options: words},
			{Label: "How", Options: []string{byLink, byMail}},
		},
		Then: func(v []string) (view.Action, string) {
			at, err := mail.ParseAddress(v[0])
			switch {
			case err != nil || at.Address != v[0]:
				return nil, "That is no email address."
			case v[1] == "":
				return nil, "Say who invites."
			}
			return o.inviteeRoles(desk.Invitee{Email: v[0], Inviter: v[1], Application: app, Lifetime: spans[v[2]], Send: v[3] == byMail}), ""
		},
	}
}

// inviteeRoles asks with which roles they become a member; without roles:assign it is none.
func (o *One) inviteeRoles(i desk.Invitee) view.Action {
	tenant, org := o.tenant, o.now()
	if o.env.Can != nil && !o.env.Can(assignPermission) {
		return view.Operate{Operation: desk.InviteTo(tenant, org, i)}
	}
	return view.Pick{
		Title: "Which roles does " + safe(i.Email) + " get there?", None: "no role", Empty: "This tenant has no roles: enter goes on.",
		Load: func(ctx context.Context) ([]view.Choice, error) { return roleChoices(ctx, tenant) },
		Then: func(chosen []view.Choice) view.Action {
			for _, c := range chosen {
				i.Roles = append(i.Roles, c.Value.(auth0client.Role)) //nolint:forcetypeassert // roleChoices made it
			}
			return view.Operate{Operation: desk.InviteTo(tenant, org, i)}
		},
	}
}

// editRoles opens the role editor on the roles that those chosen, or the marked member, have here.
func (o *One) editRoles() view.Action {
	if o.note = o.whyRoles(); o.note != "" {
		return nil
	}
	ms := o.these()
	if len(ms) == 0 {
		return nil
	}
	users := make([]auth0client.User, len(ms))
	for i, m := range ms {
		users[i] = m.User
	}
	return view.EditRoles{Users: users, Whose: desk.MemberRoles(o.tenant, o.now())}
}

// roleChoices are the tenant's roles; those that the operator may not assign are dim.
func roleChoices(ctx context.Context, tenant Tenant) ([]view.Choice, error) {
	roles, err := tenant.Roles(ctx)
	if err != nil {
		return nil, err
	}
	may := desk.May{}
	switch me, err := tenant.Me(ctx); {
	case errors.Is(err, context.Canceled), view.SignInFor(err) != nil:
		return nil, err
	case err == nil:
		may = desk.MayOf(me)
	}
	out := make([]view.Choice, len(roles))
	for i, r := range roles {
		out[i] = view.Choice{Value: r, Label: r.Name.String(), Note: r.Description.String(), Why: may.Role(r, nil)}
	}
	return out, nil
}
