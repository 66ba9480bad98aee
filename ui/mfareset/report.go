package mfareset

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

// outcome is what became of one method.
type outcome struct {
	method auth0client.AuthenticationMethod
	err    error
}

// report is what a reset did, method by method, and what the tenant lists afterwards.
type report struct {
	outcomes  []outcome
	forgot    bool
	forgetErr error
	left      []auth0client.AuthenticationMethod
	leftErr   error
}

// stillThere is a removal that was answered well and did not happen.
type stillThere struct{}

func (stillThere) Error() string { return "Auth0 says it was removed, but still lists it" }

// settle holds the answers against the list read afterwards: a removal of unknown outcome is decided by it.
func (r *report) settle() {
	if r.leftErr != nil {
		return
	}
	there := idsOf(r.left)
	for i, o := range r.outcomes {
		var unknown *auth0client.Unknown
		switch {
		case errors.As(o.err, &unknown) && !there(o.method.ID):
			r.outcomes[i].err = nil
		case o.err == nil && there(o.method.ID):
			r.outcomes[i].err = stillThere{}
		}
	}
}

// bad reports an error that is a failure: a change that waits for a second operator is none.
func bad(err error) bool { return err != nil && !view.Waiting(err) }

// unsent is why a part of the reset was not sent, if it can be confirmed again; nil otherwise.
func (r report) unsent() error {
	for _, o := range r.outcomes {
		if view.Unsent(o.err) {
			return o.err
		}
	}
	if view.Unsent(r.forgetErr) {
		return r.forgetErr
	}
	return nil
}

// made is the part of r that needs no confirming again: what was removed, or waits for a second operator.
func (r report) made() report {
	var done report
	for _, o := range r.outcomes {
		if !bad(o.err) {
			done.outcomes = append(done.outcomes, o)
		}
	}
	return done
}

func (r report) ids() func(string) bool {
	var methods []auth0client.AuthenticationMethod
	for _, o := range r.outcomes {
		methods = append(methods, o.method)
	}
	return idsOf(methods)
}

// followedBy is r after more was done: that replaces what r said of the same methods.
func (r report) followedBy(next report) report {
	if len(r.outcomes) == 0 && r.forgetErr == nil {
		return next
	}
	merged := report{left: next.left, leftErr: next.leftErr, forgot: r.forgot || next.forgot, forgetErr: next.forgetErr}
	newer := make(map[string]outcome, len(next.outcomes))
	for _, o := range next.outcomes {
		newer[o.method.ID] = o
	}
	for _, o := range r.outcomes {
		if n, ok := newer[o.method.ID]; ok {
			o = n
		}
		merged.outcomes = append(merged.outcomes, o)
	}
	known := r.ids()
	for _, o := range next.outcomes {
		if !known(o.method.ID) {
			merged.outcomes = append(merged.outcomes, o)
		}
	}
	return merged
}

// rest is what is still to do.
func (r report) rest() job {
	j := job{forget: bad(r.forgetErr), reread: true}
	for _, o := range r.outcomes {
		if bad(o.err) {
			j.methods = append(j.methods, o.method)
		}
	}
	return j
}

func (r report) removed() int {
	n := 0
	for _, o := range r.outcomes {
		if o.err == nil {
			n++
		}
	}
	return n
}

// waiting is how many parts wait for a second operator.
func (r report) waiting() int {
	n := 0
	for _, o := range r.outcomes {
		if view.Waiting(o.err) {
			n++
		}
	}
	if view.Waiting(r.forgetErr) {
		n++
	}
	return n
}

// changed reports that the tenant's record may be another one now.
func (r report) changed() bool {
	var unknown *auth0client.Unknown
	return r.removed() > 0 || r.forgot || errors.As(r.firstError(), &unknown)
}

func (r report) failed() bool { return r.firstError() != nil }

func (r report) firstError() error {
	for _, o := range r.outcomes {
		if bad(o.err) {
			return o.err
		}
	}
	if bad(r.forgetErr) {
		return r.forgetErr
	}
	return r.leftErr
}

// summary says in a sentence or two what happened and what is left.
func (r report) summary() string {
	var b strings.Builder
	switch n := len(r.outcomes); {
	case r.waiting() > 0 && !r.failed():
		fmt.Fprintf(&b, "Not made yet: it waits for a second operator. %d of %s removed", r.removed(), methodCount(n))
	case r.removed() < n:
		fmt.Fprintf(&b, "Not finished. %d of %s removed", r.removed(), methodCount(n))
	case n == 0 && r.forgetErr != nil:
		b.WriteString("Not finished. No method removed")
	case r.failed():
		fmt.Fprintf(&b, "Not finished. %s removed", methodCount(n))
	case n == 0:
		b.WriteString("Done. Remembered browsers forgotten")
	default:
		fmt.Fprintf(&b, "Done. %s removed", methodCount(n))
	}
	if r.leftErr != nil {
		b.WriteString("; what is left could not be read.")
		return b.String()
	}
	b.WriteString(", " + leftWords(r.left) + " left.")
	switch second := secondFactors(r.left); {
	case r.failed(), r.waiting() > 0:
	case second > 0:
		b.WriteString(" They keep a second factor and are not asked to enrol.")
	default:
		b.WriteString(" They enrol again at next sign-in.")
	}
	return b.String()
}

func methodCount(n int) string {
	if n == 1 {
		return "1 method"
	}
	return fmt.Sprintf("%d methods", n)
}

func leftWords(left []auth0client.AuthenticationMethod) string {
	if len(left) == 0 {
		return "nothing"
	}
	var names []string
	count := map[string]int{}
	for _, method := range left {
		name := midSentence(kindWords(method))
		if count[name]++; count[name] == 1 {
			names = append(names, name)
		}
	}
	for i, name := range names {
		if count[name] > 1 {
			names[i] = fmt.Sprintf("%d× %s", count[name], name)
		}
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// midSentence is name without its capital, unless it is an abbreviation such as SMS.
func midSentence(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	second, _ := utf8.DecodeRuneInString(name[size:])
	if unicode.IsUpper(second) {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}

func secondFactors(methods []auth0client.AuthenticationMethod) int {
	n := 0
	for _, method := range methods {
		if !method.Kind.Primary() {
			n++
		}
	}
	return n
}

// kindWords names a method; never empty.
func kindWords(method auth0client.AuthenticationMethod) string {
	if s := method.Label.String(); s != "" {
		return s
	}
	if s := term.Line(string(method.Kind)); !s.IsEmpty() {
		return s.String()
	}
	return "Unnamed method"
}
