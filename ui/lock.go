package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/login"
	"usher/ui/toast"
	"usher/ui/view"
	"usher/ui/widget"
)

const (
	// warnBefore is how long before the lock, or the end of the session, the operator is told.
	warnBefore = time.Minute
	// lookEvery is how often the clock is looked at, at most: a laptop that slept locks within this time of waking.
	lookEvery = time.Minute
)

// lock covers the screen when nobody has pressed a key for a while.
type lock struct {
	last    time.Time // when the last key was pressed
	since   time.Time // when the cover came; zero while there is none
	asking  bool      // the cover shows how to go on
	ticking bool
	warning uint64 // the toast that warns; 0 for none
	ended   bool   // the end of the session was told
	owed    *wish  // a sign-in asked for under the cover
	unseen  []uint64
}

type lockTick struct{}

func (l *lock) covered() bool { return !l.since.IsZero() }

// idle is how long no key was pressed, by whichever clock says longer: a monotonic clock stands still while a laptop
// sleeps, and a wall clock can be put back.
func idle(now, last time.Time) time.Duration {
	return max(now.Sub(last), now.Round(0).Sub(last.Round(0)))
}

// watch plans the next look at the clock: one timer, rarely.
func (a *App) watch() tea.Cmd {
	if a.lock.ticking || a.lock.covered() || a.login != nil || a.o.LockAfter <= 0 && a.o.SessionLimit <= 0 {
		return nil
	}
	a.lock.ticking = true
	now, next := a.o.Now(), lookEvery
	due := func(left time.Duration) {
		for _, d := range []time.Duration{left - warnBefore, left} {
			if d > 0 {
				next = min(next, d)
				return
			}
		}
	}
	if a.o.LockAfter > 0 {
		due(a.o.LockAfter - idle(now, a.lock.last))
	}
	if a.o.SessionLimit > 0 {
		due(a.o.SessionLimit - idle(now, a.began))
	}
	return view.After(a.ctx, next, lockTick{})
}

// looked is a look at the clock.
func (a *App) looked() tea.Cmd {
	a.lock.ticking = false
	if a.login != nil || a.lock.covered() {
		return nil
	}
	now := a.o.Now()
	if a.sessionOver() {
		return a.askSignIn(wish{purpose: login.TooLong}, grace{opened: now})
	}
	still := idle(now, a.lock.last)
	switch {
	case a.o.LockAfter <= 0:
	case still >= a.o.LockAfter:
		a.cover()
		return nil
	case a.o.LockAfter > warnBefore && still >= a.o.LockAfter-warnBefore && a.lock.warning == 0:
		a.lock.warning, _ = a.toasts.Add(view.Info, "No key for a while: usher locks in a minute. Any key keeps it open.")
	}
	if left := a.o.SessionLimit - idle(now, a.began); a.o.SessionLimit > warnBefore && left <= warnBefore && !a.lock.ended {
		a.lock.ended = true
		return tea.Batch(a.watch(), a.notify(view.Bad, "Your session ends in a minute: sign in again then. Nothing is lost."))
	}
	return a.watch()
}

func (a *App) sessionOver() bool {
	return a.o.SessionLimit > 0 && a.operator.ID != "" && idle(a.o.Now(), a.began) >= a.o.SessionLimit
}

func (a *App) cover() {
	a.lock.since, a.lock.asking = a.o.Now(), false
	a.unwarn()
}

func (a *App) unwarn() {
	if a.lock.warning != 0 {
		a.toasts.Expire(a.lock.warning)
		a.lock.warning = 0
	}
}

// touched notes a key. It reports that the key came too late: the screen is covered, and the key only shows how to go on.
func (a *App) touched() bool {
	now := a.o.Now()
	late := a.o.LockAfter > 0 && a.login == nil && a.operator.ID != "" && idle(now, a.lock.last) >= a.o.LockAfter
	if late && !a.lock.covered() {
		a.cover()
	}
	if a.lock.covered() {
		return true
	}
	a.lock.last = now
	a.unwarn()
	return false
}

func (a *App) lockedPressed(k string) tea.Cmd {
	switch {
	case !a.lock.asking:
		a.lock.asking = true
	case k == "enter":
		return a.unlock()
	case k == "q":
		return a.quit()
	case k == "esc":
		a.lock.asking = false
	}
	return nil
}

// unlock goes on where the operator was, over a sign-in where one is due.
func (a *App) unlock() tea.Cmd {
	now := a.o.Now()
	owed := a.lock.owed
	a.lock.since, a.lock.asking, a.lock.owed, a.lock.last = time.Time{}, false, nil, now
	a.hold()
	var cmds []tea.Cmd
	for _, id := range a.lock.unseen { // what came to its end under the cover is told now
		cmds = append(cmds, view.After(a.ctx, toast.Life, toastExpired{id}))
	}
	a.lock.unseen = nil
	switch {
	case a.sessionOver():
		cmds = append(cmds, a.askSignIn(wish{purpose: login.TooLong}, grace{opened: now}))
	case owed != nil:
		cmds = append(cmds, a.askSignIn(*owed, grace{opened: now}))
	}
	return tea.Batch(append(cmds, a.watch())...)
}

// drawLock is the cover: nothing of the tenant, nor of the operator, is on it.
func (a *App) drawLock(size view.Size) view.Frame {
	lines := []string{a.th.Strong.Render("usher") + " is locked.", ""}
	switch {
	case !a.lock.asking:
		lines = append(lines, "Press any key.")
	case a.sessionOver() || a.lock.owed != nil && a.lock.owed.purpose != login.ForFresh:
		lines = append(lines, "Your session is over. What you had open waits.", "", a.th.Accent.Render("enter")+" sign in again   "+a.th.Accent.Render("q")+" quit")
	default:
		lines = append(lines, "No key was pressed for "+view.Span(a.o.LockAfter)+". What you had open waits.", "", a.th.Accent.Render("enter")+" go on   "+a.th.Accent.Render("q")+" quit")
	}
	width := 0
	for _, l := range lines {
		width = max(width, widget.Width(l))
	}
	left := strings.Repeat(" ", max(0, (size.Width-width)/2))
	out := make([]string, max(0, (size.Height-len(lines))/2))
	for _, l := range lines {
		out = append(out, left+l)
	}
	return view.Frame{Content: widget.Fit(strings.Join(out, "\n"), size.Width, size.Height)}
}
