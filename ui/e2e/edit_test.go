//go:build unix

package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"usher/ui/dialog"
)

// record is a user as the tenant has them; nil when there is none.
func (s *scene) record(id string) map[string]any {
	s.t.Helper()
	var found []map[string]any
	s.tenant("users?search_engine=v3&q="+url.QueryEscape(`user_id:"`+id+`"`), &found)
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// pause waits as somebody does who reads what has appeared.
func (s *scene) pause() {
	s.t.Helper()
	if err := s.p.Quiet(dialog.Grace+150*time.Millisecond, patience); err != nil {
		s.t.Fatal(err)
	}
}

func TestEditingUndoingAndDeleting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	editor := filepath.Join(dir, "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nstat -c %a \"$1\" > "+dir+"/mode\necho \"$1\" > "+dir+"/name\necho '{\"plan\": \"gold\"}' > \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, 110, 30, []string{"EDITOR=" + editor}, "--journal", filepath.Join(dir, "journal"), "--search-lag", "0s")
	s.atList()
	id := s.idOf("nico.newcomer@example.com")
	s.send("/nico.newcomer@example.com<enter>")
	s.expect(`\b1 user\b`)
	s.send("<enter>")
	s.expect("Nico Newcomer")
	s.send("e")
	s.expect(`user_metadata +\{\}`)
	s.send("jjjjjj<enter>")
	s.send("<c-u>Nico N.<enter>")
	s.expect(`changed, not saved: name`)
	s.send("jjjjjE") // to user_metadata, in the own editor
	s.expect(`plan`)
	s.send("<c-s>")
	s.expect(`user_metadata.plan: nothing → "gold"`)
	s.send("y")
	s.expect("Saved the changes of nico")
	now := s.record(id)
	own, _ := now["user_metadata"].(map[string]any)
	if now["name"] != "Nico N." || own["plan"] != "gold" {
		t.Errorf("after saving: %v", now)
	}
	mode, err := os.ReadFile(filepath.Join(dir, "mode"))
	if err != nil || strings.TrimSpace(string(mode)) != "600" {
		t.Errorf("the file for the editor: mode %s, %v", mode, err)
	}
	name, err := os.ReadFile(filepath.Join(dir, "name"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(strings.TrimSpace(string(name)))); !os.IsNotExist(err) {
		t.Errorf("the editor's file is left: %v", err)
	}

	s.send("u")
	s.expect(`Undo: edit of name, user_metadata of nico`)
	// It opened by itself: keys that were meant for what it covers are swallowed for a moment.
	s.pause()
	s.send("y")
	s.expect("Put back name, user_metadata")
	s.send("<enter>")
	if now := s.record(id); now["name"] != "Nico Newcomer" || len(now["user_metadata"].(map[string]any)) != 0 {
		t.Errorf("after the undo: %v", now)
	}

	s.send("D")
	s.expect("To confirm, type nico.newcomer@example.com")
	s.send("nico.newcomer@example.com<enter>")
	s.expect(`\[Delete user\]`)
	s.pause()
	s.send("y")
	s.expect("Deleted")
	if s.record(id) != nil {
		t.Error("not deleted")
	}
	copies, err := filepath.Glob(filepath.Join(dir, "journal", "deleted", "*.json"))
	if err != nil || len(copies) != 1 {
		t.Errorf("%d copies, %v", len(copies), err)
	}
}

func TestCreatingAUserInASmallTerminal(t *testing.T) {
	t.Parallel()
	s := start(t, 60, 15, []string{"NO_COLOR=1"}, "--search-lag", "0s")
	s.atList()
	s.send("n")
	s.expect(`connection \* +<`)
	s.send("j<enter>o'neil+new@example.com<enter>")
	s.expect(`o'neil\+new@example\.com`)
	s.send("<c-g>")
	s.expect(`password \* +\S+-\S+`)
	s.send("<c-s>")
	s.expect(`Create a user in the connection`)
	s.send("y")
	s.expect(`Created o'neil\+new@example\.com`)
	s.expect(`gone when you leave`)
	if now := s.record(s.idOf("o'neil+new@example.com")); now["email_verified"] != false {
		t.Errorf("created %v", now)
	}
	s.send("<enter>")
	s.expect(`Why can't they get in`)
}
