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
	if r.self && op.Subject != "" && aboutSelf(op, ids, d.Fields) {
		return d, &Refusal{Code: "usher_self", Message: "nobody changes their own account through usher: ask another operator"}
	}
	return d, nil
}

// aboutSelf reports whether an id in the path or the body is the operator's own. Ids that differ in their letters' case
// only count as the same: no two people are told apart by that, and a lenient reader may take one for the other.
func aboutSelf(op Operator, ids []string, fields map[string]any) bool {
	own := func(id string) bool { return strings.EqualFold(strings.TrimSpace(id), op.Subject) }
	if slices.ContainsFunc(ids, own) {
		return true
	}
	for _, f := range []string{"user_id", "users", "members"} {
		switch v := fields[f].(type) {
		case string:
			if own(v) {
				return true
			}
		case []any:
			if slices.ContainsFunc(v, func(item any) bool { id, ok := item.(string); return ok && own(id) }) {
				return true
			}
		}
	}
	// A ticket may name its user by email alone.
	email, _ := fields["email"].(string)
	return len(ids) == 0 && op.Email != "" && strings.EqualFold(strings.TrimSpace(email), op.Email)
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

// bodyFields decodes an object and refuses doubled keys at any depth, which two readers could take differently.
func bodyFields(body []byte) (map[string]any, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, nil
	}
	if body[0] != '{' {
		return nil, fmt.Errorf("it starts with %q", body[:1])
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	return fields, uniqueKeys(json.NewDecoder(bytes.NewReader(body)))
}

// uniqueKeys walks valid JSON and names the first key that an object holds twice.
func uniqueKeys(dec *json.Decoder) error {
	type level struct {
		keys map[string]bool // nil for an array
		key  bool            // the next token is a key
	}
	var open []level
	for {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		if top := len(open) - 1; top >= 0 && open[top].key {
			if name, ok := token.(string); ok {
				if open[top].keys[name] {
					return fmt.Errorf("it has %q twice", name)
				}
				open[top].keys[name], open[top].key = true, false
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{keys: map[string]bool{}, key: true})
			continue
		case json.Delim('['):
			open = append(open, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return nil
		}
		top := &open[len(open)-1]
		top.key = top.keys != nil
	}
}
