package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/parallel"
	"usher/auth0client/term"
)

// mostNames bounds what is read from standard input: more is work for usher bulk.
const mostNames = 10_000

// readNames reads ids or emails, one a line. Empty lines and repetitions do not count.
func readNames(in io.Reader) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		name := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if name == "" || seen[name] {
			continue
		}
		if seen[name] = true; len(names) == mostNames {
			return nil, usagef("standard input names more than %d users", mostNames)
		}
		names = append(names, name)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the ids: %w", err)
	}
	if len(names) == 0 {
		return nil, usagef("standard input names no user")
	}
	return names, nil
}

// task is one of the users named, and what is to be done to them.
type task struct {
	name string
	op   desk.Operation
	err  error // they could not be found, or there is no operation for them
	res  desk.Result
	not  bool // not begun: the run was stopped
}

// many makes a change of all users that standard input names.
func (c *changer) many(ctx context.Context, build builder) error {
	names, err := patiently(ctx, func() ([]string, error) { return readNames(c.cmd.InOrStdin()) })
	if ctx.Err() != nil {
		return errors.New("broken off: nothing was changed")
	}
	if err != nil {
		return err
	}
	if c.typed && !c.dryRun && c.confirm != strconv.Itoa(len(names)) {
		return usagef("--confirm %q is not how many users standard input names: %d. Nothing was changed", term.Line(c.confirm), len(names))
	}
	tasks := c.prepare(ctx, names, build)
	return c.finish(ctx, tasks)
}

// finish shows or makes the operations of the tasks, and tells what became of each.
func (c *changer) finish(ctx context.Context, tasks []task) error {
	if !c.dryRun {
		c.perform(ctx, tasks)
	}
	var all []changeOut
	for i := range tasks {
		all = append(all, c.report(&tasks[i]))
	}
	if c.asJSON {
		if err := printJSON(c.cmd.OutOrStdout(), all); err != nil {
			return err
		}
	}
	return together(tasks)
}

// lookers is how many users are looked up at once; the gateway's budget paces them.
const lookers = 4

func (c *changer) prepare(ctx context.Context, names []string, build builder) []task {
	tasks := make([]task, len(names))
	next := make(chan int)
	var all parallel.Group
	for range min(lookers, len(names)) {
		all.Go(func() {
			defer func() { // whatever happens, nobody waits for a worker that is gone
				for range next {
				}
			}()
			for i := range next {
				t := &tasks[i]
				t.name = names[i]
				u, err := desk.Named(auth0client.WithPriority(ctx, auth0client.PriorityBulk), c.w.client, names[i], c.w.lookups)
				if err == nil {
					t.op, err = build(ctx, c.w, u)
				}
				t.err = err
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	all.Wait()
	return tasks
}

func (c *changer) perform(ctx context.Context, tasks []task) {
	var ops []desk.Operation
	var of []int
	for i, t := range tasks {
		if t.err == nil && t.op.Run != nil {
			ops, of = append(ops, t.op), append(of, i)
		}
	}
	run := desk.NewBulk(ops, func(done, total int) {
		if isTerminal(c.cmd.ErrOrStderr()) {
			fmt.Fprintf(c.cmd.ErrOrStderr(), "\r%d of %d", done, total)
			if done == total {
				fmt.Fprintln(c.cmd.ErrOrStderr())
			}
		}
	})
	run.Run(ctx, c.reason)
	for i, item := range run.Items() {
		t := &tasks[of[i]]
		t.res, t.not = item.Result, item.State == desk.Stopped
		if t.err = item.Result.Err; t.not {
			t.err = errors.New("not begun: the run was stopped")
		}
	}
}

// report tells of one user, in a line or more; with --json it is told later.
func (c *changer) report(t *task) changeOut {
	out := newChangeOut(t.op)
	out.Named, out.DryRun = t.name, c.dryRun
	out.took(t.res, c.showSecret)
	who := term.Line(t.name).String()
	if label := t.op.User.Label().String(); label != "" && label != who {
		who += "  " + label
	}
	lines := append(slices.Clone(t.res.Done), t.res.Note...)
	state := "done"
	var rest []string // what an error lists, a line each
	switch {
	case t.err != nil:
		err := tell("", t.err)
		out.Error = newFailure(err)
		said := strings.Split(err.Error(), "\n")
		state, lines, rest = "failed", append(lines, said[0]), said[1:]
	case t.op.Run == nil:
		state, lines = "nothing to do", t.op.Does
	case c.dryRun:
		state, lines = "would be done", append(slices.Clone(t.op.Does), t.op.Loses...)
	}
	if c.asJSON {
		return out
	}
	w := c.cmd.OutOrStdout()
	fmt.Fprintf(w, "%s  %s  %s\n", state, who, term.Line(strings.Join(lines, " ")))
	for _, more := range rest {
		fmt.Fprintln(w, term.Line(more))
	}
	for _, once := range t.res.Once {
		fmt.Fprintf(w, "%s: %s\n", once.Label, term.Line(once.Value.Reveal()))
	}
	return out
}

// together is the error of a run: with the exit code of its failures where they are of one kind.
func together(tasks []task) error {
	failed, code := 0, 0
	for _, t := range tasks {
		if t.err == nil {
			continue
		}
		one := exitCode(tell("", t.err))
		if failed++; failed > 1 && one != code {
			one = exitFailed
		}
		code = one
	}
	if failed == 0 {
		return nil
	}
	return partly{fmt.Errorf("%d of %d users failed", failed, len(tasks)), code}
}

// partly is a failure that knows its exit code, such as that of some of many.
type partly struct {
	err  error
	code int
}

func (e partly) Error() string { return e.err.Error() }
