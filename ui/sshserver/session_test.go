package sshserver

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	gossh "golang.org/x/crypto/ssh"
)

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemOf(block *pem.Block) []byte { return pem.EncodeToMemory(block) }

// privateOf is the private key of a signer that newKey made.
func privateOf(t testing.TB, key gossh.Signer) ed25519.PrivateKey {
	t.Helper()
	f := reflect.ValueOf(key).Elem().FieldByName("signer")
	private, ok := reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().Interface().(ed25519.PrivateKey)
	if !ok {
		t.Fatalf("the signer holds a %v", f.Type())
	}
	return private
}

func TestTwoSessionsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	a, b := r.open(r.client(r.admin), ""), r.open(r.client(r.other), "open find-me")
	a.expect("canary-admin@example.com")
	b.expect("canary-other@example.com")
	b.expect("find-me")
	a.send("/only-of-a\r")
	a.expect("only-of-a")
	a.send("q")
	a.ends()
	b.send("?")
	b.expect("Keys")
	b.send("qq")
	b.ends()
	if said := a.out.String(); strings.Contains(said, "other") || strings.Contains(said, "find-me") {
		t.Errorf("the admin sees %q", said)
	}
	if said := b.out.String(); strings.Contains(said, "admin") || strings.Contains(said, "only-of-a") {
		t.Errorf("the other sees %q", said)
	}
}

// places is how many lost connections the server keeps.
func (r *rig) places() int {
	r.server.places.mu.Lock()
	defer r.server.places.mu.Unlock()
	n := 0
	for _, of := range r.server.places.kept {
		for _, all := range of {
			n += len(all)
		}
	}
	return n
}

func TestALostConnectionIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	c := r.client(r.admin)
	s := r.open(c, "open email:where")
	s.expect("canary-admin")
	_ = c.Close()
	s.ends()
	eventually(t, "the place is kept", func() bool { return r.places() == 1 })
	other := r.open(r.client(r.other), "")
	other.expect("canary-other")
	if strings.Contains(other.out.String(), "Go on where you were") {
		t.Error("another operator is offered the place")
	}
	again := r.open(r.client(r.admin), "")
	again.expect("Go on where you were?")
	again.expect("email:where")
	again.send("n")
	once := r.open(r.client(r.admin), "")
	once.expect("canary-admin")
	once.send("q")
	once.ends()
	if strings.Contains(once.out.String(), "Go on where you were") {
		t.Error("a place is offered twice")
	}
}

// TestWhatWasTypedIsOfOneKeyAndOneOperator loses two connections, one in the middle of a word, one on a person's tab.
func TestWhatWasTypedIsOfOneKeyAndOneOperator(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	busy := func(keys, shows string) func() {
		c := r.client(r.admin)
		s := r.open(c, "")
		s.expect("canary-admin@")
		s.send(keys)
		s.expect(shows)
		return func() {
			before := r.places()
			_ = c.Close()
			s.ends()
			eventually(t, "the place is kept", func() bool { return r.places() == before+1 })
		}
	}
	as := func(who string) {
		r.host.mu.Lock()
		defer r.host.mu.Unlock()
		r.host.as = who
	}
	atTab, typing := busy("\r7", "[7 Raw]"), busy("/\x1b[200~half-ty\x1b[201~", "half-ty")
	atTab()
	typing()
	as("somebody-else")
	same := r.open(r.client(r.admin), "")
	same.expect("canary-admin")
	same.send("?")
	same.expect("Keys")
	if said := same.out.String(); strings.Contains(said, "Go on where") || strings.Contains(said, "half-ty") {
		t.Errorf("another operator with the same key is offered\n%s", said)
	}
	as("")
	typed := r.open(r.client(r.admin), "")
	typed.expect("typed half-ty")
	tab := r.open(r.client(r.admin), "")
	tab.expect("Go on where you were?")
	eventually(t, "the tab is open again", func() bool {
		tab.send("y") // the first may come too soon
		return strings.Contains(tab.out.String(), "[7 Raw]")
	})
	if n := r.places(); n != 0 {
		t.Errorf("%d places are kept still", n)
	}
}

func TestALostConnectionIsForgottenInTime(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Resume: 300 * time.Millisecond})
	c := r.client(r.admin)
	s := r.open(c, "open email:where")
	s.expect("canary-admin")
	_ = c.Close()
	s.ends()
	eventually(t, "nothing is kept", func() bool { return r.places() == 0 && strings.Contains(r.log.String(), "a session ended") })
}

func TestAPlaceIsKeptForTenMinutes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newPlaces(func() time.Time { return now }, Limits{}.withDefaults().Resume)
	p.keep("key", placeOf("auth0|1", now))
	now = now.Add(10*time.Minute - time.Second)
	p.sweep()
	if place, ok := p.take("key", "auth0|1"); !ok {
		t.Error("a place is not kept for ten minutes")
	} else {
		p.keep("key", place)
	}
	now = now.Add(time.Second)
	if _, ok := p.take("key", "auth0|1"); ok {
		t.Error("a place is kept for longer")
	}
	p.keep("other", placeOf("auth0|2", now))
	p.sweep()
	if len(p.kept) != 1 {
		t.Errorf("%d keys have places", len(p.kept))
	}
	if _, ok := p.take("other", "auth0|1"); ok {
		t.Error("a place is given to another operator")
	}
	if _, ok := p.take("key", "auth0|2"); ok {
		t.Error("a place is given to another key")
	}
	for range mostPlaces + 2 {
		p.keep("other", placeOf("auth0|2", now))
	}
	n := 0
	for ok := true; ok; n++ {
		_, ok = p.take("other", "auth0|2")
	}
	if n-1 != mostPlaces || len(p.kept) != 0 {
		t.Errorf("%d places are given, %d keys have some left", n-1, len(p.kept))
	}
}

func TestAnUnusedSessionEnds(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Idle: 700 * time.Millisecond})
	s := r.open(r.client(r.admin), "")
	s.expect("canary-admin")
	s.expect("nothing was typed")
	s.ends()
}

func TestNoSessionLastsForEver(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Absolute: 700 * time.Millisecond})
	s := r.open(r.client(r.admin), "")
	s.expect("the longest there is")
	s.ends()
}

func TestEverybodyIsToldOfTheEnd(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{PerKey: 50, PerAddress: 50})
	r.host.command = func(ctx context.Context, _ Visitor, _ []string, s Streams) int {
		fmt.Fprintln(s.Out, "at work")
		<-ctx.Done()
		return 1
	}
	var all []*screenful
	for range 20 {
		all = append(all, r.open(r.client(r.admin), ""))
	}
	command := r.open(r.client(r.admin), "users search x")
	command.expect("at work")
	for _, s := range all {
		s.expect("canary-admin")
	}
	began := time.Now()
	r.stop()
	for _, s := range append(all, command) {
		s.ends()
	}
	err := <-r.done
	r.done <- err
	if took := time.Since(began); err != nil || took > 5*time.Second {
		t.Errorf("the server stops after %v: %v", took, err)
	}
	for _, s := range all {
		if said := s.out.String(); !strings.Contains(said, "usher stops on this host") || !strings.Contains(said, "usher was stopped on this host") {
			t.Fatalf("somebody is told %q", said)
		}
	}
}

func TestAClientThatReadsNothingIsLetGo(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Write: 500 * time.Millisecond})
	ended := make(chan error, 1)
	r.host.command = func(_ context.Context, v Visitor, _ []string, s Streams) int {
		if v.Label == "other" {
			fmt.Fprintln(s.Out, "still here")
			return 0
		}
		_, err := io.Copy(s.Out, endless{})
		ended <- err
		return 1
	}
	session, err := r.client(r.admin).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.StdoutPipe(); err != nil { // which nobody reads
		t.Fatal(err)
	}
	if err := session.Start("flood"); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := r.run(r.client(r.other), "x"); out != "still here\n" {
		t.Errorf("meanwhile another finds %q", out)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the endless came to its end")
		}
	case <-time.After(within):
		t.Error("the session goes on for ever")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestDroppedConnectionsLeaveNothingBehind(t *testing.T) {
	// Not parallel: it counts goroutines.
	r := start(t, Limits{PerKey: 100, PerAddress: 100})
	before := runtime.NumGoroutine()
	for range 5 {
		var clients []*gossh.Client
		for range 10 {
			c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(r.admin))
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
			s := r.open(c, "")
			for i := range 30 { // some of them before the console is there, and faster than it can draw
				_ = s.session.WindowChange(10+i, 40+i)
			}
		}
		for _, c := range clients {
			_ = c.Close()
		}
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before+3 })
}

func TestSizesBeforeAProgramRunsBlockNothing(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	s, err := r.client(r.admin).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 20_000, 20_000, gossh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_ = s.WindowChange(65535, 65535)
	}
	out, err := s.Output("whoami")
	if err != nil || !strings.HasPrefix(string(out), "admin") {
		t.Errorf("%q, %v", out, err)
	}
}
