package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"usher/auth0client/gateway/policy"
)

// answered is an error that is an answer already.
type answered struct {
	status int
	header http.Header
	body   []byte
	note   string // for the journal; "": the tenant's own answer to a question of the gateway, which is no refusal
}

func (a *answered) Error() string { return "answered with " + strconv.Itoa(a.status) }

func (a *answered) response(r *http.Request) *http.Response {
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After", "Date"} {
		if v := a.header.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	return respond(r, a.status, h, a.body)
}

func respond(r *http.Request, status int, h http.Header, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}
}

// object answers with a JSON object of usher's own.
func object(r *http.Request, status int, body any) *http.Response {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte("{}")
	}
	return respond(r, status, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Cache-Control": {"no-store"}}, data)
}

func problem(status int, code, message, permission string) map[string]any {
	body := map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message, "errorCode": code}
	if permission != "" {
		body["permission"] = permission
	}
	return body
}

// refuseWith refuses and says more than the shape of Auth0's errors holds.
func refuseWith(r *http.Request, status int, code, message, permission string, more map[string]any) *http.Response {
	res := refuse(r, status, code, message, permission)
	body := problem(status, code, message, permission)
	maps.Copy(body, more)
	if data, err := json.Marshal(body); err == nil {
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	}
	return res
}

// refusal answers a policy's no, with what the operator can do about it.
func refusal(r *http.Request, no *policy.Refusal) *http.Response {
	more := map[string]any{}
	if no.Rule != "" {
		more["policy"] = no.Rule
	}
	if no.MaxAge > 0 {
		more["max_age"] = int(no.MaxAge / time.Second)
	}
	return refuseWith(r, http.StatusForbidden, no.Code, no.Message, string(no.Permission), more)
}

// nothing is Auth0's answer to who or what does not exist, word for word: for an operator whom a policy limits, what they
// may not see is told by the same.
//
// Source: the error messages in Auth0's description of the Management API, and recorded answers.
func nothing(s policy.Subject, header http.Header) *answered {
	message, code := "The user does not exist.", "inexistent_user"
	switch s {
	case policy.BySession:
		message, code = "The session does not exist.", ""
	case policy.ByRefreshToken:
		message, code = "The refresh token does not exist.", ""
	case policy.ByDevice:
		message, code = "The device credential does not exist.", ""
	case policy.ByGrant:
		message, code = "The grant does not exist.", ""
	case policy.ByJob:
		message, code = "The job does not exist.", "inexistent_job"
	}
	return missing(message, code, header)
}

// missing is a 404, its keys in Auth0's order.
func missing(message, code string, header http.Header) *answered {
	body, err := json.Marshal(struct {
		StatusCode int    `json:"statusCode"`
		Error      string `json:"error"`
		Message    string `json:"message"`
		ErrorCode  string `json:"errorCode,omitempty"`
	}{http.StatusNotFound, "Not Found", message, code})
	if err != nil {
		body = []byte("{}")
	}
	return &answered{status: http.StatusNotFound, header: header, body: body, note: "there is nobody (or nothing) of this id for the operator"}
}

// badQuery is Auth0's answer to a search it cannot read.
func badQuery(message string) *answered {
	body, err := json.Marshal(problem(http.StatusBadRequest, "invalid_query_string", message, ""))
	if err != nil {
		body = []byte("{}")
	}
	return &answered{status: http.StatusBadRequest, body: body}
}
