package main

import (
	"errors"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// inShell gives a problem the hint that helps where there are commands and no keys.
func inShell(p view.Problem, err error) view.Problem {
	var waits *auth0client.ApprovalPending
	switch {
	case p.IsZero():
	case errors.As(err, &waits):
		p.Hint = "It is not made yet. Who may approve it: " + desk.MayApprove(waits.By) + ". See it with: usher approvals show " + waits.ID.String()
	case errors.As(err, new(*auth0client.Decided)):
		p.Hint = "usher approvals list says what became of it"
	case errors.As(err, new(*auth0client.Unknown)):
		p.Hint = "The change was sent but no answer came. Look what is true (usher users show) before trying again"
	case errors.As(err, new(*auth0client.NotFound)):
		p.Title, p.Hint = "Not found", ""
	case errors.As(err, new(*auth0client.Unauthorized)):
		p.Hint = "Run usher login, then this again"
	case errors.As(err, new(*auth0client.RateLimited)):
		p.Hint = "Run this again then"
	case errors.As(err, new(*auth0client.Conflict)):
		p.Hint = "Look what is true, then run this again"
	case errors.As(err, new(*auth0client.Unavailable)) && p.Retry:
		p.Hint = "Run this again; where that does not help, see what stands between you and Auth0"
	case p.Retry && p.Hint != "":
		p.Hint = "Check the network, then run this again"
	}
	return p
}
