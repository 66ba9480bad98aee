package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestASignalEndsACommandThatWaitsForItsInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"users", "password", "set", "ada@example.com", "--yes"},
		{"users", "create", "--from", "-", "--yes"},
		{"roles", "assign", "Moderator", "--to", "-", "--yes"},
	} {
		in, silent, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close() //nolint:errcheck // a test's
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close() //nolint:errcheck // a test's
		ctx, terminate := context.WithCancel(t.Context())
		root := newRoot()
		root.SetArgs(args)
		ended := make(chan int, 1)
		go func() { ended <- runTo(ctx, root, in, out) }()
		terminate()
		if code := <-ended; code != exitFailed {
			t.Errorf("usher %v ends with %d", args, code)
		}
	}
}
