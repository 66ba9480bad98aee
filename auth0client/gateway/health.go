package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"usher/auth0client/parallel"
)

const (
	checkWithin = 5 * time.Second
	checkFresh  = 5 * time.Second // how long what a check found counts, unless it says so itself
)

// Check is one thing that a gateway cannot do without.
type Check struct {
	Name  string
	Ready func(ctx context.Context) error
	Fresh time.Duration // how long a good result counts; default 5 s. A bad one counts 5 s
}

// health runs the checks, each seldom however often it is asked.
type health struct {
	now    func() time.Time
	checks []*checked
}

type checked struct {
	Check

	mu  sync.Mutex
	at  time.Time
	err error
}

func newHealth(now func() time.Time, checks []Check) *health {
	h := &health{now: now}
	for _, c := range checks {
		if c.Fresh == 0 {
			c.Fresh = checkFresh
		}
		h.checks = append(h.checks, &checked{Check: c})
	}
	return h
}

func (c *checked) result(ctx context.Context, now func() time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := c.Fresh
	if c.err != nil {
		fresh = checkFresh
	}
	if !c.at.IsZero() && now().Sub(c.at) < fresh {
		return c.err
	}
	// What one caller finds counts for all: it must not depend on how long that one waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWithin)
	defer cancel()
	c.err = c.Ready(ctx)
	c.at = now()
	return c.err
}

// finding is what a check found.
type finding struct {
	name string
	err  error
}

func (h *health) find(ctx context.Context) (all []finding, ready bool) {
	all = make([]finding, len(h.checks))
	var group parallel.Group
	for i, c := range h.checks {
		group.Go(func() { all[i] = finding{name: c.Name, err: c.result(ctx, h.now)} })
	}
	group.Wait()
	ready = true
	for _, f := range all {
		ready = ready && f.err == nil
	}
	return all, ready
}

// serve answers /readyz. Only those inside are told what is wrong.
func (h *health) serve(w http.ResponseWriter, r *http.Request, stopping, inside bool) {
	all, ready := h.find(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	status, word := http.StatusOK, "ready"
	switch {
	case stopping:
		status, word = http.StatusServiceUnavailable, "stopping"
	case !ready:
		status, word = http.StatusServiceUnavailable, "not ready"
	}
	w.WriteHeader(status)
	fmt.Fprintln(w, word)
	if !inside {
		return
	}
	for _, f := range all {
		if f.err != nil {
			fmt.Fprintf(w, "%s: %v\n", f.name, f.err)
		} else {
			fmt.Fprintf(w, "%s: ok\n", f.name)
		}
	}
}

// alive answers /healthz: the process runs and serves.
func alive(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "alive\n") // the client may be gone
}
