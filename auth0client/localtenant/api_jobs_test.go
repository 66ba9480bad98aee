package localtenant

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"
)

// send does a prepared request with the rig's token.
func (r *rig) send(method, path, contentType string, body io.Reader) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.base+path, body)
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, raw: raw}
	json.Unmarshal(raw, &a.body) //nolint:errcheck // not every answer is JSON
	return a
}

func (r *rig) upload(file string, fields map[string]string) answer {
	r.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if file != "-" {
		part, _ := w.CreateFormFile("users", "users.json")
		io.WriteString(part, file) //nolint:errcheck // a buffer never fails
	}
	for name, v := range fields {
		w.WriteField(name, v) //nolint:errcheck // likewise
	}
	w.Close()
	return r.send("POST", "/api/v2/jobs/users-imports", w.FormDataContentType(), &b)
}

func TestImportsTellWhatTheyDidWithEveryUser(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	db := r.connectionID(database)
	hash := "$2b$10$" + strings.Repeat("a", 53)
	file := `[{"email":"one@example.com","user_id":"one","password_hash":"` + hash + `","mfa_factors":[{"phone":{"value":"+15550001"}}],"app_metadata":{"a":1}},
		{"email":"ada@example.com","name":"Changed","user_metadata":{"only":"this"}},
		{"email":5},{"surprise":1,"email":"x@example.com"},{},{"email":"one@example.com"},{"email":"two@example.com","blocked":true}]`
	a := r.upload(file, map[string]string{"connection_id": db, "upsert": "true", "external_id": "batch 7"})
	if a.status != 202 || a.object()["status"] != "pending" || a.object()["external_id"] != "batch 7" {
		t.Fatalf("accepted: %d %s", a.status, a.raw)
	}
	id := a.object()["id"].(string)
	r.want(204, "GET", "jobs/"+id+"/errors", "")
	states := []any{}
	for range 3 {
		states = append(states, r.want(200, "GET", "jobs/"+id, "").object()["status"])
		r.clock.pass(time.Second)
	}
	if fmt.Sprint(states) != "[pending processing completed]" {
		t.Errorf("states: %v", states)
	}
	sum := fmt.Sprint(r.want(200, "GET", "jobs/"+id, "").object()["summary"])
	if sum != "map[failed:4 inserted:2 total:7 updated:1]" {
		t.Errorf("summary: %s", sum)
	}
	var codes []string
	for _, row := range r.want(200, "GET", "jobs/"+id+"/errors", "").rows() {
		codes = append(codes, row.(map[string]any)["errors"].([]any)[0].(map[string]any)["code"].(string))
	}
	if strings.Join(codes, " ") != "INVALID_TYPE OBJECT_ADDITIONAL_PROPERTIES OBJECT_REQUIRED CONFLICT_EMAIL" {
		t.Errorf("errors: %v", codes)
	}
	changed := r.want(200, "GET", "users/"+ada, "").object()
	if changed["name"] != "Changed" || fmt.Sprint(changed["user_metadata"]) != "map[only:this]" {
		t.Errorf("the changed user: %v", changed)
	}
	if rows := r.want(200, "GET", "users/auth0%7Cone/authentication-methods", "").rows(); len(rows) != 2 {
		t.Errorf("factors of the new user: %v", rows)
	}
	a = r.upload(`[{"email":"ada@example.com"}]`, map[string]string{"connection_id": db})
	r.clock.pass(5 * time.Second)
	errors := r.want(200, "GET", "jobs/"+a.object()["id"].(string)+"/errors", "").raw
	if !strings.Contains(string(errors), `"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false"`) {
		t.Errorf("without upsert: %s", errors)
	}
	r.clock.pass(jobLife)
	r.token = r.freshToken()
	r.want(404, "GET", "jobs/"+id, "")
}

func TestImportsAreRefusedInAuth0sWords(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	db := map[string]string{"connection_id": r.connectionID(database)}
	for _, c := range []struct {
		file    string
		fields  map[string]string
		status  int
		message string
	}{
		{"-", db, 400, "Must provide 'users' file as multipart part."},
		{"", db, 400, "Users file must not be empty."},
		{"[]", nil, 400, "Must provide 'connection_id' as multipart part."},
		{"[]", map[string]string{"connection_id": "x"}, 400, "Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id."},
		{"[]", map[string]string{"connection_id": "con_0000000000000000"}, 400, "The connection does not exist."},
		{"[]", map[string]string{"connection_id": r.connectionID("sms")}, 400, "Connection must be a database connection."},
		{"nonsense", db, 400, "Failed to parse users file JSON when importing users. Make sure it is valid JSON."},
		{strings.Repeat("x", maxImport+1), db, 413, "Payload content length greater than maximum allowed: 512000"},
		{"[]", db, 202, ""},
		{"[]", db, 202, ""},
		{"[]", db, 429, "There are 2 active import users jobs, please wait until some of them are finished and try again"},
	} {
		a := r.upload(c.file, c.fields)
		if got, _ := a.object()["message"].(string); a.status != c.status || got != c.message {
			t.Errorf("%.20q %v: %d %s, want %d %s", c.file, c.fields, a.status, got, c.status, c.message)
		}
	}
	a := r.send("POST", "/api/v2/jobs/users-imports", "application/json", strings.NewReader("{}"))
	if a.status != 400 || a.object()["message"] != "Payload validation error: 'Invalid multipart payload format'." {
		t.Errorf("no form: %s", a.raw)
	}
}

func (r *rig) export(body string) (lines []byte, location string) {
	r.Helper()
	id := r.want(200, "POST", "jobs/users-exports", body).object()["id"].(string)
	r.clock.pass(5 * time.Second)
	location = r.want(200, "GET", "jobs/"+id, "").object()["location"].(string)
	res, err := http.Get(location) //nolint:noctx // a test server of this process
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	plain, err := gzip.NewReader(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	if lines, err = io.ReadAll(plain); err != nil {
		r.Fatal(err)
	}
	return lines, location
}

func TestExportsComeAsLinesOrTablesFromALocationThatRunsOut(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 100})
	db := r.connectionID(database)
	lines, location := r.export(`{"connection_id":"` + db + `","limit":5,"fields":[{"name":"user_id"},{"name":"identities[0].connection","export_as":"from"},{"name":"multifactor"}]}`)
	rows := bytes.Split(bytes.TrimSpace(lines), []byte("\n"))
	var first map[string]any
	if err := json.Unmarshal(rows[0], &first); err != nil || len(rows) != 5 || first["user_id"] != ShowcaseID || first["from"] != database ||
		fmt.Sprint(first["multifactor"]) != "[guardian]" {
		t.Errorf("lines: %d, %s", len(rows), rows[0])
	}
	table, _ := r.export(`{"format":"csv","fields":[{"name":"email","export_as":"Mail"},{"name":"logins_count"},{"name":"app_metadata.tags"}]}`)
	records, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(records) != r.tenant.Users()+1 || fmt.Sprint(records[0]) != "[Mail logins_count app_metadata.tags]" ||
		fmt.Sprint(records[1]) != `['ada@example.com 187 '["vip","beta"]]` {
		t.Errorf("table: %d %v %v", len(records), records[:2], err)
	}
	for name, at := range map[string]string{"a wrong signature": strings.Replace(location, "Signature=", "Signature=0", 1), "after a minute": location} {
		if name == "after a minute" {
			r.clock.pass(exportFor + time.Second)
		}
		res, err := http.Get(at) //nolint:noctx // a test server of this process
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 403 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	many := strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 31), ",")
	r.want(400, "POST", "jobs/users-exports", `{"format":"csv","fields":[`+many+`]}`)
	r.want(400, "POST", "jobs/users-exports", `{"format":"csv","fields":[{"name":"user_metadata"}]}`)
	r.want(400, "POST", "jobs/users-exports", `{"connection_id":"con_0000000000000000"}`)
}

func TestVerificationMailsAndTicketsAreRefusedInAuth0sWords(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 100})
	sms := r.want(201, "POST", "users", `{"connection":"sms","phone_number":"+15550009"}`).object()["user_id"].(string)
	for _, c := range []struct {
		status              int
		path, body, message string
	}{
		{201, "jobs/verification-email", `{"user_id":"` + ShowcaseID + `"}`, ""},
		{400, "jobs/verification-email", `{"user_id":"` + sms + `"}`, "Connection must be a database connection."},
		{400, "jobs/verification-email", `{"user_id":"auth0|nobody"}`, "The user does not exist."},
		{400, "jobs/verification-email", `{"user_id":"` + ShowcaseID + `","client_id":"none"}`, "The client does not exist"},
		{400, "jobs/verification-email", `{"user_id":"` + ShowcaseID + `","identity":{"user_id":"x","provider":"auth0"}}`,
			"The user exists, but does not contain the given identity."},
		{201, "tickets/password-change", `{"email":"ada@example.com","connection_id":"` + r.connectionID(database) + `"}`, ""},
		{400, "tickets/password-change", `{"user_id":"` + sms + `"}`, "The user's main connection does not support this operation."},
		{400, "tickets/password-change", `{"user_id":"` + ShowcaseID + `","organization_id":"` + r.tenant.orgs.list()[2].ID + `"}`,
			"The user with id " + ShowcaseID + " is not a member of organization with id " + r.tenant.orgs.list()[2].ID + "."},
		{400, "tickets/password-change", `{}`, "Payload validation error: 'Missing required property: user_id'."},
		{400, "tickets/email-verification", `{"user_id":"` + sms + `"}`, "The user does not have an email address."},
		{400, "tickets/email-verification", `{"user_id":"` + ShowcaseID + `","ttl_sec":-1}`, "Payload validation error: 'Value -1 is less than minimum 0' on property ttl_sec."},
	} {
		if got, _ := r.want(c.status, "POST", c.path, c.body).object()["message"].(string); got != c.message {
			t.Errorf("%s %s: %s, want %s", c.path, c.body, got, c.message)
		}
	}
}
