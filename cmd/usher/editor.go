package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/edit"
)

// ownEditor opens texts in the operator's own editor: VISUAL, EDITOR, else what every machine of the kind has. The text is
// in a file for its owner only, in a folder of its own since editors put copies beside it; both are gone afterwards.
func ownEditor(env func(string) string) edit.Editor {
	command := strings.Fields(env("VISUAL"))
	if len(command) == 0 {
		command = strings.Fields(env("EDITOR"))
	}
	if len(command) == 0 {
		command = []string{"vi"}
		if runtime.GOOS == "windows" {
			command = []string{"notepad"}
		}
	}
	return func(text string, done func(string, error) tea.Msg) tea.Cmd {
		dir, err := os.MkdirTemp("", "usher-edit-") // 0700
		file := filepath.Join(dir, "metadata.json")
		if err == nil {
			err = os.WriteFile(file, []byte(text+"\n"), 0o600)
		}
		if err != nil {
			return func() tea.Msg {
				return done("", fmt.Errorf("make the file to edit: %w", errors.Join(err, os.RemoveAll(dir))))
			}
		}
		c := exec.Command(command[0], append(command[1:], file)...) //nolint:gosec,noctx // the operator's own choice; it ends when they leave it
		return tea.ExecProcess(c, func(err error) tea.Msg {
			written, readErr := os.ReadFile(file)
			readErr = errors.Join(readErr, os.RemoveAll(dir))
			if err != nil {
				return done("", fmt.Errorf("%s did not end well, and nothing was taken from it: %w", command[0], err))
			}
			return done(string(written), readErr)
		})
	}
}
