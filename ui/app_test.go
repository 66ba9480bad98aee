package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/login"
	"usher/ui/toast"
	"usher/ui/uitest"
	"usher/ui/view"
)

const evil = "\x1b]0;pwned\x07\x1b[2J\u202e\r\n漢字👩‍👩‍👧"

type scripted struct {
	op        login.Operator
	startErr  error
	waitErr   error
	expiresAt time.Time
	kept      login.Operator // a sign-in kept from before
	keptErr   error
}

func (s *scripted) Resume(context.Context) (login.Operator, bool, error) {
	return s.kept, s.kept.ID != "", s.keptErr
}
func (s *scripted) StartDevice(_ context.Context, ask login.Ask) (login.Code, error) {
	return login.Code{UserCode: "ABCD-EFGH", URI: "https://acme.auth0.com/activate", URIComplete: "https://acme.auth0.com/activate?user_code=ABCD-EFGH", ExpiresAt: s.expiresAt}, s.startErr
}
func (s *scripted) WaitDevice(context.Context, login.Code, func(login.Trouble)) (login.Operator, error) {
	return s.op, s.waitErr
}

// probe is a view that records what it is told.
type probe struct {
	got             []string
	typing, writing bool
	unsaved         bool
	title           string
	closed          bool
	answer          view.Action
	keys            []view.Key
}

func (p *probe) Init() tea.Cmd { return nil }
func (p *probe) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		p.got = append(p.got, msg.String())
	default:
		p.got = append(p.got, fmt.Sprintf("%T", msg))
	}
	act := p.answer
	p.answer = nil
	return act, nil
}
func (p *probe) View(view.Size) view.Frame {
	return view.Frame{Content: "probe " + strings.Repeat("漢", 700)}
}
func (p *probe) Keys() []view.Key { return p.keys }
func (p *probe) Typing() bool     { return p.typing }
func (p *probe) Title() string    { return cmp.Or(p.title, "Probe") }
func (p *probe) Close()           { p.closed = true }
func (p *probe) Writing() bool    { return p.writing }
func (p *probe) Unsaved() bool    { return p.unsaved }

type reported struct{}

func (reported) Report() view.Action { return view.Notify{Level: view.Good, Text: "it was written"} }

// nobody is a backend nothing may call.
type nobody struct{ Backend }

func newApp(t *testing.T, s *scripted, clock *time.Time) *App {
	t.Helper()
	s.expiresAt = clock.Add(5 * time.Minute)
	a := New(t.Context(), Options{
		Backend: nobody{}, SignIn: s, Profile: "acme", Production: true, Now: func() time.Time { return *clock },
		ProfileColor: "#ff0000", Budget: func() (int, int, bool) { return 8, 10, true },
	})
	a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	return a
}

// signIn plays the device flow without waiting for its ticks.
func signIn(t *testing.T, a *App, s *scripted) {
	t.Helper()
	a.Init()
	again(t, a, s)
}

func again(t *testing.T, a *App, s *scripted) {
	t.Helper()
	if cmd := askCode(a); cmd != nil {
		batch, ok := cmd().(tea.BatchMsg)
		if !ok {
			t.Fatal("the code did not start the wait")
		}
		a.Update(batch[0]())
	}
}

// askCode plays the screen until a code is shown, and gives what waits for it; nil when a kept sign-in was taken up or no
// code came.
func askCode(a *App) tea.Cmd {
	_, cmd := a.Update(a.login.Init()())
	if a.login == nil || a.login.Waiting() || cmd == nil {
		return cmd
	}
	if msg := cmd(); msg != nil { // no kept sign-in: a code is asked for
		_, cmd = a.Update(msg)
	}
	return cmd
}

func signedIn(t *testing.T, clock *time.Time) (*App, *scripted, *probe) {
	t.Helper()
	s := &scripted{op: login.Operator{ID: "auth0|op", Email: "op@acme.test", Permissions: []string{"users:read"}}}
	a := newApp(t, s, clock)
	signIn(t, a, s)
	if a.login != nil {
		t.Fatal("still at the sign-in")
	}
	p := &probe{}
	a.stack = append(a.stack, open{id: a.nextID(), v: p})
	return a, s, p
}

func noon() *time.Time {
	c := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	return &c
}

func TestNothingIsOpenBeforeTheSignIn(t *testing.T) {
	t.Parallel()
	s := &scripted{waitErr: errors.New("denied")}
	a := newApp(t, s, noon())
	signIn(t, a, s)
	if len(a.stack) != 0 || !strings.Contains(uitest.Frame(a), "denied") {
		t.Errorf("a failed sign-in shows:\n%s", uitest.Frame(a))
	}
	s.waitErr, s.op = nil, login.Operator{ID: "auth0|op", Email: "op@acme.test"}
	again(t, a, s)
	if len(a.stack) != 1 || !strings.Contains(uitest.Frame(a), "op@acme.test · no permissions (W) · rate 8/10") {
		t.Errorf("after the sign-in:\n%s", uitest.Frame(a))
	}
}

func TestWhoGetsAKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(a *App, p *probe)
		key   string
		check func(a *App, p *probe) bool
	}{
		"a letter goes to the view":               {nil, "j", func(_ *App, p *probe) bool { return len(p.got) == 1 }},
		"? opens help":                            {nil, "?", func(a *App, p *probe) bool { return a.help && len(p.got) == 0 }},
		"? is text while the operator types":      {func(_ *App, p *probe) { p.typing = true }, "?", func(a *App, p *probe) bool { return !a.help && len(p.got) == 1 }},
		"ctrl+k works while the operator types":   {func(_ *App, p *probe) { p.typing = true }, "ctrl+k", func(a *App, _ *probe) bool { return a.palette != nil }},
		"ctrl+c asks while a change is under way": {func(_ *App, p *probe) { p.writing = true }, "ctrl+c", func(a *App, _ *probe) bool { return a.leaving }},
		"ctrl+r reloads":                          {nil, "ctrl+r", func(_ *App, p *probe) bool { return len(p.got) == 1 && p.got[0] == "view.ReloadMsg" }},
		"esc dismisses an error first":            {func(a *App, _ *probe) { a.toasts.Add(view.Bad, "bad") }, "esc", func(a *App, p *probe) bool { return len(p.got) == 0 && !a.toasts.Dismiss() }},
		"a key switched off says why": {
			func(_ *App, p *probe) {
				k := view.NewKey("m", "reset", "m")
				k.Why = "no permission"
				p.keys = []view.Key{k}
			},
			"m", func(a *App, p *probe) bool {
				return len(p.got) == 0 && strings.Contains(uitest.Frame(a), "no permission")
			},
		},
		"a dialog takes even the global keys": {
			func(a *App, _ *probe) { a.dialogs = append(a.dialogs, open{id: 99, v: &probe{}}) },
			"q", func(a *App, p *probe) bool { return len(p.got) == 0 && len(a.top().v.(*probe).got) == 1 },
		},
		"a dialog that opened by itself swallows keys at first": {
			func(a *App, _ *probe) {
				a.dialogs = append(a.dialogs, open{id: 99, v: &probe{}, by: grace{a.o.Now()}})
			},
			"y", func(a *App, _ *probe) bool { return len(a.top().v.(*probe).got) == 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _, p := signedIn(t, noon())
			if c.set != nil {
				c.set(a, p)
			}
			uitest.Press(a, c.key)
			if !c.check(a, p) {
				t.Errorf("the view got %v; the screen:\n%s", p.got, uitest.Frame(a))
			}
		})
	}
}

func TestGraceEnds(t *testing.T) {
	t.Parallel()
	clock := noon()
	a, _, _ := signedIn(t, clock)
	d := &probe{}
	a.dialogs = append(a.dialogs, open{id: 99, v: d, by: grace{*clock}})
	*clock = clock.Add(time.Second)
	uitest.Press(a, "y")
	if len(d.got) != 1 {
		t.Errorf("the dialog got %v", d.got)
	}
}

func TestResultsFindTheirAsker(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	id := a.top().id
	a.Update(view.Result{To: id + 50, Msg: reported{}})
	if len(p.got) != 0 || strings.Contains(uitest.Frame(a), "it was written") {
		t.Error("a late read of a closed view was not dropped")
	}
	a.dialogs = append(a.dialogs, open{id: 99, v: &probe{}})
	a.Update(view.Result{To: id})
	if len(p.got) != 1 {
		t.Error("a covered view did not get its answer")
	}
	a.Update(view.Result{To: id + 50, Write: true, Msg: reported{}})
	if !strings.Contains(uitest.Frame(a), "it was written") {
		t.Error("the write of a closed view did not report")
	}
}

func TestASecondSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		as   auth0client.UserID
		kept bool
	}{
		"of the same operator returns to the same place": {"auth0|op", true},
		"of another operator begins anew":                {"auth0|other", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, s, p := signedIn(t, noon())
			p.answer = view.Fail{What: "Load", Err: &auth0client.Unauthorized{}}
			uitest.Press(a, "j")
			if a.login == nil || !strings.Contains(uitest.Frame(a), "Sign in again") {
				t.Fatal("no sign-in is asked for")
			}
			s.op.ID = c.as
			again(t, a, s)
			if kept := a.top().v == view.View(p); a.login != nil || kept != c.kept || p.closed == c.kept {
				t.Errorf("kept %v, want %v", kept, c.kept)
			}
		})
	}
}

func TestQuit(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	p.writing = true
	if cmd := uitest.Press(a, "ctrl+c"); cmd != nil {
		t.Fatal("left without asking")
	}
	if cmd := uitest.Press(a, "ctrl+c"); cmd == nil || cmd() != tea.Msg(tea.QuitMsg{}) {
		t.Error("the second ctrl+c does not leave")
	}
}

func TestEveryFrameFits(t *testing.T) {
	t.Parallel()
	a, _, _ := signedIn(t, noon())
	a.o.Profile, a.operator.Email = evil, evil
	a.toasts.Add(view.Bad, strings.Repeat("long ", 200))
	covers := map[string]func(){
		"a view": func() {}, "help": func() { a.help = true }, "a palette": func() { a.palette = newPalette(globals()) },
		"a dialog": func() { a.dialogs = append(a.dialogs, open{id: 99, v: &probe{}}) },
		"sign-in":  func() { a.askSignIn(wish{}, grace{}) }, "the quit question": func() { a.leaving = true },
	}
	for name, cover := range covers {
		cover()
		for side := 0; side <= 600; side += 7 {
			for _, size := range []view.Size{{Width: side, Height: 24}, {Width: 80, Height: side}, {Width: side, Height: side}, {Width: 600 - side, Height: side}} {
				a.Update(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
				v := a.View()
				uitest.Fits(t, v.Content, size)
				if strings.ContainsAny(v.Content+v.WindowTitle, "\x07\r\u202e") || strings.Contains(v.Content, "\x1b[2J") {
					t.Fatalf("%s: text of others acts on the terminal", name)
				}
			}
		}
	}
}

func TestAToastPassesAndAnErrorStays(t *testing.T) {
	t.Parallel()
	var q toast.Queue
	id, expires := q.Add(view.Info, "hello")
	if _, errs := q.Add(view.Bad, "bad"); !expires || errs {
		t.Error("the wrong toast expires")
	}
	a, _, _ := signedIn(t, noon())
	q.Expire(id)
	if lines := q.Lines(a.th, 80, 5); len(lines) != 1 || !strings.Contains(lines[0], "bad") {
		t.Errorf("left: %q", lines)
	}
}

func TestTheSignInScreen(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		s := &scripted{}
		a := newApp(t, s, noon())
		a.Init()
		a.Update(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
		askCode(a)
		uitest.Golden(t, fmt.Sprintf("signin-%dx%d", size.Width, size.Height), uitest.Frame(a))
	}
}
