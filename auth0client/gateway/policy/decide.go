package policy

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func fieldRefusal(format string, a ...any) *Refusal {
	return &Refusal{Code: "usher_field", Message: fmt.Sprintf(format, a...)}
}

// Decide says whether op may make this request, by the table and their permissions; a no is a *Refusal. What the operator's
// policies say comes after it, in [Rules].
func (t *Table) Decide(op Operator, q Request) (Decision, error) {
	r, ids, ok := t.find(q.Method, q.Path)
	if !ok {
		return Decision{}, &Refusal{Code: "usher_route", Message: "usher's gateway does not forward this request: it is not in its table"}
	}
	return decideOn(r, ids, op, q)
}

func decideOn(r route, ids []string, op Operator, q Request) (Decision, error) {
	d := Decision{
		Actions: r.actions, Write: q.Method != http.MethodGet, Path: rebuild(r.path, ids), Pattern: r.path, IDs: ids,
		Subject: r.about, Answer: r.answer, Form: r.form, NotSelf: r.self, Handover: r.handover,
	}
	if len(ids) > 0 {
		d.Target = ids[0]
	}
	malformed := d.parse(r, q)
	if r.decide != nil {
		d.Actions = r.decide(d.Fields)
	}
	for _, a := range d.Actions {
		if !op.May(a) {
			return d, &Refusal{Code: "usher_permission", Message: "you lack the permission " + string(a), Permission: a}
		}
	}
	if malformed != nil {
		return d, malformed
	}
	if r.self && d.about(op) {
		return d, Self()
	}
	return d, nil
}

// Self refuses what an operator may not do to themselves.
func Self() *Refusal {
	return &Refusal{Code: "usher_self", Message: "nobody changes their own account through usher: ask another operator"}
}

// parse reads the query and the body and finds whom they name.
func (d *Decision) parse(r route, q Request) error {
	var err error
	if d.Query, err = parameters(q.Query, r.query); err != nil {
		return err
	}
	switch {
	case !d.Write && len(bytes.TrimSpace(q.Body)) > 0:
		return fieldRefusal("a reading request has no body")
	case r.form:
		err = d.readForm(q.ContentType, q.Body)
	case d.Write:
		d.Fields, err = readObject(q.ContentType, q.Body)
	}
	if err != nil {
		return err
	}
	for f := range d.Fields {
		if !slices.Contains(r.fields, f) {
			return fieldRefusal("usher's gateway does not forward the field %q of this request", f)
		}
	}
	if err := d.shaped(); err != nil {
		return err
	}
	for _, n := range r.needs {
		if !d.has(n) {
			return fieldRefusal("this request needs %q: without it it would not say whom it is about", n)
		}
	}
	return d.name(r)
}

// parameters reads a query; what is not known, comes twice or cannot be read in one way is refused.
func parameters(raw string, known []string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &Refusal{Code: "usher_query", Message: "the request's query cannot be read in one way only"}
	}
	for name, v := range values {
		switch {
		case !slices.Contains(known, name):
			return nil, &Refusal{Code: "usher_query", Message: fmt.Sprintf("usher's gateway does not forward the parameter %q of this request", name)}
		case len(v) != 1:
			return nil, &Refusal{Code: "usher_query", Message: fmt.Sprintf("the parameter %q comes more than once", name)}
		case !utf8.ValidString(v[0]) || strings.ContainsFunc(v[0], unicode.IsControl):
			return nil, &Refusal{Code: "usher_query", Message: fmt.Sprintf("the parameter %q holds control characters", name)}
		}
	}
	return values, nil
}

// readObject reads a JSON body. A body that calls itself something else would be read otherwise further on.
func readObject(contentType string, body []byte) (map[string]any, error) {
	if contentType != "" && len(body) > 0 {
		if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/json" {
			return nil, fieldRefusal("the request's body must be application/json")
		}
	}
	fields, err := bodyFields(body)
	if err != nil {
		return nil, fieldRefusal("the request's body is not a JSON object: %v", err)
	}
	return fields, nil
}

// shaped refuses roles and permissions that do not come as Auth0 describes them: what is asked about each of them must be
// asked about all that a lenient reader could find.
func (d *Decision) shaped() error {
	roles := d.Fields["roles"]
	_, list := roles.([]any)
	if _, named := texts(roles); roles != nil && (!list || !named) {
		return fieldRefusal(`the field "roles" must be a list of roles' ids`)
	}
	v, ok := d.Fields["permissions"]
	if !ok {
		return nil
	}
	items, ok := v.([]any)
	for _, item := range items {
		permission, _ := item.(map[string]any)
		name, _ := permission["permission_name"].(string)
		api, _ := permission["resource_server_identifier"].(string)
		ok = ok && name != "" && api != ""
	}
	if !ok {
		return fieldRefusal(`the field "permissions" must be a list of objects with permission_name and resource_server_identifier`)
	}
	return nil
}

// has reports a parameter or field that is there and not empty.
func (d *Decision) has(name string) bool {
	if d.Query.Get(name) != "" {
		return true
	}
	switch v := d.Fields[name].(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return true
}

// name finds the users that the request is about, so that nothing else needs to know where each route keeps them.
func (d *Decision) name(r route) error {
	if r.user > 0 {
		d.Users = append(d.Users, d.IDs[r.user-1])
	}
	switch {
	case r.path == "users/{id}/identities":
		provider, ok1 := d.Fields["provider"].(string)
		second, ok2 := d.Fields["user_id"].(string)
		if !ok1 || !ok2 { // Auth0 takes a number for the id as well: which one it reads there is not for us to guess
			return fieldRefusal("the fields provider and user_id must be texts")
		}
		d.Users = append(d.Users, provider+"|"+second)
	case d.Subject == ByIdentifier:
		d.Identifier = d.Query.Get("identifier")
	case d.Subject == ByEmail && d.Fields["user_id"] != nil && d.Fields["email"] != nil:
		return fieldRefusal("name the user by user_id or by email, not by both")
	case d.Subject == ByEmail && d.Fields["user_id"] == nil:
		email, _ := d.Fields["email"].(string)
		if d.Identifier = email; email == "" {
			return fieldRefusal("this request needs a user_id or an email")
		}
	case d.Subject == OnePerson, d.Subject == ByEmail:
		d.Subject = OnePerson
		if id := d.Query.Get("user_id"); id != "" {
			d.Users = append(d.Users, id)
		}
		for _, f := range []string{"user_id", "users", "members"} {
			ids, ok := texts(d.Fields[f])
			if !ok {
				return fieldRefusal("the field %q must name users by their ids", f)
			}
			d.Users = append(d.Users, ids...)
		}
	case d.Answer == OwnedAnswer && d.Query.Get("user_id") != "":
		d.Subject, d.Users = OnePerson, []string{d.Query.Get("user_id")}
	}
	for _, id := range d.Users {
		if id == "" || dotted(id) || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
			return fieldRefusal("%q is not a user's id", id)
		}
	}
	if d.Target == "" && len(d.Users) > 0 {
		d.Target = d.Users[0]
	}
	return nil
}

// texts reads a string or a list of strings; what is absent is an empty list.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, v != ""
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok || s == "" {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}

// Is reports whether an id is the operator's. Ids that differ in their letters' case only count as the same: no two people
// are told apart by that, and a lenient reader may take one for the other.
func (o Operator) Is(id string) bool {
	return o.Subject != "" && strings.EqualFold(strings.TrimSpace(id), o.Subject)
}

// about reports whether the request is about the operator, as far as it says itself whom it is about.
func (d *Decision) about(op Operator) bool {
	mine := func(email string) bool {
		return op.Email != "" && strings.EqualFold(strings.TrimSpace(email), op.Email)
	}
	if slices.ContainsFunc(d.Users, op.Is) || mine(d.Identifier) {
		return true
	}
	return slices.ContainsFunc(d.People, func(p map[string]any) bool {
		email, _ := p["email"].(string)
		id, _ := p["user_id"].(string)
		return mine(email) || op.Is(id) || op.Is("auth0|"+id) // an import puts that before an id
	})
}

// NewReset decides on a mail with a link to set a new password, which is no request of the Management API: {"user_id"} is all
// it holds.
func NewReset(op Operator, q Request) (Decision, error) {
	r := write(post, "", []string{"user_id"}, UsersPassword).needing("user_id").of(OnePerson).notSelf()
	if q.Method != post {
		return Decision{}, &Refusal{Code: "usher_route", Message: "usher's gateway has no such endpoint"}
	}
	return decideOn(r, nil, op, q)
}
