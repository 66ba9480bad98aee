package localtenant

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxImport  = 512000             // bytes of the users file
	maxForm    = maxImport + 64<<10 // and of what is around it
	maxImports = 2                  // at the same time
)

// importUsers takes a file of users in Auth0's import format for a database.
func importUsers(c *call) reply {
	file, form, bad := c.importForm()
	if bad != nil {
		return *bad
	}
	id := form["connection_id"]
	cn := c.connections.at(id)
	var rows []map[string]any
	switch {
	case id == "":
		return badRequest("Must provide 'connection_id' as multipart part.", "invalid_body")
	case !jobConShape.MatchString(id):
		return badRequest("Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id.", "invalid_body")
	case cn == nil:
		return badRequest("The connection does not exist.", "inexistent_connection")
	case cn.Strategy != "auth0":
		return badRequest("Connection must be a database connection.", "operation_not_supported")
	case len(cn.Clients) == 0:
		return badRequest("Connection must be enabled.", "operation_not_supported")
	case cn.Options["enabledDatabaseCustomization"] == true && cn.Options["import_mode"] != true:
		return badRequest("Custom Database Connections without import mode are not allowed.", "operation_not_supported")
	case len(file) == 0:
		return badRequest("Users file must not be empty.", "invalid_body")
	}
	if err := json.Unmarshal(file, &rows); err != nil {
		return badRequest("Failed to parse users file JSON when importing users. Make sure it is valid JSON.", "invalid_body")
	}
	active := 0
	for _, j := range c.jobs.all() {
		if j.Type == jobImport && (j.Status == jobPending || j.Status == jobProcessing) {
			active++
		}
	}
	if active >= maxImports {
		return fail(http.StatusTooManyRequests, "There are 2 active import users jobs, please wait until some of them are finished and try again",
			"too_many_requests")
	}
	return reply{status: http.StatusAccepted, body: c.begin(&job{Type: jobImport, ConnectionID: cn.ID, Connection: cn.Name,
		ExternalID: form["external_id"], Upsert: form["upsert"] == "true", Rows: rows})}
}

// importForm reads the parts of the form.
func (c *call) importForm() (file []byte, form map[string]string, bad *reply) {
	refuse := func(message string) (_ []byte, _ map[string]string, _ *reply) {
		r := badRequest(message, "invalid_body")
		return nil, nil, &r
	}
	tooLarge := func() (_ []byte, _ map[string]string, _ *reply) {
		r := fail(http.StatusRequestEntityTooLarge, "Payload content length greater than maximum allowed: 512000", "")
		return nil, nil, &r
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return refuse("Payload validation error: 'Invalid multipart payload format'.")
	}
	form = map[string]string{}
	found := false
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			if !found {
				return refuse("Must provide 'users' file as multipart part.")
			}
			return file, form, nil
		case err != nil:
			return refuse("Payload validation error: 'Invalid multipart payload format'.")
		}
		raw, err := io.ReadAll(io.LimitReader(part, maxImport+1))
		switch {
		case len(raw) > maxImport:
			return tooLarge()
		case err != nil:
			return refuse("Payload validation error: 'Invalid multipart payload format'.")
		case part.FormName() == "users":
			file, found = raw, true
		case len(raw) <= 4096:
			form[part.FormName()] = string(raw)
		}
	}
}

var bcryptShape = regexp.MustCompile(`^\$2[ab]\$10\$[./A-Za-z0-9]{53}$`)

// importedUser is one user of an import file.
func importedUser() shape {
	s := newUser()
	s.fields = maps.Clone(s.fields)
	for _, name := range []string{"connection", "password", "verify_email"} {
		delete(s.fields, name)
	}
	s.need = nil
	factor := anObject(fields{"totp": anObject(fields{"secret": aText(1)}, "secret"), "phone": anObject(fields{"value": aText().matching(phoneShape)}, "value"),
		"email": anObject(fields{"value": aText().like("email")}, "value")}).atLeast(1)
	return s.with("password_hash", aText().matching(bcryptShape)).with("mfa_factors", aList(factor, 0, 10)).
		with("custom_password_hash", anObject(fields{"algorithm": aChoice("argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512",
			"pbkdf2", "scrypt"), "hash": free(), "salt": free(), "password": free(), "keylen": anything(), "cost": anything(), "blockSize": anything(),
			"parallelization": anything()}, "algorithm", "hash"))
}

// runImport puts the users of a job in, one after another, and notes what was wrong with those it could not.
func (t *Tenant) runImport(j *job) {
	cn, want := t.connections.at(j.ConnectionID), importedUser()
	sum := jobSummary{Total: len(j.Rows)}
	seen := map[string]bool{}
	for _, row := range j.Rows {
		bad := want.check(anyMap(row), "")
		if bad == nil {
			bad = t.importProblem(row, cn, seen)
		}
		var inserted bool
		if bad == nil {
			inserted, bad = t.importOne(row, cn, j.Upsert)
		}
		switch {
		case bad != nil:
			sum.Failed++
			j.Errors = append(j.Errors, rowError{User: withoutSecrets(row), Code: bad.code, Message: bad.message, Path: bad.path})
		case inserted:
			sum.Inserted++
		default:
			sum.Updated++
		}
	}
	if sum.Total == 0 || sum.Failed < sum.Total {
		t.record("sui", nil, "Users import succeeded")
	} else {
		t.record("fui", nil, "Users import failed")
	}
	j.Summary, j.Rows = &sum, nil
}

// anyMap is a map as a decoded JSON value; no map at all is null.
func anyMap(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

// withoutSecrets is a row as the errors of a job show it.
func withoutSecrets(row map[string]any) map[string]any {
	out := maps.Clone(row)
	for _, name := range []string{"password_hash", "custom_password_hash", "mfa_factors"} {
		delete(out, name)
	}
	if out == nil {
		out = map[string]any{}
	}
	return out
}

// importProblem is what the shape of a row cannot tell.
func (t *Tenant) importProblem(row map[string]any, cn *connection, seen map[string]bool) *flaw {
	email, _ := row["email"].(string)
	phone, _ := row["phone_number"].(string)
	_, hash := row["password_hash"]
	_, custom := row["custom_password_hash"]
	switch {
	case cn == nil:
		return &flaw{"CONNECTION_NOT_FOUND", "The connection does not exist", ""}
	case email == "" && phone == "":
		return &flaw{"OBJECT_REQUIRED", "Missing required property: email", ""}
	case hash && custom:
		return &flaw{"NOT_PASSED", "Data matches schema from 'not'", ""}
	case email != "" && seen[strings.ToLower(email)]:
		return &flaw{"CONFLICT_EMAIL", "Multiple users with the same email in the file", "email"}
	}
	seen[strings.ToLower(email)] = true
	if bad := metadataProblem(row); bad != nil {
		message, _ := dig(bad.body, "message").(string)
		return &flaw{"NOT_PASSED", message, ""}
	}
	return nil
}

// importOne adds a user, or changes the one with the same address when the job may. Metadata is replaced, not merged.
func (t *Tenant) importOne(row map[string]any, cn *connection, upsert bool) (inserted bool, bad *flaw) {
	now := t.now().UTC()
	email, _ := row["email"].(string)
	id, _ := row["user_id"].(string)
	id = strings.TrimPrefix(id, "auth0|")
	old := t.users.at("auth0|" + id)
	for _, known := range t.byEmail(strings.ToLower(email)) {
		if t.users.at(known).connection() == cn.Name {
			old = t.users.at(known)
		}
	}
	if old != nil && !upsert {
		return false, &flaw{"DUPLICATED_USER", "The user already exist and upsert parameter is false", ""}
	}
	if id == "" {
		id = pick(t.ids, 24, hexDigits)
	}
	u := &user{ID: "auth0|" + id, Created: now, Identities: []identity{{Connection: cn.Name, UserID: id, Provider: "auth0"}}}
	if old != nil {
		u = old.clone()
		for name, into := range map[string]*map[string]any{"user_metadata": &u.UserMetadata, "app_metadata": &u.AppMetadata} {
			if _, sent := row[name]; sent {
				*into = nil
			}
		}
	}
	u.Updated = now
	u.apply(row)
	if clash := t.clash(u, u); clash != nil {
		return false, &flaw{"CONFLICT_USERNAME", "The username or phone number is in use already", "username"}
	}
	u.fillIn()
	if hash, sent := row["password_hash"].(string); sent {
		u.Password = hash
	}
	t.importMethods(t.ids, u, row, now)
	t.put(u)
	return old == nil, nil
}

// importMethods gives a user the factors of a row.
func (t *Tenant) importMethods(r *mathrand.Rand, u *user, row map[string]any, now time.Time) {
	list := slices.Clone(t.methods.at(u.ID))
	if !slices.ContainsFunc(list, func(m *authMethod) bool { return m.Type == "password" }) {
		list = append(list, passwordMethod(r, now))
	}
	raw, _ := row["mfa_factors"].([]any)
	for _, v := range raw {
		for _, kind := range []string{"totp", "phone", "email"} {
			of, sent := dig(v, kind).(map[string]any)
			if !sent {
				continue
			}
			m := &authMethod{ID: kind + "|dev_" + pick(r, 16, alnum), Type: kind, Confirmed: true, Created: now, Enrolled: now}
			value, _ := of["value"].(string)
			if m.Phone, m.Email = "", ""; kind == "phone" {
				m.Phone, m.Preferred = value, "sms"
			} else if kind == "email" {
				m.Email = value
			}
			if !slices.ContainsFunc(list, m.same) {
				list = append(list, m)
			}
		}
	}
	t.methods.set(u.ID, list)
}
