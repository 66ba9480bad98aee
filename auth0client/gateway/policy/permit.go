package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (b bound) refuse(format string, a ...any) *Refusal {
	return &Refusal{Code: "usher_policy", Message: fmt.Sprintf(format, a...) + " (policy " + b.Name + ")", Rule: b.Name}
}

// Permit says whether every one of the rules allows a request, whomever it is about; a no is a *Refusal. Demands of reasons,
// sign-ins and approvals come after it.
func (r Rules) Permit(d Decision) *Refusal {
	if r.open {
		return nil
	}
	if len(r.bound) == 0 {
		return &Refusal{Code: "usher_policy", Message: "no policy of this gateway applies to you: ask whoever runs it"}
	}
	for _, b := range r.bound {
		for _, a := range d.Actions {
			if !b.allows(a) {
				no := b.refuse("your policy does not allow %s", a)
				no.Permission = a
				return no
			}
		}
		if d.Pattern == "users/{id}" && d.Write && len(d.Fields) > 0 {
			if no := b.writable(d.Fields, controlFields()); no != nil {
				return no
			}
		}
		if marks := d.Fields["mark_email_as_verified"]; marks != nil && marks != false { // opening the link is a change of that field
			if no := b.writable(map[string]any{"email_verified": true}, nil); no != nil {
				return no
			}
		}
		if email := d.Fields["email"]; d.Pattern == "guardian/enrollments/ticket" && email != nil && b.Fields != nil && !within(b.Fields, "email") {
			return b.refuse("the enrolment may only be sent to the user's own address: your policy does not allow another email")
		}
	}
	return nil
}

// controlFields say how a change is made; they change nothing themselves.
func controlFields() []string {
	return []string{"connection", "client_id", "verify_email", "verify_phone_number"}
}

// allows reads the list of actions: the last entry that fits decides, and a list of exceptions alone allows the rest.
func (b bound) allows(a Action) bool {
	if b.Actions == nil {
		return true
	}
	allowed := len(b.Actions) > 0 && !slices.ContainsFunc(b.Actions, func(s string) bool { return !strings.HasPrefix(s, "!") })
	for _, pattern := range b.Actions {
		if rest, no := strings.CutPrefix(pattern, "!"); glob(rest, string(a)) {
			allowed = !no
		}
	}
	return allowed
}

// writable looks at the fields that a change sets.
func (b bound) writable(fields map[string]any, exempt []string) *Refusal {
	for _, path := range written(fields) {
		if slices.Contains(exempt, path) {
			continue
		}
		root, _, _ := strings.Cut(path, ".")
		if _, hidden := touches(b.Hidden, path); hidden {
			return b.refuse("your policy hides the field %s, so it cannot be changed either", path)
		}
		// Blocking and passwords are actions of their own.
		if b.Fields != nil && path != "blocked" && path != "password" && !within(b.Fields, path) {
			return b.refuse("your policy does not allow the field %s to be changed", path)
		}
		if b.RawJSON != nil && !*b.RawJSON && metadata(root) && !b.custom(path) {
			return b.refuse("your policy allows no raw JSON: %s is not one of its custom fields", path)
		}
		if no := b.chosen(path, fields); no != nil {
			return no
		}
	}
	return nil
}

// custom reports a path that a custom field writes. Auth0 merges the first level only, so the field's own first level counts.
func (b bound) custom(path string) bool {
	return slices.ContainsFunc(b.CustomFields, func(f CustomField) bool {
		return (f.Path == path || strings.Contains(path, ".") && strings.HasPrefix(f.Path, path+".")) && (len(f.Where) == 0 || slices.Contains(f.Where, "edit") || slices.Contains(f.Where, "create"))
	})
}

// chosen holds a field to its choices.
func (b bound) chosen(path string, fields map[string]any) *Refusal {
	choices, limited := b.Create.Choices[path]
	value, _ := valueAt(fields, path)
	if !limited || value == nil {
		return nil
	}
	for _, c := range choices {
		if sameValue(c, value) {
			return nil
		}
	}
	return b.refuse("%s must be one of its choices", path)
}

// sameValue compares a value of a policy with one of a request: numbers by what they are worth, lists item by item, so that
// nothing else can come along with a choice.
func sameValue(choice, got any) bool {
	if list, ok := choice.([]any); ok {
		other, ok := got.([]any)
		return ok && slices.EqualFunc(list, other, sameValue)
	}
	switch got.(type) {
	case string, bool:
		return choice == got
	case []any, map[string]any, nil:
		return false
	}
	a, b := words(choice), words(got)
	_, text := choice.(string)
	return !text && len(a) == 1 && len(b) == 1 && a[0] == b[0]
}

// Assignable says whether the operator may assign or remove a role of this name.
func (r Rules) Assignable(role string) *Refusal {
	for _, b := range r.bound {
		if b.RolesAssignable != nil && !globAny(b.RolesAssignable, role) {
			return b.refuse("the role %s is not one you may assign", role)
		}
	}
	return nil
}

// LimitsRoles reports whether any policy limits the roles that may be assigned.
func (r Rules) LimitsRoles() bool {
	return slices.ContainsFunc(r.bound, func(b bound) bool { return b.RolesAssignable != nil })
}

// Grantable says whether the operator may give a permission of usher's own API: nobody gives what they do not hold.
func (r Rules) Grantable(permission string) *Refusal {
	if r.open || !slices.Contains(Actions(), Action(permission)) || r.op.May(Action(permission)) {
		return nil
	}
	return &Refusal{Code: "usher_policy", Message: "nobody gives or takes what they do not hold themselves: the permission " + permission, Permission: Action(permission)}
}

// Membership says whether a user may be put into an organization, known by its id and name.
func (r Rules) Membership(id, name string) *Refusal {
	for _, b := range r.bound {
		if b.Memberships != nil && !globAny(b.Memberships, id) && (name == "" || !globAny(b.Memberships, name)) {
			return b.refuse("your policy does not allow people to be put into this organization or taken out of it")
		}
	}
	return nil
}

// LimitsMemberships reports whether any policy limits the organizations.
func (r Rules) LimitsMemberships() bool {
	return slices.ContainsFunc(r.bound, func(b bound) bool { return b.Memberships != nil })
}

// Demand is what must come with a change before it is made.
type Demand struct {
	Reason, FreshLogin, Approval *Refusal
}

// Demands gathers what every rule demands for a change: the strictest of each counts.
func (r Rules) Demands(actions []Action, reason string, now time.Time) Demand {
	var d Demand
	for _, b := range r.bound {
		for _, a := range actions {
			if len(b.reasons) > 0 && globAny(b.reasons, string(a)) && strings.TrimSpace(reason) == "" && d.Reason == nil {
				d.Reason = &Refusal{Code: "usher_reason", Message: "your policy asks for a reason for this (policy " + b.Name + ")", Rule: b.Name, Permission: a}
			}
			for pattern, age := range b.fresh {
				if !glob(pattern, string(a)) || d.FreshLogin != nil && d.FreshLogin.MaxAge <= age {
					continue
				}
				if r.op.AuthTime.IsZero() || now.Sub(r.op.AuthTime) > age {
					d.FreshLogin = &Refusal{
						Code: "usher_fresh_login", Rule: b.Name, Permission: a, MaxAge: age,
						Message: fmt.Sprintf("your policy asks for a sign-in that is not older than %s for this: sign in again (policy %s)", age, b.Name),
					}
				}
			}
			for pattern, rule := range b.Approval {
				if glob(pattern, string(a)) {
					d.Approval = strictest(d.Approval, b.Name, a, rule)
				}
			}
		}
	}
	return d
}

// strictest joins two demands for an approval: who may approve must be named by both, and the shorter time counts.
func strictest(old *Refusal, name string, a Action, rule Approval) *Refusal {
	no := &Refusal{Code: "usher_approval", Message: "your policy asks for a second operator's approval for this (policy " + name + ")", Rule: name, Permission: a}
	joined := Approval{By: rule.By, Expires: rule.Within().String()}
	if old != nil {
		joined.By = slices.DeleteFunc(slices.Clone(rule.By), func(s string) bool { return !slices.Contains(old.Approval.By, s) })
		joined.Expires = min(rule.Within(), old.Approval.Within()).String()
	}
	no.Approval = &joined
	return no
}

// MayApprove reports whether an operator is one of those who may approve.
func (a Approval) MayApprove(op Operator) bool {
	return slices.ContainsFunc(a.By, func(by string) bool {
		if strings.Contains(by, "@") {
			return op.address() != "" && glob(strings.ToLower(by), strings.ToLower(op.address()))
		}
		return slices.ContainsFunc(op.Roles, func(role string) bool { return glob(by, role) })
	})
}

// Approves reports whether an operator, whose Roles must be known, is one of those who may approve something of somebody.
func (s *Set) Approves(op Operator) bool {
	if s.Len() == 0 {
		return false
	}
	for _, p := range s.policies {
		for _, a := range p.Approval {
			if a.MayApprove(op) {
				return true
			}
		}
	}
	return false
}
