package config

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

func TestASecretThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	path := file(t, "hush\n")
	if got, err := Reference("file:" + path).Resolve(env(nil)); err != nil || got != "hush" {
		t.Fatalf("Resolve = %q, %v", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Reference("file:" + path).Resolve(env(nil)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Resolve of a file for all = %v; want the remedy", err)
	}
	if _, err := Reference("env:MISSING").Resolve(env(nil)); err == nil {
		t.Error("a missing variable was taken for a secret")
	}
}

func TestAKeyringReference(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	defer close(hang)
	s := sources{ringWithin: 50 * time.Millisecond, ring: func(service, account string) (string, error) {
		switch service + "/" + account {
		case "usher/work":
			return "hush", nil
		case "vault/m2m/key":
			return "-----BEGIN PRIVATE KEY-----\nx\n", nil
		case "usher/locked":
			return "", errors.New("the collection is locked")
		case "usher/hangs":
			<-hang
		}
		return "", keyring.ErrNotFound
	}}
	for ref, want := range map[Reference]string{"keyring:work": "hush", "keyring:vault/m2m/key": "-----BEGIN PRIVATE KEY-----\nx"} {
		if got, err := ref.resolve(env(nil), s); err != nil || got != want {
			t.Errorf("%s is %q, %v", ref, got, err)
		}
	}
	for ref, says := range map[Reference]string{"keyring:other": "has no entry other of usher", "keyring:locked": "is locked", "keyring:hangs": "did not give the gateway's secret within"} {
		if _, err := ref.resolve(env(nil), s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives %v", ref, err)
		}
	}
}

func TestACommandReference(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"echo", "false", "sleep", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("this machine has no %s", program)
		}
	}
	s := sources{commandWithin: 2 * time.Second}
	for ref, want := range map[Reference]string{
		"command:echo hush":                    "hush",
		`command:echo "two words" 'and $HOME'`: "two words and $HOME",
		"command:echo a; echo b":               "a; echo b",
		"command:echo ''":                      "",
	} {
		got, err := ref.resolve(env(nil), s)
		if got != want || (err == nil) == (want == "") {
			t.Errorf("%s is %q, %v", ref, got, err)
		}
	}
	for ref, says := range map[Reference]string{
		"command:false s3cr3t":                                 "the command false, which should print",
		"command:/no/such/program s3cr3t":                      "/no/such/program",
		"command:sh -c 'echo s3cr3t; echo s3cr3t >&2; exit 3'": "exit status 3",
		"command:sh -c 'yes s3cr3t | head -c 100000'":          "too much for a secret",
		"command:echo 's3cr3t":                                 "a quote that does not end",
		"command:":                                             "must say where the secret is",
		"command:''":                                           "names no program",
	} {
		if _, err := ref.resolve(env(nil), s); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s gives %v", ref, err)
		}
	}
	s.commandWithin = 100 * time.Millisecond
	began := time.Now()
	if _, err := Reference("command:sleep 60").resolve(env(nil), s); err == nil || !strings.Contains(err.Error(), "within 100ms") || time.Since(began) > 5*time.Second {
		t.Errorf("a command that hangs gives %v after %s", err, time.Since(began))
	}
}

func TestReferencesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, ref := range []Reference{"", "s3cr3t", "env:", "vault:x", ":x", "file: ", "https://x"} {
		if _, err := ref.Resolve(env(nil)); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q gives %v", string(ref), err)
		}
	}
	large := file(t, strings.Repeat("x", maxSecret+1))
	if _, err := Reference("file:" + large).Resolve(env(nil)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a large file gives %v", err)
	}
	_ = os.Remove(large)
}
