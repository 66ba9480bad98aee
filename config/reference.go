package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// Reference says where a secret is: "keyring:NAME", "env:NAME", "file:PATH" or "command:PROGRAM ARGUMENTS". The secret
// itself is never in the configuration.
type Reference string

const (
	// keyringWithin is how long a keyring may take: one that waits to be unlocked hangs.
	keyringWithin = 3 * time.Second
	// commandWithin is how long a command may take.
	commandWithin = 10 * time.Second
	// maxSecret is the longest secret, in bytes; a private key has some three thousand.
	maxSecret = 64 << 10
	// keyringService is under which name the keyring has usher's secrets, where the reference names none.
	keyringService = "usher"
)

func (r Reference) cut() (kind, name string) {
	kind, name, _ = strings.Cut(string(r), ":")
	return kind, strings.TrimSpace(name)
}

// checkAs looks at the reference of a setting. The value is never quoted: it may be the secret itself.
func (r Reference) checkAs(setting string) error {
	switch kind, name := r.cut(); {
	case name == "":
	case kind == "env", kind == "file", kind == "keyring":
		return nil
	case kind == "command":
		if _, err := split(name); err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
		return nil
	}
	return fmt.Errorf("%s must say where the secret is, as keyring:NAME, env:NAME, file:PATH or command:PROGRAM; a secret itself does not belong in the file", setting)
}

// whole makes a file's path whole, as seen from the configuration's folder.
func (r Reference) whole(dir string, env func(string) string) Reference {
	if kind, name := r.cut(); kind == "file" && name != "" {
		return Reference("file:" + whole(name, dir, env))
	}
	return r
}

// Resolve reads the secret. A file that others may read is refused. It takes ten seconds at most.
func (r Reference) Resolve(env func(string) string) (string, error) {
	return r.resolve(env, sources{ring: keyring.Get, ringWithin: keyringWithin, commandWithin: commandWithin})
}

// sources are where secrets come from, beside files and the environment.
type sources struct {
	ring                      func(service, account string) (string, error)
	ringWithin, commandWithin time.Duration
}

func (r Reference) resolve(env func(string) string, s sources) (secret string, err error) {
	if err := r.checkAs("the reference"); err != nil {
		return "", err
	}
	kind, name := r.cut()
	switch kind {
	case "env":
		if secret = env(name); secret == "" {
			return "", fmt.Errorf("the environment has no %s, which should hold the gateway's secret", name)
		}
	case "file":
		secret, err = readSecret(name, ofSystemd(name, env))
	case "keyring":
		secret, err = s.fromRing(name)
	case "command":
		secret, err = s.fromCommand(name)
	}
	if err != nil {
		return "", err
	}
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", fmt.Errorf("the gateway's secret from %s %s is empty", kind, shown(kind, name))
	}
	return secret, nil
}

// shown is a reference's name as it may be told: of a command only the program, since its arguments may hold a secret.
func shown(kind, name string) string {
	if kind != "command" {
		return name
	}
	words, err := split(name)
	if err != nil {
		return ""
	}
	return words[0]
}

// systemdCredentials is where root sees the credentials of all services, each service's in a folder of its own. Nobody else
// can write there.
const systemdCredentials = "/run/credentials"

// ofSystemd reports a credential that systemd shows to a service alone: this one, or the one whose configuration root looks
// at. Its mode may seem open to a group: that is how an access list of one user looks.
func ofSystemd(path string, env func(string) string) bool {
	dir := filepath.Dir(path)
	if own := env("CREDENTIALS_DIRECTORY"); own != "" && dir == filepath.Clean(own) {
		return true
	}
	return filepath.Dir(dir) == systemdCredentials
}

func readSecret(path string, private bool) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the gateway's secret: %w", err)
	}
	defer f.Close() //nolint:errcheck // read already
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("read the gateway's secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && !private && os.PathSeparator == '/' {
		return "", fmt.Errorf("%s holds a secret but others may read it; run: chmod 600 %s", path, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("read the gateway's secret: %w", err)
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("%s is too large for a secret", path)
	}
	return string(data), nil
}

// fromRing asks the keyring. A call that hangs is left behind: it cannot be cancelled.
func (s sources) fromRing(name string) (string, error) {
	service, account, ok := strings.Cut(name, "/")
	if !ok {
		service, account = keyringService, name
	}
	type result struct {
		secret string
		err    error
	}
	done := make(chan result, 1)
	go func() {
		secret, err := s.ring(service, account)
		done <- result{secret, err}
	}()
	timer := time.NewTimer(s.ringWithin)
	defer timer.Stop()
	select {
	case r := <-done:
		if errors.Is(r.err, keyring.ErrNotFound) {
			return "", fmt.Errorf("the keyring has no entry %s of %s, which should hold the gateway's secret", account, service)
		}
		if r.err != nil {
			return "", fmt.Errorf("read the gateway's secret from the keyring: %w", r.err)
		}
		return r.secret, nil
	case <-timer.C:
		return "", fmt.Errorf("the keyring did not give the gateway's secret within %s: it may be waiting to be unlocked", s.ringWithin)
	}
}

// fromCommand runs a program, without a shell, and takes what it prints. Neither its output nor its arguments are in an
// error.
func (s sources) fromCommand(line string) (string, error) {
	words, err := split(line)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.commandWithin)
	defer cancel()
	out := &limited{left: maxSecret}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout = out
	cmd.WaitDelay = time.Second // children that keep the output open are not waited for
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("the command %s did not print the gateway's secret within %s", words[0], s.commandWithin)
	case err != nil:
		return "", fmt.Errorf("the command %s, which should print the gateway's secret, failed: %w", words[0], err)
	case out.left < 0:
		return "", fmt.Errorf("the command %s printed too much for a secret", words[0])
	}
	return out.kept.String(), nil
}

// limited keeps so much of what is written, and swallows the rest.
type limited struct {
	kept bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left >= 0 {
		return l.kept.Write(p)
	}
	return len(p), nil
}

// split cuts a command into words at blanks; quotes keep blanks together, and nothing else is special.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			in, quote = true, r
		case r == ' ' || r == '\t':
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			in = true
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, errors.New("the command has a quote that does not end")
	}
	if in {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("the command names no program")
	}
	return words, nil
}
