package sshserver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// commandWithin is how long a command may take.
const commandWithin = 5 * time.Second

// KeyCommand allows the keys that a program prints, as sshd's AuthorizedKeysCommand does. In its arguments %u stands for the
// name the client gives, %t for the key's type, %k for the key in base64, %f for its fingerprint and %% for a per cent sign.
// No shell is involved.
type KeyCommand struct {
	Program []string // its path, which is absolute, and its arguments
	Log     *slog.Logger
	Now     func() time.Time
}

// Check tells what is wrong with the command.
func (c KeyCommand) Check() error {
	if len(c.Program) == 0 || !filepath.IsAbs(c.Program[0]) {
		return errors.New("the command that lists the allowed keys needs the full path of a program")
	}
	if _, err := exec.LookPath(c.Program[0]); err != nil {
		return fmt.Errorf("the command that lists the allowed keys: %w", err)
	}
	return nil
}

// Find implements [Keys].
func (c KeyCommand) Find(ctx context.Context, user, address string, key gossh.PublicKey) (Entry, error) {
	if len(user) > 64 || strings.ContainsFunc(user, func(r rune) bool { return r < '!' || r > '~' }) {
		return Entry{}, NotAllowed{"the name is not one that a command can be given"}
	}
	fill := strings.NewReplacer("%%", "%", "%u", user, "%t", key.Type(), "%k", base64.StdEncoding.EncodeToString(key.Marshal()), "%f", gossh.FingerprintSHA256(key))
	var args []string
	for _, a := range c.Program[1:] {
		args = append(args, fill.Replace(a))
	}
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Program[0], args...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin"} // nothing of this process's environment, where secrets may be
	cmd.WaitDelay = time.Second
	out := &capped{most: largestKeys}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		c.Log.Error("the command that lists the allowed keys failed", "error", err.Error())
		return Entry{}, fmt.Errorf("list the allowed keys: %w", err)
	}
	lines, wrong := parse(out.taken.Bytes())
	for _, err := range wrong {
		c.Log.Warn("a key does not count", "command", c.Program[0], "why", err.Error())
	}
	return find(lines, key, address, c.Now())
}

// capped takes so many bytes and no more.
type capped struct {
	taken bytes.Buffer
	most  int
}

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	if c.taken.Len()+len(p) > c.most {
		return 0, errors.New("the list of keys is larger than 4 MB")
	}
	return c.taken.Write(p)
}
