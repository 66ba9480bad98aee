package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"usher/ui/uitest"
)

var manFolder = flag.String("man", "", "write the manual pages into this folder")

const exitCodes = "0 done, 1 failed, 2 a mistake on the command line, 3 not allowed, 4 not found, 5 several people fit."

// rest is what cobra's page of usher does not say.
const rest = `.SH EXIT STATUS
` + exitCodes + `

.SH ENVIRONMENT
USHER_CONFIG and USHER_PROFILE stand for --config and --profile. USHER_DOMAIN and others stand for settings of the profile
(docs/profiles.md). USHER_STATE is the folder of journals and sign-ins. NO_COLOR, TERM, LANG and LC_ALL say how to draw.

.SH FILES
~/.config/usher/config.toml holds the profiles (on macOS and Windows: the folder for configurations there),
~/.local/state/usher the journals, the sign-ins and what the console remembers.

`

// documented is the command tree with all that cobra adds when it runs.
func documented() *cobra.Command {
	root := newRoot()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	return root
}

// walk visits the commands that help lists, each before its children. The scripts of the shells speak for themselves.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	if cmd.Name() == "completion" {
		return
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			walk(sub, visit)
		}
	}
}

// TestTheCommandReferenceIsTrue writes docs/commands.md from the commands themselves (-update), or compares it.
func TestTheCommandReferenceIsTrue(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Commands\n\nThis page is written from the program by `make docs`. `usher COMMAND --help` says the same.\n\n" +
		"Exit codes: " + exitCodes + "\n" +
		"Nothing prompts without a terminal: the command fails and names the flag that is missing.\n")
	walk(documented(), func(cmd *cobra.Command) { describe(&b, cmd) })
	uitest.GoldenFile(t, filepath.Join("..", "..", "docs", "commands.md"), b.String())
}

// TestHelpNamesTheValuesOfFlags: pflag takes the first backquoted word of a text as the name of the flag's value.
func TestHelpNamesTheValuesOfFlags(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile("^[A-Z][A-Z_:=|]*$")
	walk(documented(), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, usage := pflag.UnquoteUsage(f)
			if f.Value.Type() != "bool" && !placeholder.MatchString(name) || strings.Contains(usage, "`") {
				t.Errorf("%s --%s: its value is called %q: %s", cmd.CommandPath(), f.Name, name, f.Usage)
			}
		})
	})
}

// describe writes one command: what it is for, how it is called, its own flags.
func describe(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
	switch {
	case cmd.Name() == "completion":
		b.WriteString("Writes a completion script for bash, zsh, fish or powershell: `usher completion bash > /etc/bash_completion.d/usher`.\n" +
			"`usher completion SHELL --help` says where each shell looks for it.\n")
		return
	case cmd.Long != "":
		b.WriteString(cmd.Long + "\n")
	default:
		b.WriteString(cmd.Short + ".\n")
	}
	if cmd.Runnable() {
		fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.Example)
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			flags.AddFlag(f)
		}
	})
	if !flags.HasFlags() {
		return
	}
	if !cmd.HasParent() {
		b.WriteString("\nThese flags are those of every command:\n")
	}
	fmt.Fprintf(b, "\n```\n%s```\n", flags.FlagUsages())
}

// TestEveryCommandHasAManualPage writes the manual (-man FOLDER keeps it) and looks for each command's page.
func TestEveryCommandHasAManualPage(t *testing.T) {
	t.Parallel()
	folder := *manFolder
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	root := documented()
	header := doc.GenManHeader{Title: "USHER", Section: "1", Source: "usher", Manual: "usher"}
	if err := doc.GenManTree(root, &header, folder); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(folder, "usher.1")
	page, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	const after = ".SH SEE ALSO"
	if !strings.Contains(string(page), after) {
		t.Fatalf("%s has no place for the exit codes:\n%s", first, page)
	}
	if err := os.WriteFile(first, []byte(strings.Replace(string(page), after, rest+after, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	walk(root, func(cmd *cobra.Command) {
		path := filepath.Join(folder, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1")
		page, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			return
		}
		if !strings.Contains(string(page), ".SH SYNOPSIS") || !strings.Contains(string(page), cmd.Short) {
			t.Errorf("%s does not say how the command is called and what it is for:\n%s", path, page)
		}
	})
}
