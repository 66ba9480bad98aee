//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// tape is a recording's script: what of VHS's language demo.tape uses.
type tape struct {
	steps []move
}

// move is one thing that the script does: keys to press, a text to wait for, or a time to look at the screen.
type move struct {
	line  int
	keys  []string
	await string
	pause time.Duration
}

// readTape reads a script. A command that is not known here is an error, so that nothing of the tape is left out silently.
func readTape(path string) (tape, error) {
	f, err := os.Open(path)
	if err != nil {
		return tape{}, fmt.Errorf("read the tape: %w", err)
	}
	defer f.Close()
	t := tape{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		s := strings.TrimSpace(lines.Text())
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		m, ok, err := readMove(s)
		if err != nil {
			return tape{}, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		if m.line = n; ok {
			t.steps = append(t.steps, m)
		}
	}
	return t, lines.Err()
}

var waits = regexp.MustCompile(`^Wait\+Screen(?:@\S+)? /(.*)/$`)

func readMove(s string) (m move, ok bool, err error) {
	command, rest, _ := strings.Cut(s, " ")
	if w := waits.FindStringSubmatch(s); w != nil {
		return move{await: w[1]}, true, nil
	}
	switch command {
	case "Output", "Set", "Require":
		return move{}, false, nil // how VHS draws: here the screen is drawn as screenshots are
	case "Type":
		text, err := strconv.Unquote(rest)
		return move{keys: strings.Split(text, "")}, true, err
	case "Enter", "Escape", "Space", "Tab", "Down", "Up":
		times := 1
		if rest != "" {
			if times, err = strconv.Atoi(rest); err != nil {
				return move{}, false, fmt.Errorf("how often is %q? %w", rest, err)
			}
		}
		key := map[string]string{"Escape": "<esc>"}[command]
		if key == "" {
			key = "<" + strings.ToLower(command) + ">"
		}
		return move{keys: strings.Split(strings.Repeat(key+" ", times)[:times*(len(key)+1)-1], " ")}, true, nil
	case "Sleep":
		m.pause, err = time.ParseDuration(rest)
		return m, true, err
	}
	return move{}, false, fmt.Errorf("%q is not known here", command)
}
