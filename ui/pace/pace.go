// Package pace lets a Bubble Tea program rest, and end. Bubble Tea 2.1.1 ticks sixty times a second for as long as it runs, which
// keeps 1.3 % of a core busy on an idle screen; upstream offers no way to stop it (docs/decisions.md). A Pacer slows the
// program's own ticker when nothing was drawn for a while and wakes it at the next message. And when a program ends just as
// something is typed, its reader waits for ever to hand that on, and keeps the whole program in memory.
package pace

import (
	"reflect"
	"sync"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2"
)

const (
	// Awake is the time between frames while something happens. It is shorter than Bubble Tea's own 16 ms, so that an
	// answer to a key is on the line sooner.
	awake = 4 * time.Millisecond
	// Asleep is the time between frames on an idle screen: a frame that slipped past the Pacer waits at most this long.
	asleep = 500 * time.Millisecond
	// Settle is how long after the last frame the screen counts as idle.
	settle = 60 * time.Millisecond
)

// Model wraps a root model and paces the program that runs it. Build it with [Wrap] and give it the program with
// [Model.Attach] before Run.
type Model struct {
	inner tea.Model
	p     *pacer
}

// Wrap makes m a paced model.
func Wrap(m tea.Model) *Model { return &Model{inner: m, p: &pacer{}} }

// Attach names the program that will run the model. Without it, or with a Bubble Tea whose insides differ from the
// pinned version's, the program runs at its own pace.
func (m *Model) Attach(p *tea.Program) { m.p.program = p }

// Stop ends the pacing and lets the program's reader go; call it when the program has ended.
func (m *Model) Stop() {
	if p := m.p.stop(); p != nil {
		release(p)
	}
}

// Init implements [tea.Model].
func (m *Model) Init() tea.Cmd {
	m.p.wake()
	return m.inner.Init()
}

// Update implements [tea.Model].
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	m.inner, cmd = m.inner.Update(msg)
	return m, cmd
}

// View implements [tea.Model].
func (m *Model) View() tea.View {
	v := m.inner.View()
	m.p.wake()
	return v
}

type pacer struct {
	mu      sync.Mutex
	program *tea.Program
	plain   bool // the program cannot be paced
	ticker  *time.Ticker
	rest    *time.Timer
	resting bool
	ended   bool
}

// wake is called on the program's event loop, after its ticker was made.
func (p *pacer) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.plain || p.program == nil {
		return
	}
	if p.ticker == nil {
		ticker, ok := inside[*time.Ticker](p.program, "ticker")
		if p.plain = !ok || ticker == nil; p.plain {
			return
		}
		p.ticker, p.resting = ticker, true
	}
	if p.resting {
		p.resting = false
		p.ticker.Reset(awake)
	}
	if p.rest == nil {
		p.rest = time.AfterFunc(settle, p.sleep)
	} else {
		p.rest.Reset(settle)
	}
}

func (p *pacer) sleep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.resting {
		return
	}
	p.resting = true
	p.ticker.Reset(asleep)
}

func (p *pacer) stop() *tea.Program {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.rest != nil {
		p.rest.Stop()
	}
	return p.program
}

// release takes what the reader of a program that has ended still hands on, until it is done: its input has ended, or will.
func release(p *tea.Program) {
	typed, ok := inside[chan tea.Msg](p, "msgs")
	done, both := inside[chan struct{}](p, "readLoopDone")
	if !ok || !both || done == nil {
		return
	}
	go func() {
		for {
			select {
			case <-typed:
			case <-done:
				return
			}
		}
	}()
}

// inside reaches into a program for one of its fields; false when it is not where the pinned version has it.
func inside[T any](p *tea.Program, name string) (v T, ok bool) {
	f := reflect.ValueOf(p).Elem().FieldByName(name)
	if !f.IsValid() || f.Type() != reflect.TypeFor[T]() || !f.CanAddr() {
		return v, false
	}
	return *(*T)(unsafe.Pointer(f.UnsafeAddr())), true //nolint:gosec // the one reach into Bubble Tea, see the package comment
}
