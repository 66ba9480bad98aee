package undo

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	desk.Undoer
	all []auth0client.Entry
	err error
}

func (f fake) MyChanges(context.Context) ([]auth0client.Entry, error) { return f.all, f.err }
func (f fake) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{ID: id, Email: term.Line("ada@example.com"), Record: []byte(`{"blocked":true}`)}, nil
}

func opened(t *testing.T, f fake) (*Model, view.Action) {
	t.Helper()
	th := theme.New(true, false)
	m := New(view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC) }}, f)
	var wish view.Action
	for _, msg := range uitest.Drain(m.Init()) {
		wish, _ = m.Update(msg)
	}
	return m, wish
}

func TestTheLastChangeIsAskedAboutAsAnyOther(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 14, 2, 0, 0, time.UTC)
	_, wish := opened(t, fake{all: []auth0client.Entry{{ID: "A", Time: at, Method: "PATCH", Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Status: 200,
		From: map[string]any{"blocked": nil}, Fields: map[string]any{"blocked": true}}}})
	all, ok := wish.(view.All)
	if !ok || len(all) != 2 {
		t.Fatalf("wished %v", wish)
	}
	op := all[1].(view.Operate).Operation
	if got := strings.Join(op.Does, "\n"); got != "Undo: block of ada@example.com at 14:02\nblocked: true → false" || op.Permission != "users:block" {
		t.Errorf("it does %q under %s", got, op.Permission)
	}
}

func TestARunWhoseBeforeNobodyKeptIsNotDenied(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 14, 2, 0, 0, time.UTC)
	entry := func(age time.Duration, from map[string]any) auth0client.Entry {
		return auth0client.Entry{ID: "A", Time: at.Add(-age), Method: "PATCH", Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Status: 200, From: from, Fields: map[string]any{"blocked": true}}
	}
	run := []auth0client.Entry{entry(0, nil), entry(time.Second, nil), entry(2*time.Second, nil)}
	m, _ := opened(t, fake{all: append(run, entry(time.Hour, nil))})
	const says = "Your last change, 3 blocks made together at 14:02, cannot be undone here"
	if got := strings.Join(strings.Fields(ansi.Strip(m.View(view.Size{Width: 70, Height: 10}).Content)), " "); !strings.Contains(got, says) || strings.Contains(got, "changed nothing") {
		t.Errorf("says %q", got)
	}
	_, wish := opened(t, fake{all: append(run, entry(time.Hour, map[string]any{"blocked": nil}))})
	if op := wish.(view.All)[1].(view.Operate).Operation; !strings.Contains(op.Does[0], says) || !strings.Contains(op.Does[1], "at 13:02") {
		t.Errorf("an older change is undone as %q", op.Does)
	}
}

func TestWhatCannotBeUndoneIsSaid(t *testing.T) {
	t.Parallel()
	for says, f := range map[string]fake{"nothing lately that can be undone": {}, "Your sign-in has ended": {err: &auth0client.Unauthorized{}}} {
		m, _ := opened(t, f)
		for _, size := range append(uitest.Sizes(), view.Size{}, view.Size{Width: 3, Height: 1}) {
			uitest.Fits(t, m.View(size).Content, size)
		}
		if got := ansi.Strip(m.View(view.Size{Width: 70, Height: 10}).Content); !strings.Contains(got, says) {
			t.Errorf("no %q in %s", says, got)
		}
		if wish, _ := m.Update(view.Press("esc")); wish != (view.Back{}) {
			t.Error("esc stays")
		}
	}
}
