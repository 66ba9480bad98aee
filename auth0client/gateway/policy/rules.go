package policy

import (
	"slices"
	"strings"

	"usher/auth0client/lucene"
)

// Rules is what the policies say for one operator. How several combine (docs/policies.md): each opens the people its filter
// finds, and about one person every policy that opens them must agree. About things that are no person all that apply
// must agree. When there are policies but none applies, nothing is allowed.
type Rules struct {
	open  bool // there is no policy at all
	op    Operator
	bound []bound
}

// bound is a policy with its filter filled for an operator.
type bound struct {
	*Policy
	filter lucene.Query
	closed string // why the filter finds nobody
}

// For gives the rules of an operator, whose Roles and Metadata must be known where the Set needs them.
func (s *Set) For(op Operator) Rules {
	if s.Len() == 0 {
		return Rules{open: true, op: op}
	}
	r := Rules{op: op}
	for i := range s.policies {
		p := &s.policies[i]
		if p.mismatch(op) != "" {
			continue
		}
		b := bound{Policy: p}
		if p.Users != "" {
			q, err := fillFilter(p.Users, func(h placeholder) any { return h.value(op) })
			if b.filter = q; err != nil {
				b.closed = err.Error()
			}
		}
		r.bound = append(r.bound, b)
	}
	return r
}

// mismatch says why a policy does not apply to an operator; "" when it does.
func (p *Policy) mismatch(op Operator) string {
	if len(p.Roles) > 0 && !slices.ContainsFunc(op.Roles, func(r string) bool { return slices.Contains(p.Roles, r) }) {
		return "the operator holds none of the roles " + strings.Join(p.Roles, ", ")
	}
	if len(p.Emails) > 0 && op.Claims["email_verified"] == false {
		return "the operator's email is not verified: anybody could have signed up with it"
	}
	if len(p.Emails) > 0 && !globAny(lower(p.Emails), strings.ToLower(op.Email)) {
		return "the operator's email is none of " + strings.Join(p.Emails, ", ")
	}
	for _, name := range p.Permissions {
		if !op.May(Action(name)) {
			return "the operator lacks the permission " + name
		}
	}
	for name, want := range p.Claims {
		held := words(lookUp(op.Claims, name))
		if !slices.ContainsFunc(words(want), func(w string) bool { return slices.Contains(held, w) }) {
			return "the operator's token does not say so at " + name
		}
	}
	return ""
}

func lower(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strings.ToLower(s)
	}
	return out
}

// Open reports that there are no policies: permissions alone decide.
func (r Rules) Open() bool { return r.open }

// Names are the names of the policies that apply.
func (r Rules) Names() []string {
	out := make([]string, len(r.bound))
	for i, b := range r.bound {
		out[i] = b.Name
	}
	return out
}

// Filtered reports whether there may be people whom the operator may not see.
func (r Rules) Filtered() bool {
	return !r.open && !slices.ContainsFunc(r.bound, func(b bound) bool { return b.Users == "" })
}

// NeedsPerson reports whether it depends on the person what is allowed.
func (r Rules) NeedsPerson() bool {
	return slices.ContainsFunc(r.bound, func(b bound) bool { return b.Users != "" })
}

// Join are the rules about several people at once: all that are about one of them.
func (r Rules) Join(other Rules) Rules {
	out := Rules{open: r.open && other.open, op: other.op, bound: slices.Clone(r.bound)}
	for _, b := range other.bound {
		if !slices.ContainsFunc(out.bound, func(o bound) bool { return o.Name == b.Name }) {
			out.bound = append(out.bound, b)
		}
	}
	return out
}

// Filter is the search that finds the people the operator may see. found is false when there is nobody.
func (r Rules) Filter() (q string, found bool) {
	var parts []string
	for _, b := range r.bound {
		if b.closed == "" {
			parts = append(parts, "("+b.filter.String()+")")
		}
	}
	return strings.Join(parts, " OR "), len(parts) > 0
}

// Covering are the rules about one person: of the policies that open them. A person whom none opens does not exist for
// the operator.
func (r Rules) Covering(user map[string]any) (Rules, bool) {
	if r.open {
		return r, true
	}
	out := Rules{op: r.op}
	for _, b := range r.bound {
		if b.closed == "" && (b.Users == "" || b.filter.Match(lucene.MapDocument(user))) {
			out.bound = append(out.bound, b)
		}
	}
	return out, len(out.bound) > 0
}

// Hidden are the paths that the operator may not read: what any policy that applies hides, of whomever.
func (r Rules) Hidden() []string {
	var out []string
	for _, b := range r.bound {
		out = append(out, b.Hidden...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hides reports a field that the operator may not read, or that holds one. The profile of an identity holds the fields of a
// user once more.
func (r Rules) Hides(field string) bool {
	_, ok := hides(r.Hidden(), field)
	return ok
}

func hides(hidden []string, field string) (path string, ok bool) {
	const profile = "identities.profileData"
	if path, ok := touches(hidden, field); ok {
		return path, true
	}
	if inner, ok := strings.CutPrefix(field, profile+"."); ok {
		return touches(hidden, inner)
	}
	if len(hidden) > 0 && (field == profile || field == "identities") {
		return hidden[0], true
	}
	return "", false
}

// Hide takes what the operator may not read out of a user's record, and out of the profiles of their identities.
func (r Rules) Hide(user map[string]any) {
	for _, path := range r.Hidden() {
		parts := strings.Split(path, ".")
		remove(user, parts)
		remove(user, append([]string{"identities", "profileData"}, parts...))
	}
}

// Searchable refuses a search that looks at hidden fields: its result would tell what they hold.
func (r Rules) Searchable(q lucene.Query, sort string) *Refusal {
	hidden := r.Hidden()
	field, _, _ := strings.Cut(sort, ":")
	for _, f := range append(q.Fields(), field) {
		if f == "email.domain" {
			f = "email"
		}
		if path, ok := hides(hidden, f); ok && f != "" {
			return r.unsearchable(f, path)
		}
	}
	return nil
}

func (r Rules) unsearchable(field, path string) *Refusal {
	return &Refusal{Code: "usher_policy", Message: "the search looks at " + field + ", which your policy hides", Rule: r.hiding(path)}
}

// Nameable refuses a request that names people by a hidden field: its answer would tell who has that value.
func (r Rules) Nameable(d Decision) *Refusal {
	var by []string
	switch {
	case d.Pattern == "users-by-email", d.Subject == ByEmail, d.Subject == ByIdentifier && strings.Contains(d.Identifier, "@"):
		by = []string{"email"}
	case d.Subject == ByIdentifier:
		by = []string{"username", "phone_number"}
	}
	hidden := r.Hidden()
	for _, f := range by {
		if path, ok := touches(hidden, f); ok {
			return r.unsearchable(f, path)
		}
	}
	return nil
}

func (r Rules) hiding(path string) string {
	for _, b := range r.bound {
		if slices.Contains(b.Hidden, path) {
			return b.Name
		}
	}
	return ""
}

// CustomDomain is the host of links and mails: that of the first policy that names one.
func (r Rules) CustomDomain() string {
	for _, b := range r.bound {
		if b.CustomDomain != "" {
			return b.CustomDomain
		}
	}
	return ""
}
