package auth0client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"usher/auth0client/term"
)

// Entry is a change as the gateway's journal tells it: what was meant, and what became of it.
type Entry struct {
	ID      string
	Time    time.Time
	Actions []string
	Method  string
	Path    string
	Target  UserID
	Reason  term.Safe
	From    map[string]any // what was set before; nil where it is not known. Numbers keep their digits
	Fields  map[string]any // what was set; secrets read "…"
	Status  int            // 0: no outcome is known
}

// Made reports that the change was surely made.
func (e Entry) Made() bool { return e.Status >= 200 && e.Status < 300 }

type entryJSON struct {
	ID      text           `json:"id"`
	Step    text           `json:"step"`
	Time    moment         `json:"time"`
	Actions []text         `json:"actions"`
	Method  text           `json:"method"`
	Path    text           `json:"path"`
	Target  text           `json:"target"`
	Reason  text           `json:"reason"`
	From    map[string]any `json:"from"`
	Fields  map[string]any `json:"fields"`
	Status  number         `json:"status"`
}

// ownEntries is how far back one looks for what can be undone: two lines a change.
const ownEntries = 200

// MyChanges reads the operator's own changes from the gateway's journal, newest first. It takes no permission.
func (c *Client) MyChanges(ctx context.Context) ([]Entry, error) {
	body, err := c.own(ctx, http.MethodGet, "journal?mine=true&take="+strconv.Itoa(ownEntries), nil, "read what you changed")
	if err != nil {
		return nil, err
	}
	var page struct {
		Entries []entryJSON `json:"entries"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&page); err != nil {
		return nil, badAnswer(err)
	}
	status := map[text]int{}
	var out []Entry
	for _, e := range page.Entries {
		switch e.Step {
		case "outcome":
			status[e.ID] = int(e.Status)
		case "intent":
			one := Entry{ID: string(e.ID), Time: e.Time.Time, Method: string(e.Method), Path: string(e.Path), Target: UserID(e.Target),
				Reason: e.Reason.line(), From: e.From, Fields: e.Fields, Status: status[e.ID]}
			for _, a := range e.Actions {
				one.Actions = append(one.Actions, string(a))
			}
			out = append(out, one)
		}
	}
	return slices.Clip(out), nil
}

type beforeKey struct{}

// keepBefore asks the gateway to keep in the journal what the change of ctx replaces, so that it can be undone. Changes of
// many users go without: it costs a request each.
func keepBefore(ctx context.Context) context.Context {
	if p, _ := ctx.Value(priorityKey{}).(Priority); p == PriorityBulk {
		return ctx
	}
	return context.WithValue(ctx, beforeKey{}, true)
}
