package bulk

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

func TestTheQuestionIsAboutAllAndMarksTheOperatorsOwnAccount(t *testing.T) {
	t.Parallel()
	ops := selection(12, func(int) desk.Result { return desk.Result{} })
	for i := range ops {
		ops[i].Does = []string{"End all sessions of " + desk.Who(ops[i].User)}
	}
	ops[3].Loses = []string{"one thing"}
	m := open(t, ops, nil)
	m.name, m.env.OperatorID = "Sign out everywhere", "auth0|7"
	s := shown(m)
	for _, want := range []string{"Sign out everywhere 12 users:", "End all sessions of each of them", "Cannot be brought back: one thing (1 of 12)",
		"Your own account is among them: usher will refuse it.", "(you) u7@example.com", "u11@example.com", "auth0|11"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if strings.Contains(s, "sessions of u0") {
		t.Errorf("it names only the first:\n%s", s)
	}
}

func TestWhatWasStoppedGoesOnOnlyWhenAskedForAndWhatFailedByItself(t *testing.T) {
	t.Parallel()
	var m *Model
	var ran, again atomic.Int32
	stopped := make(chan struct{}) // the others that have begun are still under way then
	m = open(t, selection(40, func(i int) desk.Result {
		if ran.Add(1); i == 0 && again.Add(1) == 1 {
			m.run.Stop()
			close(stopped)
			return desk.Result{Err: &auth0client.Invalid{}}
		}
		<-stopped
		return desk.Result{Done: []string{"Blocked."}}
	}), nil)
	_, cmd := m.Update(view.Press("y"))
	finish(t, m, cmd)
	rest := len(m.unbegun())
	if rest == 0 || len(m.failed()) != 1 {
		t.Fatalf("%d not begun, %d failed", rest, len(m.failed()))
	}
	labels := ""
	for _, k := range m.Keys() {
		labels += k.Help().Key + " " + k.Help().Desc + "\n"
	}
	if !strings.Contains(labels, "R try again the 1 that failed") || !strings.Contains(labels, fmt.Sprintf("c continue with the %d not begun", rest)) {
		t.Errorf("the keys are\n%s", labels)
	}
	before := ran.Load()
	_, cmd = m.Update(view.Press("R"))
	finish(t, m, cmd)
	if got := ran.Load() - before; got != 1 || len(m.unbegun()) != rest {
		t.Errorf("R ran %d, %d are left", got, len(m.unbegun()))
	}
	if _, cmd = m.Update(view.Press("c")); cmd != nil || !strings.Contains(shown(m), fmt.Sprintf("Block %d users:", rest)) {
		t.Fatalf("c does not ask:\n%s", shown(m))
	}
	m.Update(view.Press("n"))
	if ran.Load() != before+1 || !strings.Contains(shown(m), "not begun") {
		t.Errorf("n went on, or left:\n%s", shown(m))
	}
	m.Update(view.Press("c"))
	_, cmd = m.Update(view.Press("y"))
	finish(t, m, cmd)
	if s := shown(m); ran.Load() != 41 || !strings.Contains(s, "40 of 40 done") || strings.Contains(s, "not begun") {
		t.Errorf("ran %d\n%s", ran.Load(), s)
	}
}

type blocks struct {
	desk.Blocks
	mu  sync.Mutex
	set map[auth0client.UserID]bool
}

func (b *blocks) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return auth0client.User{ID: id, Blocked: b.set[id]}, nil
}

func (b *blocks) SetBlocked(_ context.Context, id auth0client.UserID, blocked bool) (auth0client.User, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set[id] = blocked
	return auth0client.User{ID: id, Blocked: blocked}, nil
}

func TestARunOfBlocksIsTakenBackAsARun(t *testing.T) {
	t.Parallel()
	b := &blocks{set: map[auth0client.UserID]bool{"auth0|1": true}} // was blocked already: stays so
	ops := []desk.Operation{}
	for _, op := range selection(2, nil) {
		ops = append(ops, desk.Block(b, op.User))
	}
	m := open(t, ops, nil)
	_, cmd := m.Update(view.Press("y"))
	wishes, _ := finish(t, m, cmd).(view.All)
	if len(wishes) == 0 {
		t.Fatal("the run tells nothing")
	}
	undo, _ := wishes[len(wishes)-1].(view.Undoable) // the last: what tells of changes forgets an older one
	all, ok := undo.Undo.(view.OperateAll)
	if !ok || all.Name != "Unblock" || len(all.Operations) != 1 {
		t.Fatalf("taken back by %v", undo)
	}
	if r := all.Operations[0].Run(t.Context()); r.Err != nil || b.set["auth0|0"] || !b.set["auth0|1"] || r.Back == nil || r.Back.Name != "Block" {
		t.Errorf("taking it back left %v, %v", b.set, r)
	}
}

func TestTheQuestionNamesEachUserBeyondMistake(t *testing.T) {
	t.Parallel()
	ops := selection(2, func(int) desk.Result { return desk.Result{} })
	for i := range ops {
		ops[i].User.ID = auth0client.UserID(fmt.Sprintf("auth0|5f7c8ec7c33c6c004bbafe8%d", i))
	}
	m := open(t, ops, nil)
	for _, width := range []int{60, 80} {
		if s := ansi.Strip(m.View(view.Size{Width: width, Height: 20}).Content); !strings.Contains(s, "auth0|5f7c8ec7c33c6c004bbafe81") {
			t.Errorf("at %d cells an id is cut:\n%s", width, s)
		}
	}
}
