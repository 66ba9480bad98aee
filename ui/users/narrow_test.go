package users

import (
	"slices"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

func called(emails ...string) []row {
	m := newModel(&tenant{})
	var rows []row
	for _, e := range emails {
		rows = append(rows, m.rowOf(auth0client.User{ID: auth0client.UserID("auth0|" + e), EmailRaw: e, Email: term.Line(e), Name: term.Line("Name " + e)}))
	}
	return rows
}

func TestWhatIsTypedNarrows(t *testing.T) {
	t.Parallel()
	rows := called("ada.lovelace@example.com", "alovett@example.com", "Álvaro@example.org", "bob@example.com")
	for typed, want := range map[string][]int{
		"ada": {0}, "ADA": {0}, "lov": {0, 1}, "love ada": {0}, "adlov": {0}, "zzz": {}, "álv": {2}, "example.org": {2}, "auth0|bob": {3}, "bo": {3}, "bx": {},
	} {
		if got := matching(rows, typed); !slices.Equal(got, want) {
			t.Errorf("%q leaves %v, want %v", typed, got, want)
		}
	}
}

func TestNarrowingAsksNothingAndKeepsTheCursorsUser(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 50}
	m := opened(f)
	press(m, "G", "k", "k") // 0047
	press(m, "/")
	typeIn(m, "00")
	if u, _ := m.current(); u.ID != "auth0|0047" {
		t.Errorf("the cursor is at %s", u.ID)
	}
	typeIn(m, "13")
	if u, _ := m.current(); u.ID != "auth0|0013" || m.count() != 1 {
		t.Errorf("the cursor is at %s of %d", u.ID, m.count())
	}
	has(t, m, "1 of 50 loaded users; enter asks the tenant")
	press(m, "esc")
	has(t, m, "1 of 50 loaded are like 0013")
	if got, ok := press(m, "enter").(view.OpenUser); !ok || got.User.ID != "auth0|0013" {
		t.Errorf("enter opens %v", got)
	}
	press(m, "a")
	if len(m.selected) != 1 {
		t.Errorf("a selects %d, not what is in view", len(m.selected))
	}
	press(m, "esc", "esc")
	if m.count() != 50 || len(f.asked) != 1 {
		t.Errorf("%d rows in view, %d requests", m.count(), len(f.asked))
	}
	press(m, "/")
	typeIn(m, "blocked:true")
	if m.count() != 50 {
		t.Errorf("syntax narrows to %d rows: it is for the tenant", m.count())
	}
}

// narrowTarget is how long a key may take with a thousand users loaded, at the 99th percentile.
const narrowTarget = 8 * time.Millisecond

func thousand(tb testing.TB) *Model {
	tb.Helper()
	m := opened(&tenant{total: 1000})
	press(m, "G", "/")
	if len(m.rows) != 1000 {
		tb.Fatalf("%d rows are loaded", len(m.rows))
	}
	return m
}

// keystrokes types and deletes n keys, and gives how long each took until its frame was drawn.
func keystrokes(m *Model, n int) []time.Duration {
	keys := []string{"p", "0", "1", "e", "x", "a", "m", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "backspace"}
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		m.Update(view.Press(keys[i%len(keys)]))
		m.View(view.Size{Width: 120, Height: 40})
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took
}

func BenchmarkNarrowing(b *testing.B) {
	m := thousand(b)
	b.ResetTimer()
	took := keystrokes(m, max(b.N, 100))
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(narrowTarget.Milliseconds()), "target-ms")
}

func TestTypingAmongAThousandUsersIsQuick(t *testing.T) {
	if took := keystrokes(thousand(t), 300); took[len(took)/2] > narrowTarget { // the median: a busy machine is no fault
		t.Errorf("half of the keys take longer than %v, target %v", took[len(took)/2], narrowTarget)
	}
}
