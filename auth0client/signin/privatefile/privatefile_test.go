//go:build unix

package privatefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOnlyTheOwnersPlainFilesAreRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := Folder(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file")
	for _, text := range []string{"one", "two, which is longer", ""} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false, 0o666: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var exposed *Exposed
		if _, err := Read(path); (err == nil) != ok || !ok && (!errors.As(err, &exposed) || !strings.Contains(err.Error(), "chmod 600 "+path)) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Symlink(path, path+".link"); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{"a link": path + ".link", "a folder": dir} {
		if _, err := Read(other); !errors.As(err, new(*Exposed)) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
	if _, err := Read(path + ".gone"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := Write(path, make([]byte, maxSize+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "larger than 1 MB") {
		t.Errorf("a large file: %v", err)
	}
}

func TestAFolderOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for mode, ok := range map[os.FileMode]bool{0o700: true, 0o750: false, 0o701: false, 0o777: false} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := Folder(dir); (err == nil) != ok || !ok && !strings.Contains(err.Error(), "chmod 700 "+dir) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Folder(file); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestADamagedFileIsMovedAndNotLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := Write(path, []byte("broken")); err != nil {
		t.Fatal(err)
	}
	to, err := Aside(path, time.Date(2026, 3, 4, 12, 0, 0, 5000, time.UTC))
	if err != nil || to != path+".damaged-20260304T120000.000005" {
		t.Errorf("moved to %s, %v", to, err)
	}
	if got, err := Read(to); err != nil || string(got) != "broken" {
		t.Errorf("there it is %q, %v", got, err)
	}
	if err := Remove(path); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}
