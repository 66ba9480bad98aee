package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// askLine asks a question and gives the line that is typed. The end of ctx, such as ctrl+c, is a no: what waits for the
// keyboard cannot be cancelled and is left behind.
func askLine(ctx context.Context, in io.Reader, out io.Writer, question string) (string, error) {
	fmt.Fprint(out, question)
	text, err := patiently(ctx, func() (string, error) { return bufio.NewReader(in).ReadString('\n') })
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(out)
		return "", errors.New("broken off: nothing was changed")
	case err != nil && text == "":
		return "", errors.New("nobody answered: nothing was changed")
	}
	return strings.TrimSpace(text), nil
}

// patiently waits for a read that cannot be cancelled, for as long as ctx lasts.
func patiently[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := read()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// notifyInterrupt ends ctx at ctrl+c as well.
func notifyInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
