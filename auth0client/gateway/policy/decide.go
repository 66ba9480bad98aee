package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Decide says whether op may make this request; a no is a *Refusal. body is the whole body, nil for none.
func (t *Table) Decide(op Operator, method, escapedPath string, body []byte) (Decision, error) {
	r, ids, ok := t.find(method, escapedPath)
	if !ok {
		return Decision{}, &Refusal{Code: "usher_route", Message: "usher's gateway does not forward this request: it is not in its table"}
	}
	d := Decision{Actions: r.actions, Write: method != http.MethodGet, Path: rebuild(r.path, ids)}
	if len(ids) > 0 {
		d.Target = ids[0]
	}
	if d.Write {
		fields, err := bodyFields(body)
		if err != nil {
			return d, &Refusal{Code: "usher_field", Message: "the request's body is not a JSON object: " + err.Error()}
		}
		for f := range fields {
			if !slices.Contains(r.fields, f) {
				return d, &Refusal{Code: "usher_field", Message: fmt.Sprintf("usher's gateway does not forward the field %q of this request", f)}
			}
		}
		d.Fields = fields
		if r.decide != nil {
			d.Actions = r.decide(fields)
		}
	} else if len(bytes.TrimSpace(body)) > 0 {
		return d, &Refusal{Code: "usher_field", Message: "a reading request has no body"}
	}
	for _, a := range d.Actions {
		if !op.May(a) {
			return d, &Refusal{Code: "usher_permission", Message: "you lack the permission " + string(a), Permission: a}
		}
	}
	if r.self && op.Subject != "" && aboutSelf(op.Subject, d) {
		return d, &Refusal{Code: "usher_self", Message: "nobody changes their own account through usher: ask another operator"}
	}
	return d, nil
}

func aboutSelf(subject string, d Decision) bool {
	if d.Target == subject {
		return true
	}
	users, _ := d.Fields["users"].([]any)
	return slices.Contains(users, any(subject))
}

// rebuild writes the path anew from its decoded parts, so that what is forwarded is what was decided.
func rebuild(pattern string, ids []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(prefix, "/"))
	for _, p := range strings.Split(pattern, "/") {
		b.WriteByte('/')
		if p == "{id}" {
			p, ids = url.PathEscape(ids[0]), ids[1:]
		}
		b.WriteString(p)
	}
	return b.String()
}

// bodyFields decodes an object and refuses doubled keys, which two readers could take differently.
func bodyFields(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	open, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if open != json.Delim('{') {
		return nil, fmt.Errorf("it starts with %v", open)
	}
	fields := map[string]any{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("it has %q twice", name)
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		fields[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, fmt.Errorf("something follows it")
	}
	return fields, nil
}
