package journal

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// Change is what an operator did or tried: its intent with its outcome, or a refusal.
type Change struct {
	Intent  Entry   `json:"intent"` // its step is [StepDenied] where it was refused
	Outcome *Entry  `json:"outcome,omitempty"`
	Notes   []Entry `json:"notes,omitempty"`
}

// From is what was set before, where it was known. Secrets read "…": they cannot be put back.
func (c Change) From() map[string]any { return c.Intent.From }

// To is what was set.
func (c Change) To() map[string]any { return c.Intent.Fields }

// Denied reports whether the change was refused before it was tried.
func (c Change) Denied() bool { return c.Intent.Step == StepDenied }

// Done reports whether Auth0 said that the change was made.
func (c Change) Done() bool {
	return c.Outcome != nil && c.Outcome.Status >= 200 && c.Outcome.Status < 300
}

// Unknown reports whether nobody knows if the change was made. A change still under way is unknown too.
func (c Change) Unknown() bool {
	return !c.Denied() && (c.Outcome == nil || c.Outcome.Status == 0 && !strings.HasPrefix(c.Outcome.Note, NoteNotSent))
}

// Failed reports whether the change surely was not made.
func (c Change) Failed() bool { return !c.Done() && !c.Unknown() }

// Filter chooses changes. Its zero value chooses all.
type Filter struct {
	User     string    // the target, whole
	Operator string    // subject or email of the operator or the approver, whole
	Action   string    // one of the change's actions; "users" means all that begin with "users:"
	ID       string    // the change's id
	Since    time.Time // from then on
	Failed   bool      // only those surely not made, refused ones included
	Unknown  bool      // only those that somebody must look after
}

// IsZero reports whether f chooses all.
func (f Filter) IsZero() bool { return f == Filter{} }

// Entry reports whether f chooses a line by what stands in it, its outcome left aside.
func (f Filter) Entry(e Entry) bool {
	same := func(want string, have ...string) bool {
		return want == "" || slices.ContainsFunc(have, func(s string) bool { return s != "" && strings.EqualFold(s, want) })
	}
	return same(f.User, e.Target) && same(f.Operator, e.Subject, e.Email, e.Approver, e.ApproverEmail) &&
		(f.ID == "" || f.ID == e.ID) && !e.Time.Before(f.Since) &&
		(f.Action == "" || slices.ContainsFunc(e.Actions, func(a string) bool {
			return a == f.Action || strings.HasPrefix(a, f.Action+":")
		}))
}

// Change reports whether f chooses a change.
func (f Filter) Change(c Change) bool {
	return f.Entry(c.Intent) && (!f.Failed || c.Failed()) && (!f.Unknown || c.Unknown())
}

// Changes ties lines together to the changes that f wants, in the order of their intents.
func Changes(lines iter.Seq2[Line, error], f Filter) ([]Change, error) {
	type name struct{ gateway, id string }
	var all []*Change
	open := map[name]*Change{}
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		id := name{l.Gateway, l.ID}
		switch l.Step {
		case StepIntent, StepDenied:
			c := &Change{Intent: l.Entry}
			if !f.Entry(l.Entry) {
				delete(open, id)
				continue
			}
			all = append(all, c)
			if l.Step == StepIntent {
				open[id] = c
			}
		case StepOutcome:
			if c, ok := open[id]; ok {
				e := l.Entry
				c.Outcome = &e
				delete(open, id)
			}
		case StepNote:
			if c, ok := open[id]; ok && l.ID != "" {
				c.Notes = append(c.Notes, l.Entry)
			}
		}
	}
	var out []Change
	for _, c := range all {
		if f.Change(*c) {
			out = append(out, *c)
		}
	}
	return out, nil
}
