package auth0client

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"usher/auth0client/ratelimit"
	"usher/auth0client/term"
)

// problem makes the typed error of an answer that is one.
func problem(now time.Time, ex *exchange) error {
	var body struct {
		Message    text `json:"message"`
		Error      text `json:"error"`
		ErrorCode  text `json:"errorCode"`
		Permission text `json:"permission"`
		Changed    []struct {
			Name             text `json:"name"`
			Expected, Actual json.RawMessage
		} `json:"changed"`
		demand
	}
	_ = json.Unmarshal(ex.body, &body) // an HTML page of a proxy says nothing; the status does
	message := string(body.Message)
	if message == "" {
		message = string(body.Error)
	}
	if message == "" {
		message = http.StatusText(ex.status)
	}
	a := Answer{
		Status: ex.status, Code: term.Line(string(body.ErrorCode)), Message: term.Line(limit(message, 500)),
		RequestID: term.Line(ex.header.Get("X-Usher-Request-Id")),
	}
	if err := body.err(string(body.ErrorCode), a); err != nil {
		return err
	}
	if a.Code.String() == "inexistent_user" { // jobs and tickets say it with a 400
		return &NotFound{Answer: a}
	}
	switch ex.status {
	case http.StatusUnauthorized:
		return &Unauthorized{Answer: a}
	case http.StatusForbidden:
		return &Forbidden{Permission: term.Line(string(body.Permission)).String(), Answer: a}
	case http.StatusNotFound:
		return &NotFound{Answer: a}
	case http.StatusConflict:
		if body.ErrorCode == "usher_decided" {
			return &Decided{Answer: a}
		}
		if body.ErrorCode != "usher_changed" {
			return &Conflict{Answer: a}
		}
		changed := &Changed{Answer: a}
		for _, f := range body.Changed {
			changed.Fields = append(changed.Fields, FieldConflict{
				Name: f.Name.line().String(), Expected: term.Line(limit(string(f.Expected), 500)), Actual: term.Line(limit(string(f.Actual), 500)),
			})
		}
		return changed
	case http.StatusTooManyRequests:
		return &RateLimited{Until: now.Add(ratelimit.Wait(ex.header, now)), Answer: a}
	}
	if ex.status >= 500 {
		return &Unavailable{Answer: a}
	}
	return &Invalid{Field: fieldOf(message), Answer: a}
}

// demand is what the gateway wants before it makes a change: a fresh sign-in, a reason, a second operator.
type demand struct {
	MaxAge    float64 `json:"max_age"` // seconds
	Approval  text    `json:"approval"`
	ExpiresAt text    `json:"expires_at"` // RFC 3339
	By        []text  `json:"by"`
}

// maxFresh bounds max_age: beyond a year nothing is fresh.
const maxFresh = 365 * 24 * time.Hour

func (d demand) err(code string, a Answer) error {
	switch code {
	case "usher_fresh_login":
		age := min(max(0, d.MaxAge), maxFresh.Seconds())
		return &FreshLogin{MaxAge: time.Duration(age * float64(time.Second)), Answer: a}
	case "usher_reason":
		return &ReasonNeeded{Answer: a}
	case "usher_approval":
		if d.Approval == "" { // nothing was put by: a refusal like others
			return nil
		}
		until, _ := time.Parse(time.RFC3339, string(d.ExpiresAt)) // without a time it waits all the same
		pending := &ApprovalPending{ID: term.Line(limit(string(d.Approval), 100)), ExpiresAt: until, Answer: a}
		for _, by := range d.By {
			pending.By = append(pending.By, term.Line(limit(string(by), 100)))
		}
		return pending
	}
	return nil
}

func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// fieldOf finds the property that a payload validation error names.
func fieldOf(message string) string {
	m := regexp.MustCompile(`on property ([A-Za-z0-9_.\[\]]{1,60})`).FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	return m[1]
}

// unreachable makes the typed error of a request without an answer.
func unreachable(err error) error { return &Unreachable{Err: err} }
