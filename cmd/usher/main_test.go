package main

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"usher/auth0client"
)

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
	for _, args := range [][]string{{"nosuch"}, {"demo", "--nope"}, {"demo", "--as", "boss"}, {"open"}, {"tenant", "extra"}, {"tenant", "--users", "-1"}, {"tenant", "--plan", "gold"}, {"journal", "list"}} {
		root := newRoot()
		root.SetArgs(args)
		if err := root.ExecuteContext(t.Context()); exitCode(err) != exitUsage {
			t.Errorf("usher %v: %v gives exit code %d, want %d", args, err, exitCode(err), exitUsage)
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
