package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/pflag"

	"usher/auth0client"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/config"
	"usher/ui"
	"usher/ui/login"
	"usher/ui/pace"
)

// consoleGC is how much garbage, in percent of what lives, a console gathers before it collects.
const consoleGC = 40

// consoleFlags are the flags of every command that draws.
type consoleFlags struct {
	config, profile string
	theme           string
	ascii           bool
	slowLine        bool
	query           string
	lockAfter       time.Duration
	sessionLimit    time.Duration
	flags           *pflag.FlagSet // which of them were given
	visit           *visit         // the SSH session that a command runs in; nil: none
}

func (f *consoleFlags) register(fs *pflag.FlagSet) {
	f.flags = fs
	fs.StringVar(&f.config, "config", "", "read the profiles from `FILE`")
	fs.StringVar(&f.profile, "profile", "", "use profile `P` of the configuration")
	fs.StringVar(&f.theme, "theme", "auto", "colours for a `BACKGROUND`: dark, light, or auto, which asks the terminal")
	fs.BoolVar(&f.ascii, "ascii", false, "draw with ASCII characters only")
	fs.DurationVar(&f.lockAfter, "lock-after", 15*time.Minute, "cover the screen after this `TIME` without a key (0: never)")
	fs.DurationVar(&f.sessionLimit, "session-limit", 12*time.Hour, "ask for a new sign-in after this `TIME` (0: never)")
	fs.BoolVar(&f.slowLine, "slow-line", false, "send as few bytes as possible (chosen by itself under SSH on a slow line)")
}

// follow takes from a profile what no flag was given for.
func (f *consoleFlags) follow(p config.Profile) {
	for flag, setting := range map[string]struct {
		from config.Duration
		to   *time.Duration
	}{"lock-after": {p.IdleLock, &f.lockAfter}, "session-limit": {p.SessionLimit, &f.sessionLimit}} {
		switch {
		case f.flags.Changed(flag) || setting.from == 0:
		case setting.from == config.Off:
			*setting.to = 0
		default:
			*setting.to = time.Duration(setting.from)
		}
	}
}

func (f *consoleFlags) dark() (*bool, error) {
	var dark bool
	switch f.theme {
	case "auto":
		return nil, nil
	case "dark":
		dark = true
	case "light":
	default:
		return nil, usagef("--theme %q: choose auto, dark or light", f.theme)
	}
	return &dark, nil
}

// console runs the console until the operator leaves.
func (w *wiring) console(ctx context.Context, f *consoleFlags) error {
	dark, err := f.dark()
	if err != nil {
		return err
	}
	if f.lockAfter < 0 || f.sessionLimit < 0 {
		return usagef("--lock-after and --session-limit cannot be negative; 0 switches them off")
	}
	// A console allocates little and lives long: collecting more often is not felt and keeps it small.
	debug.SetGCPercent(consoleGC)
	o := w.options(f, os.Getenv, dark)
	o.Approve, o.AutoApprove, o.Demo = w.approve, w.autoApprove, w.demo
	var browse func(string) error
	if hasDisplay(os.Getenv) && !w.autoApprove {
		browse = openBrowser
	}
	// The session ends with the console: reads under way are cancelled then.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.OpenBrowser, o.Notices, o.Editor = browse, w.unsettled(), ownEditor(os.Getenv)
	if w.kept != nil {
		o.Save = w.kept.write
	}
	if w.kept != nil && !w.demo { // every demo begins the same
		o.Prefs = w.kept
	}
	app := ui.New(ctx, o)
	paced := pace.Wrap(app)
	defer paced.Stop()
	options := []tea.ProgramOption{}
	if o.NoColor {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	program := tea.NewProgram(paced, options...)
	paced.Attach(program)
	send := program.Send
	w.told.Store(&send)
	// A signal ends the program as a key would: the terminal is put back.
	ctx, unnotify := signal.NotifyContext(ctx, syscall.SIGQUIT) // SIGTERM and SIGHUP end the context that came
	defer unnotify()
	stopped := context.AfterFunc(ctx, program.Quit)
	defer stopped()
	if _, err := program.Run(); err != nil {
		if errors.Is(err, tea.ErrProgramPanic) {
			return errors.New("the console met an error of its own and ended; the terminal was put back. Changes already confirmed are in the journal")
		}
		return fmt.Errorf("run the console: %w", err)
	}
	return nil
}

// options are those of a console at a terminal that says env of itself, on this machine or at the other end of a line.
func (w *wiring) options(f *consoleFlags, env func(string) string, dark *bool) ui.Options {
	return ui.Options{
		Backend: w.client, SignIn: deviceSignIn{w.session, w.polls, w.store},
		Profile: w.profile, ProfileColor: w.color, Production: w.production, NoClipboard: w.noClipboard,
		Now: time.Now, ASCII: f.ascii || asciiOnly(env), NoColor: noColor(env), SlowLine: f.slowLine, Dark: dark,
		Query: f.query, Budget: w.budget, LockAfter: f.lockAfter, SessionLimit: f.sessionLimit,
		Fields: w.fields, Lookups: w.lookups, Keep: w.keepRecord,
	}
}

func (w *wiring) budget() (remaining, limit int, known bool) {
	b := w.limits.Budget()
	return b.Remaining, b.Limit, b.Known
}

// deviceSignIn is the sign-in as the console sees it.
type deviceSignIn struct {
	session *signin.Client
	polls   *pollWatch
	store   *tokenstore.Store // nil: in memory
}

// Resume takes up a kept sign-in. Where none can be kept, or the one there is cannot be reached, it says why.
func (d deviceSignIn) Resume(ctx context.Context) (login.Operator, bool, error) {
	op, ok, err := d.session.Resume(ctx)
	if ok || err != nil || d.store == nil {
		return consoleOperator(op), ok, err
	}
	if kept, err := d.store.Open(ctx); err == nil && kept.Note != "" {
		return login.Operator{}, false, errors.New(kept.Note)
	}
	return login.Operator{}, false, nil
}

// StartDevice asks for a code.
func (d deviceSignIn) StartDevice(ctx context.Context, ask login.Ask) (login.Code, error) {
	start := d.session.StartDevice
	if ask.Fresh {
		start = func(ctx context.Context) (signin.DeviceCode, error) {
			return d.session.StartFreshDevice(ctx, ask.MaxAge)
		}
	}
	code, err := start(ctx)
	if err != nil {
		return login.Code{}, err
	}
	return login.Code{
		UserCode: code.UserCode, URI: code.VerificationURI, URIComplete: code.VerificationURIComplete,
		ExpiresAt: code.ExpiresAt, Interval: code.Interval, Handle: code,
	}, nil
}

// WaitDevice waits until the code is approved, denied or too old.
func (d deviceSignIn) WaitDevice(ctx context.Context, code login.Code, told func(login.Trouble)) (login.Operator, error) {
	dc, ok := code.Handle.(signin.DeviceCode)
	if !ok {
		return login.Operator{}, errors.New("the code is not of this sign-in")
	}
	var op signin.Operator
	var err error
	d.polls.during(told, func() { op, err = d.session.WaitDevice(ctx, dc) })
	var denied *signin.Denied
	switch {
	case errors.As(err, &denied):
		return login.Operator{}, &login.Denied{Description: denied.Description}
	case errors.Is(err, signin.ErrExpired):
		return login.Operator{}, login.ErrExpired
	case err != nil:
		return login.Operator{}, err
	}
	return consoleOperator(op), nil
}

func consoleOperator(op signin.Operator) login.Operator {
	return login.Operator{
		ID: auth0client.UserID(op.Subject), Email: op.Email, Name: op.Name,
		Permissions: op.Permissions, AuthTime: op.AuthTime, ExpiresAt: op.ExpiresAt,
	}
}
