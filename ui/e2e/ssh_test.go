//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"usher/ui/uitest/ptyrun"
)

// bastion is a local tenant and `usher ssh` before it, each a process of its own.
type bastion struct {
	t               *testing.T
	dir, info       string
	ssh, host, port string
	server          *exec.Cmd
	log             *logbook
	stderr          *os.File // of what is started, instead of log
}

// newBastion starts both, with faults of the tenant. Operators have the keys key0 and key1.
func newBastion(t *testing.T, bind string, faults ...string) *bastion {
	t.Helper()
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no OpenSSH client on this machine")
	}
	bin, err := usher()
	if err != nil {
		t.Fatal(err)
	}
	b := &bastion{t: t, dir: t.TempDir(), ssh: ssh, log: &logbook{}}
	b.info = filepath.Join(b.dir, "info.json")
	config := filepath.Join(b.dir, "usher.toml")
	args := []string{"tenant", "--users", "200", "--info", b.info, "--write-config", config}
	for _, f := range faults {
		args = append(args, "--fault", f)
	}
	b.run(bin, args...)
	allowed := b.key("key0") + bind + b.key("key1")
	if err := os.WriteFile(filepath.Join(b.dir, "allowed"), []byte(allowed), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "\n[ssh]\nlisten = \"127.0.0.1:0\"\nauthorized_keys = \"allowed\"\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b.serve()
	return b
}

// serve starts the server.
func (b *bastion) serve() {
	b.t.Helper()
	bin, err := usher()
	if err != nil {
		b.t.Fatal(err)
	}
	line := b.run(bin, "ssh", "--config", filepath.Join(b.dir, "usher.toml"))
	at := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	if b.host, b.port, err = net.SplitHostPort(at); err != nil {
		b.t.Fatalf("%q: %v", line, err)
	}
}

// run starts a process and waits for the first line it prints.
func (b *bastion) run(bin string, args ...string) string {
	b.t.Helper()
	cmd := exec.Command(bin, args...) //nolint:gosec // the program under test
	cmd.Env = []string{"HOME=" + b.dir, "TMPDIR=" + b.dir, "USHER_STATE=" + filepath.Join(b.dir, "state"), "PATH=" + os.Getenv("PATH"), "SERVER_SECRET=canary-of-the-server"}
	cmd.Stderr = b.log
	if b.stderr != nil {
		cmd.Stderr = b.stderr
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.server = cmd
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.t.Fatalf("usher %s: %v", strings.Join(args, " "), err)
	}
	return line
}

// key makes a key pair and gives its line for the list of allowed keys.
func (b *bastion) key(name string) string {
	b.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(private, name)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
		b.t.Fatal(err)
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key))) + " " + name + "\n"
}

func (b *bastion) args(key string, more ...string) []string {
	return append([]string{
		"-F", "/dev/null", "-p", b.port, "-i", filepath.Join(b.dir, key), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
	}, more...)
}

// connect opens a console over SSH.
func (b *bastion) connect(key string, words ...string) *scene {
	b.t.Helper()
	args := append(b.args(key, "-t", b.host), words...)
	p, err := ptyrun.Start(ptyrun.Options{Command: b.ssh, Args: args, Cols: 120, Rows: 40})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = p.Close() })
	return &scene{t: b.t, p: p, info: b.info}
}

// approve answers a code at the tenant's switchboard.
func (s *scene) approve(code, preset string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"user_code": code, "preset": preset})
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.Post(s.issuer()+"_usher/approve", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		s.t.Fatalf("approve: HTTP %d", res.StatusCode)
	}
}

// TestAnOperatorOverSSH signs in, searches, changes a role, loses the connection in the middle of the change, and goes on.
func TestAnOperatorOverSSH(t *testing.T) {
	t.Parallel()
	b := newBastion(t, "", "POST /api/v2/users/{id}/roles delay=1500ms")
	s := b.connect("key0")
	s.approve(s.code(""), "admin")
	s.expect(`20\d users`)
	s.send("/ada@example.com<enter>")
	s.expect(`\b1 user\b`)
	var found []struct {
		ID string `json:"user_id"`
	}
	s.tenant("users-by-email?email=ada%40example.com", &found)
	if len(found) != 1 {
		t.Fatalf("the tenant has %d users with that email", len(found))
	}
	before := s.roles(found[0].ID)
	s.send("<enter>")
	s.expect(`Overview`)
	s.send("r")
	s.expect(`\[ \] +Order desk`)
	s.send("/Order desk<enter>")
	s.expect(`› .*Order desk`)
	s.send("<space><enter>")
	s.expect(`\+ .*Order desk`)
	s.send("y")
	s.expect(`(?i)applying|changing`)
	if err := syscall.Kill(s.p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if before["Order desk"] || s.roles(found[0].ID)["Order desk"] {
		t.Fatal("the change was made before the connection was lost; the test shows nothing")
	}

	again := b.connect("key0")
	again.approve(again.code(""), "admin")
	again.expect(`Your connection ended`)
	again.expect(`\d\d:\d\d Roles of ada@example.com changed: 1 added, 0 removed`)
	again.expect(`Users › ada@example.com`)
	again.goOn()
	again.expect(`Overview`)
	if !again.roles(found[0].ID)["Order desk"] {
		t.Error("the change was not finished after the connection was lost")
	}
	again.send("q")
	if code, err := again.p.Exit(patience); err != nil || code != 0 {
		t.Errorf("exit status %d, %v", code, err)
	}
	restored(t, again.p)
	for _, p := range []*ptyrun.Program{s.p, again.p} {
		if strings.Contains(string(p.Written()), "\x1b]52;") {
			t.Error("the clipboard was written without its key")
		}
	}
	b.journalHolds(`"step":"intent"`, `"via":"ssh 127.0.0.1"`, `"email":"ada.admin@ops.example"`)
	b.journalHolds(`"step":"outcome"`, `"email":"ada.admin@ops.example"`, `"status":204`)

	began := time.Now()
	if err := b.server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := b.server.Wait(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("the server ends after %v: %v\n%s", time.Since(began), err, b.log)
	}
}

// goOn answers the question whether to go on.
func (s *scene) goOn() {
	s.t.Helper()
	s.expect(`y go on`)
	for range 20 { // the first may come too soon
		s.send("y")
		if s.p.Absent(`Your connection ended`, time.Second) == nil {
			break
		}
	}
}

// TestWhatWasTypedOutlivesTheLine loses the connection in the middle of a form. Somebody else who uses the same key finds
// nothing of it; who typed it goes on and saves.
func TestWhatWasTypedOutlivesTheLine(t *testing.T) {
	t.Parallel()
	b := newBastion(t, "")
	s := b.connect("key0")
	s.approve(s.code(""), "admin")
	s.expect(`20\d users`)
	s.send("/uma.unverified@example.com<enter>")
	s.expect(`\b1 user\b`)
	s.send("e")
	s.expect(`given_name +Uma`)
	s.send("jjjjjjj<enter>")
	s.expect(`leave the field`)
	s.send("-Half-Typed")
	s.expect(`Uma-Half-Typed`)
	if err := syscall.Kill(s.p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	other := b.connect("key0")
	other.approve(other.code(""), "support")
	other.expect(`20\d users`)
	if err := other.p.Absent(`Your connection ended|Half-Typed`, time.Second); err != nil {
		t.Error(err)
	}
	other.send("q")

	again := b.connect("key0")
	again.approve(again.code(""), "admin")
	again.expect(`Users › uma.unverified@example.com › Edit, search uma`)
	again.expect(`What you typed there is kept`)
	again.goOn()
	again.expect(`given_name +Uma-Half-Typed`)
	again.send("-Whole<enter>")
	again.expect(`given_name +\* Uma-Half-Typed-Whole`)
	again.send("\x13")
	again.expect(`"Uma" → "Uma-Half-Typed-Whole"`)
	again.send("y")
	again.expect(`Saved the changes`)
	var found []struct {
		Name string `json:"given_name"`
	}
	again.tenant("users-by-email?email=uma.unverified%40example.com", &found)
	if len(found) != 1 || found[0].Name != "Uma-Half-Typed-Whole" {
		t.Errorf("the tenant has %v", found)
	}
}

// journalHolds looks for a line of the journal that has all of texts.
func (b *bastion) journalHolds(texts ...string) {
	b.t.Helper()
	var all []byte
	files, err := filepath.Glob(filepath.Join(b.dir, "state", "local", "*.jsonl"))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("no journal: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, data...)
	}
	for line := range strings.Lines(string(all)) {
		has := 0
		for _, text := range texts {
			if strings.Contains(line, text) {
				has++
			}
		}
		if has == len(texts) {
			return
		}
	}
	b.t.Errorf("no line of the journal has all of %v:\n%s", texts, all)
}

// TestCommandsOverSSH runs a command with a sign-in of its own, and one with a key that is bound to somebody else.
func TestCommandsOverSSH(t *testing.T) {
	t.Parallel()
	b := newBastion(t, `subject="auth0|somebody-else" `)
	for key, want := range map[string]struct {
		command, says string
		code          int
	}{"key0": {"users search ada@example.com --json", `"name": "Ada Lovelace"`, 0}, "key1": {"whoami", "another person signed in", 3}} {
		out, code := b.command(key, want.command)
		if code != want.code || !strings.Contains(out, want.says) {
			t.Errorf("%s: exit status %d, want %d with %q:\n%s", key, code, want.code, want.says, out)
		}
	}
	b.journalHolds(`"step":"denied"`, `"via":"ssh 127.0.0.1"`, `sign-in refused`, `auth0|somebody-else`)
	if out, code := b.command("key0", "users export --output /tmp/x"); code != 2 || !strings.Contains(out, "not available over SSH") {
		t.Errorf("a command that would write the server's files ends with %d:\n%s", code, out)
	}
}

// command runs a command to its end and approves the sign-in it asks for.
func (b *bastion) command(key string, words ...string) (out string, code int) {
	b.t.Helper()
	cmd := exec.Command(b.ssh, append(b.args(key, b.host), words...)...) //nolint:gosec // a test's
	stdout := &bytes.Buffer{}
	cmd.Stdout = stdout
	errs, err := cmd.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	s := &scene{t: b.t, info: b.info}
	var said strings.Builder
	for lines := bufio.NewScanner(errs); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if code := regexp.MustCompile(`compare the code ([A-Z]{4}-[A-Z]{4})`).FindStringSubmatch(lines.Text()); code != nil {
			s.approve(code[1], "admin")
		}
	}
	_ = cmd.Wait() // its exit code says it
	return stdout.String() + said.String(), cmd.ProcessState.ExitCode()
}

// TestAPlainSSHSession runs usher itself in somebody's SSH session: terminals that answer nothing, of any name, and no
// browser. Nothing waits for them.
func TestAPlainSSHSession(t *testing.T) {
	t.Parallel()
	bin, err := usher()
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range []string{"screen", "screen-256color", "tmux-256color", "dumb", "xterm-256color", "vt100"} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			p, err := ptyrun.Start(ptyrun.Options{
				Command: bin, Args: []string{"demo", "--users", "50", "--approve"}, Cols: 80, Rows: 24, Silent: true,
				Env: []string{"TERM=" + term, "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "SSH_TTY=/dev/pts/9", "DISPLAY=:9", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Close() })
			s := &scene{t: t, p: p}
			s.expect(`\d\d users`)
			s.send("/ada@example.com<enter>")
			s.expect(`\b1 user\b`)
			s.send("q")
			if code, err := p.Exit(patience); err != nil || code != 0 {
				t.Errorf("exit status %d, %v", code, err)
			}
		})
	}
}

// logbook takes what several programs write, each in its own time.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
