// Package approvals is the list of changes that wait for a second operator, of those that were decided lately, and one of them
// with all of it.
package approvals

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Tenant is what the screens need of a tenant.
type Tenant interface {
	Approvals(ctx context.Context) ([]auth0client.Approval, error)
	desk.Approver
}

// Model is the list. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	all    fetch.Part[[]auth0client.Approval]
	rows   []auth0client.Approval
	search []string // of each row, what the filter looks at
	reads  int
	shown  widget.Narrowed
	filter widget.Filter
	place  widget.Place
	note   string
}

var _ view.View = (*Model)(nil)

// New makes the list.
func New(env view.Env, tenant Tenant) *Model {
	return &Model{env: env, tenant: tenant, filter: widget.NewFilter()}
}

// Init reads the list.
func (m *Model) Init() tea.Cmd { return m.all.Fetch(m.env, m.tenant.Approvals) }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Approvals" }

// Typing reports that the filter takes letters.
func (m *Model) Typing() bool { return m.filter.Typing() }

// Close cancels the read.
func (m *Model) Close() { m.all.Cancel() }

// Update takes keys and answers.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, taken := fetch.Take(m.env, msg)
		if !taken || m.all.Err() != nil {
			return action, nil
		}
		m.took()
		return view.Approvals{All: m.all.Value()}, nil
	case view.ReloadMsg:
		return nil, m.Init()
	case view.AlteredMsg:
		if m.at(msg.ID) >= 0 {
			return nil, m.Init()
		}
	case view.SignedInMsg:
		if view.SignInFor(m.all.Err()) != nil {
			return nil, m.Init()
		}
	case tea.PasteMsg:
		m.filter.Paste(msg.Content)
		m.narrow()
	case tea.KeyPressMsg:
		if m.filter.Typing() {
			m.filter.Key(msg)
			m.narrow()
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

// took takes the list over: what the operator is to do first, what is over last.
func (m *Model) took() {
	at, _ := m.current()
	m.rows = slices.Clone(m.all.Value())
	slices.SortStableFunc(m.rows, func(a, b auth0client.Approval) int {
		if r := cmp.Compare(rank(a), rank(b)); r != 0 || rank(a) == over {
			return r
		}
		return a.ExpiresAt.Compare(b.ExpiresAt)
	})
	m.search = m.search[:0]
	for _, a := range m.rows {
		texts := []string{a.ID, stateOf(a), desk.Asked(a), desk.AskedOf(a), string(a.Target), a.Requester.String(), a.Decider.String(), a.Reason.String()}
		m.search = append(m.search, strings.ToLower(strings.Join(texts, "\x00")))
	}
	m.reads++
	m.narrow()
	for i := range m.shown.Len() {
		// One that was decided goes down to those that are over; the mark goes on to the next.
		if a := m.rows[m.shown.At(i)]; a.ID == at.ID && rank(a) == rank(at) {
			m.place.Cursor = i
		}
	}
	m.place.Keep(m.shown.Len())
}

func (m *Model) narrow() {
	m.shown.Narrow(m.filter.Text(), m.reads, len(m.rows), func(i int) string { return m.search[i] })
	m.place.Keep(m.shown.Len())
}

// The groups of the list, in their order.
const (
	forMe  = iota // the operator may decide
	toTake        // the operator's own, agreed to
	mine          // the operator's own, waiting
	others        // somebody else's, agreed to and not taken
	over
)

func rank(a auth0client.Approval) int {
	switch {
	case a.MayDecide:
		return forMe
	case a.MayTake:
		return toTake
	case a.Mine && a.MayDeny:
		return mine
	case a.MayDeny:
		return others
	}
	return over
}

func (m *Model) at(id string) int {
	return slices.IndexFunc(m.rows, func(a auth0client.Approval) bool { return a.ID == id })
}

func (m *Model) current() (auth0client.Approval, bool) {
	if m.place.Cursor >= m.shown.Len() {
		return auth0client.Approval{}, false
	}
	return m.rows[m.shown.At(m.place.Cursor)], true
}

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	a, ok := m.current()
	switch k {
	case "esc":
		if m.filter.Text() == "" {
			return view.Back{}, nil
		}
		m.filter.Clear()
		m.narrow()
	case "/":
		m.filter.Open()
	case "enter":
		if ok {
			return view.OpenApproval{Approval: a}, nil
		}
	case "R":
		return nil, m.Init()
	default:
		if m.place.Move(k, m.shown.Len()) || !ok {
			return nil, nil
		}
		return do(m.env, m.tenant, a, k), nil
	}
	return nil, nil
}

// do is what a key does to an approval; nil for a key that does nothing now.
func do(env view.Env, tenant Tenant, a auth0client.Approval, k string) view.Action {
	now := env.Now()
	switch {
	case k == "a" && whyNotApprove(a) == "":
		return view.Operate{Operation: desk.Approve(tenant, a, now)}
	case k == "d" && whyNotDeny(a) == "":
		return view.Operate{Operation: desk.Deny(tenant, a, now)}
	case k == "t" && whyNotTake(a) == "":
		return view.Operate{Operation: desk.Take(tenant, a, now)}
	case k == "y":
		return view.Copy{What: "approval id", Text: a.ID}
	}
	return nil
}

func whyNotApprove(a auth0client.Approval) string {
	switch {
	case a.MayDecide:
		return ""
	case a.Mine && a.MayDeny:
		return "Nobody approves their own request. It may be approved by " + desk.MayApprove(a.By) + "."
	case a.State == auth0client.ApprovalAgreed:
		return "It was approved: " + a.Requester.String() + " has to take it."
	}
	return "It is over: " + desk.ApprovalState(a) + "."
}

func whyNotDeny(a auth0client.Approval) string {
	if a.MayDeny {
		return ""
	}
	return "It is over: " + desk.ApprovalState(a) + "."
}

func whyNotTake(a auth0client.Approval) string {
	switch {
	case a.MayTake:
		return ""
	case !a.MayDeny:
		return "It is over: " + desk.ApprovalState(a) + "."
	case !a.Mine:
		return "Only whoever asked for it takes it: " + a.Requester.String() + "."
	case !a.Handover:
		return "It is made by approving it: there is nothing to take."
	}
	return "Nobody has approved it yet. It may be approved by " + desk.MayApprove(a.By) + "."
}

// keysOf are the keys that do something to an approval.
func keysOf(a auth0client.Approval) []view.Key {
	deny := "deny"
	if a.Mine {
		deny = "take back"
	}
	with := func(k view.Key, why string) view.Key {
		k.Why = why
		return k
	}
	return []view.Key{
		with(view.NewKey("a", "approve", "a"), whyNotApprove(a)), with(view.NewKey("d", deny, "d"), whyNotDeny(a)),
		with(view.NewKey("t", "take", "t"), whyNotTake(a)), hidden(view.NewKey("y", "copy id", "y")),
	}
}

func hidden(k view.Key) view.Key {
	k.Hidden = true
	return k
}

func moving() []view.Key {
	return []view.Key{
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.filter.Typing() {
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	keys := []view.Key{view.NewKey("enter", "open", "enter")}
	if a, ok := m.current(); ok {
		keys = append(keys, keysOf(a)...)
	}
	keys = append(keys, view.NewKey("/", "filter", "/"))
	step := "back"
	if m.filter.Text() != "" {
		step = "end the filter"
	}
	return append(append(keys, moving()...), view.StepOut("end the filter, then back", step))
}
