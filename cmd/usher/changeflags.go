package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// changeFlags are those of every command that changes a user.
type changeFlags struct {
	reason     string
	yes        bool
	dryRun     bool
	asJSON     bool
	showSecret bool
	confirm    string
	secret     bool // the command's operation gives a secret
	typed      bool // it wants something typed
	reasoned   bool // its reason was given before
}

func (f *changeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	if !f.reasoned {
		flags.StringVar(&f.reason, "reason", "", "`WHY`, for the journal")
	}
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would happen, and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON: an object, or an array where ids come from standard input")
	if f.secret {
		flags.BoolVar(&f.showSecret, "show-secret", false, "with --json: print what is secret as well")
	}
	if f.typed {
		flags.StringVar(&f.confirm, "confirm", "", "with --yes: the user's `EMAIL` (else what they are called), typed again; for ids from standard input, how many")
	}
}

// check refuses, before anything is asked or sent, what cannot end well without a person.
func (f *changeFlags) check(cmd *cobra.Command, many bool) error {
	switch {
	case f.dryRun:
	case f.secret && f.asJSON && !f.showSecret:
		return usagef("with --json what is made would be lost: add --show-secret, or leave --json out")
	case f.yes && f.typed && f.confirm == "":
		return usagef("--confirm is missing: with --yes this wants the user's email typed again")
	case f.yes:
	case many:
		return usagef("--yes is missing: with ids from standard input nothing can be asked (--dry-run shows what would happen)")
	case !isTerminal(cmd.InOrStdin()) || !isTerminal(cmd.ErrOrStderr()):
		return usagef("--yes is missing: without a terminal nothing is asked (--dry-run shows what would happen)")
	}
	return nil
}

// builder makes the operation for one user. An operation without Run has nothing to do; its Does says why.
type builder func(ctx context.Context, w *wiring, u auth0client.User) (desk.Operation, error)

// changer is one run of a changing command.
type changer struct {
	*changeFlags
	cmd *cobra.Command
	w   *wiring
	who signin.Operator
}

// run makes a change of the user that name names, or, for "-", of all that standard input names.
func (f *changeFlags) run(cmd *cobra.Command, console *consoleFlags, name string, build builder) error {
	return f.open(cmd, console, name == "-", func(ctx context.Context, c *changer) error {
		if name == "-" {
			return c.many(ctx, build)
		}
		u, err := desk.Named(ctx, c.w.client, name, c.w.lookups)
		if err != nil {
			return c.failed(changeOut{}, err)
		}
		op, err := build(ctx, c.w, u)
		if err != nil {
			return c.failed(newChangeOut(desk.Operation{User: u}), err)
		}
		return c.one(ctx, op)
	})
}

// open wires a changing command, once its flags allow it.
func (f *changeFlags) open(cmd *cobra.Command, console *consoleFlags, many bool, do func(context.Context, *changer) error) (err error) {
	if err := f.check(cmd, many); err != nil {
		return err
	}
	ctx, stop := notifyInterrupt(cmd.Context())
	defer stop()
	w, who, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer w.closeInto(&err)
	return do(ctx, &changer{f, cmd, w, who})
}

// one shows an operation, asks for it, makes it and tells what became of it.
func (c *changer) one(ctx context.Context, op desk.Operation) error {
	out := newChangeOut(op)
	out.DryRun = c.dryRun
	if c.dryRun && op.Run != nil && op.Permission != "" && !slices.Contains(c.who.Permissions, op.Permission) {
		return c.failed(out, &auth0client.Forbidden{Permission: op.Permission})
	}
	if c.dryRun || op.Run == nil {
		if c.asJSON {
			return printJSON(c.cmd.OutOrStdout(), out)
		}
		show(c.cmd.OutOrStdout(), op)
		if c.dryRun {
			fmt.Fprintln(c.cmd.OutOrStdout(), "Nothing was changed (--dry-run).")
		}
		return nil
	}
	if !c.asJSON {
		show(c.cmd.ErrOrStderr(), op)
	}
	if err := c.ask(ctx, op); err != nil {
		return err
	}
	r := desk.Perform(ctx, op, c.reason)
	if errors.As(r.Err, new(*auth0client.ReasonNeeded)) && len(r.Done) == 0 && c.reason == "" && !c.yes {
		reason, err := c.line(ctx, "This action wants a reason: ")
		if err != nil {
			return err
		}
		r = desk.Perform(ctx, op, reason)
	}
	out.took(r, c.showSecret)
	if r.Err != nil {
		if !c.asJSON {
			printDone(c.cmd.OutOrStdout(), r)
		}
		return c.failed(out, r.Err)
	}
	if c.asJSON {
		return printJSON(c.cmd.OutOrStdout(), out)
	}
	printDone(c.cmd.OutOrStdout(), r)
	return nil
}

// failed prints a failure where JSON is wanted, and gives the error with its exit code.
func (c *changer) failed(out changeOut, err error) error {
	err = tell("", err)
	if c.asJSON {
		out.Error = newFailure(err)
		return errors.Join(err, printJSON(c.cmd.OutOrStdout(), out))
	}
	return err
}

// show says what will happen.
func show(out io.Writer, op desk.Operation) {
	who := desk.Who(op.User)
	if op.User.ID == "" {
		who = op.Subject.Label.String()
	}
	fmt.Fprintf(out, "%s: %s\n", op.Name, who)
	for _, does := range op.Does {
		fmt.Fprintf(out, "  %s\n", does)
	}
	for _, lost := range op.Loses {
		fmt.Fprintf(out, "  cannot be brought back: %s\n", lost)
	}
}

// printDone says what was done, and prints what is shown once.
func printDone(out io.Writer, r desk.Result) {
	for _, done := range r.Done {
		fmt.Fprintln(out, done)
	}
	for _, once := range r.Once {
		fmt.Fprintf(out, "%s: %s\n", once.Label, term.Line(once.Value.Reveal()))
	}
	for _, note := range r.Note {
		fmt.Fprintln(out, note)
	}
}

// ask asks the person at the terminal, or checks what the flags say in their place.
func (c *changer) ask(ctx context.Context, op desk.Operation) error {
	switch {
	case c.yes && op.Type != "" && c.confirm != op.Type:
		return usagef("--confirm %q is not %q: nothing was changed", term.Line(c.confirm), op.Type)
	case c.yes:
		return nil
	case op.Type != "":
		typed, err := c.line(ctx, "To confirm, type "+op.Type+": ")
		if err != nil || typed == op.Type {
			return err
		}
		return errors.New("that is something else: nothing was changed")
	}
	answer, err := c.line(ctx, op.Name+"? [y/N] ")
	if err != nil || strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes") {
		return err
	}
	return errors.New("nothing was changed")
}

func (c *changer) line(ctx context.Context, question string) (string, error) {
	return askLine(ctx, c.cmd.InOrStdin(), c.cmd.ErrOrStderr(), question)
}
