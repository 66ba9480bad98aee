package lucene

import (
	"strings"
	"time"
)

// person is a user as a store would keep one: typed, with the lower case of what folds beside it.
type person struct {
	text        [numFields]string
	lower       [numFields]string
	blocked     *bool
	logins      int
	lastLogin   time.Time
	connections []string
	orgs        []string
	user, app   map[string]any
}

const numFields = FieldAppMetadata + 1

func textFields() map[string]FieldID {
	return map[string]FieldID{
		"user_id": FieldUserID, "email": FieldEmail, "name": FieldName, "given_name": FieldGivenName,
		"family_name": FieldFamilyName, "nickname": FieldNickname, "username": FieldUsername,
		"phone_number": FieldPhoneNumber,
	}
}

// personOf reads a record that holds what a person can.
func personOf(tb interface{ Fatal(args ...any) }, m map[string]any) *person {
	p := &person{}
	for name, id := range textFields() {
		if s, ok := m[name].(string); ok {
			p.text[id], p.lower[id] = s, strings.ToLower(s)
		}
	}
	if b, ok := m["blocked"].(bool); ok {
		p.blocked = &b
	}
	if n, ok := m["logins_count"].(float64); ok {
		p.logins = int(n)
	}
	if s, ok := m["last_login"].(string); ok {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			tb.Fatal(err)
		}
		p.lastLogin = at
	}
	for _, i := range asList(m["identities"]) {
		p.connections = append(p.connections, i.(map[string]any)["connection"].(string))
	}
	for _, o := range asList(m["organization_id"]) {
		p.orgs = append(p.orgs, o.(string))
	}
	p.user, _ = m["user_metadata"].(map[string]any)
	p.app, _ = m["app_metadata"].(map[string]any)
	return p
}

func asList(v any) []any { l, _ := v.([]any); return l }

func (p *person) Visit(f *Field, v Visitor) bool {
	switch f.ID {
	case FieldUserID, FieldUsername, FieldPhoneNumber:
		s := p.text[f.ID]
		return s != "" && v.Text(s)
	case FieldEmail, FieldName, FieldGivenName, FieldFamilyName, FieldNickname:
		s := p.text[f.ID]
		return s != "" && v.Folded(s, p.lower[f.ID])
	case FieldBlocked:
		return p.blocked != nil && v.Truth(*p.blocked)
	case FieldLoginsCount:
		return p.logins > 0 && v.Number(float64(p.logins))
	case FieldLastLogin:
		return !p.lastLogin.IsZero() && v.Time(p.lastLogin)
	case FieldIdentityConnection:
		return shown(p.connections, v)
	case FieldOrganizationID:
		return shown(p.orgs, v)
	case FieldUserMetadata:
		return Walk(p.user, f.Path[1:], v)
	case FieldAppMetadata:
		return Walk(p.app, f.Path[1:], v)
	}
	return false
}

func shown(list []string, v Visitor) bool {
	for _, s := range list {
		if v.Text(s) {
			return true
		}
	}
	return false
}

func (p *person) Values(path string) []any { return List(p, path) }
