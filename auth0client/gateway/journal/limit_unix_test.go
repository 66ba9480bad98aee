//go:build unix

package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// childFileSize writes against a limit of the operating system, then without it.
func childFileSize(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	j, err := Open(dir, Options{})
	fatal(err)
	var was syscall.Rlimit
	fatal(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was))
	fatal(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2000, Max: was.Max}))
	written := 0
	for {
		if _, err = j.Intent(childContext(), Entry{ID: fmt.Sprint(written)}); err != nil {
			break
		}
		if written++; written > 100 {
			fatal(errors.New("the limit had no effect"))
		}
	}
	if !errors.Is(err, syscall.EFBIG) {
		fatal(fmt.Errorf("the error is %w", err))
	}
	fatal(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was))
	_, err = j.Intent(childContext(), Entry{ID: "after"})
	fatal(err)
	fatal(j.Close())
	fmt.Println(written)
}

func TestAtTheLimitOfAFilesSizeNothingUnrecordedIsAllowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"=file size", envDir+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := Entries(Lines(t.Context(), dir))
	if err != nil {
		t.Fatal(err)
	}
	good(t, dir, len(entries))
	intents := 0
	for _, e := range entries {
		if e.Step == StepIntent {
			intents++
		}
	}
	if want := strings.TrimSpace(string(out)); fmt.Sprint(intents-1) != want || want == "0" {
		t.Errorf("%d intents on disk, %s were taken before the limit and one after it", intents, want)
	}
}

func TestAFullFileSystemIsSurvived(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).Run(); err != nil {
		t.Skipf("this machine lets nobody mount a small file system: %v", err)
	}
	defer exec.Command("umount", dir).Run() //nolint:errcheck // a file system of this test
	filler := filepath.Join(dir, "filler")
	j := opened(t, dir, Options{})
	taken := 0
	if err := os.WriteFile(filler, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for ; taken < 1000; taken++ {
		if _, err := j.Intent(t.Context(), Entry{ID: fmt.Sprint(taken)}); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	if entries, err := Entries(Lines(t.Context(), dir)); err != nil || len(entries) != taken || taken == 1000 {
		t.Fatalf("%d entries are on disk, %d were taken: %v", len(entries), taken, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	change(t, j, "after")
	if err := exec.Command("mount", "-o", "remount,ro", dir).Run(); err == nil {
		t.Error("a file that is open for writing should keep its file system writable")
	}
	closed(t, j)
	good(t, dir, taken+3)
}
