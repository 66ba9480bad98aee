package fetch

import (
	"context"
	"errors"
	"strconv"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/uitest"
	"usher/ui/view"
)

func take(t *testing.T, env view.Env, cmd tea.Cmd) (view.Action, bool) {
	t.Helper()
	res, ok := cmd().(view.Result)
	if !ok {
		t.Fatal("a read answers with no result")
	}
	return Take(env, res)
}

func TestWhatWasReadStaysWhenTheNextReadFails(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	var p Part[int]
	gives := func(n int, err error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return n, err }
	}
	if !p.Wanted() || p.Read() {
		t.Error("a new part is read")
	}
	late := p.Fetch(env, gives(1, nil))
	if p.Wanted() || !p.Loading() {
		t.Error("a part that is being read is wanted")
	}
	cmd := p.Fetch(env, gives(2, nil))
	if _, taken := take(t, env, late); taken {
		t.Error("a late answer is taken")
	}
	if _, taken := take(t, env, cmd); !taken || p.Value() != 2 {
		t.Errorf("taken %v, value %d", taken, p.Value())
	}
	if wish, _ := take(t, env, p.Fetch(env, gives(0, &auth0client.Unauthorized{}))); wish != (view.RequireLogin{}) || p.Value() != 2 || p.Err() == nil {
		t.Errorf("a lost sign-in wishes %v, value %d", wish, p.Value())
	}
	if _, taken := take(t, env, p.Fetch(env, gives(0, context.Canceled))); taken {
		t.Error("a cancelled read is taken")
	}
	cmd = p.Fetch(env, gives(3, nil))
	p.Cancel()
	if _, taken := take(t, env, cmd); taken || p.Value() != 2 {
		t.Error("an answer is taken after its end")
	}
	other := env
	other.ID++
	if _, taken := take(t, other, p.Fetch(env, gives(4, nil))); taken {
		t.Error("another view's answer is taken")
	}
}

// numbers reads pages of a hundred out of n, and counts the requests.
func numbers(n int, asked *int, err *error) PageReader[int] {
	return func(_ context.Context, from string) (auth0client.Batch[int], error) {
		*asked++
		start, _ := strconv.Atoi(from)
		var out auth0client.Batch[int]
		for i := start; i < min(start+100, n); i++ {
			out.Items = append(out.Items, i)
		}
		if len(out.Items) > 0 { // a way on even after the last, as Auth0 gives it for some lists
			out.Next = strconv.Itoa(start + len(out.Items))
		}
		return out, *err
	}
}

func TestPagesAreReadAsFarAsWantedOrToTheEnd(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	var p Pages[int]
	var fails error
	asked := 0
	read := numbers(250, &asked, &fails)
	if p.More(env, read) != nil || !p.Wanted() {
		t.Error("there is more before the first page")
	}
	take(t, env, p.Begin(env, read))
	if len(p.Rows()) != 100 || p.Whole() || asked != 1 {
		t.Errorf("%d rows after %d requests", len(p.Rows()), asked)
	}
	fails = errors.New("odd")
	take(t, env, p.More(env, read))
	if p.Err() == nil || len(p.Rows()) != 100 {
		t.Errorf("after a failure %d rows, %v", len(p.Rows()), p.Err())
	}
	fails = nil
	for cmd := p.Count(env, read); cmd != nil; cmd = p.Count(env, read) {
		if !p.Counting() {
			t.Fatal("it does not count")
		}
		take(t, env, cmd)
	}
	if len(p.Rows()) != 250 || !p.Whole() || p.Counting() || asked != 5 {
		t.Errorf("%d rows, whole %v, after %d requests", len(p.Rows()), p.Whole(), asked)
	}
	gen := p.Generation()
	cmd := p.Begin(env, read)
	if len(p.Rows()) != 250 {
		t.Error("the rows go before others came")
	}
	take(t, env, cmd)
	if len(p.Rows()) != 100 || p.Rows()[0] != 0 || p.Generation() == gen {
		t.Errorf("begun anew there are %d rows", len(p.Rows()))
	}
	cmd = p.Count(env, read)
	p.Stop()
	if _, taken := take(t, env, cmd); taken || p.Counting() || p.Loading() {
		t.Error("it goes on after the stop")
	}
}

func TestAShortListIsKnownToEnd(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	for _, n := range []int{0, 3, 99} {
		var p Pages[int]
		var fails error
		asked := 0
		take(t, env, p.Begin(env, numbers(n, &asked, &fails)))
		if !p.Whole() || len(p.Rows()) != n {
			t.Errorf("%d rows of %d, whole %v", len(p.Rows()), n, p.Whole())
		}
	}
}

// TestABeginningThatFailedLeavesTheListWhole begins a list anew, in vain, and then reads on.
func TestABeginningThatFailedLeavesTheListWhole(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	for name, fail := range map[string]func(*Pages[int], *error, PageReader[int]){
		"it cannot be read": func(p *Pages[int], fails *error, read PageReader[int]) {
			*fails = errors.New("odd")
			take(t, env, p.Begin(env, read))
			*fails = nil
		},
		"it is stopped": func(p *Pages[int], _ *error, read PageReader[int]) {
			p.Begin(env, read)
			p.Stop()
		},
	} {
		var p Pages[int]
		var fails error
		asked := 0
		read := numbers(250, &asked, &fails)
		take(t, env, p.Begin(env, read))
		fail(&p, &fails, read)
		for cmd := p.Count(env, read); cmd != nil; cmd = p.Count(env, read) {
			take(t, env, cmd)
		}
		if rows := p.Rows(); len(rows) != 250 || rows[0] != 0 || !p.Whole() {
			t.Errorf("%s: %d rows, whole %v", name, len(rows), p.Whole())
		}
	}
}
