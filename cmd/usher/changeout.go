package main

import (
	"encoding/json"
	"errors"

	"usher/auth0client"
	"usher/auth0client/desk"
)

// changeOut is a change as JSON tells it. The names of its fields are a contract.
type changeOut struct {
	Operation string          `json:"operation"`
	Named     string          `json:"named,omitempty"` // the line of standard input
	UserID    string          `json:"user_id"`
	Email     string          `json:"email"`
	Approval  string          `json:"approval,omitempty"` // the id of the one that was decided or taken
	DryRun    bool            `json:"dry_run"`
	Does      []string        `json:"does"`
	Loses     []string        `json:"loses"`
	Done      []string        `json:"done"`
	Notes     []string        `json:"notes"`
	Secrets   []secretOut     `json:"secrets,omitempty"` // with --show-secret only
	User      json.RawMessage `json:"user"`              // Auth0's record after the change; null where the answer held none
	Error     *failure        `json:"error"`
}

type secretOut struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

type failure struct {
	Message    string    `json:"message"`
	ExitCode   int       `json:"exit_code"`
	Status     int       `json:"status,omitempty"` // Auth0's or the gateway's
	Code       string    `json:"code,omitempty"`
	RequestID  string    `json:"request_id,omitempty"`
	Candidates []userOut `json:"candidates,omitempty"` // the users that an ambiguous email names
	Approval   string    `json:"approval,omitempty"`   // the id under which the change waits for a second operator
}

func newChangeOut(op desk.Operation) changeOut {
	out := changeOut{Operation: op.Name, UserID: string(op.User.ID), Email: op.User.EmailRaw, Does: append([]string{}, op.Does...),
		Loses: append([]string{}, op.Loses...), Done: []string{}, Notes: []string{}, User: json.RawMessage("null")}
	if op.Subject.Reread {
		out.Approval = op.Subject.ID
	}
	return out
}

// took takes up what became of the operation.
func (o *changeOut) took(r desk.Result, secrets bool) {
	o.Done, o.Notes = append(o.Done, r.Done...), append(o.Notes, r.Note...)
	if r.User != nil {
		o.UserID = string(r.User.ID)
		if len(r.User.Record) > 0 {
			o.User = r.User.Record
		}
	}
	for _, once := range r.Once {
		if secrets {
			o.Secrets = append(o.Secrets, secretOut{once.Label, once.Value.Reveal()})
		}
	}
}

func newFailure(err error) *failure {
	f := &failure{Message: err.Error(), ExitCode: exitCode(err)}
	if a, ok := auth0client.AnswerOf(err); ok {
		f.Status, f.Code, f.RequestID = a.Status, a.Code.String(), a.RequestID.String()
	}
	var waits *auth0client.ApprovalPending
	if errors.As(err, &waits) {
		f.Approval = waits.ID.String()
	}
	var several *desk.Ambiguous
	if errors.As(err, &several) {
		for _, u := range several.Users {
			f.Candidates = append(f.Candidates, newUserOut(u))
		}
	}
	return f
}
