package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/charmbracelet/x/term"
)

// needTerminal says early, in words, that a console needs a screen.
func needTerminal() error {
	if term.IsTerminal(os.Stdout.Fd()) && term.IsTerminal(os.Stdin.Fd()) {
		return nil
	}
	return errors.New("the console needs a terminal for its input and output; run it in one, or use the commands (usher --help)")
}

// noColor follows the convention of no-color.org: any value that is not empty counts.
func noColor(env func(string) string) bool { return env("NO_COLOR") != "" }

// asciiOnly guesses whether the terminal shows characters beyond ASCII, from the locale and the terminal's name.
func asciiOnly(env func(string) string) bool {
	switch env("TERM") {
	case "dumb", "linux", "vt100", "vt220":
		return true
	}
	if runtime.GOOS == "windows" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(name); v != "" {
			v = strings.ToUpper(v)
			return !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")
		}
	}
	return false
}

// overSSH reports that the operator sits at the other end of an SSH connection.
func overSSH(env func(string) string) bool {
	return env("SSH_CONNECTION") != "" || env("SSH_CLIENT") != "" || env("SSH_TTY") != ""
}

// hasDisplay reports that a browser opened here would be seen by the operator.
func hasDisplay(env func(string) string) bool {
	if overSSH(env) {
		return false
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != ""
}

// notifyInterrupt ends ctx at ctrl+c as well.
func notifyInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
