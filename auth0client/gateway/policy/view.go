package policy

import (
	"maps"
	"slices"
	"time"
)

// View is what an operator's policies come to, in a form that a console can dim by. Where several policies open different
// people it shows what holds for some person; the gateway decides about each.
type View struct {
	Limited         bool                  `json:"limited"`      // there may be people they do not see
	Policies        []string              `json:"policies"`     // names
	Actions         map[Action]ActionView `json:"actions"`      // each of them
	Reasons         []Action              `json:"reasons"`      // that ask for a reason
	FreshLogins     []Action              `json:"fresh_logins"` // … for a sign-in of just now
	Approvals       []Action              `json:"approvals"`    // … for a second operator
	Fields          []string              `json:"fields"`       // that may be written; null: all
	Hidden          []string              `json:"hidden"`       // that are not shown
	RolesAssignable []string              `json:"roles"`        // names of those that may be assigned; null: all
	Connections     []string              `json:"connections"`  // to create in; null: all
	Memberships     []string              `json:"memberships"`  // organizations; null: all
	RawJSON         bool                  `json:"raw_json"`     // metadata may be edited as JSON
	Create          bool                  `json:"create"`       // users may be created
	Stamped         []string              `json:"stamped,omitempty"`
	Choices         map[string][]any      `json:"choices,omitempty"`
	CustomFields    []CustomField         `json:"custom_fields,omitempty"`
	CustomDomain    string                `json:"custom_domain,omitempty"`
	Wording         map[string]string     `json:"wording,omitempty"`
}

// ActionView is one action.
type ActionView struct {
	Allowed    bool     `json:"allowed"`
	Why        string   `json:"why,omitempty"` // not allowed: the rule
	Reason     bool     `json:"reason,omitempty"`
	FreshLogin int      `json:"fresh_login,omitempty"` // seconds: how old a sign-in may be
	ApprovalBy []string `json:"approval_by,omitempty"`
}

// View gives the operator's view.
func (r Rules) View() View {
	v := View{
		Policies: r.Names(), Actions: map[Action]ActionView{}, Hidden: r.Hidden(), Limited: r.Filtered(), Reasons: []Action{}, FreshLogins: []Action{}, Approvals: []Action{}, RawJSON: true,
		Create: r.op.May(UsersCreate), CustomDomain: r.CustomDomain(), Choices: map[string][]any{}, Wording: map[string]string{},
	}
	for _, a := range Actions() {
		one := r.viewOf(a)
		v.Actions[a] = one
		if one.Reason {
			v.Reasons = append(v.Reasons, a)
		}
		if one.FreshLogin > 0 {
			v.FreshLogins = append(v.FreshLogins, a)
		}
		if one.ApprovalBy != nil {
			v.Approvals = append(v.Approvals, a)
		}
	}
	v.Fields = r.union(func(b bound) []string { return b.Fields })
	v.RolesAssignable = r.union(func(b bound) []string { return b.RolesAssignable })
	v.Connections = r.union(func(b bound) []string { return b.Connections })
	v.Memberships = r.union(func(b bound) []string { return b.Memberships })
	create := r.open
	for _, b := range r.bound {
		v.RawJSON = v.RawJSON && (b.RawJSON == nil || *b.RawJSON)
		create = create || b.Create.Allowed == nil || *b.Create.Allowed
		v.Stamped = append(v.Stamped, slices.Sorted(maps.Keys(b.Create.Stamp))...)
		maps.Copy(v.Choices, b.Create.Choices)
		v.CustomFields = append(v.CustomFields, b.CustomFields...)
		for k, w := range b.Wording {
			if _, had := v.Wording[k]; !had {
				v.Wording[k] = w
			}
		}
	}
	v.Create = v.Create && create
	return v
}

// union joins lists of which nil means everything; it is nil when any is.
func (r Rules) union(list func(bound) []string) []string {
	if r.open {
		return nil
	}
	out := []string{}
	for _, b := range r.bound {
		l := list(b)
		if l == nil {
			return nil
		}
		out = append(out, l...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r Rules) viewOf(a Action) ActionView {
	v := ActionView{Allowed: r.op.May(a)}
	if !v.Allowed {
		v.Why = "you lack the permission " + string(a)
		return v
	}
	if r.open {
		return v
	}
	var no *Refusal
	v.Allowed = false
	for _, b := range r.bound {
		one := Rules{op: r.op, bound: []bound{b}}
		if refused := one.Permit(Decision{Actions: []Action{a}}); refused != nil {
			no = refused
			continue
		}
		v.Allowed = true
	}
	switch {
	case v.Allowed:
	case no != nil:
		v.Why = no.Message
	default:
		v.Why = r.Permit(Decision{}).Message
	}
	// A sign-in at the dawn of time is as old as can be: every demand shows.
	stale := r
	stale.op.AuthTime = time.Time{}
	d := stale.Demands([]Action{a}, "", time.Time{})
	v.Reason = d.Reason != nil
	if d.FreshLogin != nil {
		v.FreshLogin = int(d.FreshLogin.MaxAge.Seconds())
	}
	if d.Approval != nil {
		v.ApprovalBy = d.Approval.Approval.By
	}
	return v
}
