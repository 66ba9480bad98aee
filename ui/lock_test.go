package ui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

func locks(after, limit time.Duration) func(*Options) {
	return func(o *Options) { o.LockAfter, o.SessionLimit = after, limit }
}

func TestAnIdleConsoleLocks(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(15*time.Minute, 0), func(t *testing.T, b *bench) {
		b.do(view.ResetMFA{User: ada()})
		b.after(10 * time.Minute)
		b.press("j") // a key keeps it open
		b.after(13*time.Minute + 50*time.Second)
		b.lacks("locks in a minute")
		b.after(20 * time.Second)
		b.has("usher locks in a minute")
		b.press("k")
		b.lacks("locks in a minute")
		b.after(14*time.Minute + 10*time.Second)
		b.has("usher locks in a minute", "App t1")
		b.after(time.Minute)
		v := b.a.View()
		if got := strings.Join(strings.Fields(uitest.Frame(b.a)), " "); got != "usher is locked. Press any key." || v.WindowTitle != "usher" || v.Cursor != nil {
			t.Fatalf("the cover shows %q, title %q", got, v.WindowTitle)
		}
		b.press("y")
		b.has("No key was pressed for 15 min", "enter go on")
		b.press("y", "n", "space", "?", ":")
		b.lacks("App t1", "acme", "op@example.com")
		b.press("enter")
		b.has("App t1", "acme", "op@example.com")
		b.after(time.Second)
		if b.press("y"); !slices.Equal(b.tenant.sent, []string{"delete t1", "delete t2", "forget"}) {
			t.Errorf("sent %v", b.tenant.sent)
		}
	})
}

func TestALockLooksRarelyAtTheClock(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(15*time.Minute, 12*time.Hour), func(t *testing.T, b *bench) {
		b.after(5 * time.Second) // the sign-in's own countdown is over
		updates := 0
		for range 10 * 60 {
			time.Sleep(time.Second)
			for {
				select {
				case msg := <-b.msgs:
					updates++
					_, cmd := b.a.Update(msg)
					b.run(cmd)
					continue
				default:
				}
				break
			}
		}
		if updates > 10 {
			t.Errorf("%d messages in ten idle minutes, want one a minute at most", updates)
		}
	})
}

func TestALaptopThatSleptLocksAtTheFirstKey(t *testing.T) {
	t.Parallel()
	clock := noon()
	a, _, p := signedIn(t, clock)
	a.o.LockAfter = 15 * time.Minute
	a.lock.last = *clock
	*clock = clock.Add(8 * time.Hour) // no timer ran
	uitest.Press(a, "y")
	if len(p.got) != 0 || !strings.Contains(uitest.Frame(a), "No key was pressed for 15 min") {
		t.Errorf("the view got %v:\n%s", p.got, uitest.Frame(a))
	}
}

func TestAChangeInFlightReportsAfterUnlocking(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(2*time.Minute, 0), func(t *testing.T, b *bench) {
		b.do(view.ToggleBlock{User: ada()})
		b.tenant.block = make(chan struct{})
		b.press("y", "esc") // closed: it reports by a toast
		b.after(3 * time.Minute)
		close(b.tenant.block)
		b.settle()
		b.after(time.Minute)
		b.lacks("is blocked")
		b.press("x", "enter")
		b.has("ada@example.com is blocked.")
		b.after(10 * time.Second)
		b.lacks("ada@example.com is blocked.")
	})
}

func TestASignInAskedForUnderTheCoverWaits(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(2*time.Minute, 0), func(t *testing.T, b *bench) {
		b.do(view.ToggleBlock{User: ada()})
		b.tenant.block = make(chan struct{})
		b.tenant.refuse = []error{&auth0client.Unauthorized{}}
		b.press("y")
		b.after(3 * time.Minute)
		close(b.tenant.block)
		b.settle()
		if len(b.sign.asked) != 1 {
			t.Fatal("a code was asked for while nobody is there")
		}
		b.press("x")
		b.has("Your session is over", "enter sign in again")
		b.press("enter")
		b.has("Sign in again: your sign-in ended")
		b.approve(boss())
		b.has(view.NotSent)
	})
}

func TestTheSessionsLimit(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(0, 2*time.Hour), func(t *testing.T, b *bench) {
		b.do(view.EditRoles{Users: []auth0client.User{ada()}})
		b.press("space", "enter")
		b.after(2*time.Hour - 30*time.Second)
		b.has("Your session ends in a minute", "+ Editor is added")
		b.after(time.Minute)
		b.has("Sign in again: your session of 2 h is over")
		b.approve(boss())
		b.has("+ Editor is added")
		b.after(time.Second)
		b.press("y")
		if !slices.Equal(b.tenant.sent, []string{"assign [r1]"}) {
			t.Errorf("sent %v", b.tenant.sent)
		}
		b.after(time.Hour)
		if b.a.login != nil {
			t.Error("the new session ended too early")
		}
	})
}

func TestAfterTheSessionsLimitOnlyASignInUnlocks(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(15*time.Minute, time.Hour), func(t *testing.T, b *bench) {
		b.after(2 * time.Hour)
		b.press("x", "enter")
		b.has("Sign in again: your session of 1 h is over")
		b.lacks("1 user")
		b.answer(&login.Denied{Description: "not today"})
		b.has("The sign-in was refused: not today.")
		b.after(time.Second)
		b.press("esc", "r")
		b.approve(boss())
		b.has("1 user")
	})
}

func TestLockedFrames(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		a, _, _ := signedIn(t, noon())
		a.cover()
		a.lock.asking = true
		a.o.LockAfter = 15 * time.Minute
		a.size = size
		uitest.Golden(t, "locked-"+name(size), uitest.Frame(a))
	}
}

func TestWhatIsShownOnceWaitsUnderTheLock(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), locks(15*time.Minute, 0), func(t *testing.T, b *bench) {
		b.do(view.Operate{Operation: desk.Operation{Name: "New recovery code", User: ada(), Run: func(context.Context) desk.Result {
			return desk.Result{Done: []string{"Made."}, Once: []desk.Once{{Label: "Recovery code", Value: auth0client.NewSecret("ZUGHNWL4")}}}
		}}})
		b.after(time.Second)
		b.press("y")
		b.has("ZUGHNWL4")
		b.after(16 * time.Minute)
		b.lacks("ZUGHNWL4")
		b.press("x")
		b.lacks("ZUGHNWL4")
		b.press("q") // not without asking
		b.has("Leave usher?", "A secret is open that is shown only once.")
		b.lacks("ZUGHNWL4", "What you typed")
		b.press("n", "enter")
		b.has("Recovery code", "ZUGHNWL4")
		b.after(time.Second)
		b.press("ctrl+c")
		b.has("A secret is open that is shown only once.")
		b.press("n", "enter")
		b.lacks("ZUGHNWL4")
		b.press("ctrl+c")
		b.lacks("Leave usher?")
	})
}
