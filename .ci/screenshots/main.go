//go:build unix

// Command screenshots plays the demo in a pseudo-terminal and draws each view, as the terminal shows it, as an SVG under
// docs/screenshots: light and dark, from the real program. With -record it plays demo.tape instead and draws one moving SVG.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"usher/ui/uitest/ptyrun"
)

// step is keys to type, what to wait for then, and the picture to take, if any.
type step struct{ keys, expect, shot string }

func main() {
	if len(os.Args) != 4 || os.Args[1] != "-shots" && os.Args[1] != "-record" {
		fmt.Fprintln(os.Stderr, "usage: screenshots -shots PROGRAM FOLDER\n       screenshots -record PROGRAM FILE.svg")
		os.Exit(2)
	}
	if err := draw(os.Args[1] == "-record", os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func draw(moving bool, program, output string) error {
	if moving {
		return record("demo.tape", program, output)
	}
	for _, theme := range []string{"dark", "light"} {
		if err := play(program, output, theme); err != nil {
			return err
		}
	}
	return nil
}

func play(program, folder, theme string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	p, err := ptyrun.Start(ptyrun.Options{
		Command: program, Args: []string{"demo", "--theme", theme, "--as", "admin"}, Cols: 110, Rows: 30,
	})
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // the pictures are taken
	steps := []step{
		{"", `[A-Z]{4}-[A-Z]{4}`, "sign-in"},
		{"a", `ada@example\.com|users`, ""},
		{"", `[0-9,]+\+? users`, "users"},
		{"/ada@example.com<enter>", `(?s)1 user\b`, ""},
		{"<enter>", `Overview`, ""},
		{"", `(?i)can sign in|blocked|verified`, "user"},
		{"2", `(?i)authenticator`, "security"},
		{"6", `(?i)signed in|login`, "activity"},
		{"r", `Catalogue editor`, ""},
		{"<space>", `added|removed`, "roles"},
		{"<enter>", `(?i)apply`, "review"},
		{"n", `Catalogue editor`, ""},
		{"<esc>", `Drop`, ""},
		{"y", `Overview`, ""},
		{"m", `Authenticator app`, "mfa-reset"},
		{"<esc>", `m reset MFA  b block`, ""},
		{"e", `(?i)nickname`, "edit"},
		{"<esc>", `m reset MFA  b block`, ""},
		{"<esc>", `1 user\b`, ""},
		{"/", `leave the box`, ""},
		{"<c-u>lena.locked@example.com<enter>", `1 user for lena`, ""},
		{"<enter>", `(?i)failed|blocked`, "verdict"},
		{"?", `Keys`, "help"},
	}
	for _, s := range steps {
		if s.keys != "" {
			if err := p.Send(s.keys); err != nil {
				return err
			}
		}
		if err := p.Expect(s.expect, 10*time.Second); err != nil {
			return fmt.Errorf("after %q: %w", s.keys, err)
		}
		if err := p.Quiet(200*time.Millisecond, 5*time.Second); err != nil {
			return err
		}
		if s.shot == "" {
			continue
		}
		name := filepath.Join(folder, s.shot+"-"+theme+".svg")
		if err := os.WriteFile(name, []byte(still(p, theme)), 0o644); err != nil {
			return fmt.Errorf("write a picture: %w", err)
		}
	}
	return nil
}
