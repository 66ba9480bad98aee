package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The verdicts of a step.
const (
	Passes  = "passes"
	Refuses = "refuses"
	Asks    = "asks"  // for a reason, a fresh sign-in, an approval
	Skipped = "skips" // a policy that does not apply, or does not open this person
)

// Step is one rule on the way to a decision.
type Step struct {
	Rule    string `json:"rule"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// Explain says which rule decides whether an operator may do an action to a user, and why: every rule in the order the
// gateway asks it. user is the record as Auth0 gives it; nil for an action that is about nobody. The last step that refuses,
// if any does, is what the operator is told.
func (s *Set) Explain(op Operator, action Action, user map[string]any, now time.Time) []Step {
	var out []Step
	say := func(rule, verdict, format string, a ...any) {
		out = append(out, Step{Rule: rule, Verdict: verdict, Why: fmt.Sprintf(format, a...)})
	}
	if !slices.Contains(Actions(), action) {
		say("actions", Refuses, "there is no action %q", action)
		return out
	}
	if !op.May(action) {
		say("permissions", Refuses, "Auth0 gives the operator no permission %s of usher's API", action)
		return out
	}
	say("permissions", Passes, "the operator holds %s", action)
	if id, _ := user["user_id"].(string); op.Is(id) && changes(action) {
		say("self", Refuses, "nobody changes their own account through usher")
		return out
	}
	if s.Len() == 0 {
		say("policies", Passes, "this gateway has no policies: permissions alone decide")
		return out
	}
	rules := s.For(op)
	for i := range s.policies {
		if why := s.policies[i].mismatch(op); why != "" {
			say(s.policies[i].Name, Skipped, "does not apply: %s", why)
		}
	}
	if len(rules.bound) == 0 {
		say("policies", Refuses, "no policy applies to the operator")
		return out
	}
	return append(out, rules.explain(action, user, now)...)
}

func (r Rules) explain(action Action, user map[string]any, now time.Time) (out []Step) {
	covering, found := r, true
	if user != nil {
		covering, found = r.Covering(user)
	}
	for _, b := range r.bound {
		covers := slices.Contains(covering.Names(), b.Name)
		switch {
		case b.closed != "":
			out = append(out, Step{b.Name, Skipped, "its filter finds nobody: " + b.closed})
		case user != nil && !covers:
			out = append(out, Step{b.Name, Skipped, "its filter does not find the user: " + b.filter.String()})
		case user != nil && b.Users != "":
			out = append(out, Step{b.Name, Passes, "its filter finds the user: " + b.filter.String()})
		case user != nil:
			out = append(out, Step{b.Name, Passes, "it has no filter: everyone"})
		}
	}
	if !found {
		return append(out, Step{"users", Refuses, "no policy opens the user: for the operator they do not exist"})
	}
	for _, b := range covering.bound {
		one := Rules{op: r.op, bound: []bound{b}}
		if no := one.Permit(Decision{Actions: []Action{action}}); no != nil {
			return append(out, Step{b.Name, Refuses, no.Message})
		}
		out = append(out, Step{b.Name, Passes, "it allows " + string(action)})
	}
	d := covering.Demands([]Action{action}, "", now)
	if !strings.HasSuffix(string(action), ":read") {
		for _, no := range []*Refusal{d.Reason, d.FreshLogin, d.Approval} {
			if no != nil {
				out = append(out, Step{no.Rule, Asks, no.Message})
			}
		}
	}
	return out
}

// changes reports an action that nobody may do to themselves.
func changes(a Action) bool {
	return !strings.HasSuffix(string(a), ":read") && a != SessionsRevoke
}
