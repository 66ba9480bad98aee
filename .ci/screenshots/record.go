//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"usher/ui/uitest/ptyrun"
)

// The recording's terminal: small enough to be read in a page.
const recordCols, recordRows = 96, 26

// stroke is how long a pressed key is looked at.
const stroke = 90 * time.Millisecond

// record plays the tape against the program in a shell, and draws what the terminal showed as one moving SVG.
func record(tapePath, program, output string) error {
	t, err := readTape(tapePath)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(filepath.Dir(program))
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	p, err := ptyrun.Start(ptyrun.Options{
		Command: "bash", Args: []string{"--norc", "--noprofile"}, Cols: recordCols, Rows: recordRows,
		Env: []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "PS1=$ ", "HISTFILE="},
	})
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // the recording is made
	f := newFilm(recordCols, recordRows)
	for _, m := range t.steps {
		if err := playMove(p, f, m); err != nil {
			return fmt.Errorf("%s, line %d: %w", tapePath, m.line, err)
		}
	}
	if err := os.WriteFile(output, []byte(f.svg()), 0o644); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

func playMove(p *ptyrun.Program, f *film, m move) error {
	if m.await != "" {
		return p.Expect(m.await, 20*time.Second)
	}
	if m.pause > 0 {
		if err := p.Quiet(200*time.Millisecond, 10*time.Second); err != nil {
			return err
		}
		f.shoot(p, m.pause)
		return nil
	}
	for _, k := range m.keys {
		before := len(p.Written())
		if err := p.Send(k); err != nil {
			return err
		}
		answered(p, before)
		if err := p.Quiet(60*time.Millisecond, 10*time.Second); err != nil {
			return err
		}
		f.shoot(p, stroke)
	}
	return nil
}

// answered waits until the program wrote something: half a second at most, since some keys change nothing.
func answered(p *ptyrun.Program, before int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if <-tick.C; len(p.Written()) > before {
			return
		}
	}
}
