package journal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// deeds is a journal of one change of each kind.
func deeds(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	j := opened(t, dir, Options{Now: ticking()})
	mean := func(id, email, target, action string) Handle {
		h, err := j.Intent(t.Context(), Entry{ID: id, Subject: "auth0|" + email, Email: email, Target: target, Actions: []string{action},
			From: map[string]any{"blocked": false, "note": "=1"}, Fields: map[string]any{"blocked": true, "password": "canary"}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	end := func(h Handle, o Outcome) {
		if err := h.Outcome(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	done, failed := mean("done", "ada@example.com", "auth0|1", "users:block"), mean("failed", "ada@example.com", "auth0|2", "users:edit")
	end(failed, Outcome{Status: 404})
	end(done, Outcome{Status: 200, Request: "req-1"})
	end(mean("not sent", "bo@example.com", "auth0|1", "roles:assign"), Outcome{Note: NoteNotSent})
	end(mean("unknown", "bo@example.com", "auth0|1", "users:delete"), Outcome{Note: NoteUnknown})
	if err := j.Denied(t.Context(), Entry{ID: "denied", Email: "bo@example.com", Target: "auth0|1", Actions: []string{"users:delete"}, Note: "no"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Denied(t.Context(), Entry{Email: "bo@example.com", Target: "auth0|3", Note: "no"}); err != nil {
		t.Fatal(err)
	}
	mean("crashed", "ada@example.com", "auth0|1", "users:edit")
	closed(t, j)
	closed(t, opened(t, dir, Options{Now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }}))
	return dir
}

func TestFiltersChooseChangesAndTheirLines(t *testing.T) {
	t.Parallel()
	dir := deeds(t)
	for name, c := range map[string]struct {
		f       Filter
		changes string
		lines   int
	}{
		"all":                    {Filter{}, "done failed not-sent unknown denied - crashed", 12},
		"a user":                 {Filter{User: "auth0|1"}, "done not-sent unknown denied crashed", 9},
		"an operator, by email":  {Filter{Operator: "Ada@example.com"}, "done failed crashed", 6},
		"an operator, by id":     {Filter{Operator: "auth0|bo@example.com"}, "not-sent unknown", 4},
		"an action":              {Filter{Action: "users:delete"}, "unknown denied", 3},
		"all actions of a kind":  {Filter{Action: "users"}, "done failed unknown denied crashed", 9},
		"an id":                  {Filter{ID: "done"}, "done", 2},
		"those that failed":      {Filter{Failed: true}, "failed not-sent denied -", 6},
		"those to look after":    {Filter{Unknown: true}, "unknown crashed", 4},
		"a user's that failed":   {Filter{User: "auth0|1", Failed: true}, "not-sent denied", 3},
		"since a moment":         {Filter{Since: time.Date(2026, 3, 1, 8, 0, 9, 0, time.UTC)}, "denied - crashed", 4},
		"nobody":                 {Filter{User: "auth0|none"}, "", 0},
		"failed and still open":  {Filter{Failed: true, Unknown: true}, "", 0},
		"half an email":          {Filter{Operator: "ada@"}, "", 0},
		"an action's first half": {Filter{Action: "user"}, "", 0},
	} {
		changes, err := Changes(Lines(t.Context(), dir), c.f)
		var ids []string
		for _, ch := range changes {
			ids = append(ids, strings.ReplaceAll(ch.Intent.ID, " ", "-"))
			if ch.Intent.ID == "" {
				ids[len(ids)-1] = "-"
			}
		}
		if got := strings.Join(ids, " "); err != nil || got != c.changes {
			t.Errorf("%s: the changes are %q, %v; want %q", name, got, err, c.changes)
		}
		lines := 0
		for l, err := range Select(Lines(t.Context(), dir), c.f) {
			if err != nil {
				t.Fatal(err)
			}
			if lines++; c.f != (Filter{}) && l.ID != "" && !slices.Contains(ids, strings.ReplaceAll(l.ID, " ", "-")) {
				t.Errorf("%s: a line of %q is among them", name, l.ID)
			}
		}
		if lines != c.lines {
			t.Errorf("%s: %d lines, want %d", name, lines, c.lines)
		}
	}
}

func TestAChangeIsFoundByItsIDOrTheNumberOfALine(t *testing.T) {
	t.Parallel()
	dir := deeds(t)
	for _, id := range []string{"done", "1", "4"} {
		c, err := Find(Lines(t.Context(), dir), id)
		if err != nil || c.Intent.ID != "done" || !c.Done() || c.Outcome.Request != "req-1" || c.From()["blocked"] != false || c.To()["blocked"] != true || c.To()["password"] != hidden {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	if c, err := Find(Lines(t.Context(), dir), "crashed"); err != nil || !c.Unknown() || len(c.Notes) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := Find(Lines(t.Context(), dir), "9"); err != nil || !c.Denied() || c.Intent.ID != "denied" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, id := range []string{"none", "0", "99", ""} {
		if _, err := Find(Lines(t.Context(), dir), id); !errors.Is(err, ErrNoChange) {
			t.Errorf("%q: %v", id, err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(Lines(over, dir), "done"); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
	j := opened(t, dir, Options{})
	if mine, err := j.Changes(t.Context(), Filter{ID: "done"}); err != nil || len(mine) != 1 {
		t.Errorf("an open journal gives %+v, %v", mine, err)
	}
	if all, err := j.Entries(t.Context()); err != nil || len(all) != 12 || all[0].ID != "done" {
		t.Errorf("an open journal gives %d entries, %v", len(all), err)
	}
}

func TestAFaultOfTheTenantsLeavesAChangeUnknown(t *testing.T) {
	t.Parallel()
	for status, want := range map[int][2]bool{ // unknown, surely not made
		0: {true, false}, 200: {false, false}, 204: {false, false}, 400: {false, true}, 404: {false, true}, 408: {true, false}, 409: {false, true},
		429: {false, true}, 500: {true, false}, 501: {false, true}, 502: {true, false}, 503: {false, true}, 504: {true, false},
	} {
		c := Change{Intent: Entry{Step: StepIntent}, Outcome: &Entry{Step: StepOutcome, Status: status}}
		if status == 0 {
			c.Outcome.Note = NoteUnknown
		}
		if c.Unknown() != want[0] || c.Failed() != want[1] {
			t.Errorf("after %d it is unknown: %v, surely not made: %v", status, c.Unknown(), c.Failed())
		}
	}
}
