//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// atWork is how many operators work while the server is attacked.
const atWork = 5

// sshAttacks measures what operators notice of attacks, and what these cost the server. It has the limits it has by itself.
func sshAttacks(y yard) error {
	s, err := y.startUsher("")
	if err != nil {
		return err
	}
	defer s.kill()
	working, err := s.signInMany(atWork, here)
	if err != nil {
		return err
	}
	defer dropAll(working)
	calm, err := pressAll(working, presses)
	if err != nil {
		return err
	}
	for _, a := range []attackKind{
		{"sizes", "5 terminals of up to 65535 x 65535", 5, false},
		{"storm", "a storm of sizes", 1, false},
		{"storms", "a storm of sizes from 8", 8, false},
		{"deaf", "a client that reads nothing", 1, false},
		{"crowd", "500 consoles of an address", 10, true},
		{"silent", "1,000 silent of an address", 0, true},
		{"silences", "1,000 silent of 200", 0, true},
		{"garbage", "garbage from 200 addresses", 0, true},
		{"spray", "wrong keys from 200 addresses", 0, true},
	} {
		if calm, err = s.underAttack(working, calm, a); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	return nil
}

// attackKind is an attack, how many sessions it has of right, and whether somebody new tries to come in meanwhile.
type attackKind struct {
	kind, name string
	sessions   int
	newcomer   bool
}

// presses is how many keys each operator presses for a figure.
const presses = 30

// underAttack measures an attack. It takes what keys took before it, and gives what they take after it.
func (s *sshServer) underAttack(working []*sshSession, before []float64, kind attackKind) (after []float64, err error) {
	memory := s.rss()
	if err := s.rememberPeak(); err != nil {
		return nil, err
	}
	a, err := s.attack(kind.kind)
	if err != nil {
		return nil, err
	}
	defer a.kill()
	entered := make(chan float64, 1)
	if kind.newcomer {
		go func() { entered <- s.comeIn() }()
	}
	began := time.Now()
	during, err := pressAll(working, presses)
	if err != nil {
		return nil, err
	}
	if kind.kind == "deaf" {
		if err := a.says("ended"); err != nil {
			return nil, err
		}
	}
	if kind.newcomer {
		row("SSH, "+kind.name+": one more is in after", <-entered, "ms", "3000")
	}
	peak, took := peak(s.pid()), time.Since(began)
	did, err := a.end()
	if err != nil {
		return nil, err
	}
	<-time.After(time.Second)
	if after, err = pressAll(working, presses); err != nil {
		return nil, err
	}
	target := fmt.Sprintf("%.1f (32 more, and 2 a session)", memory+32+2*float64(kind.sessions))
	if kind.kind == "deaf" {
		row("SSH, "+kind.name+": ended after", did/1000, "s", "20")
	} else {
		target += fmt.Sprintf("; %.0f tries in %.1f s", did, took.Seconds())
	}
	row("SSH, "+kind.name+": peak memory", peak, "MB", target)
	calm := percentile(append(slices.Clone(before), after...), 95)
	row("SSH, "+kind.name+": others' key p95", percentile(during, 95), "ms", fmt.Sprintf("%.1f (2 x before and after)", 2*calm))
	return after, nil
}

// comeIn lets a newcomer try until they see a console, or for long enough, and gives how long it took, in ms.
func (s *sshServer) comeIn() float64 {
	t := time.Now()
	for time.Since(t) < patience {
		if c, err := s.enter("127.0.0.3"); err == nil {
			c.drop()
			break
		}
		<-time.After(200 * time.Millisecond)
	}
	return ms(t)
}

// attackRun is an attack under way.
type attackRun struct {
	cmd  *exec.Cmd
	in   io.Closer
	said *bufio.Reader
}

func (s *sshServer) attack(kind string) (*attackRun, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	a := &attackRun{cmd: exec.Command(self, "-attack", kind, s.addr, s.issuer, s.keys.other)}
	a.cmd.Stderr = os.Stderr
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.said = bufio.NewReader(out)
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, a.cmd.Process.Pid, 10); err != nil {
		return nil, errors.Join(err, a.cmd.Process.Kill())
	}
	return a, a.says("begun")
}

// says waits for a line of the attacker's.
func (a *attackRun) says(want string) error {
	line, err := a.said.ReadString('\n')
	if strings.TrimSpace(line) != want {
		return fmt.Errorf("the attacker says %q and not %q: %w", line, want, err)
	}
	return nil
}

// end ends the attack and gives how often it did what it does.
func (a *attackRun) end() (float64, error) {
	if err := a.in.Close(); err != nil {
		return 0, err
	}
	line, err := a.said.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if err := a.cmd.Wait(); err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}

func (a *attackRun) kill() {
	_ = a.in.Close()
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
}
