// Package bulk is the screen of a run over a selection: it says what will happen to whom, asks, shows how far it is, and
// what became of each. The rest can be stopped, what failed tried again, and the summary kept in a file.
package bulk

import (
	"encoding/json"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
)

// refresh is how often the screen looks how far the run is.
const refresh = 250 * time.Millisecond

// Saver keeps a summary in a file and says where.
type Saver func(name string, content []byte) (path string, err error)

type phase int

const (
	asking phase = iota
	working
	finished
)

// Model is the screen. Build it with [New].
type Model struct {
	env  view.Env
	name string
	ops  []desk.Operation
	save Saver

	phase   phase
	run     *desk.Bulk
	items   []desk.Item // of all runs so far, the last try of each
	at      []int       // where the operations of the current run stand in items
	next    []int       // what is asked about: everything at first, then a part of it
	began   time.Time
	stopped bool
	reason  dialog.Reason
	note    string
	cursor  int
	offset  int
	closed  bool
}

var _ view.View = (*Model)(nil)

// New makes the screen for a run. save may be nil.
func New(env view.Env, name string, ops []desk.Operation, save Saver) *Model {
	permission := ""
	if len(ops) > 0 {
		permission = ops[0].Permission
	}
	m := &Model{env: env, name: name, ops: ops, save: save, reason: dialog.NewReason(env, permission)}
	for _, op := range ops {
		m.next = append(m.next, len(m.items))
		m.items = append(m.items, desk.Item{Operation: op})
	}
	return m
}

// Init does nothing: the run begins when it is confirmed.
func (m *Model) Init() tea.Cmd { return nil }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return m.name + ": " + users(len(m.ops)) }

// Typing reports that the field for the reason has the focus.
func (m *Model) Typing() bool { return m.phase == asking && m.reason.Typing() }

// Unsaved reports that a reason is typed.
func (m *Model) Unsaved() bool { return m.phase == asking && m.reason.Text() != "" }

// Writing reports that the run is under way.
func (m *Model) Writing() bool { return m.phase == working }

// Close stops a run under way: what has begun is finished, the rest is not begun.
func (m *Model) Close() {
	m.closed = true
	if m.run != nil {
		m.run.Stop()
	}
}

type (
	tick struct{}
	// Ended is the message at the end of a run. The app meets it only when the screen was closed meanwhile.
	Ended struct {
		name  string
		items []desk.Item
		cut   bool // the session ended meanwhile
	}
)

// Report is what to tell the operator when the screen is no longer there to say it.
func (e Ended) Report() view.Action {
	var wishes view.All
	for _, it := range e.items {
		wishes = append(wishes, news(it)...)
	}
	level, c := view.Good, countOf(e.items)
	if c.failed+c.unsure+c.stopped > 0 {
		level = view.Bad
	}
	text := e.name + ": " + c.words()
	if e.cut && c.stopped > 0 {
		text = e.name + ", stopped as the line was lost: " + c.words() + ". The journal has each"
	}
	wishes = append(wishes, view.Notify{Level: level, Text: text})
	if undo := takeBack(e.items); undo != nil {
		wishes = append(wishes, undo)
	}
	return wishes
}

// Update takes keys, and how far the run is.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		if msg.To != m.env.ID {
			return nil, nil
		}
		switch end := msg.Msg.(type) {
		case tick:
			if m.phase == working {
				m.look()
				return nil, m.later()
			}
		case saved:
			m.note = end.words()
		case Ended:
			return m.ended(end), nil
		}
	case tea.PasteMsg:
		m.reason.Paste(msg.Content)
	case tea.KeyPressMsg:
		if m.Typing() {
			m.typed(msg)
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) ended(end Ended) view.Action {
	if m.closed {
		return end.Report()
	}
	m.look()
	m.phase = finished
	wishes := view.All{}
	for _, i := range m.at {
		wishes = append(wishes, news(m.items[i])...)
	}
	for _, i := range m.at {
		if err := m.items[i].Result.Err; view.Unsent(err) {
			if view.ReasonMissing(err) {
				m.reason.Demand()
				m.note = "This action wants a reason. Type it, then R tries those again."
			}
			if wish := view.SignInFor(err); wish != nil {
				wishes = append(wishes, wish)
			}
			break
		}
	}
	if undo := takeBack(m.items); undo != nil {
		wishes = append(wishes, undo)
		if m.note == "" {
			m.note = "u takes back what was done."
		}
	}
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

// news tells the open views what is different now.
func news(it desk.Item) view.All {
	switch {
	case it.Result.User != nil:
		return view.All{view.Changed{User: *it.Result.User}}
	case len(it.Result.Done) > 0 || it.Result.Unsure():
		return view.All{view.Touched{ID: it.Operation.User.ID}}
	}
	return nil
}

// takeBack is the wish that takes back what of a run can be, as a run of its own; nil when nothing can.
func takeBack(items []desk.Item) view.Action {
	var ops []desk.Operation
	for _, it := range items {
		if it.Result.Back != nil {
			ops = append(ops, *it.Result.Back)
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return view.Undoable{What: items[0].Operation.Name + " for " + users(len(ops)), Undo: view.OperateAll{Name: ops[0].Name, Operations: ops}}
}

// look takes over how far the run is.
func (m *Model) look() {
	for k, it := range m.run.Items() {
		m.items[m.at[k]] = it
	}
}

// start runs the operations at these places.
func (m *Model) start(at []int) tea.Cmd {
	ops := make([]desk.Operation, len(at))
	for k, i := range at {
		ops[k] = m.items[i].Operation
	}
	m.phase, m.at, m.began, m.stopped, m.note = working, at, m.env.Now(), false, ""
	m.run = desk.NewBulk(ops, nil)
	run, parent, to, name, with := m.run, m.env.Ctx, m.env.ID, m.name, m.reason.With()
	return tea.Batch(m.later(), func() tea.Msg {
		run.Run(with(parent), "")
		return view.Result{To: to, Write: true, Msg: Ended{name: name, items: run.Items(), cut: parent.Err() != nil}}
	})
}

func (m *Model) later() tea.Cmd {
	return view.After(m.env.Ctx, refresh, view.Result{To: m.env.ID, Msg: tick{}})
}

// failed is the places of those that failed; what may have been done, or waits for a second operator, is not among them.
func (m *Model) failed() []int {
	return m.places(func(it desk.Item) bool { return it.State == desk.Failed && !it.Result.Unsure() && !it.Result.Waits() })
}

// unbegun is the places of those that were not begun when the run was stopped.
func (m *Model) unbegun() []int {
	return m.places(func(it desk.Item) bool { return it.State == desk.Stopped })
}

func (m *Model) places(of func(desk.Item) bool) []int {
	var at []int
	for i, it := range m.items {
		if of(it) {
			at = append(at, i)
		}
	}
	return at
}

type saved struct {
	path string
	err  error
}

func (s saved) words() string {
	if s.err != nil {
		return "The summary could not be kept: " + s.err.Error()
	}
	return "The summary is in " + s.path
}

// keep writes the summary: one JSON object a user, without anything secret.
func (m *Model) keep() tea.Cmd {
	save, to := m.save, m.env.ID
	name := strings.ReplaceAll(strings.ToLower(m.name), " ", "-") + "-" + m.env.Now().UTC().Format("20060102-150405") + ".jsonl"
	var b strings.Builder
	enc := json.NewEncoder(&b)
	for _, it := range m.items {
		row := map[string]any{"user_id": string(it.Operation.User.ID), "label": it.Operation.User.Label().String(), "action": it.Operation.Name,
			"state": stateWord(it), "done": it.Result.Done}
		if it.Result.Err != nil {
			row["error"] = it.Result.Err.Error()
		}
		if err := enc.Encode(row); err != nil {
			m.note = "The summary could not be written: " + err.Error()
			return nil
		}
	}
	content := []byte(b.String())
	return func() tea.Msg {
		path, err := save(name, content)
		return view.Result{To: to, Msg: saved{path, err}}
	}
}
