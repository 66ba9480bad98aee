package pace

import (
	"bytes"
	"io"
	"reflect"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

type counter struct{ n int }

func (c *counter) Init() tea.Cmd { return nil }
func (c *counter) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(bump); ok {
		c.n++
	}
	return c, nil
}
func (c *counter) View() tea.View { return tea.NewView(string(rune('a' + c.n))) }

type bump struct{}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) has(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Contains(b.b.Bytes(), []byte(s))
}

func TestThePinnedBubbleTeaHasItsTickerWhereThePacerLooks(t *testing.T) {
	t.Parallel()
	f, ok := reflect.TypeFor[tea.Program]().FieldByName("ticker")
	if !ok || f.Type != reflect.TypeFor[*time.Ticker]() {
		t.Fatal("tea.Program has no ticker field of type *time.Ticker: the console would not rest when idle")
	}
}

func TestARestingProgramDrawsAgainWhenAMessageComes(t *testing.T) {
	t.Parallel()
	out := &buffer{}
	m := Wrap(&counter{})
	p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(io.Writer(out)), tea.WithWindowSize(20, 5), tea.WithoutSignals())
	m.Attach(p)
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	waitFor(t, func() bool { return out.has("a") }, "the first frame")
	waitFor(t, func() bool { m.p.mu.Lock(); defer m.p.mu.Unlock(); return m.p.resting }, "the program to rest")
	p.Send(bump{})
	waitFor(t, func() bool { return out.has("b") }, "a frame after rest")
	p.Quit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	m.Stop()
}

func waitFor(t *testing.T, ok func() bool, what string) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited 5 s for %s", what)
		case <-tick.C:
		}
	}
}
