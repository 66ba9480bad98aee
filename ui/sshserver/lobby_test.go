package sshserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// visitorFrom is a connection from an address, of which the test has the other end.
func visitorFrom(t *testing.T, l *lobby, address string) (*door, net.Conn) {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() {
		_ = here.Close()
		_ = there.Close()
	})
	at := netip.MustParseAddr(address)
	return &door{Conn: here, lobby: l, shown: at, counted: at}, there
}

// gone reports that a connection was ended from here.
func gone(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	var slow net.Error
	return !errors.As(err, &slow) || !slow.Timeout()
}

func TestWhoSaysNothingIsDroppedForOthers(t *testing.T) {
	t.Parallel()
	l := newLobby(Limits{PerAddress: 20, Connections: 2, HalfOpen: 2, Handshake: time.Second}, time.Now)
	single, other := visitorFrom(t, l, "192.0.2.200")
	if err := l.admit(single); err != nil {
		t.Fatal(err)
	}
	var lines []net.Conn
	for i := range mostSilent + 50 {
		d, there := visitorFrom(t, l, fmt.Sprintf("192.0.2.%d", 1+i%100))
		if err := l.admit(d); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		lines = append(lines, there)
	}
	if len(l.silent) != mostSilent || len(l.inside) != mostSilent {
		t.Errorf("%d say nothing, of %d, want %d", len(l.silent), len(l.inside), mostSilent)
	}
	if !gone(lines[0]) || gone(lines[len(lines)-1]) || gone(other) {
		t.Error("not the oldest of the most crowded address is dropped")
	}
	if err := l.speak(single); err != nil {
		t.Errorf("whoever says something finds no place: %v", err)
	}
	l.proved(single)
	d, _ := visitorFrom(t, l, "198.51.100.1")
	if err := errors.Join(l.admit(d), l.speak(d)); err != nil {
		t.Errorf("the second has no place: %v", err)
	}
	e, _ := visitorFrom(t, l, "198.51.100.2")
	if err := l.admit(e); err != nil {
		t.Fatal(err)
	}
	if err := l.speak(e); !errors.Is(err, errFull) {
		t.Errorf("one more than there may be is told %v", err)
	}
	for _, d := range []*door{single, d, e} {
		l.leave(d)
		l.leave(d)
	}
	if l.of[single.counted] != 0 || l.of[d.counted] != 0 || l.inside[e] {
		t.Error("who has left is still counted")
	}
}

func TestSilentConnectionsOfManyAddressesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // only Linux gives out loopback addresses freely
	}
	r := start(t, Limits{Connections: 3, HalfOpen: 1})
	for i := range 50 {
		c, err := r.from(fmt.Sprintf("127.0.1.%d", 1+i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	for range 3 {
		c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(r.admin))
		if err != nil {
			t.Fatalf("an operator is kept out: %v", err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if out, _, _ := r.run(c, "whoami"); !strings.HasPrefix(out, "admin") {
			t.Errorf("an operator finds %q", out)
		}
	}
}
