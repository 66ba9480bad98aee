package sshserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"github.com/charmbracelet/colorprofile"

	"usher/auth0client"
	"usher/auth0client/parallel"
	"usher/auth0client/term"
	"usher/ui"
	"usher/ui/pace"
	"usher/ui/view"
)

// serve runs what a session asks for: the console, or one of usher's commands.
func (s *Server) serve(sess ssh.Session) {
	a := doorOf(sess.Context()).take(sess)
	resized := make(chan tea.WindowSizeMsg, 1)
	if a.terminal {
		go handOn(a.sizes, resized)
	}
	code := s.guarded(sess, a, resized)
	_ = sess.Exit(code) // the client may be gone
}

// crashed is told to whom an error of usher's own costs the session.
const crashed = "the session met an error of usher's own and ended. Changes already confirmed are in the journal"

// guarded keeps an error of usher's own to the session it happens in.
func (s *Server) guarded(sess ssh.Session, a asked, resized <-chan tea.WindowSizeMsg) (code int) {
	d := doorOf(sess.Context())
	d.work()
	defer d.worked(s.o.Limits.Idle)
	defer func() {
		if p := recover(); p != nil {
			kind, stack := parallel.Trace(p)
			s.o.Log.Error("a session met an error of usher's own", "address", d.shown.String(), "kind", kind, "stack", stack)
			code = complain(sess, 1, crashed)
		}
	}()
	return s.run(sess, a, resized)
}

// handOn takes every change of size at once, for as long as the channel is open: the connection waits for it. The last one
// is kept for the program.
func handOn(sizes <-chan ssh.Window, to chan tea.WindowSizeMsg) {
	for w := range sizes {
		select {
		case <-to:
		default:
		}
		to <- tea.WindowSizeMsg{Width: w.Width, Height: w.Height}
	}
}

func (s *Server) run(sess ssh.Session, a asked, resized <-chan tea.WindowSizeMsg) int {
	who, err := s.proved(sess)
	if err != nil {
		return complain(sess, 1, err.Error())
	}
	v := who.visitor(sess, a)
	args, err := words(sess.RawCommand())
	console := len(args) == 0 || args[0] == "open"
	l := &live{}
	l.cut = doorOf(sess.Context()).hangUp
	switch {
	case err != nil:
		return complain(sess, 2, err.Error())
	case console && !a.terminal:
		return complain(sess, 1, "the console needs a terminal: ssh -t asks for one. Without one, name a command, such as users search")
	case len(args) == 1 && args[0] == "open":
		return complain(sess, 2, "open whom? Name an id, an email or a search")
	case !s.live.enter(l, v.Fingerprint):
		return complain(sess, 1, "there are too many sessions with this key, or usher is about to stop")
	}
	defer s.live.leave(l)
	begun := s.o.Now()
	log := s.o.Log.With("address", v.Address, "key", v.Fingerprint, "label", v.Label)
	log.Info("a session began", "console", console)
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	defer context.AfterFunc(sess.Context(), cancel)()
	go s.watchKey(ctx, who, l)
	var code int
	if console {
		code = s.console(ctx, sess, l, v, a.pty, strings.Join(args[min(1, len(args)):], " "), resized)
	} else {
		code = s.command(ctx, cancel, sess, l, v, args)
	}
	log.Info("a session ended", "after", s.o.Now().Sub(begun).Round(time.Second).String(), "why", l.reason(), "code", code)
	return code
}

func complain(sess ssh.Session, code int, why string) int {
	fmt.Fprintf(sess.Stderr(), "usher: %s\n", term.Line(why))
	return code
}

// console runs a console until the operator, the client, a limit or the server ends it.
func (s *Server) console(ctx context.Context, sess ssh.Session, l *live, v Visitor, pty ssh.Pty, query string, resized <-chan tea.WindowSizeMsg) int {
	c, err := s.o.Host.Console(ctx, v, query)
	if err != nil {
		s.o.Log.Error("a console cannot be made", "error", err.Error())
		return complain(sess, 1, "the console cannot be opened; the server's log says why")
	}
	defer c.Close()
	c.Options.Resume = func(op auth0client.UserID) (ui.Place, bool) { return s.places.take(v.Fingerprint, op) }
	app := ui.New(ctx, c.Options)
	app.Update(tea.WindowSizeMsg{Width: pty.Window.Width, Height: pty.Window.Height}) // the first frame has the right size
	paced := pace.Wrap(app)
	defer paced.Stop()
	var program *tea.Program
	gone := func() {
		l.lost.Store(true)
		program.Quit()
	}
	program = tea.NewProgram(paced, programOptions(sess, inlet{sess, l.note(s.o.Now), gone}, pty, c.Options.NoColor)...)
	paced.Attach(program)
	l.begin(func(text string) { program.Send(ui.NoticeMsg{Level: view.Bad, Text: text}) }, program.Quit)
	if c.Started != nil {
		c.Started(program.Send)
	}
	done := make(chan struct{})
	go s.attend(ctx, l, program, resized, done)
	_, err = program.Run()
	close(done)
	lost := l.lost.Load() || err != nil && !errors.Is(err, tea.ErrProgramPanic)
	if place, ok := app.Place(); ok && (lost || l.reason() != "") {
		s.places.keep(v.Fingerprint, place)
	}
	switch why := l.reason(); {
	case why != "":
		fmt.Fprintf(sess, "usher: %s\r\n", why)
	case errors.Is(err, tea.ErrProgramPanic):
		fmt.Fprintf(sess, "usher: %s\r\n", crashed)
		return 1
	}
	return 0
}

func programOptions(sess ssh.Session, in io.Reader, pty ssh.Pty, noColor bool) []tea.ProgramOption {
	env := append(sess.Environ(), "TERM="+pty.Term)
	colors := colorprofile.Env(env)
	if noColor {
		colors = colorprofile.ASCII
	}
	return []tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(sess), tea.WithEnvironment(env), tea.WithColorProfile(colors),
		tea.WithWindowSize(pty.Window.Width, pty.Window.Height),
		tea.WithoutSignalHandler(), // signals are the server's
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			if _, ok := msg.(tea.SuspendMsg); ok {
				return nil // it would stop the server
			}
			return msg
		}),
	}
}

// note is called when something is typed.
func (l *live) note(now func() time.Time) func() {
	l.typed.Store(now().UnixNano())
	return func() { l.typed.Store(now().UnixNano()) }
}

// warnBefore is how long before the end of an unused session its operator is told.
const warnBefore = time.Minute

// attend hands changes of size to the program, and ends the session at its limits.
func (s *Server) attend(ctx context.Context, l *live, program *tea.Program, resized <-chan tea.WindowSizeMsg, done <-chan struct{}) {
	limits := s.o.Limits
	absolute := time.NewTimer(limits.Absolute)
	defer absolute.Stop()
	idle := time.NewTimer(limits.Idle)
	defer idle.Stop()
	warned := false
	look := func() time.Duration {
		still := s.o.Now().Sub(time.Unix(0, l.typed.Load()))
		warn := limits.Idle - warnBefore
		switch {
		case still >= limits.Idle:
			l.end("the session was ended: nothing was typed for " + view.Span(limits.Idle) + ". Come back soon and go on where you were")
			return time.Hour
		case warn <= 0:
			return limits.Idle - still
		case still >= warn:
			if !warned {
				warned = true
				go program.Send(ui.NoticeMsg{Level: view.Info, Text: "Nothing was typed for a while: the session ends in a minute. Any key keeps it."})
			}
			return limits.Idle - still
		}
		warned = false
		return warn - still
	}
	idle.Reset(look())
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case size := <-resized:
			program.Send(size)
		case <-idle.C:
			idle.Reset(look())
		case <-absolute.C:
			l.end("the session was ended: it lasted " + view.Span(limits.Absolute) + ", the longest there is. Come back and go on where you were")
		}
	}
}
