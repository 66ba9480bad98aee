package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestWhatAShellIsOffered(t *testing.T) {
	t.Parallel()
	configuration := filepath.Join(t.TempDir(), "usher.toml")
	if err := os.WriteFile(configuration, []byte("[profiles.work]\ndomain = \"a.example\"\n[profiles.lone]\ndomain = \"b.example\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		line  string
		want  []string // all of what is offered; nil: want has is enough
		has   []string
		files bool
	}{
		"a command":                {line: "us", has: []string{"users"}},
		"a command of a group":     {line: "users un", want: []string{"unblock", "unlink"}},
		"a flag":                   {line: "users block --dry", want: []string{"--dry-run"}},
		"who signs in to a demo":   {line: "demo --as ", want: []string{"admin", "support", "viewer"}},
		"who a login approves as":  {line: "login --as v", want: []string{"viewer"}},
		"a plan":                   {line: "tenant --plan ", want: []string{"enterprise", "free", "pro", "unlimited"}},
		"a background":             {line: "--theme ", want: []string{"auto", "dark", "light"}},
		"a profile":                {line: "--config " + configuration + " --profile ", want: []string{"lone", "work"}},
		"a journal's profile":      {line: "--config " + configuration + " journal list --of w", want: []string{"work"}},
		"no configuration":         {line: "--config " + configuration + ".none --profile ", want: []string{}},
		"a kind of action":         {line: "journal list --action mfa", want: []string{"mfa", "mfa:read", "mfa:reset"}},
		"an action":                {line: "gateway explain --action mfa", want: []string{"mfa:read", "mfa:reset"}},
		"a second feature":         {line: "setup --features users,mf", want: []string{"users,mfa", "users,mfa:read", "users,mfa:reset"}},
		"a format of the journal":  {line: "journal export --format ", want: []string{"csv", "jsonl"}},
		"a format of an export":    {line: "users export --format ", want: []string{"csv", "json"}},
		"a file for a flag":        {line: "users create --from ", want: []string{}, files: true},
		"a folder for a flag":      {line: "journal list --dir ", want: []string{}, files: true},
		"no file for a user":       {line: "users show ", want: []string{}},
		"no file for a reason":     {line: "users block --reason ", want: []string{}},
		"no file for what to find": {line: "open ", want: []string{}},
	} {
		o := &consoleFlags{}
		root := newRootFor(o)
		addCompletions(root, o)
		var out strings.Builder
		root.SetOut(&out)
		root.SetErr(io.Discard)
		words := strings.Split(tc.line, " ")
		root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, words...))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		directive, offered := lines[len(lines)-1], lines[:len(lines)-1]
		offered = slices.DeleteFunc(slices.Sorted(slices.Values(offered)), func(s string) bool { return !strings.HasPrefix(s, words[len(words)-1]) })
		if tc.want != nil && !slices.Equal(offered, tc.want) {
			t.Errorf("%s: usher %s offers %q, want %q", name, tc.line, offered, tc.want)
		}
		for _, want := range tc.has {
			if !slices.Contains(offered, want) {
				t.Errorf("%s: usher %s offers %q, want %q in it", name, tc.line, offered, want)
			}
		}
		if files := directive == ":0"; files != tc.files {
			t.Errorf("%s: usher %s says %s about files, want files: %t", name, tc.line, directive, tc.files)
		}
	}
}
