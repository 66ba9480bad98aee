package pace

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
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

// hasty is a terminal whose operator types much at once and is gone when the program has ended.
type hasty struct {
	ended chan struct{}
	typed bool
}

func (h *hasty) Read(p []byte) (int, error) {
	if h.typed {
		<-h.ended
		return 0, io.EOF
	}
	h.typed = true
	return copy(p, strings.Repeat("j", 100)), nil
}

// busy is a program that is busy with the first key until it is to go on.
type busy struct {
	counter
	begun, goOn chan struct{}
	once        sync.Once
}

func (b *busy) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		b.once.Do(func() {
			close(b.begun)
			<-b.goOn
		})
	}
	return b, nil
}

func TestTheReaderOfAProgramThatEndsWhileOneTypesIsLetGo(t *testing.T) {
	t.Parallel()
	in, b := &hasty{ended: make(chan struct{})}, &busy{begun: make(chan struct{}), goOn: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	m := Wrap(b)
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(io.Discard), tea.WithWindowSize(20, 5), tea.WithoutSignals())
	m.Attach(p)
	go func() {
		<-b.begun
		cancel() // the rest of what was typed waits to be handed on
		close(b.goOn)
	}()
	if _, err := p.Run(); !errors.Is(err, tea.ErrProgramKilled) {
		t.Fatal(err)
	}
	done, ok := inside[chan struct{}](p, "readLoopDone")
	if !ok || done == nil {
		t.Fatal("tea.Program has no field readLoopDone: its reader could stay for ever")
	}
	close(in.ended)
	m.Stop()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("the reader is still there")
	}
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
