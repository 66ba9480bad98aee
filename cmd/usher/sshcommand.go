package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/auth0client/term"
	"usher/ui/sshserver"
)

// exitUnknown is a shell's exit code for a command that there is not.
const exitUnknown = 127

// visitCommands are the commands that operators have over SSH, besides open, which opens the console.
func visitCommands() []string {
	return []string{"users", "mfa", "roles", "approvals", "logs", "journal", "whoami"}
}

// visit is an SSH session in which a command runs.
type visit struct {
	house   *house
	visitor sshserver.Visitor
	errs    io.Writer
}

// Command implements [sshserver.Host].
func (h *house) Command(ctx context.Context, v sshserver.Visitor, args []string, s sshserver.Streams) int {
	flags := &consoleFlags{visit: &visit{h, v, s.Err}}
	root := newVisitRoot(flags)
	if !slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == args[0] }) {
		fmt.Fprintf(s.Err, "usher: there is no command %q here; there are %s, and without a command the console opens\n",
			term.Line(args[0]), strings.Join(visitNames(root), ", "))
		return exitUnknown
	}
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := execute(ctx, root)
	if err != nil {
		fmt.Fprintf(s.Err, "usher: %s\n", term.Block(err.Error()))
	}
	h.log.Info("a command ended", "address", v.Address, "key", v.Fingerprint, "command", args[0], "code", exitCode(err))
	return exitCode(err)
}

func visitNames(root *cobra.Command) []string {
	names := []string{"open"}
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	slices.Sort(names)
	return names
}

// newVisitRoot makes the commands that operators have over SSH. What would reach this machine's files is not among them.
func newVisitRoot(o *consoleFlags) *cobra.Command {
	root := newRootFor(o)
	root.CompletionOptions.DisableDefaultCmd = true
	for _, c := range root.Commands() {
		if !slices.Contains(visitCommands(), c.Name()) || c.Name() == "journal" {
			root.RemoveCommand(c)
		}
	}
	root.AddCommand(newVisitJournal(o))
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = true })
	hideFileFlags(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) (err error) {
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if root.PersistentFlags().Lookup(f.Name) == f || ofFiles(f) && !isStandardInput(f) {
				err = usagef("--%s is not available over SSH: it is about the server's own files", f.Name)
			}
		})
		return err
	}
	return root
}

// ofFiles reports a flag whose value is a file or a folder: its help names the value so.
func ofFiles(f *pflag.Flag) bool {
	value, _ := pflag.UnquoteUsage(f)
	return slices.Contains([]string{"FILE", "FOLDER", "DIR", "PATH", "WHERE"}, value)
}

// isStandardInput reports a flag that was given the sign for standard input, which is the operator's own, and takes it.
func isStandardInput(f *pflag.Flag) bool {
	return f.Value.String() == "-" && strings.Contains(f.Usage, "- reads standard input")
}

func hideFileFlags(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = f.Hidden || ofFiles(f) })
	for _, sub := range cmd.Commands() {
		hideFileFlags(sub)
	}
}

// signIn signs the operator of a command in, by a code on standard error.
func (v *visit) signIn(ctx context.Context) (*wiring, signin.Operator, error) {
	w, err := v.house.wire(v.visitor)
	if err != nil {
		return nil, signin.Operator{}, err
	}
	op, err := v.askCode(ctx, w.session)
	v.house.noteSignIn(ctx, v.visitor, op.Subject, err)
	switch {
	case errors.Is(err, signin.ErrExpired):
		err = fmt.Errorf("the sign-in was not approved in time: %w", err)
	case ctx.Err() != nil:
		err = errors.New("the sign-in was broken off")
	}
	if err != nil {
		return nil, signin.Operator{}, errors.Join(err, w.close())
	}
	return w, op, nil
}

func (v *visit) askCode(ctx context.Context, c *signin.Client) (signin.Operator, error) {
	if err := v.house.turn(ctx); err != nil {
		return signin.Operator{}, err
	}
	code, err := c.StartDevice(ctx)
	v.house.turned()
	if err != nil {
		return signin.Operator{}, err
	}
	page := code.VerificationURIComplete
	if page == "" {
		page = code.VerificationURI
	}
	fmt.Fprintf(v.errs, "Sign in to %s: open %s and compare the code %s.\nOnly approve if you started this yourself. The code is good for %d minutes.\n",
		term.Line(v.house.profile.Domain), term.Line(page), term.Line(code.UserCode), int(time.Until(code.ExpiresAt).Round(time.Minute).Minutes()))
	return c.WaitDevice(ctx, code)
}

// who is who is signed in.
func (v *visit) who(ctx context.Context) (who, error) {
	w, op, err := v.signIn(ctx)
	if err != nil {
		return who{}, err
	}
	return newWho(v.house.profile, op, w.session, tokenstore.Status{Kind: tokenstore.Memory}), w.close()
}
