package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

// fake is a sign-in whose answers are set.
type fake struct {
	kept     Operator
	keptErr  error
	code     Code
	startErr error
	op       Operator
	waitErr  error
	trouble  []Trouble
	asked    []string
}

func (f *fake) Resume(context.Context) (Operator, bool, error) {
	f.asked = append(f.asked, "resume")
	return f.kept, f.kept.ID != "", f.keptErr
}

func (f *fake) StartDevice(_ context.Context, ask Ask) (Code, error) {
	f.asked = append(f.asked, fmt.Sprintf("start %v %v", ask.Fresh, ask.MaxAge))
	return f.code, f.startErr
}

func (f *fake) WaitDevice(_ context.Context, _ Code, told func(Trouble)) (Operator, error) {
	for _, t := range f.trouble {
		told(t)
	}
	return f.op, f.waitErr
}

type screen struct {
	*Model
	f     *fake
	clock time.Time
}

func newScreen(t *testing.T, o Options) *screen {
	t.Helper()
	th := theme.New(true, false)
	s := &screen{clock: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	s.f = &fake{code: Code{
		UserCode: "BCDF-WXZQ", URI: "https://acme-production.eu.auth0.com/activate",
		URIComplete: "https://acme-production.eu.auth0.com/activate?user_code=BCDF-WXZQ", ExpiresAt: s.clock.Add(15 * time.Minute),
	}}
	o.ID, o.Ctx, o.SignIn, o.Now, o.QR = 7, t.Context(), s.f, func() time.Time { return s.clock }, true
	if o.Theme == nil {
		o.Theme = &th
	}
	s.Model = New(o)
	return s
}

// answer gives the model what a command says, and returns the operator and the next command.
func (s *screen) answer(cmd tea.Cmd) (*Operator, tea.Cmd) {
	op, _, next := s.Update(cmd())
	return op, next
}

// shown plays until the code is shown, and returns the commands that wait then: the sign-in, the tick, the trouble.
func (s *screen) shown(t *testing.T) []tea.Cmd {
	t.Helper()
	_, cmd := s.answer(s.Init())
	if s.phase == starting && cmd != nil {
		_, cmd = s.answer(cmd)
	}
	if s.phase != waiting {
		t.Fatalf("no code is shown:\n%s", s.text(80, 21))
	}
	batch, _ := cmd().(tea.BatchMsg)
	return batch
}

func (s *screen) text(w, h int) string {
	return ansi.Strip(s.View(view.Size{Width: w, Height: h}).Content)
}

func (s *screen) has(t *testing.T, want string) {
	t.Helper()
	s.qr = nil // it stands between the lines
	if got := strings.Join(strings.Fields(s.text(120, 36)), " "); !strings.Contains(got, want) {
		t.Errorf("%q is missing in:\n%s", want, s.text(120, 36))
	}
}

func TestAKeptSignInNeedsNoCode(t *testing.T) {
	t.Parallel()
	s := newScreen(t, Options{})
	s.f.kept = Operator{ID: "auth0|op"}
	op, cmd := s.answer(s.Init())
	if op == nil || op.ID != "auth0|op" || cmd != nil || !s.Resumed() || len(s.f.asked) != 1 {
		t.Errorf("the operator is %v, resumed %v; asked %v", op, s.Resumed(), s.f.asked)
	}
}

func TestWithoutAKeptSignInTheCodeComesInOneChangeOfTheScreen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(s *screen)
		says string
	}{
		"none is kept":      {func(*screen) {}, ""},
		"it cannot be read": {func(s *screen) { s.f.keptErr = errors.New("the keyring is locked") }, "the keyring is locked"},
		"it is too old": {func(s *screen) {
			s.f.kept = Operator{ID: "auth0|op"}
			s.o.Refuse = func(Operator) string { return "Your session of 12 h is over: sign in again." }
		}, "Your session of 12 h is over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScreen(t, Options{})
			c.set(s)
			first := s.Init()
			before := s.text(80, 21)
			op, cmd := s.answer(first)
			if c.says == "" && s.text(80, 21) != before {
				t.Errorf("the screen changed although there is nothing to say yet:\n%s", s.text(80, 21))
			}
			if s.answer(cmd); op != nil || s.phase != waiting {
				t.Fatalf("no code is shown: phase %v, operator %v", s.phase, op)
			}
			s.has(t, "BCDF-WXZQ is good for 15:00")
			s.has(t, c.says)
		})
	}
}

func TestASignInInMidWorkNeverTakesUpAKeptOne(t *testing.T) {
	t.Parallel()
	for _, p := range []Purpose{Ended, TooLong, ForFresh} {
		s := newScreen(t, Options{Purpose: p, Ask: Ask{Fresh: p == ForFresh, MaxAge: 10 * time.Minute}})
		s.f.kept = Operator{ID: "auth0|op"}
		s.answer(s.Init())
		if want := fmt.Sprintf("start %v 10m0s", p == ForFresh); len(s.f.asked) != 1 || s.f.asked[0] != want {
			t.Errorf("purpose %d: asked %v, want %q", p, s.f.asked, want)
		}
	}
}

func TestHowACodeEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"denied":              {&Denied{Description: "User cancelled the confirmation prompt"}, "The sign-in was refused: User cancelled the confirmation prompt. Press r"},
		"denied without word": {&Denied{}, "The sign-in was refused. Press r"},
		"denied with a trap":  {&Denied{Description: "\x1b]52;c;AA\x07\r\n"}, "refused: \u241b]52;c;AA\u2407"},
		"expired":             {fmt.Errorf("wait: %w", ErrExpired), "The code has expired. Press r for a new one."},
		"anything else":       {&auth0client.Unavailable{Answer: auth0client.Answer{Status: 500}}, "fault of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScreen(t, Options{})
			s.f.waitErr = c.err
			s.answer(s.shown(t)[0])
			s.has(t, c.says)
			if _, cmd := s.pressed("r"); cmd == nil || s.phase != starting {
				t.Error("r does not begin again")
			}
		})
	}
}

func TestTheClockEndsACode(t *testing.T) {
	t.Parallel()
	s := newScreen(t, Options{})
	s.shown(t)
	s.clock = s.clock.Add(14*time.Minute + 58*time.Second)
	s.has(t, "is good for 0:02")
	tick := view.Result{To: 7, Ticket: s.ticket, Msg: secondPassed{}}
	if _, _, cmd := s.Update(tick); cmd == nil {
		t.Fatal("the countdown stops early")
	}
	s.clock = s.clock.Add(2 * time.Second)
	if _, _, cmd := s.Update(tick); cmd != nil || s.wait.Err() == nil {
		t.Error("an expired code is still waited for")
	}
	s.has(t, "The code has expired. Press r for a new one.")
	s.f.code.ExpiresAt = s.clock.Add(time.Minute)
	_, cmd := s.pressed("enter")
	_, cmd = s.answer(cmd)
	if cmd == nil || s.phase != waiting {
		t.Error("no new code came")
	}
}

func TestTroubleIsSaidAndPasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble Trouble
		says    string
	}{
		"no answer":   {Trouble{Kind: Lost}, "Auth0 cannot be reached at the moment. usher keeps trying"},
		"slow down":   {Trouble{Kind: SlowDown}, "Auth0 wants to be asked less often"},
		"a 429 of it": {Trouble{Kind: Limited, Until: time.Date(2026, 3, 4, 12, 0, 9, 0, time.UTC)}, "rate limit is reached: going on in 9 s."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScreen(t, Options{})
			s.f.trouble, s.f.waitErr = []Trouble{{Kind: Lost}, c.trouble}, context.Canceled // the newest counts
			cmds := s.shown(t)
			cmds[0]()
			_, next := s.answer(cmds[2])
			s.has(t, c.says)
			s.heard <- Trouble{}
			s.answer(next)
			if got := s.text(120, 36); strings.Contains(got, "keeps trying") || strings.Contains(got, "less often") || strings.Contains(got, "going on") {
				t.Errorf("the trouble stays:\n%s", got)
			}
		})
	}
}

func TestTheTroubleOfAnEarlierCodeIsNotHeard(t *testing.T) {
	t.Parallel()
	s := newScreen(t, Options{})
	old := s.shown(t)[2]
	s.Close()
	if msg := old(); msg != nil {
		t.Errorf("it says %v", msg)
	}
}

func TestKeysOfTheSignIn(t *testing.T) {
	t.Parallel()
	opened := ""
	s := newScreen(t, Options{OpenBrowser: func(url string) error { opened = url; return nil }})
	s.shown(t)
	for _, k := range []string{"c", "y"} {
		if a, _ := s.pressed(k); a != (view.Copy{What: "address", Text: s.f.code.URIComplete}) {
			t.Errorf("%s gives %v", k, a)
		}
	}
	if _, cmd := s.pressed("o"); cmd == nil || cmd() == nil || opened != s.f.code.URIComplete {
		t.Errorf("the browser was sent to %q", opened)
	}
	if a, cmd := s.pressed("esc"); a != nil || cmd != nil {
		t.Error("esc leaves a sign-in that is needed")
	}
	s = newScreen(t, Options{Purpose: ForFresh})
	s.shown(t)
	if _, cmd := s.pressed("o"); cmd != nil || !strings.Contains(s.note, "no display") {
		t.Errorf("without a display o says %q", s.note)
	}
	if a, _ := s.pressed("esc"); a != (view.Back{}) || s.wait.Err() == nil {
		t.Error("esc does not leave the fresh sign-in")
	}
}

func TestAFreshSignInThatIsNone(t *testing.T) {
	t.Parallel()
	s := newScreen(t, Options{Purpose: ForFresh, Refuse: func(Operator) string { return "Your browser had you signed in since 09:00." }})
	s.f.op = Operator{ID: "auth0|op"}
	if op, _ := s.answer(s.shown(t)[0]); op != nil {
		t.Fatal("an old sign-in counts as fresh")
	}
	s.has(t, "Your browser had you signed in since 09:00. Sign out there and press r")
}

func TestSignInFrames(t *testing.T) {
	t.Parallel()
	ascii := theme.New(true, true)
	for name, o := range map[string]Options{
		"begin": {}, "ended": {Purpose: Ended}, "toolong": {Purpose: TooLong, Limit: 12 * time.Hour},
		"fresh": {Purpose: ForFresh, Ask: Ask{Fresh: true, MaxAge: 10 * time.Minute}}, "ascii": {Theme: &ascii},
	} {
		s := newScreen(t, o)
		s.o.QR = name != "ascii"
		s.shown(t)
		if name == "ended" {
			s.trouble = Trouble{Kind: Lost}
		}
		for _, size := range uitest.Sizes() {
			body := view.Size{Width: size.Width, Height: size.Height - 3} // header, breadcrumb and footer are the app's
			frame := s.text(body.Width, body.Height)
			uitest.Fits(t, frame, body)
			for _, must := range []string{"BCDF-WXZQ", "acme-production.eu.auth0.com/activate", "Compare the code. Approve only"} {
				if !strings.Contains(frame, must) {
					t.Errorf("%s at %dx%d lacks %q:\n%s", name, size.Width, size.Height, must, frame)
				}
			}
			if beside := strings.Contains(frame, "█▀▀▀▀▀█"); beside != (size.Width >= 80 && name != "ascii") {
				t.Errorf("%s at %dx%d: QR code shown %v", name, size.Width, size.Height, beside)
			}
			uitest.Golden(t, fmt.Sprintf("%s-%dx%d", name, size.Width, size.Height), frame)
		}
	}
}

func TestTheSignInFitsEverywhere(t *testing.T) {
	t.Parallel()
	s := newScreen(t, Options{Purpose: Ended})
	s.f.code.UserCode = "\x1b[31mЖЖ\r\n" + strings.Repeat("W", 30)
	s.shown(t)
	for w := 0; w <= 130; w += 7 {
		for h := 0; h <= 45; h += 2 {
			uitest.Fits(t, s.View(view.Size{Width: w, Height: h}).Content, view.Size{Width: w, Height: h})
		}
	}
}

func TestEveryCharacterHasALargeFormAndAWord(t *testing.T) {
	t.Parallel()
	seen := map[string]rune{}
	for _, r := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-" {
		lines := large(string(r), false)
		if len(lines) != 3 {
			t.Fatalf("%c has %d lines", r, len(lines))
		}
		form := strings.Join(lines, "\n")
		if other, twice := seen[form]; twice {
			t.Errorf("%c and %c look the same", r, other)
		}
		seen[form] = r
		if spelt(string(r)) == "" {
			t.Errorf("%c has no word", r)
		}
	}
	if large("é", false) != nil || spelt("é") != "" {
		t.Error("a character without a form has one")
	}
}

func TestTheQRCodeIsLightOnDarkOrDarkOnLight(t *testing.T) {
	t.Parallel()
	code := encode("https://acme.auth0.com/activate?user_code=BCDF-WXZQ")
	dark, light := drawQR(code, true, true), drawQR(code, true, false)
	if len(dark) != qrHeight(code) || !strings.HasPrefix(dark[0], "██") || !strings.HasPrefix(light[0], "  ") {
		t.Errorf("the margins are %q and %q", dark[0], light[0])
	}
	if strings.Contains(strings.Join(dark, ""), "\x1b") {
		t.Error("a QR code without colours has some")
	}
}
