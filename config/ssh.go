package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// SSH is how `usher ssh` lets operators in. It is a table of the configuration, whose profile says the rest.
type SSH struct {
	Listen                string     `toml:"listen,omitempty"`          // default: 0.0.0.0:2222
	HostKey               string     `toml:"host_key,omitempty"`        // made where it is missing; default: ssh_host_ed25519_key among usher's state
	AuthorizedKeys        string     `toml:"authorized_keys,omitempty"` // a file in sshd's format
	AuthorizedKeysCommand []string   `toml:"authorized_keys_command,omitempty"`
	Banner                string     `toml:"banner,omitempty"` // a file whose text is shown before the sign-in
	Limits                *SSHLimits `toml:"limits,omitempty"`
}

// SSHLimits are what clients may take. What is left out has its default.
type SSHLimits struct {
	Connections int      `toml:"connections,omitempty"` // at once; default 100
	PerAddress  int      `toml:"per_address,omitempty"` // connections of one address; default 20
	PerKey      int      `toml:"per_key,omitempty"`     // sessions with one key; default 10
	Idle        Duration `toml:"idle,omitempty"`        // without a key press; default 10m
	Session     Duration `toml:"session,omitempty"`     // the longest there is; default 12h
}

// longestBanner is the longest banner, in bytes.
const longestBanner = 4 << 10

// LoadSSH reads the profile that operators get, and how they are let in.
func LoadSSH(o Options) (Profile, SSH, error) {
	path, _, err := o.path()
	if err != nil {
		return Profile{}, SSH{}, err
	}
	c, err := Read(path)
	if err != nil {
		return Profile{}, SSH{}, err
	}
	p, err := c.profile(filepath.Dir(path), o)
	if err != nil {
		return Profile{}, SSH{}, err
	}
	s := SSH{}
	if c.SSH != nil {
		s = *c.SSH
	}
	if err := s.complete(filepath.Dir(path), o.Env); err != nil {
		return Profile{}, SSH{}, err
	}
	if err := s.check(); err != nil {
		return Profile{}, SSH{}, fmt.Errorf("%s, table ssh: %w", path, err)
	}
	return p, s, nil
}

func (s *SSH) complete(dir string, env func(string) string) error {
	if s.Listen == "" {
		s.Listen = "0.0.0.0:2222"
	}
	if s.Limits == nil {
		s.Limits = &SSHLimits{}
	}
	if s.HostKey == "" {
		state, err := StateDir(env)
		if err != nil {
			return err
		}
		s.HostKey = filepath.Join(state, "ssh_host_ed25519_key")
	}
	for _, path := range []*string{&s.HostKey, &s.AuthorizedKeys, &s.Banner} {
		if *path != "" {
			*path = whole(*path, dir, env)
		}
	}
	return nil
}

func (s *SSH) check() error {
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		return fmt.Errorf("listen = %q is not an address such as 0.0.0.0:2222", s.Listen)
	}
	if (s.AuthorizedKeys == "") == (len(s.AuthorizedKeysCommand) == 0) {
		return errors.New("it needs authorized_keys, a file, or authorized_keys_command, a program with its arguments; one of them")
	}
	if len(s.AuthorizedKeysCommand) > 0 && !filepath.IsAbs(s.AuthorizedKeysCommand[0]) {
		return fmt.Errorf("authorized_keys_command: %q is not the full path of a program", s.AuthorizedKeysCommand[0])
	}
	l := s.Limits
	if slices.Min([]int{l.Connections, l.PerAddress, l.PerKey}) < 0 {
		return errors.New("limits cannot be negative")
	}
	for name, d := range map[string]Duration{"idle": l.Idle, "session": l.Session} {
		if d == Off || d > Duration(7*24*time.Hour) {
			return fmt.Errorf("limits.%s: choose a time of a week at most; it cannot be off", name)
		}
	}
	return nil
}

// BannerText is what the banner's file says; empty without one.
func (s *SSH) BannerText() (string, error) {
	if s.Banner == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.Banner)
	if err != nil {
		return "", fmt.Errorf("read the banner: %w", err)
	}
	if len(text) > longestBanner {
		return "", fmt.Errorf("the banner %s is longer than 4 KB", s.Banner)
	}
	return string(text), nil
}
