// Package doctor looks at all that usher depends on and says, a line for each, what is wrong and what to do. Checks run side
// by side, each has a few seconds, and one that hangs keeps nobody waiting.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"usher/auth0client/parallel"
	"usher/auth0client/term"
)

// State is what a check came to.
type State string

// The states.
const (
	OK      State = "ok"
	Note    State = "note" // works, but somebody should know
	Failed  State = "failed"
	Skipped State = "skipped" // what it rests on has failed
)

// Finding is one line.
type Finding struct {
	Check string
	State State
	Says  term.Safe
	Fix   string // what to do; empty when there is nothing to
}

// Check looks at one thing, or at several that rest on each other.
type Check struct {
	Names []string      // of its findings, in order
	Ends  time.Duration // how long it may take to end once its time is over; default a moment
	Run   func(ctx context.Context, r *Report)
}

// within is how long a check may take.
const within = 5 * time.Second

// Report collects a check's findings. What comes too late is dropped.
type Report struct {
	mu       sync.Mutex
	closed   bool
	findings []Finding
}

func (r *Report) add(f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.findings = append(r.findings, f)
	}
}

// OK reports that all is well.
func (r *Report) OK(check, format string, args ...any) {
	r.add(Finding{check, OK, term.Line(fmt.Sprintf(format, args...)), ""})
}

// Note reports something that works and is worth knowing.
func (r *Report) Note(check, fix, format string, args ...any) {
	r.add(Finding{check, Note, term.Line(fmt.Sprintf(format, args...)), fix})
}

// Fail reports what is wrong and what to do.
func (r *Report) Fail(check, fix, format string, args ...any) {
	r.add(Finding{check, Failed, term.Line(fmt.Sprintf(format, args...)), fix})
}

// take ends the report and gives its findings. Of names that are missing the first was too slow or, where an earlier one
// failed, could not be looked at.
func (r *Report) take(names []string, late bool, within time.Duration) []Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	out, failed := []Finding{}, ""
	said := map[string]bool{}
	for _, f := range r.findings {
		said[f.Check] = true
		if f.State == Failed {
			failed = f.Check
		}
		out = append(out, f)
	}
	for _, name := range names {
		switch {
		case said[name]:
		case late && failed == "":
			failed = name
			out = append(out, Finding{name, Failed, term.Line(fmt.Sprintf("no answer within %s", within)), "try again; if it stays so, something on the way swallows requests"})
		default:
			because := "something before it failed"
			if failed != "" {
				because = failed + " failed"
			}
			out = append(out, Finding{name, Skipped, term.Line("not looked at: " + because), ""})
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return slices.Index(names, a.Check) - slices.Index(names, b.Check) })
	return out
}

// Run runs checks side by side and gives their findings in the order of the checks.
func Run(ctx context.Context, checks []Check) []Finding { return run(ctx, checks, within) }

func run(ctx context.Context, checks []Check, within time.Duration) []Finding {
	all := make([][]Finding, len(checks))
	var group parallel.Group
	for i, c := range checks {
		group.Go(func() { all[i] = c.find(ctx, within) })
	}
	group.Wait()
	var out []Finding
	for _, f := range all {
		out = append(out, f...)
	}
	return out
}

// find waits for a check as long as it may take. A call that cannot be cancelled, to a keyring or a disk, is left behind.
func (c Check) find(ctx context.Context, within time.Duration) []Finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, done := &Report{}, make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, r)
	}()
	select {
	case <-done:
		return r.take(c.Names, ctx.Err() != nil, within)
	case <-ctx.Done():
	}
	// A check that heeds its context says what it was waiting for.
	grace := time.NewTimer(max(graceFor, c.Ends))
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
	return r.take(c.Names, true, within)
}

// graceFor is how long a check whose time is over may take to say so.
const graceFor = 100 * time.Millisecond

// Good reports that nothing failed.
func Good(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Failed {
			return false
		}
	}
	return true
}

// Settle takes the echoes out of what was found: where one of the causes failed, the rest that failed beside it say nothing
// of their own.
func Settle(findings []Finding, causes, rest []string) []Finding {
	i := slices.IndexFunc(findings, func(f Finding) bool { return f.State == Failed && slices.Contains(causes, f.Check) })
	if i < 0 {
		return findings
	}
	out := slices.Clone(findings)
	for j, f := range out {
		if f.State == Failed && slices.Contains(rest, f.Check) {
			out[j] = Finding{f.Check, Skipped, term.Line("not looked at: " + findings[i].Check + " failed"), ""}
		}
	}
	return out
}
