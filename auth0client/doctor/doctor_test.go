package doctor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lines are findings as text, for comparison.
func lines(found []Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s %s: %s; %s\n", f.State, f.Check, f.Says, f.Fix)
	}
	return b.String()
}

// expect looks for pieces of text in what a check finds.
func expect(t *testing.T, name string, c Check, want ...string) {
	t.Helper()
	said := lines(Run(t.Context(), []Check{c}))
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("%s: want %q in\n%s", name, w, said)
		}
	}
}

func TestAHangingCheckKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	defer close(hang)
	began := time.Now()
	found := run(t.Context(), []Check{
		{Names: []string{"keyring", "sign-in"}, Run: func(context.Context, *Report) { <-hang }},
		{Names: []string{"heeds"}, Run: func(ctx context.Context, r *Report) {
			<-ctx.Done()
			r.Fail("heeds", "mend it", "it waits for rain")
		}},
		{Names: []string{"a", "b", "c"}, Run: func(_ context.Context, r *Report) {
			r.OK("b", "fine")
			r.Fail("a", "mend it", "broken\x1b[31m")
		}},
		{Names: []string{"half", "slow"}, Run: func(_ context.Context, r *Report) { r.OK("half", "fine"); <-hang }},
	}, 50*time.Millisecond)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it takes %s", took)
	}
	want := "failed keyring: no answer within 50ms; try again; if it stays so, something on the way swallows requests\n" +
		"skipped sign-in: not looked at: keyring failed; \n" +
		"failed heeds: it waits for rain; mend it\n" +
		"failed a: broken␛[31m; mend it\nok b: fine; \nskipped c: not looked at: a failed; \n" +
		"ok half: fine; \nfailed slow: no answer within 50ms; try again; if it stays so, something on the way swallows requests\n"
	if got := lines(found); got != want {
		t.Errorf("it finds\n%swant\n%s", got, want)
	}
	if Good(found) || !Good(found[4:5]) {
		t.Error("what is good is told wrong")
	}
}

func TestEchoesAreTakenOut(t *testing.T) {
	t.Parallel()
	found := []Finding{{Check: "dns", State: Failed}, {Check: "keys", State: Failed}, {Check: "store", State: Failed}, {Check: "device", State: OK}}
	got := Settle(found, []string{"dns", "tls"}, []string{"keys", "device"})
	if got[1].State != Skipped || got[2].State != Failed || got[3].State != OK || found[1].State != Failed {
		t.Errorf("settled: %v", got)
	}
	if got := Settle(found, []string{"tls"}, []string{"keys"}); got[1].State != Failed {
		t.Errorf("without a cause: %v", got)
	}
}

func TestWhatACheckEndsIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		found := Run(t.Context(), []Check{{Names: []string{"sign-in"}, Ends: 3 * time.Second, Run: func(ctx context.Context, _ *Report) {
			<-ctx.Done()
			time.Sleep(2 * time.Second) // a refresh whose answer must be kept
			ended = true
		}}})
		if !ended || len(found) != 1 || found[0].State != Failed {
			t.Errorf("ended: %v, found %+v", ended, found)
		}
	})
}
