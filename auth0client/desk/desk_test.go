package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

func event(code string, at time.Time, ip, description string) auth0client.LogEvent {
	return auth0client.LogEvent{Code: code, Date: at, IP: term.Line(ip), Description: term.Line(description)}
}

func TestTheVerdictBeginsWithWhatStopsThem(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	user := auth0client.User{ID: "auth0|1", Email: term.Line("a@example.com"), EmailVerified: true, Logins: 3, LastLogin: at.Add(-30 * time.Hour)}
	change := func(do func(*auth0client.User)) auth0client.User { u := user; do(&u); return u }
	banned := []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.5")}}
	tenWrong := []auth0client.LogEvent{event("limit_wc", at.Add(-58*time.Minute), "203.0.113.5", "")}
	for range 10 {
		tenWrong = append(tenWrong, event("fp", at.Add(-59*time.Minute), "203.0.113.5", ""))
	}
	push := []auth0client.LogEvent{event("s", at.Add(-time.Hour), "", ""), event("gd_auth_succeed", at.Add(-time.Hour), "", "")}
	for range 6 {
		push = append(push, event("gd_auth_rejected", at.Add(-2*time.Hour), "", ""))
	}
	for _, tc := range []struct {
		name string
		e    Evidence
		want []string // each must be in a finding, in this order of findings
		not  string
	}{
		{"nothing is wrong", Evidence{User: user}, []string{"Nothing found keeps them out"}, "Blocked"},
		{"both kinds of block, the brute-force one with its story", Evidence{User: change(func(u *auth0client.User) { u.Blocked = true }), Bans: banned, Events: tenWrong},
			[]string{"Blocked by an administrator", "Blocked since 14:02 by 10 failed sign-ins from 203.0.113.5"}, "Nothing found"},
		{"an unverified email hinders", Evidence{User: change(func(u *auth0client.User) { u.EmailVerified = false })}, []string{"not verified", "Nothing else found keeps them out", "Has not enrolled MFA"}, ""},
		{"what could not be read is said", Evidence{User: user, Unknown: []string{"second factors"}}, []string{"second factors could not be read", "Nothing found keeps them out, as far as could be read"}, "not enrolled"},
		{"what may not be seen names its permission", Evidence{User: user, Denied: map[string]string{PartFactors: "mfa:read", PartLog: "logs:read"}},
			[]string{"log, which you may not see without logs:read", "second factors, which you may not see without mfa:read", "Nothing found keeps them out, as far as could be read"}, "not enrolled"},
		{"nobody is cleared while something is still read", Evidence{User: user, Awaited: []string{PartBans, PartFactors}}, []string{"so far; still reading: brute-force blocks, second factors"}, "keeps them out"},
		{"who is not read yet has not been said to be new", Evidence{User: auth0client.User{ID: "auth0|1"}, Awaited: []string{PartUser}}, []string{"so far"}, "never signed in"},
		{"half an enrolment", Evidence{User: user, Methods: []auth0client.AuthenticationMethod{{Kind: "totp", Label: term.Line("Authenticator app")}}}, []string{"begun and not finished"}, ""},
		{"what is enrolled, in a word each", Evidence{User: user, Methods: []auth0client.AuthenticationMethod{{Kind: "totp", Confirmed: true}, {Kind: "phone", Confirmed: true}, {Kind: "recovery-code", Confirmed: true}, {Kind: "password", Confirmed: true},
			{Kind: "duo", Label: term.Line("Duo"), Confirmed: true}}}, []string{"Has enrolled MFA: app code, phone, Duo\n"}, "ecovery"},
		{"codes that do not arrive", Evidence{User: user, Events: []auth0client.LogEvent{event("gd_send_sms_failure", at.Add(-time.Minute), "", ""), event("gd_send_sms_failure", at.Add(-2*time.Minute), "", "")}},
			[]string{"2 codes by SMS were not delivered, last 14:59"}, ""},
		{"what was before the last good sign-in is over", Evidence{User: user, Events: []auth0client.LogEvent{event("s", at, "", ""), event("fp", at.Add(-time.Minute), "", "")}}, []string{"Last signed in 15:00"}, "wrong password"},
		{"the log of an account before under the same id is not theirs", Evidence{User: auth0client.User{ID: "auth0|1", CreatedAt: at.Add(-time.Hour)}, Events: []auth0client.LogEvent{event("fp", at.Add(-2*time.Hour), "", ""), event("s", at.Add(-3*time.Hour), "", "")}},
			[]string{"Has never signed in"}, "Last signed in"},
		{"the sign-in that made the account is theirs", Evidence{User: change(func(u *auth0client.User) { u.CreatedAt = at }), Events: []auth0client.LogEvent{event("s", at.Add(-time.Second), "", "")}}, []string{"Last signed in 14:59"}, ""},
		{"an MFA fatigue run", Evidence{User: user, Events: push}, []string{"6 pushes refused and then one accepted"}, ""},
		{"hostile text stays one line", Evidence{User: user, Bans: []auth0client.BruteForceBlock{{IP: term.Line("\x1b[2J\n")}}}, []string{"␛"}, "\x1b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var all strings.Builder
			for _, f := range Verdict(tc.e, at) {
				all.WriteString(f.Text + "\n")
			}
			rest := all.String()
			for _, w := range tc.want {
				i := strings.Index(rest, w)
				if i < 0 {
					t.Fatalf("no %q, in its order, in:\n%s", w, all.String())
				}
				rest = rest[i+len(w):]
			}
			if tc.not != "" && strings.Contains(all.String(), tc.not) {
				t.Errorf("%q is in:\n%s", tc.not, all.String())
			}
		})
	}
}

func TestABulkRunReportsEachAndCanBeStopped(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	ops := make([]Operation, 40)
	var b *Bulk
	for i := range ops {
		ops[i] = Operation{Name: fmt.Sprint(i), Run: func(context.Context) Result {
			switch ran.Add(1) {
			case 3:
				return Result{Err: errors.New("refused")}
			case 4:
				return Result{Err: &auth0client.Unknown{Err: errors.New("cut")}}
			case 10:
				b.Stop()
			}
			return Result{Done: []string{"done"}}
		}}
	}
	told := 0
	b = NewBulk(ops, func(done, total int) {
		if total != 40 || done > total {
			t.Errorf("told %d of %d", done, total)
		}
		told = done
	})
	b.Run(t.Context(), "a reason")
	count := map[State]int{}
	for _, it := range b.Items() {
		count[it.State]++
	}
	if told != 40 || count[Failed] != 2 || count[Stopped] == 0 || count[Waiting]+count[Running] != 0 || count[Succeeded]+count[Failed] != int(ran.Load()) {
		t.Errorf("told %d, states %v, ran %d", told, count, ran.Load())
	}
}

func TestALostSignInStopsTheRun(t *testing.T) {
	t.Parallel()
	ops := make([]Operation, 30)
	for i := range ops {
		ops[i].Run = func(context.Context) Result { return Result{Err: &auth0client.Unauthorized{}} }
	}
	b := NewBulk(ops, nil)
	b.Run(t.Context(), "")
	begun := 0
	for _, it := range b.Items() {
		if it.State == Failed {
			begun++
		}
	}
	if begun == 0 || begun > 2*atOnce {
		t.Errorf("%d were begun", begun)
	}
}

func TestARunEndsWithItsSession(t *testing.T) {
	t.Parallel()
	session, end := context.WithCancel(t.Context())
	defer end()
	var begun atomic.Int64
	all := make(chan struct{})
	ops := make([]Operation, 30)
	for i := range ops {
		ops[i].Run = func(ctx context.Context) Result {
			if begun.Add(1) == atOnce {
				end()
				close(all)
			}
			<-all
			return Result{Done: []string{"done"}, Err: ctx.Err()}
		}
	}
	b := NewBulk(ops, nil)
	b.Run(session, "")
	count := map[State]int{}
	for _, it := range b.Items() {
		count[it.State]++
	}
	if count[Succeeded] != atOnce || count[Stopped] != 30-atOnce {
		t.Errorf("states %v, want what had begun finished and nothing more begun", count)
	}
}

func TestADiffNamesFromAndToAndNoPassword(t *testing.T) {
	t.Parallel()
	u := auth0client.User{Record: []byte(`{"name":"Old","app_metadata":{"plan":"free"}}`)}
	got := strings.Join(Diff(u, auth0client.Change{"name": "New\x1b[2J", "password": "hunter2", "app_metadata": map[string]any{"plan": "gold", "old": nil}}), "\n")
	for _, want := range []string{`name: "Old" → "New\u001b[2J"`, `app_metadata.plan: "free" → "gold"`, "app_metadata.old: nothing → nothing", "password: a new one"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Errorf("the password is shown:\n%s", got)
	}
}
