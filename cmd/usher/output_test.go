package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin/tokenstore"
)

func TestOutputThatIsLostIsAFailure(t *testing.T) {
	t.Parallel()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	run := func() int {
		root := newRoot()
		root.SetArgs([]string{"version"})
		return runTo(t.Context(), root, os.Stdin, out)
	}
	if code := run(); code != 0 {
		t.Errorf("with room it ends with %d", code)
	}
	_ = out.Close() // a disk that is full refuses as well
	if code := run(); code != exitFailed {
		t.Errorf("without it ends with %d", code)
	}
}

func TestJSONHoldsNothingThatATerminalActsOn(t *testing.T) {
	t.Parallel()
	const evil = "Ada\u009b31m\u202e\u007f"
	var out bytes.Buffer
	if err := printExplained(&out, explainFlags{asJSON: true, operator: evil}, []policy.Step{{Rule: evil, Why: evil}}); err != nil {
		t.Fatal(err)
	}
	w := who{Name: evil, ExpiresAt: time.Now(), Store: string(tokenstore.Memory)}
	if err := w.print(&out, &out, "", true); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\u009b\u202e\u007f") || !strings.Contains(got, `"Ada\u009b31m\u202e\u007f"`) {
		t.Errorf("it prints %q", got)
	}
}

func TestAPasswordIsNotCutShort(t *testing.T) {
	t.Parallel()
	if got, err := readPassword(strings.NewReader(strings.Repeat("x", 5000) + "\n")); err == nil {
		t.Errorf("of 5000 characters %d are taken", len(got.Reveal()))
	}
	if got, err := readPassword(strings.NewReader("s3cr3t\r\nrest")); err != nil || got.Reveal() != "s3cr3t" {
		t.Errorf("a line: %v", err)
	}
}
