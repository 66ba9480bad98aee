//go:build unix

// Package ptyrun runs a terminal program in a pseudo-terminal and reads its screen back through a terminal emulator: for
// end-to-end tests, benchmarks and screenshots.
package ptyrun

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// Options is what to run and on what a terminal.
type Options struct {
	Command    string
	Args       []string
	Env        []string // added to a minimal environment
	Cols, Rows int
	Silent     bool // the terminal answers no query
}

// Program is a program at work in its terminal.
type Program struct {
	cmd        *exec.Cmd
	tty        *os.File
	emu        *vt.SafeEmulator
	cols, rows int

	// drawing guards the cells: the emulator hands out pointers into its screen.
	drawing sync.Mutex

	mu      sync.Mutex
	raw     []byte
	changed chan struct{}
	last    time.Time

	readers sync.WaitGroup
	done    chan struct{}
	err     error
}

// Start runs the program.
func Start(o Options) (*Program, error) {
	p := &Program{cols: o.Cols, rows: o.Rows, emu: vt.NewSafeEmulator(o.Cols, o.Rows), changed: make(chan struct{}, 1), done: make(chan struct{})}
	p.cmd = exec.Command(o.Command, o.Args...)
	p.cmd.Env = append([]string{
		"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8",
		"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
	}, o.Env...)
	tty, err := pty.StartWithSize(p.cmd, p.winsize())
	if err != nil {
		return nil, fmt.Errorf("start %s in a pseudo-terminal: %w", o.Command, err)
	}
	p.tty = tty
	p.readers.Add(1)
	go p.read()
	answers := io.Writer(tty)
	if o.Silent {
		answers = io.Discard
	}
	go io.Copy(answers, p.emu) //nolint:errcheck // ends with the terminal
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *Program) winsize() *pty.Winsize {
	return &pty.Winsize{Cols: uint16(p.cols), Rows: uint16(p.rows)}
}

func (p *Program) read() {
	defer p.readers.Done()
	b := make([]byte, 1<<16)
	for {
		n, err := p.tty.Read(b)
		if n > 0 {
			p.drawing.Lock()
			_, _ = p.emu.Write(b[:n])
			p.drawing.Unlock()
			p.mu.Lock()
			p.raw = append(p.raw, b[:n]...)
			p.last = time.Now()
			p.mu.Unlock()
			select {
			case p.changed <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

var errEnded = errors.New("no longer running")

// Pid is the process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Send types: names in angle brackets are keys (<enter> <esc> <tab> <up> <down> <space> <bs> <c-c> …), all else is text.
func (p *Program) Send(keys string) error {
	_, err := io.WriteString(p.tty, encode(keys))
	if err != nil {
		return fmt.Errorf("type %q: %w", keys, err)
	}
	return nil
}

func encode(s string) string {
	r := strings.NewReplacer(
		"<enter>", "\r", "<esc>", "\x1b", "<tab>", "\t", "<s-tab>", "\x1b[Z", "<space>", " ", "<bs>", "\x7f",
		"<up>", "\x1b[A", "<down>", "\x1b[B", "<right>", "\x1b[C", "<left>", "\x1b[D", "<pgup>", "\x1b[5~", "<pgdn>", "\x1b[6~",
	)
	s = r.Replace(s)
	return regexp.MustCompile(`<c-([a-z])>`).ReplaceAllStringFunc(s, func(k string) string { return string(rune(k[3] - 'a' + 1)) })
}

// Expect waits until the screen matches the expression (multi-line mode), at most d.
func (p *Program) Expect(expr string, d time.Duration) error {
	return p.await(expr, true, d)
}

// Absent waits until the screen no longer matches, at most d.
func (p *Program) Absent(expr string, d time.Duration) error {
	return p.await(expr, false, d)
}

func (p *Program) await(expr string, want bool, d time.Duration) error {
	re, err := regexp.Compile("(?m)" + expr)
	if err != nil {
		return fmt.Errorf("the expression %q: %w", expr, err)
	}
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		if re.MatchString(p.Screen()) == want {
			return nil
		}
		select {
		case <-p.changed:
		case <-p.done:
			p.readers.Wait()
			if re.MatchString(p.Screen()) == want {
				return nil
			}
			return fmt.Errorf("the program ended (%w) before the screen showed %q = %v:\n%s", errors.Join(errEnded, p.err), expr, want, p.Screen())
		case <-deadline.C:
			return fmt.Errorf("not within %v: screen shows %q = %v:\n%s", d, expr, want, p.Screen())
		}
	}
}

// Quiet waits until the program wrote nothing for gap, at most d.
func (p *Program) Quiet(gap, d time.Duration) error {
	deadline := time.Now().Add(d)
	for time.Now().Before(deadline) {
		p.mu.Lock()
		still := time.Since(p.last)
		p.mu.Unlock()
		if still >= gap {
			return nil
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(gap - still):
		}
	}
	return fmt.Errorf("still writing after %v", d)
}

// Resize changes the terminal's size.
func (p *Program) Resize(cols, rows int) error {
	p.cols, p.rows = cols, rows
	p.drawing.Lock()
	p.emu.Resize(cols, rows)
	p.drawing.Unlock()
	if err := pty.Setsize(p.tty, p.winsize()); err != nil {
		return fmt.Errorf("resize: %w", err)
	}
	return nil
}

// Screen is the visible text, a line a row, trailing blanks cut.
func (p *Program) Screen() string {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	var b strings.Builder
	for y := range p.rows {
		var l strings.Builder
		for x := 0; x < p.cols; {
			c := p.emu.CellAt(x, y)
			if c == nil || c.Content == "" {
				l.WriteByte(' ')
				x++
				continue
			}
			l.WriteString(c.Content)
			x += max(c.Width, 1)
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// Cell is what one place of the screen shows; nil beyond the screen.
func (p *Program) Cell(x, y int) *uv.Cell {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	c := p.emu.CellAt(x, y)
	if c == nil {
		return nil
	}
	return c.Clone()
}

// Size is the terminal's columns and rows.
func (p *Program) Size() (cols, rows int) { return p.cols, p.rows }

// Written is all that the program wrote so far, and Mark forgets it.
func (p *Program) Written() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.raw...)
}

// Mark forgets what was written so far.
func (p *Program) Mark() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw = p.raw[:0]
}

// Signal sends a signal to the program.
func (p *Program) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Exit waits for the program's end and gives its exit status.
func (p *Program) Exit(d time.Duration) (int, error) {
	select {
	case <-p.done:
		p.readers.Wait()
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(d):
		return 0, fmt.Errorf("still running after %v:\n%s", d, p.Screen())
	}
}

// Close ends the program, by force if it still runs.
func (p *Program) Close() error {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	err := p.tty.Close()
	p.readers.Wait()
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close the pseudo-terminal: %w", err)
	}
	return nil
}
