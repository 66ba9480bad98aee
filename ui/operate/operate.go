// Package operate is the dialog for an operation of the support desk: it says exactly what will happen and to whom, asks,
// shows the work and what became of it. Secrets that come of it are shown once and are gone with the dialog.
package operate

import (
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// typeAhead is how long a confirming key pressed too early keeps later ones from counting.
const typeAhead = 400 * time.Millisecond

type phase int

const (
	asking phase = iota
	working
	finished
)

// Model is the dialog. Build it with [New].
type Model struct {
	env view.Env
	op  desk.Operation

	phase  phase
	onDo   bool // the button that acts is highlighted
	early  time.Time
	note   string
	reason dialog.Reason
	typed  textinput.Model // what must be typed to confirm
	inType bool
	result desk.Result
	scroll int
	hidden bool // there is no room for what cannot be brought back
	closed bool
}

var _ view.View = (*Model)(nil)

// New makes the dialog for an operation.
func New(env view.Env, op desk.Operation) *Model {
	m := &Model{env: env, op: op, reason: dialog.NewReason(env, op.Permission), typed: widget.NewInput("Type it: ")}
	m.onDo = !op.Danger
	if op.Type != "" {
		m.focusType()
	}
	return m
}

// Init does nothing: all that is shown is known.
func (m *Model) Init() tea.Cmd { return nil }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return m.op.Name }

// Typing reports that a field has the focus.
func (m *Model) Typing() bool { return m.phase == asking && (m.reason.Typing() || m.inType) }

// Unsaved reports that a confirmation or a reason is typed.
func (m *Model) Unsaved() bool {
	return m.phase == asking && (m.typed.Value() != "" || m.reason.Text() != "")
}

// ShowsOnce reports that a secret is shown that nobody shows again.
func (m *Model) ShowsOnce() bool { return m.phase == finished && len(m.result.Once) > 0 }

// Writing reports that a change was sent and has not answered.
func (m *Model) Writing() bool { return m.phase == working }

// Close forgets what was shown once. A change under way goes on and reports.
func (m *Model) Close() {
	m.closed = true
	m.result.Once = nil
}

// Update takes keys and the end of the work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		done, ok := msg.Msg.(Done)
		switch {
		case msg.To != m.env.ID || !ok:
			return nil, nil
		case m.closed:
			return done.Report(), nil
		}
		return m.done(done), nil
	case tea.PasteMsg:
		m.pasted(msg.Content)
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) pasted(text string) {
	switch {
	case m.phase != asking:
	case m.inType:
		m.typed, _ = m.typed.Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(text), " ")).String()})
	default:
		m.reason.Paste(text)
	}
}

func (m *Model) focusType() {
	m.inType = true
	m.typed.Focus()
}

func (m *Model) blurType() {
	m.inType = false
	m.typed.Blur()
}

// confirm makes the change.
func (m *Model) confirm() tea.Cmd {
	m.phase, m.note = working, ""
	parent, to, op, with := m.env.Ctx, m.env.ID, m.op, m.reason.With()
	return func() tea.Msg {
		r := desk.Perform(with(parent), op, "")
		return view.Result{To: to, Write: true, Msg: Done{op: op, result: r}}
	}
}

// Done is the message at the end of an operation. The app meets it only when the dialog was closed meanwhile.
type Done struct {
	op     desk.Operation
	result desk.Result
}

// Report is what to tell the operator when the dialog is no longer there to say it. A secret is lost then, and said to be.
func (d Done) Report() view.Action {
	wishes := changes(d.op, d.result)
	who := d.op.User.Label().String()
	if d.op.User.ID == "" {
		who = d.op.Subject.Label.String()
	}
	if d.result.Err != nil {
		return append(wishes, view.Fail{What: d.op.Name + ": " + who, Err: d.result.Err})
	}
	text := d.op.Name + ": done for " + who + "."
	if len(d.result.Once) > 0 {
		text += " What it gave was not looked at and is gone: do it again to see it."
	}
	return append(wishes, view.Notify{Level: view.Good, Text: text})
}

// changes tells the open views what is different now.
func changes(op desk.Operation, r desk.Result) view.All {
	var wishes view.All
	if r.User != nil {
		wishes = append(wishes, view.Changed{User: *r.User})
	}
	if len(r.Done) == 0 && !r.Unsure() {
		if op.Subject.Reread && r.Err != nil {
			wishes = append(wishes, view.Altered{ID: op.Subject.ID})
		}
		return wishes
	}
	if op.User.ID != "" || op.Subject.ID == "" {
		wishes = append(wishes, view.Touched{ID: op.User.ID})
	}
	if op.Subject.ID != "" {
		wishes = append(wishes, view.Altered{ID: op.Subject.ID, Gone: op.Subject.Gone && r.Err == nil})
	}
	return wishes
}

func (m *Model) done(d Done) view.Action {
	m.phase, m.onDo, m.result, m.scroll = finished, false, d.result, 0
	wishes := changes(m.op, d.result)
	switch err := d.result.Err; {
	case err == nil:
	case view.Unsent(err) && len(d.result.Done) == 0:
		m.phase, m.note = asking, view.NotSent
		if view.ReasonMissing(err) {
			m.note = "This action wants a reason. Type it, then confirm again."
			m.reason.Demand()
		}
	}
	if wish := view.SignInFor(d.result.Err); wish != nil {
		wishes = append(wishes, wish)
	}
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

// why says what keeps the operator from the change, if anything.
func (m *Model) why() string {
	if m.env.Can != nil && m.op.Permission != "" && !m.env.Can(m.op.Permission) {
		return "You lack the permission " + m.op.Permission + "."
	}
	return ""
}

// typedRight reports that what was asked to be typed is there.
func (m *Model) typedRight() bool {
	oneSpaced := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return m.op.Type == "" || oneSpaced(m.typed.Value()) == oneSpaced(m.op.Type)
}

// once are the secrets to show, in the order they came.
func (m *Model) once() []desk.Once { return slices.Clone(m.result.Once) }
