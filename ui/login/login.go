// Package login is the sign-in screen: a sign-in kept from before is taken up, else the device flow's code is shown, where
// to enter it, and how long it is good for.
package login

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
	"rsc.io/qr"

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
	AuthTime    time.Time // when they last proved who they are; zero when not known
	ExpiresAt   time.Time
}

// Ask is what kind of sign-in is wanted.
type Ask struct {
	Fresh  bool          // the operator is to prove anew who they are, although a sign-in holds
	MaxAge time.Duration // how long ago they may have done so at most; zero is now
}

// Trouble is what holds a sign-in up while it keeps trying. The zero Trouble is none.
type Trouble struct {
	Kind  Hindrance
	Until time.Time // of a rate limit
}

// Hindrance is a kind of trouble.
type Hindrance int

// The hindrances.
const (
	Nothing  Hindrance = iota
	Lost               // no answer comes
	SlowDown           // the tenant wants to be asked less often (RFC 8628 §3.5)
	Limited            // the whole tenant's rate limit is reached
)

// How a code can end without a sign-in, beside errors of the client.
var ErrExpired = errors.New("the code has expired")

// Denied: the operator, or a rule of the tenant, refused the sign-in. Description is Auth0's.
type Denied struct{ Description string }

func (e *Denied) Error() string { return "the sign-in was refused: " + e.Description }

// SignIn is how an operator proves who they are.
type SignIn interface {
	// Resume takes up a kept sign-in; false when there is none that still holds.
	Resume(ctx context.Context) (Operator, bool, error)
	StartDevice(ctx context.Context, ask Ask) (Code, error)
	// WaitDevice returns when the operator approved, refused ([Denied]) or let the code expire ([ErrExpired]). It survives
	// a network that is away; told hears of it, and of its end.
	WaitDevice(ctx context.Context, code Code, told func(Trouble)) (Operator, error)
}

// Purpose is why a sign-in is asked for.
type Purpose int

// The purposes.
const (
	Begin    Purpose = iota // the console was opened
	Ended                   // the sign-in ended in mid-work
	TooLong                 // the session reached its limit
	ForFresh                // an action wants a fresh one; the session still holds
)

// Options are what the screen works with. Approve, OpenBrowser and Refuse may be nil.
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
	NoColor     bool // the QR code is drawn in the terminal's own colours
	Purpose     Purpose
	Ask         Ask
	Limit       time.Duration         // of a session that lasted too long
	Refuse      func(Operator) string // why a kept sign-in does not count; empty when it does
}

type phase int

const (
	starting phase = iota // a kept sign-in is looked for, then a code is asked for
	waiting
	failed
)

// Model is the screen. Build it with [New].
type Model struct {
	o       Options
	kept    bool // a kept sign-in may be there
	phase   phase
	code    Code
	qr      *qr.Code
	trouble Trouble
	note    string
	reason  string
	loader  view.Loader
	wait    context.Context // of the attempt under way
	ticket  uint64
	heard   chan Trouble
	resumed bool
}

// New makes the screen.
func New(o Options) *Model { return &Model{o: o, kept: o.Purpose == Begin} }

// Init looks for a kept sign-in, where one counts, or asks for a code.
func (m *Model) Init() tea.Cmd {
	m.wait, m.ticket = m.loader.Begin(m.o.Ctx)
	m.phase, m.note, m.reason, m.qr, m.code, m.trouble = starting, "", "", nil, Code{}, Trouble{}
	if m.kept {
		return resume(m.wait, m.o.ID, m.ticket, m.o.SignIn)
	}
	return start(m.wait, m.o.ID, m.ticket, m.o.SignIn, m.o.Ask)
}

// Waiting reports that a code is shown.
func (m *Model) Waiting() bool { return m.phase == waiting }

// Resumed reports that the sign-in was one kept from before.
func (m *Model) Resumed() bool { return m.resumed }

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
	case resumed:
		return m.took(msg)
	case codeStarted:
		if msg.err != nil {
			m.fail(msg.err)
			return nil, nil, nil
		}
		return nil, nil, m.started(msg.code)
	case signInEnded:
		return m.ended(msg), nil, nil
	case troubled:
		m.trouble = msg.trouble
		return nil, nil, listen(m.wait, m.o.ID, m.ticket, m.heard)
	case secondPassed:
		return nil, nil, m.second()
	case approved:
		m.note = "Approved. One moment."
		if msg.err != nil {
			m.note = sentence("The approval failed", m.o.Now(), msg.err)
		}
	case opened:
		m.note = "The browser was asked to open the page."
		if msg.err != nil {
			m.note = "The browser did not open. Enter the address by hand."
		}
	}
	return nil, nil, nil
}

// took goes on with the kept sign-in, or asks for a code as if there had been none.
func (m *Model) took(msg resumed) (*Operator, view.Action, tea.Cmd) {
	if msg.err == nil && msg.ok {
		if m.note = m.refuses(msg.operator); m.note == "" {
			m.loader.Cancel()
			m.resumed = true
			return &msg.operator, nil, nil
		}
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		return nil, nil, nil
	case msg.err != nil:
		m.note = sentence("Your kept sign-in could not be taken up", m.o.Now(), msg.err)
	}
	m.kept = msg.err != nil // what could not be read may be there at the next attempt
	return nil, nil, start(m.wait, m.o.ID, m.ticket, m.o.SignIn, m.o.Ask)
}

func (m *Model) ended(msg signInEnded) *Operator {
	if msg.err != nil {
		m.fail(msg.err)
		return nil
	}
	// A session begins with this sign-in, however long the browser has known the operator; an action may want more.
	if why := m.refuses(msg.operator); why != "" && m.o.Purpose == ForFresh {
		m.loader.Cancel()
		m.phase, m.reason = failed, why+" Sign out there and press r to begin again."
		return nil
	}
	m.loader.Cancel()
	return &msg.operator
}

func (m *Model) refuses(op Operator) string {
	if m.o.Refuse == nil {
		return ""
	}
	return m.o.Refuse(op)
}

func (m *Model) started(code Code) tea.Cmd {
	m.phase, m.code = waiting, code
	if m.o.QR {
		m.qr = encode(page(code))
	}
	m.heard = make(chan Trouble, 1)
	cmds := []tea.Cmd{
		wait(m.wait, m.o.ID, m.ticket, m.o.SignIn, code, m.heard),
		second(m.o.Ctx, m.o.ID, m.ticket),
		listen(m.wait, m.o.ID, m.ticket, m.heard),
	}
	if m.o.AutoApprove && m.o.Approve != nil {
		cmds = append(cmds, approve(m.wait, m.o.ID, m.ticket, m.o.Approve, code.UserCode))
	}
	return tea.Batch(cmds...)
}

func (m *Model) second() tea.Cmd {
	if m.phase != waiting {
		return nil
	}
	if !m.o.Now().Before(m.code.ExpiresAt) {
		m.fail(ErrExpired)
		return nil
	}
	return second(m.o.Ctx, m.o.ID, m.ticket)
}

func (m *Model) fail(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	m.loader.Cancel()
	m.phase = failed
	var denied *Denied
	switch {
	case errors.Is(err, ErrExpired):
		m.reason = "The code has expired. Press r for a new one."
	case errors.As(err, &denied):
		m.reason = denied.words() + " Press r to begin again."
	default:
		m.reason = sentence("The sign-in failed", m.o.Now(), err) + " Press r for a new code."
	}
}
