//go:build linux

package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// sshServer is a server at work: a process of its own, whose memory and processor time are measured alone.
type sshServer struct {
	cmd    *exec.Cmd
	addr   string
	issuer string // of the tenant that sign-ins are approved at; empty: the floor, which has none
	keys   keyring
	done   chan error
}

// keyring holds the keys that open the door: the operators', and one for those who mean ill, in a file as well.
type keyring struct {
	operator gossh.Signer
	other    string // the file
	allowed  string // both, in authorized_keys' format: a file
}

func newKeyring(dir string) (keyring, error) {
	k := keyring{other: filepath.Join(dir, "other"), allowed: filepath.Join(dir, "authorized_keys")}
	var allowed []byte
	for _, path := range []string{filepath.Join(dir, "operator"), k.other} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return k, err
		}
		block, err := gossh.MarshalPrivateKey(private, "")
		if err != nil {
			return k, err
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return k, err
		}
		signer, err := readKey(path)
		if err != nil {
			return k, err
		}
		if k.operator == nil {
			k.operator = signer
		}
		allowed = append(allowed, gossh.MarshalAuthorizedKey(signer.PublicKey())...)
	}
	return k, os.WriteFile(k.allowed, allowed, 0o600)
}

func readKey(path string) (gossh.Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return gossh.ParsePrivateKey(data)
}

// wide are limits for more sessions of one address and key than a server allows by itself.
const wide = "[ssh.limits]\nconnections = 2000\nper_address = 2000\nper_key = 2000\n"

// startUsher starts usher ssh with limits, or the ones it has by itself.
func (y yard) startUsher(limits string) (*sshServer, error) {
	dir, err := os.MkdirTemp(filepath.Dir(y.config), "ssh-")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(y.config)
	if err != nil {
		return nil, err
	}
	own := filepath.Join(dir, "config.toml")
	data = fmt.Appendf(data, "\n[ssh]\nlisten = \"127.0.0.1:0\"\nauthorized_keys = %q\nhost_key = %q\n%s", y.keys.allowed, filepath.Join(dir, "host_key"), limits)
	if err := os.WriteFile(own, data, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(y.usher, "ssh", "--config", own, "--profile", "local")
	cmd.Env = append(os.Environ(), "USHER_STATE="+dir)
	s, err := startSSH(cmd)
	if err != nil {
		return nil, err
	}
	s.issuer, s.keys = y.issuer, y.keys
	return s, nil
}

func (y yard) startFloor() (*sshServer, error) {
	s, err := startSSH(exec.Command(y.floor))
	if err != nil {
		return nil, err
	}
	s.keys = y.keys
	return s, nil
}

func startSSH(cmd *exec.Cmd) (*sshServer, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	s := &sshServer{cmd: cmd, done: make(chan error, 1)}
	line, err := bufio.NewReader(out).ReadString('\n')
	at := regexp.MustCompile(`at (\S+);`).FindStringSubmatch(line)
	go func() { s.done <- cmd.Wait() }()
	if at == nil {
		s.kill()
		return nil, fmt.Errorf("%s does not say where it serves: %q, %v", cmd.Path, line, err)
	}
	s.addr = at[1]
	return s, nil
}

func (s *sshServer) pid() int { return s.cmd.Process.Pid }

// stop asks the server to end, and gives how long it took.
func (s *sshServer) stop() (time.Duration, error) {
	t := time.Now()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	select {
	case err := <-s.done:
		s.done <- nil
		return time.Since(t), err
	case <-time.After(20 * time.Second):
		return 0, fmt.Errorf("the server does not stop within 20 s")
	}
}

// kill ends the server, whatever it does; one that has ended is left alone.
func (s *sshServer) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
	s.done <- nil
}

// rss is the server's resident memory in MB.
func (s *sshServer) rss() float64 { return status(s.pid(), "VmRSS:") }

// rememberPeak lets the peak of the server's memory begin anew.
func (s *sshServer) rememberPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid()), []byte("5"), 0)
}

// descriptors is how many files and sockets the server has open.
func (s *sshServer) descriptors() float64 {
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid()))
	return float64(len(files))
}
