package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

// change is one way to change a user: how to get to the question, what answers it, and what is sent then.
type change struct {
	open  func(b *bench)
	asks  string
	sent  []string
	after string
}

func changes() map[string]change {
	return map[string]change{
		"the role editor's review": {
			open: func(b *bench) {
				b.do(view.EditRoles{Users: []auth0client.User{ada()}})
				b.press("space", "enter")
			},
			asks: "+ Editor is added", sent: []string{"assign [r1]"}, after: "1 added, 0 removed",
		},
		"the MFA dialog": {
			open: func(b *bench) {
				b.do(view.ResetMFA{User: ada()})
				b.press("j", "space") // App t2 is spared
			},
			asks: "[ ] App t2", sent: []string{"delete t1", "forget"}, after: "Done. 1 method removed",
		},
		"the block dialog": {
			open: func(b *bench) { b.do(view.ToggleBlock{User: ada()}) },
			asks: "Not blocked: neither by an administrator", sent: []string{"blocked true"}, after: "Blocked. They cannot sign in",
		},
	}
}

func TestAChangeIsStillPendingAfterALostSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.has(c.asks)
				b.tenant.refuse = []error{&auth0client.Unauthorized{}}
				b.press("y")
				b.has("Sign in again: your sign-in ended", "no change goes out until you confirm it again", "BCDF-GHJK")
				b.press("y", "enter") // keys on their way to what is covered
				if !slices.Equal(b.tenant.sent, c.sent[:1]) {
					t.Fatalf("sent %v under the sign-in screen", b.tenant.sent)
				}
				b.approve(boss())
				b.has(c.asks, view.NotSent)
				b.press("y") // held down since before
				b.after(time.Minute)
				if len(b.tenant.sent) != 1 {
					t.Fatalf("sent %v without being confirmed again", b.tenant.sent)
				}
				b.press("y")
				b.has(c.after)
				if got := b.tenant.sent[1:]; !slices.Equal(got, c.sent) {
					t.Errorf("confirmed again it sent %v, want %v", got, c.sent)
				}
			})
		})
	}
}

func TestAnotherOperatorFindsNothingPending(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.tenant.refuse = []error{&auth0client.Unauthorized{}}
				b.press("y")
				other := boss()
				b.a.reasons.Learn("users:delete")
				other.ID, other.Email = "auth0|other", "other@example.com\x1b[2J"
				b.approve(other)
				b.lacks(strings.Fields(c.asks)[0]+" "+strings.Fields(c.asks)[1], "\x1b[2J")
				b.has("1 user", "other@example.com", "New operator: what was open or not sent is dropped.")
				b.press("y", "enter", "esc")
				if len(b.tenant.sent) != 1 || b.a.reasons.Wanted("users:delete") {
					t.Errorf("sent %v; reasons are remembered: %v", b.tenant.sent, b.a.reasons.Wanted("users:delete"))
				}
			})
		})
	}
}

func TestAFreshSignInForAnAction(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.tenant.refuse = []error{&auth0client.FreshLogin{MaxAge: 10 * time.Minute}}
				b.press("y")
				b.has("Sign in again for this action", "It wants a sign-in not older than 10 min")
				if got := b.sign.asked[1]; got != (login.Ask{Fresh: true, MaxAge: 10 * time.Minute}) {
					t.Errorf("asked for %+v", got)
				}
				old := boss()
				old.AuthTime = time.Now().Add(-11 * time.Minute)
				b.approve(old)
				b.has("which is too long ago for this action")
				b.after(time.Second)
				b.press("r")
				fresh := boss()
				fresh.AuthTime = time.Now()
				b.approve(fresh)
				b.has(c.asks, view.NotSent)
				b.after(time.Second)
				if b.press("y"); !slices.Equal(b.tenant.sent[1:], c.sent) {
					t.Errorf("sent %v", b.tenant.sent)
				}
			})
		})
	}
}

func TestAFreshSignInCanBeLeft(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), nil, func(t *testing.T, b *bench) {
		c := changes()["the block dialog"]
		c.open(b)
		b.tenant.refuse = []error{&auth0client.FreshLogin{}}
		b.press("y")
		b.after(time.Second)
		b.press("esc")
		b.has(c.asks, view.NotSent)
		b.after(time.Second)
		b.do(view.RequireLogin{Fresh: true})
		b.do(view.RequireLogin{}) // the session itself ended meanwhile: that cannot be left
		b.after(time.Second)
		b.press("esc")
		b.has("Sign in again: your sign-in ended")
	})
}

func TestAReasonIsAskedForAndKept(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.lacks("Reason:")
				b.tenant.refuse = []error{&auth0client.ReasonNeeded{}}
				b.press("y")
				b.has(c.asks, "Reason:", "This action wants a reason")
				b.press("y", "-", "n", "q", "enter", "enter") // letters are text; a held enter presses nothing
				if len(b.tenant.sent) != 1 {
					t.Fatalf("sent %v while the reason was typed", b.tenant.sent)
				}
				b.has("Reason: y-nq")
				b.after(time.Second)
				b.press("enter")
				if !slices.Equal(b.tenant.sent[1:], c.sent) || b.tenant.reasons[1] != "y-nq" {
					t.Fatalf("sent %v for %q", b.tenant.sent, b.tenant.reasons)
				}
				b.has(c.after)
				if len(b.a.dialogs) > 0 {
					b.press("enter")
				}
				// The action is known to want one now; nothing is sent without.
				b.tenant.roles, b.tenant.gone, b.tenant.blocked = nil, nil, false
				c.open(b)
				b.has("Reason:")
				sent := len(b.tenant.sent)
				b.press("y")
				b.has("wants a reason: type it, then confirm")
				if len(b.tenant.sent) != sent {
					t.Errorf("sent %v without a reason", b.tenant.sent)
				}
			})
		})
	}
}

func TestATypedReasonIsNotLostByOneKey(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), nil, func(t *testing.T, b *bench) {
		b.a.reasons.Learn("users:block")
		b.do(view.ToggleBlock{User: ada()})
		b.press("y", "w", "h", "y", "esc", "esc")
		b.has("Your reason would be lost", "Reason: why")
		b.press("esc")
		b.lacks("Reason:")
	})
}

func TestAChangeThatWaitsForASecondOperator(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.tenant.refuse = []error{&auth0client.ApprovalPending{ID: term.Line("apr_7"), ExpiresAt: time.Now().Add(time.Hour)}}
				b.press("y")
				b.has("waits for a second operator", "apr_7", "for 1 h at most")
				if len(b.tenant.sent) != len(c.sent) {
					t.Errorf("sent %v", b.tenant.sent)
				}
				sent := len(b.tenant.sent)
				b.press("R")
				b.press("y")
				if name != "the block dialog" && len(b.tenant.sent) != sent { // that one looks again and asks anew
					t.Errorf("sent %v again", b.tenant.sent[sent:])
				}
			})
		})
	}
}

func TestAPartOfAResetThatWasNotSent(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), nil, func(t *testing.T, b *bench) {
		b.do(view.ResetMFA{User: ada()})
		b.tenant.refuse = []error{nil, &auth0client.Unauthorized{}}
		b.press("y")
		b.approve(boss())
		b.lacks("App t1")
		b.has("1 method removed already. The rest was not sent: confirm it again.", "[x] App t2")
		b.after(time.Second)
		b.press("y")
		b.has("Done. 2 methods removed, nothing left.")
		if want := []string{"delete t1", "delete t2", "delete t2", "forget"}; !slices.Equal(b.tenant.sent, want) {
			t.Errorf("sent %v, want %v", b.tenant.sent, want)
		}
	})
}

func TestASignInRepeatsNothingThatFailedForAnotherCause(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				c.open(b)
				b.tenant.refuse = []error{&auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}, nil}
				b.press("y")
				sent := len(b.tenant.sent)
				b.do(view.RequireLogin{})
				b.approve(boss())
				b.has("fault of its own")
				b.after(time.Minute)
				if len(b.tenant.sent) != sent {
					t.Errorf("the sign-in alone sent %v", b.tenant.sent[sent:])
				}
			})
		})
	}
}

func TestWhatCouldNotBeReadIsReadAfterTheSignIn(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]view.Action{
		"the MFA dialog": view.ResetMFA{User: ada()}, "the block dialog": view.ToggleBlock{User: ada()},
		"the role editor": view.EditRoles{Users: []auth0client.User{ada()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				b.tenant.readErr = &auth0client.Unauthorized{}
				b.do(open)
				b.has("Sign in again: your sign-in ended")
				b.tenant.readErr = nil
				b.approve(boss())
				b.lacks("Your sign-in has ended")
				if f := b.frame(); !strings.Contains(f, "App t1") && !strings.Contains(f, "Not blocked") && !strings.Contains(f, "Auditor") {
					t.Errorf("it was not read again:\n%s", f)
				}
			})
		})
	}
}

func TestTypedTextSurvivesALostSignIn(t *testing.T) {
	t.Parallel()
	onBench(t, boss(), nil, func(t *testing.T, b *bench) {
		b.press("/", "a", "d", "a")
		b.do(view.RequireLogin{})
		b.approve(boss())
		b.has("ada")
		if !b.a.top().v.Typing() {
			t.Error("the search box lost the focus")
		}
		b.after(time.Second)
		b.press("ctrl+k", "r", "e", "l")
		b.do(view.RequireLogin{})
		b.approve(boss())
		b.has("Commands rel")
	})
}

func TestAKeptSignInOpensTheConsole(t *testing.T) {
	t.Parallel()
	onBench(t, login.Operator{}, nil, func(t *testing.T, b *bench) {
		b.has("BCDF-GHJK")
		b.answer(errors.New("a fault"))
		b.has("a fault", "Press r for a new code")
	})
	for name, c := range map[string]struct {
		since time.Duration
		limit time.Duration
		open  bool
	}{
		"within the session's limit": {time.Hour, 2 * time.Hour, true},
		"beyond it":                  {3 * time.Hour, 2 * time.Hour, false},
		"without a limit":            {300 * time.Hour, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, login.Operator{}, func(o *Options) {
				s, _ := o.SignIn.(*signer)
				s.kept = boss()
				s.kept.AuthTime = time.Now().Add(-c.since)
				o.SessionLimit = c.limit
			}, func(t *testing.T, b *bench) {
				if open := b.a.login == nil; open != c.open {
					t.Fatalf("open: %v\n%s", open, b.frame())
				}
				if !c.open {
					b.has("Your session of 2 h is over", "BCDF-GHJK")
				}
			})
		})
	}
}

func TestWhatTheHeaderSaysIsMissing(t *testing.T) {
	t.Parallel()
	all := boss().Permissions
	without := func(prefix ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(p string) bool {
			return slices.ContainsFunc(prefix, func(x string) bool { return strings.HasPrefix(p, x) })
		})
	}
	for name, c := range map[string]struct {
		held []string
		says string
	}{
		"nothing":               {all, ""},
		"every changing one":    {[]string{"users:read", "mfa:read"}, "read-only"},
		"a group":               {without("roles:assign", "roles:manage"), "without roles"},
		"groups":                {without("mfa:reset", "logs:", "bulk:"), "without mfa, logs, bulk"},
		"one of a group":        {without("users:delete"), ""},
		"all":                   {nil, "no permissions (W)"},
		"one usher knows not":   {append(slices.Clone(all), "moon:land"), ""},
		"all but a foreign one": {[]string{"moon:land"}, "without users, mfa, sessions, roles, orgs, logs, stats, bulk, journal"},
	} {
		a := &App{operator: login.Operator{Permissions: c.held}}
		if got := a.lacks(); got != c.says {
			t.Errorf("who lacks %s: %q, want %q", name, got, c.says)
		}
	}
}

func TestWhatMayIDo(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		clock := noon()
		a, _, _ := signedIn(t, clock)
		a.o.SessionLimit = 12 * time.Hour
		a.operator.Permissions = []string{"users:read", "users:block", "mfa:read", "mfa:reset"}
		a.stack = a.stack[:1]
		a.Update(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
		uitest.Press(a, ":", "m", "a", "y", "enter")
		if !a.rights {
			t.Fatalf("the palette does not reach it:\n%s", uitest.Frame(a))
		}
		uitest.Golden(t, "rights-"+name(size), uitest.Frame(a))
		uitest.Press(a, "j")
		if a.rights {
			t.Error("a key does not close it")
		}
	}
}

func TestReasonFrames(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]change{
		"mfa": changes()["the MFA dialog"], "block": changes()["the block dialog"], "roles": changes()["the role editor's review"],
	} {
		for _, size := range uitest.Sizes() {
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				b.a.size = size
				c.open(b)
				b.tenant.refuse = []error{&auth0client.ReasonNeeded{}}
				b.press("y", "t", "i", "c", "k", "e", "t")
				b.has("Reason: ticket")
				if f := strings.ToLower(b.frame()); !strings.Contains(f, "cancel") {
					t.Errorf("the buttons are gone:\n%s", f)
				}
				uitest.Golden(t, "reason-"+what+"-"+name(size), b.frame())
			})
		}
	}
}

func TestTheOperatorIsToldOfUnknownOutcomes(t *testing.T) {
	t.Parallel()
	onBench(t, login.Operator{}, func(o *Options) {
		s, _ := o.SignIn.(*signer)
		s.kept = boss()
		o.Notices = []string{"Unknown outcome: users:block of auth0|1"}
	}, func(_ *testing.T, b *bench) {
		b.has("Unknown outcome: users:block of auth0|1")
	})
}
