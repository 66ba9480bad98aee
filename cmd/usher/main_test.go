package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
)

// newRoot makes all commands, without flags that a console was started with.
func newRoot() *cobra.Command { return newRootFor(&consoleFlags{}) }

func TestExitCodesKeepToTheContract(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want int
	}{
		"done":             {nil, 0},
		"failed":           {errors.New("x"), exitFailed},
		"usage":            {fmt.Errorf("open: %w", usagef("no")), exitUsage},
		"not allowed":      {fmt.Errorf("block: %w", &auth0client.Forbidden{}), exitNotAllowed},
		"not signed in":    {&auth0client.Unauthorized{}, exitNotAllowed},
		"not found":        {&auth0client.NotFound{}, exitNotFound},
		"a tenant's fault": {&auth0client.Unavailable{}, exitFailed},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tc.want)
		}
	}
}

func TestMistakesOnTheCommandLineAreUsageErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"nosuch"}, `there is no command "nosuch" after "usher"; see usher --help`},
		{[]string{"dmeo"}, "did you mean demo?"},
		{[]string{"users", "serach", "ada"}, `there is no command "serach" after "usher users"; did you mean search?`},
		{[]string{"users", "serach", "--limit", "3"}, "did you mean search?"},
		{[]string{"mfa", "rset", "--yes", "ada@example.com"}, "did you mean reset?"},
		{[]string{"completion", "bassh"}, "did you mean bash?"},
		{[]string{"gateway", "explian"}, "did you mean explain?"},
		{[]string{"demo", "--nope"}, "unknown flag: --nope; see usher demo --help"},
		{[]string{"demo", "--users", "many"}, "see usher demo --help"},
		{[]string{"demo", "--as", "boss"}, "viewer, support or admin"},
		{[]string{"open"}, "usher open ID|EMAIL|QUERY"},
		{[]string{"tenant", "extra"}, "see usher tenant --help"},
		{[]string{"tenant", "--users", "-1"}, "cannot be negative"},
		{[]string{"tenant", "--plan", "gold"}, "enterprise"},
		{[]string{"journal", "list", "--action", "users:blok"}, `there is no action "users:blok"`},
	} {
		root := newRoot()
		var out strings.Builder
		root.SetArgs(tc.args)
		root.SetOut(&out)
		root.SetErr(&out)
		err := execute(t.Context(), root)
		if exitCode(err) != exitUsage || err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("usher %v: %v gives exit code %d, want %d and %q", tc.args, err, exitCode(err), exitUsage, tc.says)
		}
		if out.Len() > 0 {
			t.Errorf("usher %v prints, besides its error: %s", tc.args, out.String())
		}
	}
}

func TestAGroupOfCommandsShowsItsHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"users"}, {"users", "--help"}, {"users", "serach", "--help"}, {"help", "users"}} {
		root := newRoot()
		var out strings.Builder
		root.SetArgs(args)
		root.SetOut(&out)
		if err := execute(t.Context(), root); err != nil || !strings.Contains(out.String(), "Lift both kinds of block") {
			t.Errorf("usher %v: %v\n%s", args, err, out.String())
		}
	}
}

func TestWhereTheConsoleMaySpeakItsOwnSigns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env                  map[string]string
		ascii, plain, browse bool
	}{
		"a desktop":         {map[string]string{"TERM": "xterm-256color", "LANG": "de_DE.UTF-8", "DISPLAY": ":0"}, false, false, true},
		"over SSH":          {map[string]string{"TERM": "xterm-256color", "LANG": "C.UTF-8", "DISPLAY": ":10", "SSH_CONNECTION": "a b c d"}, false, false, false},
		"a plain locale":    {map[string]string{"TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}, true, false, false},
		"a dumb terminal":   {map[string]string{"TERM": "dumb", "LANG": "C.UTF-8"}, true, false, false},
		"no colours wanted": {map[string]string{"TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "yes"}, false, true, false},
	} {
		env := func(k string) string { return tc.env[k] }
		// macOS and Windows have a display wherever there is no SSH, and Windows shows every sign.
		if runtime.GOOS != "linux" {
			tc.browse, tc.ascii = hasDisplay(env), asciiOnly(env)
		}
		if asciiOnly(env) != tc.ascii || noColor(env) != tc.plain || hasDisplay(env) != tc.browse {
			t.Errorf("%s: ascii %v, plain %v, browser %v", name, asciiOnly(env), noColor(env), hasDisplay(env))
		}
	}
}

// endingAt ends what writes to it once a text was written.
type endingAt struct {
	strings.Builder
	text string
	end  context.CancelFunc
}

func (w *endingAt) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(w.String(), w.text) {
			w.end()
		}
	}()
	return w.Builder.Write(p)
}

func TestTheLocalTenantSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "local.toml")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &endingAt{text: "usher --config " + file + "\n", end: cancel}
	root := newRoot()
	root.SetArgs([]string{"tenant", "--users", "3", "--write-config", file})
	root.SetOut(out)
	if err := execute(ctx, root); err != nil || !strings.Contains(out.String(), out.text) || !strings.Contains(out.String(), "with 6 users") {
		t.Errorf("usher tenant says %q, %v", out.String(), err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
