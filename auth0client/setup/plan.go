package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// Verb is what becomes of a thing.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Change Verb = "change"
	Keep   Verb = "keep"
)

// Setting is one value of a thing. Was is empty where the thing is new.
type Setting struct {
	Name string
	Was  term.Safe
	Want string
}

// Step is one thing that the tenant needs, and what becomes of it.
type Step struct {
	Verb     Verb
	Thing    string      // such as `role "usher viewer"`
	Settings []Setting   // of what is new: all; of what changes: what changes
	Left     []term.Safe // what differs and is left alone, in sentences

	do func(context.Context, Tenant, *made) error
}

// made is what earlier steps made and later ones need.
type made struct {
	consoleID, gatewayID, management string
	secret                           signin.Secret
}

// Plan is what is to be done to a tenant, in order.
type Plan struct {
	Steps []Step

	options Options
	made    made
}

// Make reads the tenant and compares it with what is wanted. It changes nothing.
func Make(ctx context.Context, t Tenant, o Options) (*Plan, error) {
	p, err := read(ctx, t, o)
	if err != nil {
		return nil, err
	}
	return plan(p, o)
}

// ByHand is the plan for a tenant of which nothing is known: everything is new.
func ByHand(o Options) (*Plan, error) {
	return plan(&present{management: o.Issuer + "api/v2/"}, o)
}

func plan(p *present, o Options) (*Plan, error) {
	out := &Plan{options: o, made: made{management: p.management}}
	if p.console != nil {
		out.made.consoleID = p.console.ClientID
	}
	if p.gateway != nil {
		out.made.gatewayID = p.gateway.ClientID
	}
	out.Steps = append(out.Steps, planAPI(p.api, o))
	for _, preset := range Presets(o.Actions) {
		out.Steps = append(out.Steps, planRole(p.roles[preset.Name], preset, o.Audience))
	}
	console, err := planConsole(p.console)
	if err != nil {
		return nil, err
	}
	gateway, err := planGateway(p, o)
	if err != nil {
		return nil, err
	}
	out.Steps = append(out.Steps, console, gateway, planGrant(p.grant, p.management, o))
	return out, nil
}

// Changes is how many things are created or changed.
func (p *Plan) Changes() int {
	n := 0
	for _, s := range p.Steps {
		if s.Verb != Keep {
			n++
		}
	}
	return n
}

// Outcome is what became of a plan.
type Outcome struct {
	Done       []Step
	ConsoleID  string // client id of the console's application
	GatewayID  string // and of the gateway's
	Management string // identifier of the Management API
}

// Apply makes the changes one after the other, and tells of each. At the first that fails it stops, and when ctx ends after
// the one that is under way: what is done stays done, and the next run goes on from there.
func (p *Plan) Apply(ctx context.Context, t Tenant, tell func(Step)) (Outcome, error) {
	m := p.made
	var out Outcome
	for _, s := range p.Steps {
		if s.Verb == Keep {
			continue
		}
		err := ctx.Err()
		if err == nil {
			err = p.do(ctx, t, s, &m)
		} else {
			err = errors.New("broken off")
		}
		if err != nil {
			left := p.Changes() - len(out.Done)
			return m.outcome(out.Done), fmt.Errorf("%s the %s: %w; %d of %d changes are made, the next run goes on with the other %d",
				s.Verb, s.Thing, err, len(out.Done), p.Changes(), left)
		}
		out.Done = append(out.Done, s)
		tell(s)
	}
	return m.outcome(out.Done), nil
}

// do makes a change, and keeps what only its answer holds before anything else happens.
func (p *Plan) do(ctx context.Context, t Tenant, s Step, m *made) error {
	had := m.secret
	if err := s.do(ctx, t, m); err != nil {
		return err
	}
	if m.secret == had || p.options.KeepSecret == nil {
		return nil
	}
	return p.options.KeepSecret(m.secret)
}

// Standing is the outcome of a plan without changes.
func (p *Plan) Standing() Outcome { return p.made.outcome(nil) }

func (m made) outcome(done []Step) Outcome {
	return Outcome{Done: done, ConsoleID: m.consoleID, GatewayID: m.gatewayID, Management: m.management}
}

// diff collects the changes of one thing and the body of the request that makes them.
type diff struct {
	settings []Setting
	left     []term.Safe
	body     map[string]any
}

func newDiff() *diff { return &diff{body: map[string]any{}} }

func (d *diff) set(field, label, was, want string, value any) {
	d.settings = append(d.settings, Setting{Name: label, Was: term.Line(was), Want: want})
	d.body[field] = value
}

func (d *diff) leave(format string, args ...any) {
	d.left = append(d.left, term.Line(fmt.Sprintf(format, args...)))
}

// step is what the differences come to.
func (d *diff) step(thing string, do func(context.Context, Tenant, *made) error) Step {
	s := Step{Verb: Change, Thing: thing, Settings: d.settings, Left: d.left, do: do}
	if len(d.settings) == 0 {
		s.Verb = Keep
	}
	return s
}

// lacking are the wanted that are not there, surplus what is there and not wanted.
func lacking(have, want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(have, s) })
}

func surplus(have, want []string) []string { return lacking(want, have) }

func names(actions []policy.Action) []string {
	out := make([]string, 0, len(actions))
	for _, a := range actions {
		out = append(out, string(a))
	}
	return out
}

// added words what a list gets.
func added(what []string) string { return "+ " + strings.Join(what, " ") }

// have words what a list has.
func have(what []string) string {
	if len(what) == 0 {
		return "none"
	}
	return strings.Join(what, " ")
}
