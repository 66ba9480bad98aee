package localtenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// sharedFile reads a file of the folder with Auth0's description and the recordings, which the project does not hold.
func sharedFile(parts ...string) ([]byte, error) {
	return os.ReadFile(filepath.Join(append([]string{sharedFolder()}, parts...)...))
}

func sharedFolder() string {
	if dir := os.Getenv("USHER_SHARED"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared")
}

// description is Auth0's own OpenAPI description of the Management API.
type description struct {
	doc        *openapi3.T
	allowed    []string   // additions that need not be made
	mu         sync.Mutex // kin-openapi compiles patterns while it validates
	operations map[string][]*operation
}

type operation struct {
	method   string
	template string // such as "/users/{id}"
	segments []string
	spec     *openapi3.Operation
}

// console is the description of what a user console needs, entire that of the whole API: the latter takes seconds to
// read, so it is read only when a test uses something beyond the former.
var (
	console = sync.OnceValues(func() (*description, error) { return readDescription("user-console-oas.json") })
	entire  = sync.OnceValues(func() (*description, error) { return readDescription("management-api-oas.json") })
)

// readDescription reads one. Branches of oneOf overlap in it, so they are read as anyOf.
func readDescription(name string) (*description, error) {
	raw, err := sharedFile("spec", name)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(bytes.ReplaceAll(raw, []byte(`"oneOf"`), []byte(`"anyOf"`)))
	if err != nil {
		return nil, err
	}
	d := &description{doc: doc, allowed: allow(doc), operations: map[string][]*operation{}}
	for template, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			d.operations[method] = append(d.operations[method],
				&operation{method: method, template: template, segments: strings.Split(template[1:], "/"), spec: spec})
		}
	}
	return d, nil
}

// loadDescription skips the test when the description is not there.
func loadDescription(t *testing.T) *description {
	t.Helper()
	d, err := console()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: Auth0's API description is not in %s; set USHER_SHARED to the folder that holds spec/. No answer of any test is checked against it.",
			sharedFolder())
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// loadSpec is the description of what a console needs, as it was read.
func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	return loadDescription(t).doc
}

func (d *description) all() []*operation {
	return slices.Concat(slices.Collect(maps.Values(d.operations))...)
}

// find gives the operation of a request. A literal segment is preferred to a variable one.
func (d *description) find(method, escapedPath string) *operation {
	segments := strings.Split(strings.Trim(escapedPath, "/"), "/")
	var best *operation
	most := -1
	for _, o := range d.operations[method] {
		if literal, ok := o.fits(segments); ok && literal > most {
			best, most = o, literal
		}
	}
	return best
}

func (o *operation) fits(segments []string) (literal int, ok bool) {
	if len(segments) != len(o.segments) {
		return 0, false
	}
	for i, s := range o.segments {
		switch {
		case s == segments[i]:
			literal++
		case s[0] != '{' || segments[i] == "":
			return 0, false
		}
	}
	return literal, true
}

// operationOf looks a request up in the small description, then in the whole one.
func operationOf(method, escapedPath string) (*description, *operation, error) {
	for _, read := range []func() (*description, error){console, entire} {
		d, err := read()
		if err != nil {
			return nil, nil, err
		}
		if o := d.find(method, escapedPath); o != nil {
			return d, o, nil
		}
	}
	return nil, nil, nil
}

// below is the template of every operation on something whose absence can hardly be answered otherwise than by 404. To
// delete what is not there is another thing: that is a success at Auth0, unless described.
const below = "below an object"

// difference is a status that Auth0 really answers though its description lacks it. method may be "*", template "*" or
// below.
type difference struct {
	method, template string
	status           int
	why              string
}

// optional is a key that the description demands of an answer and that need not be there.
type optional struct{ method, template, key, why string }

func optionals() []optional {
	return []optional{{"POST", "/jobs/users-exports", "connection", "an export of all connections has none"}}
}

// addition is a key that was recorded and that a schema of the description forbids.
type addition struct{ schema, key, why string }

func additions() []addition {
	out := []addition{{"ConnectionForList", "enabled_clients", "recorded in 2026; described only for a connection by itself"}}
	for _, key := range []string{"alg", "created_at", "credential_type", "kid", "name", "updated_at"} {
		out = append(out, addition{"CredentialId", key, "recorded where a client is made"})
	}
	return out
}

// allow makes the additions part of a description. Which of them it knew already is for the test of the differences.
func allow(doc *openapi3.T) (known []string) {
	for _, a := range additions() {
		ref := doc.Components.Schemas[a.schema]
		if ref == nil {
			continue // in the small description there are no clients to be made
		}
		if ref.Value.Properties[a.key] != nil {
			known = append(known, a.schema+"."+a.key)
		}
		ref.Value.Properties[a.key] = openapi3.NewSchemaRef("", openapi3.NewSchema())
	}
	return known
}

// newer are operations that Auth0's SDKs have and its description lacks. Nothing is known of their answers but their errors.
func newer() []string { return []string{"GET /organizations/{id}/roles/{role_id}/members"} }

func differences() []difference {
	return []difference{
		{"POST", "/organizations/{id}/invitations", 201, "recorded; described as 200"},
		{"DELETE", "/roles/{id}/permissions", 204, "recorded; described as 200"},
		{"DELETE", "/refresh-tokens/{id}", 204, "recorded; described as 202"},
		{"GET", "/guardian/enrollments/{id}", 404, "recorded; not described"},
		{"DELETE", "/guardian/enrollments/{id}", 404, "recorded; not described"},
		{"PATCH", "/resource-servers/{id}", 200, "recorded; described as 201"},
		{"POST", "/organizations/{id}/enabled_connections", 409, "described for the same under connections"},
		{"POST", "/jobs/verification-email", 404, "the user is not there; described for the tickets"},
		{"*", "*", 400, "what was sent is wrong; described for most operations"},
		{"*", below, 404, "what the path names is not there; described for most operations"},
		{"*", "*", http.StatusRequestEntityTooLarge, "a body beyond 1 MB; described for imports only"},
		{"*", "*", http.StatusRequestURITooLong, "documented for searches; not described"},
		{"*", "*", http.StatusTooManyRequests, "rate limits are for every operation; not described for guardian"},
		{"*", "*", http.StatusServiceUnavailable, "the tenant cannot keep changes any more; described for searches only"},
	}
}

func (d difference) covers(o *operation, status int) bool {
	return d.status == status && (d.method == "*" || d.method == o.method) &&
		(d.template == "*" || d.template == o.template || d.template == below && o.below())
}

func (o *operation) below() bool {
	last := len(o.segments) - 1
	variable := func(s string) bool { return s[0] == '{' }
	return slices.ContainsFunc(o.segments[:last], variable) || variable(o.segments[last]) && o.method != http.MethodDelete
}

// check says what is wrong with an answer. It is nil when nothing is.
func (d *description) check(o *operation, status int, header http.Header, body []byte) error {
	described := o.spec.Responses.Status(status)
	known := slices.ContainsFunc(differences(), func(x difference) bool { return x.covers(o, status) })
	if described == nil && !known {
		return fmt.Errorf("the status %d is not described", status)
	}
	if got := header.Get("Content-Type"); got != o.contentType(status) {
		return fmt.Errorf("the content type is %q", got)
	}
	if status >= 400 {
		return checkError(status, body)
	}
	if described == nil {
		described = o.success()
	}
	var media *openapi3.MediaType
	if described != nil {
		media = described.Value.Content.Get("application/json")
	}
	switch {
	case media == nil && status == http.StatusNoContent && len(body) > 0:
		return errors.New("204 has a body")
	case media == nil || len(body) == 0 && status != http.StatusOK && status != http.StatusCreated:
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	err := media.Schema.Value.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.MultiErrors())
	return o.without(err)
}

// contentType is that of an answer. The errors of a job were recorded without a charset.
func (o *operation) contentType(status int) string {
	if o.method == "GET" && o.template == "/jobs/{id}/errors" && status == http.StatusOK {
		return "application/json"
	}
	return "application/json; charset=utf-8"
}

// without takes out the complaints about keys that need not be there.
func (o *operation) without(err error) error {
	var many openapi3.MultiError
	if !errors.As(err, &many) {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(many), func(err error) bool {
		var one *openapi3.SchemaError
		return errors.As(err, &one) && one.SchemaField == "required" && slices.ContainsFunc(optionals(), func(k optional) bool {
			return k.method == o.method && k.template == o.template && slices.Equal(one.JSONPointer(), []string{k.key})
		})
	})
	if len(left) == 0 {
		return nil
	}
	return left
}

// success is the described success, for a status that is known to differ from it.
func (o *operation) success() *openapi3.ResponseRef {
	for _, status := range []int{200, 201, 202} {
		if r := o.spec.Responses.Status(status); r != nil {
			return r
		}
	}
	return nil
}

// checkError looks at the shape that the description gives no schema for.
func checkError(status int, body []byte) error {
	var e map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("the error is not a JSON object: %w", err)
	}
	message, _ := e["message"].(string)
	if e["statusCode"] != float64(status) || e["error"] != http.StatusText(status) || message == "" {
		return fmt.Errorf("the error lacks a statusCode, error or message that fits: %s", body)
	}
	for key, v := range e {
		switch key {
		case "statusCode", "error", "message":
		case "errorCode":
			if code, _ := v.(string); code == "" {
				return fmt.Errorf("errorCode is empty: %s", body)
			}
		default:
			return fmt.Errorf("the error has a key %q that Auth0's have not: %s", key, body)
		}
	}
	return nil
}

// conforming checks every answer of the Management API on its way out. It stands aside while faults are switched on, and
// when the description is not there.
func conforming(t *testing.T, tn *Tenant) http.Handler {
	next := tn.Handler()
	if _, err := console(); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, isAPI := strings.CutPrefix(r.URL.EscapedPath(), "/api/v2")
		tn.mu.Lock()
		faulty := len(tn.faults) > 0
		tn.mu.Unlock()
		if !isAPI || faulty {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		if err := checkAnswer(r.Method, path, rec.Code, rec.Header(), rec.Body.Bytes()); err != nil {
			t.Errorf("%s %s answers %d, which is not as Auth0 describes it: %.1200v\n%.600s", r.Method, r.URL.RequestURI(), rec.Code, err,
				rec.Body)
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes()) //nolint:errcheck // the test is gone
	})
}

func checkAnswer(method, path string, status int, header http.Header, body []byte) error {
	d, o, err := operationOf(method, path)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotImplemented:
		return checkError(status, body)
	case o == nil && isNewer(method, path):
		return nil
	case status == http.StatusUnauthorized:
		return checkError(status, body)
	case o == nil:
		return errors.New("no such operation is described")
	}
	return d.check(o, status, header, body)
}

func isNewer(method, path string) bool {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	return slices.ContainsFunc(newer(), func(known string) bool {
		m, template, _ := strings.Cut(known, " ")
		o := &operation{segments: strings.Split(template[1:], "/")}
		_, fits := o.fits(segments)
		return m == method && fits
	})
}
