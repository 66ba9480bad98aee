package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RFC 5424 §6, as far as usher makes use of it.
var syslogForm = regexp.MustCompile(`^<(108|109)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]{1,255} [!-~]{1,48} \d+ [a-z]+ ` +
	`\[usher@32473( [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+\] [^\x00-\x1f\x7f-\x{9f}]+$`)

func TestEachLineReachesTheSyslogAsAnAnchor(t *testing.T) {
	t.Parallel()
	for network, listen := range map[string]func(t *testing.T) (address string, next func() string){
		"udp": func(t *testing.T) (string, func() string) {
			c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
			return "udp://" + packets(t, c, err).String(), datagrams(t, c)
		},
		"unix": func(t *testing.T) (string, func() string) {
			path := filepath.Join(t.TempDir(), "s")
			c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "unixgram", path)
			if err != nil && strings.Contains(err.Error(), "not supported") {
				t.Skip("this system has no such sockets")
			}
			return "unix://" + packets(t, c, err).String(), datagrams(t, c)
		},
		"tcp": func(t *testing.T) (string, func() string) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			return "tcp://" + l.Addr().String(), frames(t, l)
		},
	} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			address, next := listen(t)
			s, err := NewSyslog(address, SyslogOptions{Host: "gw 1"})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			j := opened(t, dir, Options{Sinks: []Sink{s}})
			change(t, j, "a")
			if err := j.Denied(t.Context(), Entry{ID: "b", Reason: strings.Repeat("x", 4000), Path: strings.Repeat("y", 4000), Note: "\u009b\n"}); err != nil {
				t.Fatal(err)
			}
			var kept []Anchor
			for i := range 3 {
				m := next()
				if !syslogForm.MatchString(m) {
					t.Fatalf("message %d is %q", i+1, m)
				}
				if strings.Contains(m, "canary") {
					t.Error("a secret reached the syslog")
				}
				a := Anchor{Hash: field(m, "hash")}
				a.Seq, _ = strconv.ParseUint(field(m, "seq"), 10, 64)
				kept = append(kept, a)
				if long := i == 2 && network != "tcp"; strings.Contains(m, "left out") != long || strings.Contains(m, `"prev":`) == long {
					t.Errorf("message %d holds %q", i+1, m[:200])
				}
			}
			closed(t, j)
			if rep, err := VerifyFiles(dir, VerifyOptions{Anchors: kept}); err != nil || rep.Bad != nil || kept[2].Seq != 3 || kept[2].Hash != rep.LastHash {
				t.Errorf("the syslog and the journal do not agree: %+v, %v, %v", kept, rep.Bad, err)
			}
		})
	}
}

func field(message, name string) string {
	_, rest, _ := strings.Cut(message, " "+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func packets(t *testing.T, c net.PacketConn, err error) net.Addr {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr()
}

func datagrams(t *testing.T, c net.PacketConn) func() string {
	return func() string {
		buf := make([]byte, 64<<10)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

// frames reads messages with their length before them, over as many connections as come.
func frames(t *testing.T, l net.Listener) func() string {
	var in *bufio.Reader
	return func() string {
		for {
			if in == nil {
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				in = bufio.NewReader(c)
			}
			size, err := in.ReadString(' ')
			if errors.Is(err, io.EOF) {
				in = nil
				continue
			}
			n, convErr := strconv.Atoi(strings.TrimSpace(size))
			if err := errors.Join(err, convErr); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, n)
			if _, err := io.ReadFull(in, buf); err != nil {
				t.Fatal(err)
			}
			return string(buf)
		}
	}
}

func TestASyslogThatIsAwayHoldsNobodyUpAndIsToldWhatItMissed(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	reports, again := make(chan error, 8), make(chan time.Time)
	s, err := NewSyslog("tcp://"+addr, SyslogOptions{Report: func(err error) { reports <- err }, After: func(time.Duration) <-chan time.Time { return again }})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	line := func(n int) Line {
		return Line{Entry: Entry{Seq: uint64(n), Time: at, Step: StepNote}, Raw: []byte("{}")}
	}
	s.Offer([]Line{line(1)})
	if err := <-reports; err == nil || s.Problem() == nil || !strings.Contains(err.Error(), addr) {
		t.Fatalf("the first report is %v", err)
	}
	for n := 2; n <= syslogQueue+101; n++ { // the queue takes 2 to 4097
		s.Offer([]Line{line(n)})
	}
	l, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // of this test
	again <- time.Time{}
	next := frames(t, l)
	if m := next(); field(m, "seq") != "1" {
		t.Errorf("the first message is %q", m)
	}
	if m := next(); field(m, "missed") != "100" || field(m, "from") != fmt.Sprint(syslogQueue+2) {
		t.Errorf("the second message is %q", m)
	}
	if m := next(); field(m, "seq") != "2" {
		t.Errorf("the third message is %q", m)
	}
	if m := next(); field(m, "seq") != "3" {
		t.Errorf("the fourth message is %q", m)
	}
	if err := <-reports; err != nil || s.Problem() != nil {
		t.Errorf("the second report is %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestSyslogAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"unix:///dev/log": "unix /dev/log", "udp://logs.example.com": "udp logs.example.com:514", "tcp://[2001:db8::1]:7000/": "tcp [2001:db8::1]:7000",
		"tls://logs.example.com": "tls logs.example.com:6514", "": "", "/dev/log": "", "http://logs.example.com": "", "tcp://:1": "", "udp://h/x": "", "unix://host/x": "",
	} {
		network, addr, err := syslogAddress(address)
		if got := strings.TrimSpace(network + " " + addr); got != want || (err == nil) != (want != "") {
			t.Errorf("%q gives %q, %v; want %q", address, got, err, want)
		}
	}
}
