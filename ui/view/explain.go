package view

import (
	"context"
	"errors"
	"fmt"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

// Problem is an error in words: what happened, what to do next. The zero Problem is nothing to tell.
type Problem struct {
	Title  string
	Hint   string
	Retry  bool   // trying again can help
	Detail string // what Auth0 said, for a second look
}

// IsZero reports that there is nothing to tell.
func (p Problem) IsZero() bool { return p.Title == "" }

// String is the problem on one line.
func (p Problem) String() string {
	s := p.Title
	if p.Detail != "" {
		s += " (" + p.Detail + ")"
	}
	if p.Hint != "" {
		s += ". " + p.Hint
	}
	return s
}

// Explain words an error for the operator. It is the only place that does. Cancelled work is nothing to tell. now dates
// the wait of a rate limit.
func Explain(now time.Time, err error) Problem {
	if err == nil || errors.Is(err, context.Canceled) {
		return Problem{}
	}
	p := words(now, err)
	if a, ok := auth0client.AnswerOf(err); ok && p.Detail == "" {
		p.Detail = a.Message.String()
		if !a.Code.IsEmpty() {
			p.Detail += " [" + a.Code.String() + "]"
		}
	}
	return p
}

func words(now time.Time, err error) Problem {
	var (
		notFound     *auth0client.NotFound
		unauthorized *auth0client.Unauthorized
		forbidden    *auth0client.Forbidden
		limited      *auth0client.RateLimited
		conflict     *auth0client.Conflict
		invalid      *auth0client.Invalid
		unavailable  *auth0client.Unavailable
		unreachable  *auth0client.Unreachable
		fault        *auth0client.GatewayFault
		unknown      *auth0client.Unknown
		fresh        *auth0client.FreshLogin
		reason       *auth0client.ReasonNeeded
		approval     *auth0client.ApprovalPending
		decided      *auth0client.Decided
	)
	switch {
	case errors.As(err, &unknown) && errors.As(err, &unavailable) && unavailable.Answer.Status >= 500:
		return Problem{Title: "The outcome is unknown", Hint: fmt.Sprintf("The change was sent and the tenant answered with a fault of its own (HTTP %d): it may be made all the same. Reload (ctrl+r) to see what is true before trying again", unavailable.Answer.Status)}
	case errors.As(err, &unknown):
		return Problem{Title: "The outcome is unknown", Hint: "The change was sent but no answer came. Reload (ctrl+r) to see what is true before trying again"}
	case errors.As(err, &notFound):
		return Problem{Title: "It does not exist (any more)", Hint: "It was deleted meanwhile, or you may not see it"}
	case errors.As(err, &unauthorized):
		return Problem{Title: "Your sign-in has ended", Hint: "Sign in again to go on"}
	case errors.As(err, &fresh):
		return Problem{Title: "This action wants a fresh sign-in", Hint: "Sign in again, then confirm it again"}
	case errors.As(err, &reason):
		return Problem{Title: "This action wants a reason", Hint: "Type one, then confirm it again"}
	case errors.As(err, &approval):
		return Problem{Title: waits(now, approval), Hint: "It is not made yet. Who may approve it: " + desk.MayApprove(approval.By) + ". You see it under Approvals (:)"}
	case errors.As(err, &decided):
		return Problem{Title: "Somebody decided it already, or its time is over", Hint: "Reload (ctrl+r) to see what became of it"}
	case errors.As(err, &forbidden) && forbidden.Permission != "":
		return Problem{Title: "You lack the permission " + forbidden.Permission, Hint: "Ask an administrator of usher for it"}
	case errors.As(err, &forbidden):
		return Problem{Title: "Not allowed", Hint: "A policy or the tenant refused this"}
	case errors.As(err, &limited):
		wait := max(1, int(limited.Until.Sub(now).Round(time.Second)/time.Second))
		return Problem{Title: fmt.Sprintf("The tenant's rate limit is reached for %d s", wait), Hint: "Press ctrl+r then", Retry: true}
	case errors.As(err, &conflict):
		return Problem{Title: "It exists already, or changed meanwhile", Hint: "Reload (ctrl+r) and look again"}
	case errors.As(err, &invalid) && invalid.Field != "":
		return Problem{Title: "The tenant refused " + invalid.Field}
	case errors.As(err, &invalid):
		return Problem{Title: "The tenant refused this"}
	case errors.As(err, &unavailable) && unavailable.Answer.Code.String() == "usher_journal":
		return Problem{Title: "usher's journal cannot be used", Hint: "No change is made without it. Whoever runs usher must look (is the disk full?), then try again", Retry: true}
	case errors.As(err, &unavailable) && unavailable.Answer.Code.String() == "usher_m2m":
		return Problem{Title: "The gateway's own credential is not accepted", Hint: "Whoever runs the gateway must look at it: usher doctor and usher setup say what it needs"}
	case errors.As(err, &unavailable) && unavailable.Answer.Status >= 500:
		return Problem{Title: fmt.Sprintf("The tenant has a fault of its own (HTTP %d)", unavailable.Answer.Status), Hint: "Try again with ctrl+r", Retry: true}
	case errors.As(err, &unavailable):
		return Problem{Title: "The tenant's answer makes no sense", Hint: "Something between you and Auth0 may have answered instead. Try again with ctrl+r", Retry: true}
	case errors.As(err, &fault):
		return beyond(fault)
	case errors.As(err, &unreachable), errors.Is(err, context.DeadlineExceeded):
		return Problem{Title: "The tenant cannot be reached", Hint: "Check the network, then try again with ctrl+r", Retry: true}
	}
	return Problem{Title: "That did not work", Detail: plainText(err), Retry: true}
}

// beyond says on which side of a gateway on another machine there was no answer.
func beyond(f *auth0client.GatewayFault) Problem {
	host := term.Line(f.Host).String()
	p := Problem{Retry: true}
	switch {
	case f.Tenant:
		p.Title, p.Hint = "The gateway "+host+" gets no answer from the tenant", "Auth0 may be down. Try again with ctrl+r; if it stays, tell whoever runs usher"
	case f.Foreign:
		p.Title, p.Hint = "Something else answered in place of the gateway "+host, "Are you in the right network or VPN? Try again with ctrl+r; if it stays, tell whoever runs usher"
	case f.Certificate:
		p.Title, p.Hint = "The gateway "+host+" shows a certificate that does not count", "Nothing was sent. Are you in the right network? If it stays, tell whoever runs usher"
	default:
		p.Title, p.Hint = "The gateway "+host+" cannot be reached", "usher works through it. Check the network or VPN, then try again with ctrl+r; if it stays, tell whoever runs usher"
	}
	return p
}

// waits says under what id a change waits, and how long.
func waits(now time.Time, a *auth0client.ApprovalPending) string {
	s := "It waits for a second operator"
	if !a.ID.IsEmpty() {
		s += " as approval " + a.ID.String()
	}
	if left := a.ExpiresAt.Sub(now).Round(time.Minute); !a.ExpiresAt.IsZero() && left > 0 {
		s += ", for " + Span(left) + " at most"
	}
	return s
}

// Span is a time span in the largest units that say it: "45 s", "15 min", "12 h", "2 h 30 min".
func Span(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case d < 2*time.Minute && d%time.Minute != 0:
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// plainText is an error of no known kind; it may quote an answer, so it passes the sanitizer as well.
func plainText(err error) string { return term.Line(err.Error()).String() }
