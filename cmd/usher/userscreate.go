package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

type createFlags struct {
	changeFlags
	from, connection        string
	email, username, phone  string
	set                     []string
	metadata, appData       string
	stdin, generate, nobody bool
	noMail                  bool
}

func newUsersCreate(console *consoleFlags) *cobra.Command {
	f := &createFlags{changeFlags: changeFlags{secret: true}}
	cmd := &cobra.Command{
		Use: "create", Short: "Create a user, or those of a file", Args: cobra.NoArgs,
		Long: "Creates a user in a database or passwordless connection:\n" +
			"  usher users create --connection Users --email ada@example.com --set name=Ada --no-password\n\n" +
			"--from reads records as usher users delete keeps them: the user gets the same id again in the same connection. Roles,\n" +
			"memberships, links, enrolments and the password are not in a record.",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, console) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "read a user's record, or an array of them, from `FILE` (- reads standard input)")
	flags.StringVar(&f.connection, "connection", "", "in this connection (`NAME`)")
	flags.StringVar(&f.email, "email", "", "with this `EMAIL`")
	flags.StringVar(&f.username, "username", "", "with this `NAME`, where the connection asks for one")
	flags.StringVar(&f.phone, "phone", "", "with this `NUMBER`, as in +15550100001")
	flags.StringArrayVar(&f.set, "set", nil, "set `NAME=VALUE`; may be repeated")
	flags.StringVar(&f.metadata, "metadata", "", "user_metadata from a JSON `FILE`")
	flags.StringVar(&f.appData, "app-metadata", "", "app_metadata from a JSON `FILE`")
	flags.BoolVar(&f.stdin, "password-stdin", false, "the password is the first line of standard input")
	flags.BoolVar(&f.generate, "generate-password", false, "make a password that meets the connection's policy, and print it")
	flags.BoolVar(&f.nobody, "no-password", false, "a password that nobody knows: they set their own, as by usher users password email")
	flags.BoolVar(&f.noMail, "no-verification", false, "have Auth0 send no verification email")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "generate-password", "no-password")
	f.register(cmd)
	return cmd
}

func (f *createFlags) run(cmd *cobra.Command, console *consoleFlags) error {
	f.secret = f.generate
	if f.stdin && !f.yes && !f.dryRun {
		return usagef("--yes is missing: standard input holds the password, so nothing can be asked (--dry-run shows what would happen)")
	}
	all, err := f.read(cmd)
	if err != nil {
		return err
	}
	var given auth0client.Secret
	if f.stdin {
		if given, err = givenPassword(cmd); err != nil {
			return err
		}
	}
	many := f.from == "-" || len(all) > 1
	return f.open(cmd, console, many, func(ctx context.Context, c *changer) error {
		tasks := make([]task, len(all))
		for i, attributes := range all {
			t := &tasks[i]
			t.name = attributesLabel(attributes)
			t.op, t.err = f.operation(ctx, c.w, attributes, given)
		}
		if many {
			return c.finish(ctx, tasks)
		}
		if tasks[0].err != nil {
			return c.failed(newChangeOut(tasks[0].op), tasks[0].err)
		}
		return c.one(ctx, tasks[0].op)
	})
}

func attributesLabel(c auth0client.Change) string {
	for _, name := range []string{"email", "phone_number", "username", "user_id"} {
		if s, _ := c[name].(string); s != "" {
			return s
		}
	}
	return "a user without a name"
}

// read gives the users to make, from the file or from the flags; the flags add to each of the file.
func (f *createFlags) read(cmd *cobra.Command) ([]auth0client.Change, error) {
	all := []auth0client.Change{{}}
	if f.from != "" {
		if f.from == "-" && f.stdin {
			return nil, usagef("standard input holds the password already: give the record in a file")
		}
		data, err := readFile(cmd.InOrStdin(), f.from)
		if err != nil {
			return nil, err
		}
		if all, err = readRecords(data); err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", f.from, err)}
		}
	}
	more, err := f.fromFlags(cmd)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		maps.Copy(c, more)
		if c["connection"] == nil {
			return nil, usagef("--connection is missing: in which connection?")
		}
	}
	return all, nil
}

func readRecords(data []byte) ([]auth0client.Change, error) {
	records := []json.RawMessage{data}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		records = nil
		if err := json.Unmarshal(trimmed, &records); err != nil {
			return nil, err
		}
	}
	var out []auth0client.Change
	for i, r := range records {
		c, err := desk.Restored(r)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it holds no record")
	}
	return out, nil
}

func (f *createFlags) fromFlags(cmd *cobra.Command) (auth0client.Change, error) {
	more := auth0client.Change{}
	for _, m := range []struct{ kind, file string }{{"user_metadata", f.metadata}, {"app_metadata", f.appData}} {
		if m.file == "" {
			continue
		}
		if m.file == "-" && (f.stdin || f.from == "-") {
			return nil, usagef("standard input is taken already: give the metadata in a file")
		}
		keys, err := readMetadata(cmd.InOrStdin(), m.kind, m.file)
		if err != nil {
			return nil, err
		}
		more[m.kind] = keys
	}
	for _, a := range f.set {
		if err := desk.Assign(more, a); err != nil {
			return nil, usageError{fmt.Errorf("--set: %w", err)}
		}
	}
	for name, v := range map[string]string{"connection": f.connection, "email": f.email, "username": f.username, "phone_number": f.phone} {
		if v != "" {
			more[name] = v
		}
	}
	if f.noMail {
		more["verify_email"] = false
	}
	return more, nil
}

// operation makes the operation for one user, once it is known what the connection asks for.
func (f *createFlags) operation(ctx context.Context, w *wiring, attributes auth0client.Change, given auth0client.Secret) (desk.Operation, error) {
	name, _ := attributes["connection"].(string)
	bare := desk.Create(w.client, attributes)
	all, err := w.client.Connections(ctx)
	if err != nil {
		return bare, err
	}
	var in *auth0client.Connection
	for _, c := range all {
		if c.Name == name {
			in = &c
		}
	}
	switch {
	case in == nil:
		return bare, &auth0client.NotFound{Answer: auth0client.Answer{Message: term.Line("there is no connection " + name)}}
	case !in.Creates():
		return bare, usagef("users of %s (%s) come from elsewhere: only database and passwordless connections can create them", in.Label, in.Strategy)
	case !in.Database() || attributes["password"] != nil:
		return bare, nil
	}
	secret, err := f.password(*in, bare.User, given)
	if err != nil {
		return bare, err
	}
	attributes = maps.Clone(attributes)
	attributes["password"] = secret.Reveal()
	op := desk.Create(w.client, attributes)
	if !f.generate {
		return op, nil
	}
	run := op.Run
	op.Run = func(ctx context.Context) desk.Result {
		r := run(ctx)
		if r.Err == nil {
			r.Once = append(r.Once, desk.Once{Label: "Password", Value: secret})
		}
		return r
	}
	return op, nil
}

// password is what the flags say about it. A record read from a file has none: nobody knows that of the user made from it.
func (f *createFlags) password(in auth0client.Connection, u auth0client.User, given auth0client.Secret) (auth0client.Secret, error) {
	switch {
	case f.stdin:
		if unmet := desk.Unmet(desk.PasswordRules(in.Options, u, given.Reveal())); len(unmet) > 0 {
			return given, fmt.Errorf("the password does not meet the policy of %s: it needs %s", in.Label, unmet[0])
		}
		return given, nil
	case f.generate, f.nobody, f.from != "":
		return desk.SuggestPassword(in.Options, u, rand.Reader)
	}
	return given, usagef("%s asks for a password: give --password-stdin, --generate-password or --no-password", in.Label)
}
