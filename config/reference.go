package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Reference says where a secret is: "env:NAME" or "file:PATH". The secret itself is never in the configuration.
type Reference string

func (r Reference) check() error {
	kind, name, ok := strings.Cut(string(r), ":")
	if !ok || name == "" || kind != "env" && kind != "file" {
		// The value is not quoted: it may be the secret itself.
		return errors.New("management.secret must say where the secret is, as env:NAME or file:PATH; a secret itself does not belong in the file")
	}
	return nil
}

// Resolve reads the secret. A file that others may read is refused.
func (r Reference) Resolve(env func(string) string) (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	kind, name, _ := strings.Cut(string(r), ":")
	if kind == "env" {
		v := env(name)
		if v == "" {
			return "", fmt.Errorf("the environment has no %s, which should hold the gateway's secret", name)
		}
		return v, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", fmt.Errorf("read the gateway's secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return "", fmt.Errorf("%s holds a secret but others may read it; run: chmod 600 %s", name, name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read the gateway's secret: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
