//go:build linux

package main

import (
	"fmt"
	"time"

	"usher/ui/uitest/ptyrun"
)

// screenChanges is about an hour of an operator who goes from person to person.
const screenChanges = 10_000

// browse opens people and goes back, and compares the memory early on with that at the end. It takes about five minutes.
func browse(program string, args []string, issuer string) error {
	p, err := start(program, args, false)
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // measured already
	if err := approve(p, issuer); err != nil {
		return err
	}
	early := 0.0
	for done := 0; done < screenChanges; done += 2 {
		if err := visit(p, done/2); err != nil {
			return fmt.Errorf("after %d screen changes: %w", done, err)
		}
		if done == screenChanges/10 {
			early = status(p.Pid(), "VmRSS:")
		}
	}
	late := status(p.Pid(), "VmRSS:")
	row("memory after 1,000 screen changes", early, "MB", "")
	row("memory after 10,000 screen changes", late, "MB", fmt.Sprintf("%.1f (1.15 x the first 1,000)", 1.15*early))
	return nil
}

// visit opens the person under the cursor, goes back, and moves to the next; every hundredth time back to the top.
func visit(p *ptyrun.Program, n int) error {
	next := "j"
	if n%100 == 99 {
		next = "g"
	}
	for _, step := range []struct{ keys, shows string }{{"\r", `Overview`}, {"\x1b", `\d+\+? users`}} {
		if err := p.Send(step.keys); err != nil {
			return err
		}
		if err := p.Expect(step.shows, 10*time.Second); err != nil {
			return err
		}
	}
	return p.Send(next)
}
