// Command usher is the terminal console for the people who look after the users of an Auth0 tenant.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"usher/auth0client/term"
)

// The exit codes every command keeps to.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitNotAllowed = 3
	exitNotFound   = 4
	exitAmbiguous  = 5
)

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	// The version answers before anything else is built: scripts ask it often.
	if len(os.Args) == 2 && (os.Args[1] == "version" || os.Args[1] == "--version") {
		printVersion(os.Stdout)
		return
	}
	surviveFileSizeLimit()
	noCoreDumps()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	o := &consoleFlags{}
	root := newRootFor(o)
	if completing(os.Args) {
		addCompletions(root, o)
	}
	return runTo(ctx, root, os.Stdin, os.Stdout)
}

// runTo runs the command that is asked for with its input and output, and gives the exit code.
func runTo(ctx context.Context, root *cobra.Command, stdin, stdout *os.File) int {
	out := &output{File: stdout}
	root.SetOut(out)
	root.SetIn(&input{File: stdin, ctx: ctx})
	err := execute(ctx, root)
	if err == nil && out.failed != nil {
		err = fmt.Errorf("not all of the output was written: %w", out.failed)
	}
	if err != nil {
		// An error can quote a tenant's answer or a file's text.
		fmt.Fprintf(os.Stderr, "usher: %s\n", term.Block(err.Error()))
	}
	return exitCode(err)
}

// input is standard input, whose reads end with ctx: a signal ends a command that waits for it.
type input struct {
	*os.File
	ctx context.Context //nolint:containedctx // of the process
}

// Read implements io.Reader. A read that waits when ctx ends is left behind, with a buffer of its own.
func (i *input) Read(p []byte) (int, error) {
	own := make([]byte, len(p))
	n, err := patiently(i.ctx, func() (int, error) { return i.File.Read(own) })
	return copy(p, own[:n]), err
}

// output is standard output, which remembers that something could not be written: a script would take part of a list for
// all of it.
type output struct {
	*os.File
	failed error
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.File.Write(p)
	if err != nil && o.failed == nil {
		o.failed = err
	}
	return n, err
}

// WriteString implements io.StringWriter: the file's own would go past Write.
func (o *output) WriteString(s string) (int, error) { return o.Write([]byte(s)) }

func exitCode(err error) int {
	var usage usageError
	var some partly
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &some):
		return some.code
	default:
		return kindOf(err)
	}
}

// newRootFor makes all commands, with o as what they share.
func newRootFor(o *consoleFlags) *cobra.Command {
	root := &cobra.Command{
		Use:   "usher",
		Short: "The console for the people who look after the users of an Auth0 tenant",
		Long: "usher finds a user of an Auth0 tenant, shows what is wrong with their account and puts it right.\n\n" +
			"No Auth0 account at hand? `usher demo` runs everything on an embedded tenant.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return openConsole(cmd.Context(), o, "") },
	}
	root.SetFlagErrorFunc(flagMistake)
	o.register(root.PersistentFlags())
	root.AddCommand(newOpen(o), newDemo(o), newTenant(), newUsers(o), newMFA(o), newRoles(o), newApprovals(o), newLogs(o), newJournal(o), newGateway(o), newSSH(o), newLogin(o), newLogout(o), newWhoami(o), newSetup(o), newDoctor(o), newVersion())
	asUsage(root)
	return root
}
