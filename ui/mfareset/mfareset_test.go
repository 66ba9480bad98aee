package mfareset

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

var update = flag.Bool("update", false, "write the golden frames anew") //nolint:gochecknoglobals // a flag of the tests

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // the tests' clock

type fake struct {
	methods []auth0client.AuthenticationMethod
	refuse  map[string]error
	listErr error
	calls   []string
}

func (f *fake) AuthenticationMethods(context.Context, auth0client.UserID) ([]auth0client.AuthenticationMethod, error) {
	f.calls = append(f.calls, "list")
	return slices.Clone(f.methods), f.listErr
}

func (f *fake) DeleteAuthenticationMethod(ctx context.Context, _ auth0client.UserID, id string) error {
	f.calls = append(f.calls, "delete "+id)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f.refuse[id]; err != nil {
		return err
	}
	f.methods = slices.DeleteFunc(f.methods, func(m auth0client.AuthenticationMethod) bool { return m.ID == id })
	return nil
}

func (f *fake) ForgetBrowsers(context.Context, auth0client.UserID) error {
	f.calls = append(f.calls, "forget")
	return nil
}

func four(evil string) []auth0client.AuthenticationMethod {
	one := func(id, kind, label string) auth0client.AuthenticationMethod {
		return auth0client.AuthenticationMethod{
			ID: id, Kind: auth0client.MethodKind(kind), Label: term.Line(label + evil), Detail: term.Line(evil), Confirmed: true,
		}
	}
	return []auth0client.AuthenticationMethod{
		one("t1", "totp", "Authenticator app"), one("p1", "phone", "SMS"), one("pk", "passkey", "Passkey"), one("pw", "password", "Password"),
	}
}

func newModel(f *fake, clock *time.Time, can bool, evil string) *Model {
	th := theme.New(true, false)
	env := view.Env{
		ID: 7, Ctx: context.Background(), Theme: &th, Now: func() time.Time { return *clock },
		Can: func(string) bool { return can },
	}
	return New(env, f, auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com" + evil)})
}

func press(m *Model, keys ...string) (last view.Action, cmd tea.Cmd) {
	for _, k := range keys {
		last, cmd = m.pressed(k)
	}
	return last, cmd
}

func TestAResetSparesWhatIsALogin(t *testing.T) {
	t.Parallel()
	clock, f := noon, &fake{methods: four("")}
	m := newModel(f, &clock, true, "")
	m.Update(m.Init()())
	_, cmd := press(m, "y")
	action, _ := m.Update(cmd())
	want := []string{"list", "delete t1", "delete p1", "forget", "list"}
	if !slices.Equal(f.calls, want) {
		t.Fatalf("calls %v, want %v", f.calls, want)
	}
	if all, ok := action.(view.All); !ok || len(all) != 1 || all[0] != (view.Touched{ID: "auth0|1"}) {
		t.Errorf("the action is %v, want Touched", action)
	}
	if got := m.outcome.summary(); got != "Done. 2 methods removed, passkey and password left. They enrol again at next sign-in." {
		t.Errorf("the summary is %q", got)
	}
	if action, _ := press(m, "enter"); action != (view.Back{}) {
		t.Errorf("enter gives %v, want Back", action)
	}
}

func TestKeysThatMustNotConfirm(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]struct {
		before, after []string
		can           bool
	}{
		"y before the list is there":            {before: []string{"y"}, can: true},
		"y before the list, then again at once": {before: []string{"y"}, after: []string{"y", "y"}, can: true},
		"enter on the button that is at first":  {after: []string{"enter"}, can: true},
		"y without the permission":              {after: []string{"y"}},
		"the other button without permission":   {after: []string{"tab", "enter"}},
		"n and esc":                             {after: []string{"n", "esc"}, can: true},
		"going to the other button and back":    {after: []string{"tab", "tab", "enter"}, can: true},
		"moving and ticking":                    {after: []string{"j", "space", "k"}, can: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock, f := noon, &fake{methods: four("")}
			m := newModel(f, &clock, run.can, "")
			read := m.Init()
			if _, cmd := press(m, run.before...); cmd != nil {
				t.Fatal("a key confirmed before the list was read")
			}
			m.Update(read())
			if _, cmd := press(m, run.after...); cmd != nil || m.phase != choosing {
				t.Fatal("a key confirmed that must not")
			}
			clock = clock.Add(time.Second)
			if _, cmd := press(m, "y"); (cmd != nil) != run.can {
				t.Errorf("a y after reading confirms: %v, want %v", cmd != nil, run.can)
			}
		})
	}
}

func TestARetryDoesOnlyWhatFailed(t *testing.T) {
	t.Parallel()
	clock := noon
	f := &fake{methods: four(""), refuse: map[string]error{"p1": &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503, Message: term.Line("down")}}}}
	m := newModel(f, &clock, true, "")
	m.Update(m.Init()())
	_, cmd := press(m, "y")
	m.Update(cmd())
	if got := ansi.Strip(m.View(view.Size{Width: 100, Height: 20}).Content); !strings.Contains(got, "SMS NOT removed") ||
		!strings.Contains(got, "down") || !strings.Contains(got, "Authenticator app removed") {
		t.Errorf("the outcome of each method is not told:\n%s", got)
	}
	f.refuse, f.calls = nil, nil
	_, cmd = press(m, "R")
	m.Update(cmd())
	if want := []string{"list", "delete p1", "list"}; !slices.Equal(f.calls, want) {
		t.Errorf("the retry called %v, want %v", f.calls, want)
	}
	if m.outcome.failed() || m.outcome.removed() != 2 {
		t.Errorf("after the retry: %s", m.outcome.summary())
	}
}

func TestARemovalOfUnknownOutcomeIsReadBack(t *testing.T) {
	t.Parallel()
	r := report{
		outcomes: []outcome{{method: four("")[0], err: &auth0client.Unknown{}}, {method: four("")[1], err: &auth0client.Unknown{}}},
		left:     four("")[1:],
	}
	r.settle()
	if r.outcomes[0].err != nil || r.outcomes[1].err == nil {
		t.Errorf("settled to %v and %v", r.outcomes[0].err, r.outcomes[1].err)
	}
}

func TestAResetGoesOnWhenItsDialogAndSessionEnd(t *testing.T) {
	t.Parallel()
	clock, f := noon, &fake{methods: four("")}
	m := newModel(f, &clock, true, "")
	ctx, cancel := context.WithCancel(t.Context())
	m.env.Ctx = ctx
	m.Update(m.Init()())
	_, cmd := press(m, "y")
	m.Close()
	cancel()
	res, ok := cmd().(view.Result)
	if !ok || !res.Write {
		t.Fatalf("the answer is %v, want a write's", res)
	}
	action, _ := m.Update(res)
	if all, ok := action.(view.All); !ok || len(all) != 2 || len(f.methods) != 2 {
		t.Errorf("the closed dialog reports %v and leaves %d methods", action, len(f.methods))
	}
}

func TestALateListIsDropped(t *testing.T) {
	t.Parallel()
	clock, f := noon, &fake{methods: four("")}
	m := newModel(f, &clock, true, "")
	late := m.Init()()
	m.load()
	if m.Update(late); m.phase != loading {
		t.Error("an answer to an older question was taken")
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*fake{
		"choosing": {methods: four("")}, "none": {}, "gone": {listErr: &auth0client.NotFound{}},
	} {
		for _, size := range []view.Size{{Width: 120, Height: 40}, {Width: 80, Height: 24}, {Width: 60, Height: 15}} {
			clock := noon
			m := newModel(f, &clock, true, "")
			m.Update(m.Init()())
			golden(t, name+"-"+strconv.Itoa(size.Width), ansi.Strip(m.View(size).Content))
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\n--- want\n%s\n--- got\n%s", name, want, got)
	}
}

func TestNoSizeOrNameBreaksTheFrame(t *testing.T) {
	t.Parallel()
	const evil = "\x1b[2J\u202e\n漢字" + "e\u0301\u0301"
	for _, n := range []int{0, 1, 2, 3, 7, 15, 40, 80, 600} {
		for _, h := range []int{0, 1, 2, 3, 5, 9, 15, 600} {
			for p := loading; p <= finished; p++ {
				clock := noon
				m := newModel(&fake{methods: four(evil)}, &clock, true, evil)
				m.Update(m.Init()())
				m.phase, m.loadErr = p, &auth0client.Unreachable{Err: context.DeadlineExceeded}
				m.outcome = report{outcomes: []outcome{{method: four(evil)[0], err: &auth0client.Unknown{}}}, left: four(evil)}
				content := m.View(view.Size{Width: n, Height: h}).Content
				if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
					t.Fatal("a tenant's escape reached the screen")
				}
				lines := strings.Split(content, "\n")
				if len(lines) > max(1, h) {
					t.Fatalf("%d lines at %dx%d", len(lines), n, h)
				}
				for _, line := range lines {
					if ansi.StringWidth(line) > n {
						t.Fatalf("a line of %d cells at %dx%d: %q", ansi.StringWidth(line), n, h, line)
					}
				}
			}
		}
	}
}
