// Package login is the sign-in screen: the device flow's code, where to enter it, and how long it is good for.
package login

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/theme"
	"usher/ui/view"
)

// Code is what the operator enters in the browser (RFC 8628).
type Code struct {
	UserCode         string
	URI, URIComplete string
	ExpiresAt        time.Time
	Interval         time.Duration
	Handle           any // the sign-in's own
}

// Operator is who signed in.
type Operator struct {
	ID          auth0client.UserID
	Email, Name string
	Permissions []string
	ExpiresAt   time.Time
}

// SignIn is the device flow.
type SignIn interface {
	StartDevice(ctx context.Context) (Code, error)
	// WaitDevice returns when the operator approved, refused or let the code expire.
	WaitDevice(ctx context.Context, code Code) (Operator, error)
}

// Options are what the screen works with. Approve and OpenBrowser may be nil.
type Options struct {
	ID          view.ID
	Ctx         context.Context
	SignIn      SignIn
	Approve     func(ctx context.Context, userCode string) error
	AutoApprove bool
	OpenBrowser func(url string) error
	Theme       *theme.Theme
	Now         func() time.Time
	QR          bool // the terminal can show a QR code
	Again       bool // a sign-in ended; this one covers what was open
}

type phase int

const (
	starting phase = iota
	waiting
	failed
)

// Model is the screen. Build it with [New].
type Model struct {
	o      Options
	phase  phase
	code   Code
	qr     []string
	note   string
	reason string
	loader view.Loader
	wait   context.Context // of the attempt under way
	ticket uint64
}

type (
	codeStarted struct {
		code Code
		err  error
	}
	signInEnded struct {
		operator Operator
		err      error
	}
	secondPassed struct{}
	approved     struct{ err error }
	opened       struct{ err error }
)

// New makes the screen.
func New(o Options) *Model { return &Model{o: o} }

// Init asks for a code.
func (m *Model) Init() tea.Cmd {
	m.wait, m.ticket = m.loader.Begin(m.o.Ctx)
	m.phase, m.note, m.reason, m.qr, m.code = starting, "", "", nil, Code{}
	return start(m.wait, m.o.ID, m.ticket, m.o.SignIn)
}

// Close ends the waiting.
func (m *Model) Close() { m.loader.Cancel() }

// Update takes keys and answers. The operator is not nil when the sign-in is done.
func (m *Model) Update(msg tea.Msg) (*Operator, view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		if msg.To != m.o.ID || !m.loader.Current(msg.Ticket) {
			return nil, nil, nil
		}
		return m.answered(msg.Msg)
	case tea.KeyPressMsg:
		action, cmd := m.pressed(msg.String())
		return nil, action, cmd
	}
	return nil, nil, nil
}

func (m *Model) answered(msg tea.Msg) (*Operator, view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case codeStarted:
		if msg.err != nil {
			m.fail(msg.err)
			return nil, nil, nil
		}
		return nil, nil, m.started(msg.code)
	case signInEnded:
		if msg.err != nil {
			m.fail(msg.err)
			return nil, nil, nil
		}
		m.loader.Cancel()
		return &msg.operator, nil, nil
	case secondPassed:
		if m.phase != waiting {
			return nil, nil, nil
		}
		if !m.o.Now().Before(m.code.ExpiresAt) {
			m.loader.Cancel()
			m.phase, m.reason = failed, "The code has expired. Press r for a new one."
			return nil, nil, nil
		}
		return nil, nil, second(m.o.ID, m.ticket)
	case approved:
		m.note = "Approved. One moment."
		if msg.err != nil {
			m.note = sentence("The approval failed", view.Explain(m.o.Now(), msg.err))
		}
	case opened:
		m.note = "The browser was asked to open the page."
		if msg.err != nil {
			m.note = "The browser did not open. Enter the address by hand."
		}
	}
	return nil, nil, nil
}

func (m *Model) started(code Code) tea.Cmd {
	m.phase, m.code = waiting, code
	if m.o.QR {
		m.qr = drawQR(page(code))
	}
	cmds := []tea.Cmd{wait(m.wait, m.o.ID, m.ticket, m.o.SignIn, code), second(m.o.ID, m.ticket)}
	if m.o.AutoApprove && m.o.Approve != nil {
		cmds = append(cmds, approve(m.wait, m.o.ID, m.ticket, m.o.Approve, code.UserCode))
	}
	return tea.Batch(cmds...)
}

func (m *Model) fail(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	m.loader.Cancel()
	m.phase, m.reason = failed, sentence("The sign-in failed", view.Explain(m.o.Now(), err))+" Press r for a new code."
}

func sentence(what string, p view.Problem) string { return what + ": " + p.String() + "." }

func page(c Code) string {
	if c.URIComplete != "" {
		return c.URIComplete
	}
	return c.URI
}

func start(ctx context.Context, id view.ID, ticket uint64, s SignIn) tea.Cmd {
	return func() tea.Msg {
		code, err := s.StartDevice(ctx)
		return view.Result{To: id, Ticket: ticket, Msg: codeStarted{code, err}}
	}
}

func wait(ctx context.Context, id view.ID, ticket uint64, s SignIn, code Code) tea.Cmd {
	return func() tea.Msg {
		op, err := s.WaitDevice(ctx, code)
		return view.Result{To: id, Ticket: ticket, Msg: signInEnded{op, err}}
	}
}

func approve(ctx context.Context, id view.ID, ticket uint64, do func(context.Context, string) error, code string) tea.Cmd {
	return func() tea.Msg { return view.Result{To: id, Ticket: ticket, Msg: approved{do(ctx, code)}} }
}

func browse(id view.ID, ticket uint64, open func(string) error, url string) tea.Cmd {
	return func() tea.Msg { return view.Result{To: id, Ticket: ticket, Msg: opened{open(url)}} }
}

func second(id view.ID, ticket uint64) tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return view.Result{To: id, Ticket: ticket, Msg: secondPassed{}} })
}
