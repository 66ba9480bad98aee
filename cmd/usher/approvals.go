package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

func newApprovals(console *consoleFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "approvals", Short: "Decide about changes that wait for a second operator, and take one's own",
		Long: "A policy can ask that a second operator agrees to a change. It waits until one does, or its time is over.\n" +
			"What gives a secret, such as a password link, is taken by whoever asked for it, once it was approved.",
	}
	cmd.AddCommand(newApprovalsList(console), newApprovalsShow(console), newApprovalsApprove(console), newApprovalsDeny(console), newApprovalsTake(console))
	return cmd
}

// approvalOut is an approval as --json prints it. The names of its fields are a contract.
type approvalOut struct {
	ID          string           `json:"id"`
	State       string           `json:"state"`
	Result      string           `json:"result,omitempty"`
	Status      int              `json:"status,omitempty"`
	Asked       string           `json:"asked"` // what for, in words
	Request     string           `json:"request"`
	Actions     []string         `json:"actions"`
	Target      string           `json:"target"`
	Person      string           `json:"person,omitempty"`
	Changes     []approvalChange `json:"changes"`
	Reason      string           `json:"reason"`
	Requester   string           `json:"requester"`
	RequesterID string           `json:"requester_id"`
	Via         string           `json:"via"`
	By          []string         `json:"by"` // who may approve
	RequestedAt time.Time        `json:"requested_at"`
	ExpiresAt   time.Time        `json:"expires_at"`
	Decider     string           `json:"decided_by,omitempty"`
	DeciderID   string           `json:"decided_by_id,omitempty"`
	DecidedAt   *time.Time       `json:"decided_at,omitempty"`
	TakenAt     *time.Time       `json:"taken_at,omitempty"`
	Handover    bool             `json:"handover"` // it is taken by whoever asked
	Mine        bool             `json:"mine"`
	MayDecide   bool             `json:"may_decide"`
	MayDeny     bool             `json:"may_deny"`
	MayTake     bool             `json:"may_take"`
}

type approvalChange struct {
	Name string  `json:"name"`
	From *string `json:"from"` // null where it is not known
	To   string  `json:"to"`
}

func newApprovalOut(a auth0client.Approval) approvalOut {
	words := func(all []term.Safe) []string {
		out := make([]string, len(all))
		for i, s := range all {
			out[i] = s.String()
		}
		return out
	}
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	out := approvalOut{
		ID: a.ID, State: a.State, Result: a.Result, Status: a.Status, Asked: desk.Asked(a), Request: a.Request, Actions: words(a.Actions),
		Target: string(a.Target), Person: a.Person.String(), Changes: []approvalChange{}, Reason: a.Reason.String(), Requester: a.Requester.String(),
		RequesterID: string(a.RequesterID), Via: a.Via.String(), By: words(a.By), RequestedAt: a.RequestedAt, ExpiresAt: a.ExpiresAt,
		Decider: a.Decider.String(), DeciderID: string(a.DeciderID), DecidedAt: at(a.DecidedAt), TakenAt: at(a.TakenAt),
		Handover: a.Handover, Mine: a.Mine, MayDecide: a.MayDecide, MayDeny: a.MayDeny, MayTake: a.MayTake,
	}
	for _, c := range a.Changes {
		one := approvalChange{Name: c.Name.String(), To: c.To.String()}
		if c.Known {
			from := c.From.String()
			one.From = &from
		}
		out.Changes = append(out.Changes, one)
	}
	return out
}

func newApprovalsList(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List what waits for you, what you asked for, and what was decided within the last day", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return signedIn(cmd.Context(), console, func(ctx context.Context, c *auth0client.Client) error {
				all, err := c.Approvals(ctx)
				switch {
				case err != nil:
					return tell("", err)
				case !asJSON:
					return printApprovals(cmd.OutOrStdout(), all, time.Now())
				}
				out := make([]approvalOut, len(all))
				for i, a := range all {
					out[i] = newApprovalOut(a)
				}
				return printJSON(cmd.OutOrStdout(), out)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

func printApprovals(out io.Writer, all []auth0client.Approval, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range all {
		mark := ""
		switch {
		case a.MayDecide:
			mark = "for you to decide"
		case a.MayTake:
			mark = "for you to take"
		}
		until := ""
		if a.MayDeny {
			until = "until " + a.ExpiresAt.In(now.Location()).Format("2006-01-02 15:04")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", term.Line(a.ID), a.Requester, desk.Asked(a), desk.AskedOf(a), desk.ApprovalState(a), until, mark)
	}
	return w.Flush()
}

func newApprovalsShow(console *consoleFlags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show all of a change that waits, or was decided within the last day", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return signedIn(cmd.Context(), console, func(ctx context.Context, c *auth0client.Client) error {
				a, err := approvalOf(ctx, c, args[0])
				switch {
				case err != nil:
					return tell("", err)
				case asJSON:
					return printJSON(cmd.OutOrStdout(), newApprovalOut(a))
				}
				for _, line := range desk.ApprovalLines(a, time.Now()) {
					fmt.Fprintln(cmd.OutOrStdout(), line)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "State: "+desk.ApprovalState(a))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// approvalOf finds an approval among those that concern the operator.
func approvalOf(ctx context.Context, c *auth0client.Client, id string) (auth0client.Approval, error) {
	all, err := c.Approvals(ctx)
	if err != nil {
		return auth0client.Approval{}, err
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return auth0client.Approval{}, &auth0client.NotFound{Answer: auth0client.Answer{Status: 404, Message: term.Line(fmt.Sprintf("no approval %q concerns you; usher approvals list shows those that do", id))}}
}

// notYetError: what is asked of an approval is not to be had as it is now.
type notYetError struct {
	says string
	kind error // of its exit code
}

func (e *notYetError) Error() string { return e.says }
func (e *notYetError) Unwrap() error { return e.kind }

// decides makes a command that decides about an approval, or takes it.
func decides(console *consoleFlags, f *changeFlags, use, short string, build func(*auth0client.Client, auth0client.Approval) (desk.Operation, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.open(cmd, console, false, func(ctx context.Context, c *changer) error {
				a, err := approvalOf(ctx, c.w.client, args[0])
				if err != nil {
					return c.failed(changeOut{Approval: args[0]}, err)
				}
				op, err := build(c.w.client, a)
				if err != nil {
					return c.failed(newChangeOut(op), err)
				}
				return c.one(ctx, op)
			})
		},
	}
	f.register(cmd)
	cmd.Flags().Lookup("json").Usage = "print a JSON object"
	return cmd
}

// undecided says why an approval is not to be decided any more.
func undecided(a auth0client.Approval) error {
	if a.State == auth0client.ApprovalWaiting || a.State == auth0client.ApprovalAgreed {
		return nil
	}
	return &notYetError{"it is over: " + desk.ApprovalState(a), &auth0client.Decided{}}
}

func newApprovalsApprove(console *consoleFlags) *cobra.Command {
	return decides(console, &changeFlags{reasoned: true}, "approve ID", "Agree to somebody's change: it is made, or theirs to take where it gives a secret",
		func(c *auth0client.Client, a auth0client.Approval) (desk.Operation, error) {
			op := desk.Approve(c, a, time.Now())
			switch err := undecided(a); {
			case err != nil:
				return op, err
			case a.Mine:
				return op, &notYetError{"nobody approves their own request; it may be approved by " + desk.MayApprove(a.By), &auth0client.Forbidden{}}
			case a.State == auth0client.ApprovalAgreed:
				return op, &notYetError{desk.ApprovalState(a), &auth0client.Decided{}}
			}
			return op, nil
		})
}

func newApprovalsDeny(console *consoleFlags) *cobra.Command {
	return decides(console, &changeFlags{}, "deny ID", "End somebody's request, or take one's own back",
		func(c *auth0client.Client, a auth0client.Approval) (desk.Operation, error) {
			return desk.Deny(c, a, time.Now()), undecided(a)
		})
}

func newApprovalsTake(console *consoleFlags) *cobra.Command {
	return decides(console, &changeFlags{reasoned: true, secret: true}, "take ID", "Make one's own change that was agreed to, and print the secret that comes of it",
		func(c *auth0client.Client, a auth0client.Approval) (desk.Operation, error) {
			op := desk.Take(c, a, time.Now())
			switch err := undecided(a); {
			case err != nil:
				return op, err
			case !a.Mine:
				return op, &notYetError{"only whoever asked for it takes it: " + a.Requester.String(), &auth0client.Forbidden{}}
			case a.State == auth0client.ApprovalWaiting:
				return op, &notYetError{"nobody has approved it yet; it may be approved by " + desk.MayApprove(a.By), &auth0client.Decided{}}
			}
			return op, nil
		})
}
