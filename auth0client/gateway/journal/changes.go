package journal

import (
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoChange: the journal holds no change of that id.
var ErrNoChange = errors.New("there is no such change in the journal")

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

// Unknown reports whether nobody knows if the change was made. A change still under way is unknown too, and one that was
// answered with a fault of the tenant's, or by a proxy that got no answer: it may have been made all the same.
func (c Change) Unknown() bool {
	switch {
	case c.Denied():
		return false
	case c.Outcome == nil:
		return true
	}
	switch c.Outcome.Status {
	case 0:
		return !strings.HasPrefix(c.Outcome.Note, NoteNotSent)
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	}
	return false
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

// ties ties the lines of changes together as they come.
type ties struct{ open map[tie]*Change }

type tie struct{ gateway, id string }

func newTies() *ties { return &ties{open: map[tie]*Change{}} }

// add gives the change that a line belongs to: begun by an intent, whole with an outcome or a refusal. A line of no change
// gives nil.
func (t *ties) add(e Entry) (c *Change, whole bool) {
	k := tie{e.Gateway, e.ID}
	switch e.Step {
	case StepDenied:
		return &Change{Intent: e}, true
	case StepIntent:
		c = &Change{Intent: e}
		t.open[k] = c
	case StepOutcome:
		if c = t.open[k]; c != nil {
			c.Outcome = &e
			delete(t.open, k)
		}
		return c, c != nil
	case StepNote:
		if c = t.open[k]; c != nil && e.ID != "" {
			c.Notes = append(c.Notes, e)
		}
	}
	return c, false
}

// Changes gives the changes that f wants, in the order of their intents.
func Changes(lines iter.Seq2[Line, error], f Filter) ([]Change, error) {
	t := newTies()
	var all []*Change
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		c, _ := t.add(l.Entry)
		if (l.Step == StepIntent || l.Step == StepDenied) && f.Entry(l.Entry) {
			all = append(all, c)
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

// Find gives the change of an id, or the one that has the line of a number; in a shared store the last that fits.
func Find(lines iter.Seq2[Line, error], id string) (Change, error) {
	t := newTies()
	number, err := strconv.ParseUint(id, 10, 63)
	if err != nil {
		number = 0
	}
	var found *Change
	for l, err := range lines {
		if err != nil {
			return Change{}, err
		}
		if c, _ := t.add(l.Entry); c != nil && id != "" && (l.ID == id || number != 0 && l.Seq == number) {
			found = c
		}
	}
	if found == nil {
		return Change{}, ErrNoChange
	}
	return *found, nil
}

// Select gives the lines of the changes that f wants, as they come. Where f asks for an outcome the lines of a change come
// together, when it is known; those still open at the end come last. Lines of no change come only where f wants all.
func Select(lines iter.Seq2[Line, error], f Filter) iter.Seq2[Line, error] {
	if f.IsZero() {
		return lines
	}
	return func(yield func(Line, error) bool) {
		t, held := newTies(), map[*Change][]Line{}
		give := func(c *Change, whole bool) bool {
			ready := held[c]
			if delete(held, c); !f.Change(*c) {
				return true
			}
			if !whole && !f.Failed && !f.Unknown {
				held[c] = nil
			}
			for _, l := range ready {
				if !yield(l, nil) {
					return false
				}
			}
			return true
		}
		for l, err := range lines {
			if err != nil {
				yield(Line{}, err)
				return
			}
			c, whole := t.add(l.Entry)
			if c == nil || !f.Entry(c.Intent) {
				continue
			}
			held[c] = append(held[c], l)
			if (whole || !f.Failed && !f.Unknown) && !give(c, whole) {
				return
			}
		}
		rest := slices.SortedFunc(maps.Keys(held), func(a, b *Change) int { return a.Intent.Time.Compare(b.Intent.Time) })
		for _, c := range rest {
			if !give(c, true) {
				return
			}
		}
	}
}
