package login

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

type (
	resumed struct {
		operator Operator
		ok       bool
		err      error
	}
	codeStarted struct {
		code Code
		err  error
	}
	signInEnded struct {
		operator Operator
		err      error
	}
	troubled     struct{ trouble Trouble }
	secondPassed struct{}
	approved     struct{ err error }
	opened       struct{ err error }
)

// sentence says what failed and why. What no screen has words for says it in the sign-in's own.
func sentence(what string, now time.Time, err error) string {
	p := view.Explain(now, err)
	if _, answered := auth0client.AnswerOf(err); !answered && p.Detail != "" && p.Hint == "" {
		return what + ": " + p.Detail + "."
	}
	return what + ": " + p.String() + "."
}

// words are the refusal as a sentence, with what Auth0 said.
func (e *Denied) words() string {
	said := term.Line(e.Description).String()
	if said == "" {
		return "The sign-in was refused."
	}
	return "The sign-in was refused: " + said + "."
}

// page is the address that needs no typing of the code, where the tenant gives one.
func page(c Code) string {
	if c.URIComplete != "" {
		return c.URIComplete
	}
	return c.URI
}

func resume(ctx context.Context, id view.ID, ticket uint64, s SignIn) tea.Cmd {
	return func() tea.Msg {
		op, ok, err := s.Resume(ctx)
		return view.Result{To: id, Ticket: ticket, Msg: resumed{op, ok, err}}
	}
}

func start(ctx context.Context, id view.ID, ticket uint64, s SignIn, ask Ask) tea.Cmd {
	return func() tea.Msg {
		code, err := s.StartDevice(ctx, ask)
		return view.Result{To: id, Ticket: ticket, Msg: codeStarted{code, err}}
	}
}

// wait reports trouble through heard, the newest only: nobody waits for the screen.
func wait(ctx context.Context, id view.ID, ticket uint64, s SignIn, code Code, heard chan Trouble) tea.Cmd {
	told := func(t Trouble) {
		select {
		case <-heard:
		default:
		}
		select {
		case heard <- t:
		default:
		}
	}
	return func() tea.Msg {
		op, err := s.WaitDevice(ctx, code, told)
		return view.Result{To: id, Ticket: ticket, Msg: signInEnded{op, err}}
	}
}

func listen(ctx context.Context, id view.ID, ticket uint64, heard <-chan Trouble) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case t := <-heard:
			return view.Result{To: id, Ticket: ticket, Msg: troubled{t}}
		}
	}
}

func approve(ctx context.Context, id view.ID, ticket uint64, do func(context.Context, string) error, code string) tea.Cmd {
	return func() tea.Msg { return view.Result{To: id, Ticket: ticket, Msg: approved{do(ctx, code)}} }
}

func browse(id view.ID, ticket uint64, open func(string) error, url string) tea.Cmd {
	return func() tea.Msg { return view.Result{To: id, Ticket: ticket, Msg: opened{open(url)}} }
}

func second(ctx context.Context, id view.ID, ticket uint64) tea.Cmd {
	return view.After(ctx, time.Second, view.Result{To: id, Ticket: ticket, Msg: secondPassed{}})
}
