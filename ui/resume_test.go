package ui

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/ui/login"
	"usher/ui/uitest"
)

// line is a floor whose console is reached over a line that can be lost. Its clock moves when a test says so.
type line struct {
	*floor
	ahead *atomic.Int64
	end   context.CancelFunc
}

func openLine(t *testing.T) *line {
	t.Helper()
	l := &line{floor: openFloor(t, localtenant.Options{SearchLag: -1}), ahead: &atomic.Int64{}}
	l.connect(nil)
	return l
}

// connect opens a console, which may find a place.
func (l *line) connect(p *Place) {
	l.t.Helper()
	ctx, end := context.WithCancel(l.t.Context())
	l.end, l.msgs = end, make(chan tea.Msg, 1000)
	dark, began := true, time.Now()
	s := &scripted{op: login.Operator{ID: "auth0|op", Email: "op@example.com", Permissions: everything()}, expiresAt: began.Add(time.Minute)}
	l.app = New(ctx, Options{
		Backend: l.client, SignIn: s, Profile: "acme", Dark: &dark,
		Now: func() time.Time { return began.Add(time.Duration(l.ahead.Load())) },
		Resume: func(auth0client.UserID) (Place, bool) {
			if p == nil {
				return Place{}, false
			}
			return *p, true
		},
	})
	l.app.Update(tea.WindowSizeMsg{Width: 110, Height: 40})
	l.run(l.app.Init())
	l.until("no list", func() bool { return strings.Contains(l.flat(), "users") && !strings.Contains(l.flat(), "loading") })
}

// drop loses the line.
func (l *line) drop() Place {
	l.t.Helper()
	p, ok := l.app.Place()
	if !ok {
		l.t.Fatal("there is no place")
	}
	l.end()
	return p
}

// back comes again and goes on.
func (l *line) back(p Place) {
	l.t.Helper()
	l.connect(&p)
	if l.app.offer == nil {
		l.t.Fatalf("nothing is offered:\n%s", uitest.Frame(l.app))
	}
	l.ahead.Add(int64(time.Second))
	l.play("y")
	uitest.Frame(l.app) // as it is drawn before anything is read
}

// settled takes in answers until nothing more is read, and gives the screen.
func (l *line) settled() string {
	l.t.Helper()
	deadline := time.After(10 * time.Second)
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for {
		quiet.Reset(300 * time.Millisecond)
		select {
		case msg := <-l.msgs:
			_, cmd := l.app.Update(msg)
			l.run(cmd)
		case <-quiet.C:
			if l.asked.Load() == 0 {
				return uitest.Frame(l.app)
			}
		case <-deadline:
			l.t.Fatalf("something is read for ever:\n%s", uitest.Frame(l.app))
		}
	}
}

// body is what a screen shows between the breadcrumb and the footer, but for how much of other tabs is read and the note that
// what was typed is there again.
func body(frame string) string {
	lines := strings.Split(frame, "\n")
	var out []string
	for _, l := range lines[1 : len(lines)-1] {
		switch l = strings.TrimRight(l, " "); {
		case strings.HasPrefix(l, " 1 "):
			_, l, _ = strings.Cut(l, "[")
			l = strings.TrimRight(strings.SplitN(l, "]", 2)[0], "0123456789 ")
		case strings.Contains(l, "here again"), l == "":
			continue
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// TestEveryScreenIsTakenUpAgain loses the line on each screen; the same is there afterwards.
func TestEveryScreenIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	ada := []string{"/", "' ada@example.com", "enter", "> 1 user"}
	open := append(slices.Clone(ada), "enter", "> Why can't")
	roles := []string{":", "' Roles", "enter", "> Order desk"}
	org := []string{":", "' Organizations", "enter", "@ Contoso", "enter", "> Members", "> mona.many"}
	for name, c := range map[string]struct{ from, play []string }{
		"a search":               {nil, []string{"/", "' ada", "enter", "> search"}},
		"the list's order":       {nil, []string{"o", "> last sign-in first"}},
		"columns":                {nil, []string{"c", "> Created", "' Created", "enter", "esc", "j"}},
		"a row far down":         {nil, []string{"G"}},
		"a selection":            {nil, []string{"space", "space", "> 2 selected"}},
		"a filter":               {nil, []string{"f", "> Blocked", "down", "enter", "down", "enter", "esc", "> bruno"}},
		"a search that is typed": {nil, []string{"/", "' ad"}},
		"a tab":                  {open, []string{"3", "> Permissions", "j", "j"}},
		"organizations of one":   {open, []string{"4", "> reading", "j"}},
		"filtered activity":      {open, []string{"6", "> That is all", "f", "> failed only", "j"}},
		"an open event":          {open, []string{"6", "> That is all", "j", "enter", "esc"}},
		"the raw record":         {open, []string{"7", "/", "' email", "enter", "j"}},
		"a form":                 {ada, []string{"e", "> nickname", "j", "j", "j"}},
		"the form of a new user": {nil, []string{"n", "> given_name", "j", "j"}},
		"access":                 {open, []string{"A", "> why?", "2", "> what would give it?", "j"}},
		"why access":             {open, []string{"A", "> why?", "enter", "> role Customer"}},
		"what would give":        {open, []string{"A", "> why?", "2", "> what would give it?", "j", "enter"}},
		"roles":                  {roles, []string{"/", "' desk", "enter", "j"}},
		"a role":                 {roles, []string{"@ Order desk", "enter", "> Members", "2", "> read:orders", "j", "space"}},
		"two roles":              {roles, []string{"@ Order desk", "=", "j", "=", "> only in", "f", "j"}},
		"organizations":          {nil, []string{":", "' Organizations", "enter", "> Contoso", "j", "j"}},
		"approvals":              {nil, []string{":", "' Approvals", "enter", "> Nothing waits"}},
		"an organization":        {org, []string{"j", "space"}},
		"connections":            {org, []string{"3", "> Connection"}},
		"roles in one":           {org, []string{"r", "> Order desk", "j", "space"}},
		"the role editor":        {ada, []string{"r", "> Order desk", "/", "' desk", "enter", "space"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := openLine(t)
			l.play(c.from...)
			l.play(c.play...)
			before := l.settled()
			l.back(l.drop())
			l.until("not what it was,\n"+before+"\nbut", func() bool { return body(before) == body(uitest.Frame(l.app)) })
		})
	}
}
