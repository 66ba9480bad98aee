package users

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

// rowKeys are all that do something to rows.
func rowKeys() []string {
	return []string{"m", "b", "p", "r", "s", "y", "Y", "e", "D", "v", "enter", "space", "a", "w"}
}

// full is a list with all dialogs, and somewhere to export to.
func full(f *tenant) *Model {
	m := withOptions(f, Options{Dialogs: Dialogs{Password: true, Edit: true, Create: true, Delete: true}, Save: func(string, []byte) (string, error) { return "x", nil }})
	feed(m, m.Init())
	return m
}

// untouched fails when a key does something to the rows of an earlier search.
func untouched(t *testing.T, m *Model, says string) {
	t.Helper()
	for _, k := range rowKeys() {
		wish, cmd := m.Update(view.Press(k))
		if wish != nil || cmd != nil || m.panel != nil || len(m.selected) > 0 {
			t.Errorf("%s on a row of the earlier search wishes %T; %d selected", k, wish, len(m.selected))
		}
		has(t, m, says)
		m.panel = nil
		clear(m.selected)
	}
}

func search(m *Model, text string) tea.Cmd {
	hold(m, "/")
	for _, r := range text {
		hold(m, string(r))
	}
	return hold(m, "enter")
}

func TestNoKeyTouchesRowsOfAnEarlierSearch(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := full(f)
	press(m, "j")
	answer := search(m, "email:zoe@example.com")
	has(t, m, "Searching for email:zoe@example.com", "rows of the earlier search: everybody", "p0001@example.com")
	lacking(t, m, "› ", "users for")
	for _, line := range strings.Split(m.View(view.Size{Width: 80, Height: 24}).Content, "\n")[1:22] {
		if !strings.HasPrefix(line, "\x1b[") {
			t.Errorf("%q is not dim", line)
		}
	}
	untouched(t, m, "Wait: these are rows of the earlier search")

	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	feed(m, answer)
	has(t, m, "No answer for email:zoe@example.com", "rows of the earlier search: everybody (esc goes back to it)", "The tenant cannot be reached")
	lacking(t, m, "› ", "users for")
	untouched(t, m, "ctrl+r runs the new one again, esc goes back")

	f.err = nil
	press(m, "R")
	has(t, m, "120 users for email:zoe@example.com", "› p0000@example.com")
	lacking(t, m, "earlier")
	if _, ok := press(m, "m").(view.ResetMFA); !ok {
		t.Error("m does nothing to the rows of the search that was answered")
	}
}

func TestEscBringsTheEarlierSearchBack(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := full(f)
	feed(m, search(m, "ada"))
	for name, fails := range map[string]bool{"under way": false, "failed": true} {
		late := search(m, "email:zoe@example.com")
		if fails {
			f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
			feed(m, late)
		}
		press(m, "esc")
		f.err = nil
		feed(m, late)
		press(m, "g", "j")
		has(t, m, "120 users for ada", "› p0001@example.com")
		lacking(t, m, "earlier", "zoe", "cannot be reached", "loading")
		if u, ok := press(m, "enter").(view.OpenUser); !ok || u.User.ID != "auth0|0001" || m.query != "ada" {
			t.Errorf("%s: enter opens %v of %q", name, u, m.query)
		}
	}
}

func TestAReloadKeepsTheRowsLiveAndTheCursorOnItsUser(t *testing.T) {
	t.Parallel()
	m := full(&tenant{total: 120})
	press(m, "j", "j")
	answer := hold(m, "R")
	lacking(t, m, "earlier")
	for _, when := range []string{"before", "after"} {
		if got, ok := press(m, "m").(view.ResetMFA); !ok || got.User.ID != "auth0|0002" {
			t.Errorf("%s the answer m wishes %v", when, got)
		}
		feed(m, answer)
	}
}

func TestRowsThatDidNotMatchDoNotComeBackAsHits(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 50}
	m := opened(f)
	answer := search(m, "zzz")
	has(t, m, "Searching for zzz", "loading users")
	lacking(t, m, "p0001@example.com")
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	feed(m, answer)
	has(t, m, "No answer for zzz", "The tenant cannot be reached", "esc brings the earlier search back")
	lacking(t, m, "p0001@example.com")
	press(m, "esc")
	has(t, m, "50 users", "› p0000@example.com")
}

func TestUsersOfTheSameLabelAreToldApart(t *testing.T) {
	t.Parallel()
	robin := func(id, connection string) auth0client.User {
		return auth0client.User{ID: auth0client.UserID(id), EmailRaw: "robin@example.com", Email: term.Line("robin@example.com"), Name: term.Line("Robin"),
			Identities: []auth0client.Identity{{Connection: term.Line(connection)}}}
	}
	const long = "a-company-with-a-name-that-is-long-"
	f := &tenant{only: []auth0client.User{person(1, ""), robin("google-oauth2|1", "google-oauth2"), robin("samlp|2", "acme"), robin("auth0|aaaaaaaaaaaaaaaaaaaaaaa1", "Users"),
		robin("auth0|aaaaaaaaaaaaaaaaaaaaaaa2", "Users"), robin("oidc|5x", long+"1"), robin("oidc|6x", long+"2")}}
	for _, without := range []bool{false, true} {
		m := opened(f)
		m.switched = map[string]bool{"Name": without, "Connection": true}
		for _, w := range []int{60, 80, 100, 120, 200} {
			got := shown(m, w, 15)
			for _, want := range []string{"google-oauth2", "acme", "aaa1 ", "aaa2 ", "robin@"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing at %d cells, without names %v:\n%s", want, w, without, got)
				}
			}
			lines := map[string]bool{}
			for _, l := range strings.Split(got, "\n") {
				if strings.Contains(l, "robin@") {
					lines[strings.Trim(l, "› ")] = true
				}
			}
			if len(lines) != 6 || !without && !strings.Contains(got, "Person 1") {
				t.Errorf("%d of 6 can be told apart at %d cells, without names %v:\n%s", len(lines), w, without, got)
			}
		}
	}
}

func TestKeysForOneUserRefuseASelection(t *testing.T) {
	t.Parallel()
	for _, k := range []string{"p", "e", "D"} {
		m := full(&tenant{total: 9})
		if got := press(m, "space", k); got != nil {
			t.Errorf("%s with a selection wishes %T", k, got)
		}
		has(t, m, k+" works on one user: esc clears the selection.")
		if got := press(m, "esc", k); got == nil {
			t.Errorf("%s does nothing after esc", k)
		}
	}
}

func TestErrorsAreWrappedWithTheirHint(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 10, 60} {
		f := &tenant{total: 50}
		m := opened(f)
		m.View(view.Size{Width: 80, Height: 24})
		f.err = &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503, Message: term.Line(strings.Repeat("because ", length) + "THE-END")}}
		press(m, "G", "R")
		got := shown(m, 80, 24)
		hint := view.Explain(noon(), f.err).Hint
		if hint == "" || !strings.Contains(strings.Join(strings.Fields(got), " "), hint) {
			t.Errorf("the hint %q is cut:\n%s", hint, got)
		}
		if length < 20 && !strings.Contains(got, "THE-END") {
			t.Errorf("the error is cut:\n%s", got)
		}
		press(m, "i")
		if got := shown(m, 80, 24); !strings.Contains(got, "THE-END") || !strings.Contains(got, "Search: everybody") {
			t.Errorf("i does not show all:\n%s", got)
		}
		press(m, "esc")
		if m.panel != nil {
			t.Error("esc does not close the details")
		}
	}
}

func TestALongQueryIsShownWhole(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	var words []string
	for i := range 20 {
		words = append(words, fmt.Sprintf("word%02d", i))
	}
	m.page.Ran = term.Line(strings.Join(words, " "))
	for _, keys := range [][]string{nil, {"i"}} {
		press(m, keys...)
		if got := shown(m, 80, 24); !strings.Contains(got, "word19") {
			t.Errorf("after %v the query is cut:\n%s", keys, got)
		}
	}
}

func TestAnAnswerIsOfWhatWasAsked(t *testing.T) {
	t.Parallel()
	m := full(&tenant{total: 50})
	answer := hold(m, "R")
	hold(m, "f", "down", "enter") // the filter changes before the answer to the search without it is there
	feed(m, answer)
	hold(m, "esc")
	has(t, m, "Searching for blocked", "rows of the earlier search: everybody")
	untouched(t, m, waiting)
}
