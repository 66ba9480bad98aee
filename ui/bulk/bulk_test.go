package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

func selection(n int, run func(i int) desk.Result) []desk.Operation {
	ops := make([]desk.Operation, n)
	for i := range ops {
		ops[i] = desk.Operation{Name: "Block", Permission: "users:block", Does: []string{"Block them"},
			User: auth0client.User{ID: auth0client.UserID(fmt.Sprintf("auth0|%d", i)), Email: term.Line(fmt.Sprintf("u%d@example.com", i))},
			Run:  func(context.Context) desk.Result { return run(i) }}
	}
	return ops
}

func open(t *testing.T, ops []desk.Operation, save Saver) *Model {
	th := theme.New(true, false)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	return New(view.Env{ID: 3, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return now }, Can: func(string) bool { return true }, Reasons: &view.Reasons{}}, "Block", ops, save)
}

// finish runs what a key began to its end, without waiting for ticks.
func finish(t *testing.T, m *Model, cmd tea.Cmd) view.Action {
	t.Helper()
	var wish view.Action
	for _, msg := range uitest.Drain(cmd) {
		if res, ok := msg.(view.Result); ok {
			if _, isTick := res.Msg.(tick); isTick {
				continue
			}
		}
		wish, _ = m.Update(msg)
	}
	return wish
}

func shown(m *Model) string { return ansi.Strip(m.View(view.Size{Width: 100, Height: 30}).Content) }

func TestARunReportsEachTriesAgainAndKeepsASummary(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	ops := selection(12, func(i int) desk.Result {
		switch {
		case i == 2 && tries.Add(1) == 1:
			return desk.Result{Err: &auth0client.Invalid{}}
		case i == 5:
			return desk.Result{Err: &auth0client.Unknown{Err: errors.New("cut")}}
		}
		return desk.Result{Done: []string{"Blocked."}}
	})
	var kept string
	m := open(t, ops, func(name string, content []byte) (string, error) { kept = string(content); return "/kept/" + name, nil })
	if !strings.Contains(shown(m), "Block 12 users:") || !strings.Contains(shown(m), "Block them") {
		t.Errorf("the question is\n%s", shown(m))
	}
	_, cmd := m.Update(view.Press("y"))
	finish(t, m, cmd)
	if s := shown(m); !strings.Contains(s, "10 of 12 done, 1 failed, 1 with unknown outcome") {
		t.Fatalf("after the run\n%s", s)
	}
	_, cmd = m.Update(view.Press("R"))
	finish(t, m, cmd)
	if s := shown(m); !strings.Contains(s, "11 of 12 done, 1 with unknown outcome") {
		t.Fatalf("after trying again\n%s", s)
	}
	_, cmd = m.Update(view.Press("w"))
	finish(t, m, cmd)
	if strings.Count(kept, "\n") != 12 || !strings.Contains(kept, `"state":"unknown"`) || !strings.Contains(shown(m), "/kept/block-") {
		t.Errorf("kept\n%s\nshown\n%s", kept, shown(m))
	}
}

func TestAReasonThatIsMissingIsAskedForAndOnlyTheRestIsDone(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	m := open(t, selection(3, func(i int) desk.Result {
		if ran.Add(1) <= 3 && i > 0 {
			return desk.Result{Err: &auth0client.ReasonNeeded{}}
		}
		return desk.Result{Done: []string{"Blocked."}}
	}), nil)
	_, cmd := m.Update(view.Press("y"))
	finish(t, m, cmd)
	if !strings.Contains(shown(m), "wants a reason") {
		t.Fatalf("shown\n%s", shown(m))
	}
	m.Update(view.Press("tab"))
	m.phase = asking
	m.reason.Focus()
	for _, c := range "because" {
		m.Update(view.Press(string(c)))
	}
	m.Update(view.Press("enter"))
	_, cmd = m.Update(view.Press("y"))
	finish(t, m, cmd)
	if ran.Load() != 5 || !strings.Contains(shown(m), "3 of 3 done") {
		t.Errorf("ran %d times\n%s", ran.Load(), shown(m))
	}
}

func TestLeavingStopsTheRestAndReports(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}, 100), make(chan struct{})
	m := open(t, selection(50, func(int) desk.Result {
		begun <- struct{}{}
		<-release
		return desk.Result{Done: []string{"Blocked."}}
	}), nil)
	_, cmd := m.Update(view.Press("y"))
	batch := cmd().(tea.BatchMsg)
	ended := make(chan tea.Msg, 1)
	go func() { ended <- batch[1]() }()
	<-begun
	if !m.Writing() {
		t.Error("nobody would be asked before quitting")
	}
	m.Close()
	close(release)
	wish, _ := m.Update(<-ended)
	text := wish.(view.All)[len(wish.(view.All))-1].(view.Notify).Text
	if !strings.Contains(text, "not begun") {
		t.Errorf("reported %q", text)
	}
}

func TestEverySizeFits(t *testing.T) {
	t.Parallel()
	m := open(t, selection(30, func(int) desk.Result { return desk.Result{Err: errors.New(strings.Repeat("x ", 100))} }), nil)
	for range 2 {
		for w := range 90 {
			for h := range 26 {
				size := view.Size{Width: w, Height: h}
				uitest.Fits(t, m.View(size).Content, size)
			}
		}
		_, cmd := m.Update(view.Press("y"))
		finish(t, m, cmd)
	}
}

// TestWhatWaitsForASecondOperatorIsNotAskedForAgain runs over two, of whom one change waits to be approved.
func TestWhatWaitsForASecondOperatorIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	m := open(t, selection(2, func(i int) desk.Result {
		if i == 1 {
			asked.Add(1)
			return desk.Result{Err: &auth0client.ApprovalPending{ID: term.Line("A1")}}
		}
		return desk.Result{Done: []string{"Blocked."}}
	}), nil)
	_, cmd := m.Update(view.Press("y"))
	finish(t, m, cmd)
	if s := shown(m); !strings.Contains(s, "1 of 2 done, 1 waiting for approval") || strings.Contains(s, "failed") || !strings.Contains(s, "for approval") {
		t.Errorf("shown\n%s", s)
	}
	_, cmd = m.Update(view.Press("R"))
	finish(t, m, cmd)
	if asked.Load() != 1 {
		t.Errorf("a second operator is asked %d times", asked.Load())
	}
	var report strings.Builder
	fmt.Fprint(&report, Ended{name: "Block", items: m.items}.Report())
	if !strings.Contains(report.String(), "waiting for approval") || strings.Contains(report.String(), "failed") {
		t.Errorf("reported as %s", report.String())
	}
}

// TestARunThatIsLeftTellsTheListWhoIsWhatNow leaves the screen before the run ends.
func TestARunThatIsLeftTellsTheListWhoIsWhatNow(t *testing.T) {
	t.Parallel()
	m := open(t, selection(2, func(i int) desk.Result {
		return desk.Result{Done: []string{"Blocked."}, User: &auth0client.User{ID: auth0client.UserID(fmt.Sprintf("auth0|%d", i)), Blocked: true}}
	}), nil)
	_, cmd := m.Update(view.Press("y"))
	msgs := uitest.Drain(cmd)
	m.Close()
	told := map[auth0client.UserID]bool{}
	for _, msg := range msgs {
		wish, _ := m.Update(msg)
		wishes, _ := wish.(view.All)
		for _, w := range wishes {
			if c, ok := w.(view.Changed); ok {
				told[c.User.ID] = c.User.Blocked
			}
		}
	}
	if !told["auth0|0"] || !told["auth0|1"] {
		t.Errorf("told %v", told)
	}
}
