package parallel

import (
	"strings"
	"sync/atomic"
	"testing"
)

func TestAPanicComesToWhoeverWaits(t *testing.T) {
	t.Parallel()
	var outer, inner Group
	var done atomic.Int32
	outer.Go(func() {
		for range 3 {
			inner.Go(func() { done.Add(1) })
		}
		inner.Go(burst)
		inner.Wait()
	})
	got := func() (p any) {
		defer func() { p = recover() }()
		outer.Wait()
		return nil
	}()
	if p, ok := got.(*Panic); !ok || p.Value != "canary" || !strings.Contains(p.Error(), "burst") {
		t.Errorf("whoever waits meets %v", got)
	}
	kind, stack := Trace(got)
	if kind != "string" || strings.Contains(stack, "canary") || !strings.Contains(stack, "burst") {
		t.Errorf("a log holds %s: %s", kind, stack)
	}
	if done.Load() != 3 {
		t.Errorf("%d of the others were done", done.Load())
	}
}

func burst() { panic("canary") }

func TestWithoutAPanicNothingHappens(t *testing.T) {
	t.Parallel()
	var g Group
	var done atomic.Int32
	g.Go(func() { done.Add(1) })
	g.Wait()
	g.Go(func() { done.Add(1) })
	g.Wait()
	if done.Load() != 2 {
		t.Errorf("%d were done", done.Load())
	}
}
