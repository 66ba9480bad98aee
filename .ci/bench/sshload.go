//go:build linux

package main

import (
	"fmt"
	"path/filepath"
	"time"
)

const (
	operators = 50  // at once
	atRest    = 200 // sessions that do nothing
	elsewhere = "127.0.0.2"
	here      = "127.0.0.1"
)

// yard is where servers are started: before a tenant, in whose folder they keep what they keep.
type yard struct {
	usher, floor   string
	config, issuer string
	keys           keyring
}

// measureSSH measures usher ssh in some runs.
func measureSSH(usher, floor string, runs ...func(yard) error) error {
	console, issuer, stop, err := tenantAndConsole(usher)
	if err != nil {
		return err
	}
	defer stop()
	y := yard{usher: usher, floor: floor, config: console[1], issuer: issuer}
	if y.keys, err = newKeyring(filepath.Dir(y.config)); err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	for _, run := range runs {
		if err := run(y); err != nil {
			return err
		}
	}
	return nil
}

// sshLoad measures usher ssh beside the least server of Bubble Tea programs.
func sshLoad(y yard) error {
	floor, err := y.startFloor()
	if err != nil {
		return err
	}
	defer floor.kill()
	s, err := y.startUsher(wide)
	if err != nil {
		return err
	}
	defer s.kill()
	for _, run := range []func(s, floor *sshServer) error{sshAlone, sshSignedIn, sshCrowd, sshAtRest, sshStop} {
		if err := run(s, floor); err != nil {
			return err
		}
	}
	return sshDrops(y)
}

// timesFloor are the rows of a figure and of the floor's, and the target that follows from it.
func timesFloor(name string, got, floor float64, unit string, times float64) {
	row(name+", floor", floor, unit, "")
	row(name, got, unit, fmt.Sprintf("%.1f (%.2g x floor); %.2f x", times*floor, times, got/floor))
}

// sshAlone measures from the connection to the first frame of one who comes alone.
func sshAlone(s, floor *sshServer) error {
	took := map[*sshServer][]float64{}
	for range 15 {
		for _, at := range []*sshServer{floor, s} {
			t := time.Now()
			c, err := at.enter(here)
			if err != nil {
				return err
			}
			took[at] = append(took[at], ms(t))
			c.drop()
		}
	}
	timesFloor("SSH: first frame", median(took[s]), median(took[floor]), "ms", 1.3)
	return nil
}

// sshCrowd measures from the connection to the first frame of fifty who come at once.
func sshCrowd(s, floor *sshServer) error {
	took := map[*sshServer][]float64{}
	for range 7 {
		for _, at := range []*sshServer{floor, s} {
			p95, err := crowdFrame(at)
			if err != nil {
				return err
			}
			took[at] = append(took[at], p95)
		}
	}
	timesFloor("SSH: 50 at once, first frame p95", median(took[s]), median(took[floor]), "ms", 1.3)
	return nil
}

func crowdFrame(at *sshServer) (float64, error) {
	took, all := make([]float64, operators), make([]*sshSession, operators)
	err := many(operators, func(i int) (err error) {
		t := time.Now()
		all[i], err = at.enter(here)
		took[i] = ms(t)
		return err
	})
	dropAll(all)
	<-time.After(300 * time.Millisecond) // for the ends of their sessions
	return percentile(took, 95), err
}

// sshSignedIn measures the memory of fifty who are signed in, and how long a key takes while all of them press: in turns, so
// that whatever else the machine does is in both figures.
func sshSignedIn(s, floor *sshServer) error {
	servers := []*sshServer{floor, s}
	each, sessions, took := map[*sshServer]float64{}, map[*sshServer][]*sshSession{}, map[*sshServer][]float64{}
	for _, at := range servers {
		before := at.rss()
		all, err := at.signInMany(operators, here)
		if err != nil {
			return err
		}
		defer dropAll(all)
		<-time.After(time.Second)
		sessions[at], each[at] = all, (at.rss()-before)/operators
	}
	work := map[*sshServer]float64{}
	for range 5 {
		for _, at := range servers {
			before := cpu(at.pid())
			t, err := pressAll(sessions[at], 10)
			if err != nil {
				return err
			}
			took[at] = append(took[at], t...)
			work[at] += cpu(at.pid()) - before
		}
	}
	for at, t := range took {
		work[at] /= float64(len(t))
	}
	timesFloor("SSH: memory a signed-in session", each[s], each[floor], "MB", 2)
	timesFloor("SSH: key to first byte p95, 50 press at once", percentile(took[s], 95), percentile(took[floor], 95), "ms", 1.3)
	// Where the machine has other work to do, this tells more than the time that passed.
	row("SSH: processor time a key, floor", work[floor], "ms", "")
	row("SSH: processor time a key", work[s], "ms", "")
	return nil
}

// sshAtRest measures what two hundred sessions cost in which nothing happens, of both servers at the same time.
func sshAtRest(s, floor *sshServer) error {
	servers := []*sshServer{floor, s}
	for _, at := range servers {
		all, err := at.signInMany(atRest, here)
		if err != nil {
			return err
		}
		defer dropAll(all)
	}
	<-time.After(2 * time.Second)
	share := map[*sshServer]float64{}
	for _, at := range servers {
		share[at] = -cpu(at.pid())
	}
	const watch = 8 * time.Second
	<-time.After(watch)
	for _, at := range servers {
		share[at] = (share[at] + cpu(at.pid())) / float64(watch.Milliseconds()) * 100
	}
	timesFloor("SSH: 200 sessions at rest, share of a core", share[s], share[floor], "%", 1.0/3)
	return nil
}

// sshDrops measures what a thousand connections leave behind that are lost in the middle of a session, beside what the
// thousand before them left: a leak would be seen twice.
func sshDrops(y yard) error {
	s, err := y.startUsher(wide)
	if err != nil {
		return err
	}
	defer s.kill()
	lose := func(n int) error {
		for range n / operators {
			all := make([]*sshSession, operators)
			err := many(operators, func(i int) (err error) {
				all[i], err = s.enter(here)
				return err
			})
			dropAll(all)
			if err != nil {
				return err
			}
		}
		<-time.After(3 * time.Second)
		return nil
	}
	descriptors := s.descriptors()
	if err := lose(1000); err != nil {
		return err
	}
	threads, memory := status(s.pid(), "Threads:")*1024, s.rss()
	if err := lose(1000); err != nil {
		return err
	}
	row("SSH: descriptors 3 s after 2,000 lost connections", s.descriptors(), "", fmt.Sprintf("%.0f (at the start, and 4 to the tenant)", descriptors+4))
	row("SSH: threads then", status(s.pid(), "Threads:")*1024, "", fmt.Sprintf("%.0f (after the first 1,000, and 4)", threads+4))
	row("SSH: memory then", s.rss(), "MB", fmt.Sprintf("%.1f (1.15 x after the first 1,000)", 1.15*memory))
	return nil
}

// sshStop measures how long a server takes to end that is told to while fifty work.
func sshStop(s, _ *sshServer) error {
	all, err := s.signInMany(operators, here)
	if err != nil {
		return err
	}
	defer dropAll(all)
	took, err := s.stop()
	if err != nil {
		return err
	}
	row("SSH: told to stop with 50 sessions, gone after", took.Seconds(), "s", "5")
	return nil
}
