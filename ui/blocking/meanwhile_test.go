package blocking

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

func shown(m *Model) string { return ansi.Strip(m.View(view.Size{Width: 120, Height: 20}).Content) }

// TestABlockThatIsAnotherThanTheScreenSaidIsNotTurnedRoundByAKeyInFlight opens the dialog from a list that is old: the
// question is the other one.
func TestABlockThatIsAnotherThanTheScreenSaidIsNotTurnedRoundByAKeyInFlight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is   bool
		says string
		does string
	}{
		"blocked by somebody else meanwhile":   {true, "They are blocked by now, as they were not on the screen before.", "unset"},
		"unblocked by somebody else meanwhile": {false, "They are not blocked any more, as they were on the screen before.", "set"},
	} {
		th := theme.New(true, false)
		now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
		f := &fake{user: auth0client.User{ID: "auth0|1", Blocked: c.is}}
		m := New(view.Env{ID: 7, Ctx: context.Background(), Theme: &th, Now: func() time.Time { return now }, Can: func(string) bool { return true }}, f,
			auth0client.User{ID: "auth0|1", Blocked: !c.is})
		feed(m, m.Init())
		if s := shown(m); !strings.Contains(s, c.says) {
			t.Errorf("%s: shown\n%s", name, s)
		}
		f.calls = nil
		_, cmd := m.pressed("y")
		if feed(m, cmd); len(f.calls) != 0 {
			t.Errorf("%s: a key in flight did %v", name, f.calls)
		}
		now = now.Add(typeAhead)
		_, cmd = m.pressed("y")
		if feed(m, cmd); !slices.Equal(f.calls, []string{c.does}) {
			t.Errorf("%s: the question answered does %v", name, f.calls)
		}
	}
}

// TestAnAddressThatComesLateIsNotFreedUnseen has the second address answer after the first was chosen.
func TestAnAddressThatComesLateIsNotFreedUnseen(t *testing.T) {
	t.Parallel()
	f := fake{bans: banned(), user: auth0client.User{LastIP: term.Line("198.51.100.9")}, blocked: map[string]bool{"203.0.113.7": true, "198.51.100.9": true}}
	m := open(&f, "", "")
	m.addresses[1].reading, m.addresses[1].blocked = true, false
	m.pressed("space")
	m.Update(view.Result{To: 7, Ticket: ticketOf(m), Msg: addressRead{ip: "198.51.100.9", blocked: true}})
	if s := shown(m); !strings.Contains(s, "198.51.100.9 is blocked") || !strings.Contains(s, "[ ] also free the addresses for everybody") {
		t.Errorf("shown\n%s", s)
	}
	_, cmd := m.pressed("y")
	if feed(m, cmd); !slices.Equal(f.calls, []string{"clear"}) {
		t.Errorf("called %v", f.calls)
	}
}

// ticketOf is that of the reading of addresses under way.
func ticketOf(m *Model) uint64 {
	for ticket := uint64(0); ; ticket++ {
		if m.ipLoader.Current(ticket) {
			return ticket
		}
	}
}

// TestWhatIsLiftedIsNotAskedAboutAgain loses the sign-in between the blocks and the addresses.
func TestWhatIsLiftedIsNotAskedAboutAgain(t *testing.T) {
	t.Parallel()
	f := fake{bans: banned(), user: auth0client.User{LastIP: term.Line("198.51.100.9")}, blocked: map[string]bool{"203.0.113.7": true, "198.51.100.9": true},
		freeErr: map[string]error{"198.51.100.9": &auth0client.Unauthorized{}}}
	m := open(&f, "", "")
	m.pressed("space")
	_, cmd := m.pressed("y")
	feed(m, cmd)
	s := shown(m)
	if strings.Contains(s, "after failed logins from") || strings.Contains(s, view.NotSent) || !strings.Contains(s, "A part is done. The rest was not sent: confirm it again.") ||
		strings.Contains(s, "203.0.113.7 is blocked") || !strings.Contains(s, "198.51.100.9 is blocked") {
		t.Errorf("shown\n%s", s)
	}
	f.calls, f.freeErr = nil, nil
	_, cmd = m.pressed("y")
	if feed(m, cmd); !slices.Equal(f.calls, []string{"free 198.51.100.9"}) {
		t.Errorf("confirmed again it does %v", f.calls)
	}
}
