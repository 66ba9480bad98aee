//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// attacker is who means ill: a process of its own, at a low priority, since in earnest its work is done on other machines.
type attacker struct {
	addr, issuer string
	key          gossh.Signer // allowed, but not the operators'
	done         atomic.Int64 // how often it did what it does
}

// wild are the sizes that terminals claim: 20,000 x 20,000 alone would be gigabytes.
var wild = [][2]uint32{{20000, 20000}, {65535, 65535}, {0, 0}, {1, 1}, {1000, 1000}}

// attack attacks until its standard input ends, and tells then how often it did what it does.
func attack(kind, addr, issuer, keyFile string) error {
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	a := &attacker{addr: addr, issuer: issuer, key: key}
	do := map[string]func(context.Context) error{
		"sizes": a.sizes, "storm": func(ctx context.Context) error { return a.storm(ctx, 1) },
		"storms": func(ctx context.Context) error { return a.storm(ctx, 8) },
		"deaf":   a.deaf,
		"crowd":  func(ctx context.Context) error { return a.connections(ctx, 500, 1, a.visit) },
		"silent": func(ctx context.Context) error { return a.connections(ctx, 1000, 1, a.silence) },
		// of many addresses, whose connections can be told from others by nothing but that they prove no key
		"silences": func(ctx context.Context) error { return a.connections(ctx, 1000, 200, a.silence) },
		"garbage":  func(ctx context.Context) error { return a.connections(ctx, 100, 200, a.garbage) },
		"spray":    func(ctx context.Context) error { return a.connections(ctx, 50, 200, a.spray) },
	}[kind]
	if do == nil {
		return fmt.Errorf("there is no attack %s", kind)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := do(ctx); err != nil {
		return err
	}
	fmt.Println(a.done.Load())
	return nil
}

// begun tells the bench that the attack is under way.
func begun() { fmt.Println("begun") }

// sizes opens a terminal of each wild size, all of them at once, and changes each to each.
func (a *attacker) sizes(ctx context.Context) error {
	return a.terminals(ctx, len(wild), func(i int, s *sshSession) error {
		for n := i; ; n++ {
			if err := s.resize(wild[n%len(wild)][0], wild[n%len(wild)][1]); err != nil {
				return err
			}
			a.done.Add(1)
			if rest(ctx, 100*time.Millisecond) {
				return nil
			}
		}
	})
}

// storm sends ten thousand changes of size a second, from some clients together.
func (a *attacker) storm(ctx context.Context, clients int) error {
	const beat = 10 * time.Millisecond
	return a.terminals(ctx, clients, func(i int, s *sshSession) error {
		start := time.Now()
		for n := i; ; n++ {
			if err := s.resize(wild[n%len(wild)][0], wild[n%len(wild)][1]); err != nil {
				return err
			}
			a.done.Add(1)
			if early := time.Duration(n-i)*time.Duration(clients)*time.Second/10_000 - time.Since(start); early > beat && rest(ctx, early) {
				return nil
			}
			if ctx.Err() != nil {
				return nil
			}
		}
	})
}

// terminals opens some terminals, of wild sizes, and does something in each.
func (a *attacker) terminals(ctx context.Context, n int, do func(i int, s *sshSession) error) error {
	all := make([]*sshSession, n)
	err := many(n, func(i int) (err error) {
		size := wild[i%len(wild)]
		if all[i], err = openSSH(elsewhere, a.addr, a.key, int(size[0]), int(size[1])); err == nil {
			_, err = all[i].expect(anyFrame)
			all[i].forget()
		}
		return err
	})
	defer dropAll(all)
	if err != nil {
		return err
	}
	begun()
	return many(n, func(i int) error { return do(i, all[i]) })
}

// deafConn takes nothing more from the line once it is told to.
type deafConn struct {
	net.Conn
	deaf  chan struct{}
	ended <-chan struct{}
}

func (c deafConn) Read(p []byte) (int, error) {
	select {
	case <-c.deaf:
		<-c.ended
		return 0, io.EOF
	default:
		return c.Conn.Read(p)
	}
}

// deaf stops reading, and makes the server write, until its connection is ended from there.
func (a *attacker) deaf(ctx context.Context) error {
	conn, err := dial(elsewhere, a.addr)
	if err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		return err
	}
	c := deafConn{conn, make(chan struct{}), ctx.Done()}
	s, err := openOver(c, a.key, 120, 40)
	if err != nil {
		return err
	}
	if err := s.prove(a.issuer); err != nil {
		return err
	}
	close(c.deaf)
	t := time.Now()
	begun()
	for n := 0; !rest(ctx, 10*time.Millisecond); n++ {
		if _, err := io.WriteString(s.in, []string{"G", "g"}[n%2]); err != nil { // each draws most of the screen
			a.done.Store(time.Since(t).Milliseconds())
			fmt.Println("ended")
			<-ctx.Done()
			return nil
		}
	}
	return nil
}

// connections lets n connections of some addresses do something at once, and again when they are ended.
func (a *attacker) connections(ctx context.Context, n, addresses int, do func(context.Context, net.Conn)) error {
	var all, first sync.WaitGroup
	first.Add(n)
	for i := range n {
		all.Go(func() {
			once := sync.OnceFunc(first.Done)
			defer once()
			for round := 0; ctx.Err() == nil; round++ {
				from := fmt.Sprintf("127.0.%d.%d", 1+round%50*min(1, addresses-1), 2+i%addresses)
				if conn, err := dial(from, a.addr); err == nil {
					a.done.Add(1)
					once()
					do(ctx, conn)
					_ = conn.Close()
				}
				if rest(ctx, 100*time.Millisecond) {
					return
				}
			}
		})
	}
	first.Wait()
	begun()
	all.Wait()
	return nil
}

// visit opens a console, and stays.
func (a *attacker) visit(ctx context.Context, conn net.Conn) {
	s, err := openOver(conn, a.key, 120, 40)
	if err != nil {
		return
	}
	select {
	case <-s.closed:
	case <-ctx.Done():
	}
}

// silence says nothing, and stays.
func (a *attacker) silence(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_, _ = io.Copy(io.Discard, conn)
}

// garbage sends what is no SSH.
func (a *attacker) garbage(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	noise := bufio.NewReader(rand.Reader)
	if a.done.Load()%2 == 0 { // every other one says first that it speaks SSH
		_, _ = io.WriteString(conn, "SSH-2.0-noise\r\n")
	}
	_, _ = io.CopyN(conn, noise, 256<<10)
	_, _ = io.Copy(io.Discard, conn)
}

// spray tries keys that are not allowed.
func (a *attacker) spray(_ context.Context, conn net.Conn) {
	var keys []gossh.Signer
	for range 3 {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return
		}
		key, err := gossh.NewSignerFromKey(private)
		if err != nil {
			return
		}
		keys = append(keys, key)
	}
	if c, err := shake(conn, keys...); err == nil {
		_ = c.Close()
	}
}

// rest waits, and reports that the attack is over.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(d):
		return false
	}
}
