package lucene

import (
	"fmt"
	"strings"
)

// syntax is which of the two searches a query is for.
type syntax int

const (
	userSearch syntax = iota
	logSearch
)

// existsField asks for a field's presence, as in _exists_:logins_count.
const existsField = "_exists_"

// bare lists the fields that a term without a field looks at. Metadata is never among them.
func (s syntax) bare() []string {
	if s == logSearch {
		return []string{"client_name", "connection", "description", "ip", "log_id", "type", "user_name"}
	}
	return []string{"email", "name", "given_name", "family_name", "nickname", "username", "user_id", "phone_number"}
}

// folds reports a field that compares without regard to case.
func (s syntax) folds(field string) bool {
	if s == logSearch {
		return false
	}
	switch field {
	case "email", "email.domain", "name", "given_name", "family_name", "nickname":
		return true
	}
	return false
}

func (s syntax) isDate(field string) bool {
	if s == logSearch {
		return field == "date"
	}
	switch field {
	case "created_at", "updated_at", "last_login":
		return true
	}
	return false
}

func (s syntax) isNumber(field string) bool { return s == userSearch && field == "logins_count" }

// refusal says why a field cannot be searched. It is empty when it can.
func (s syntax) refusal(field string) string {
	root, _, _ := strings.Cut(field, ".")
	metadata := s == userSearch && (root == "user_metadata" || root == "app_metadata")
	switch {
	case field == "_missing_":
		return "_missing_ is not supported: write NOT _exists_:field"
	case strings.HasPrefix(field, ".") || strings.HasSuffix(field, ".") || strings.Contains(field, ".."):
		return fmt.Sprintf("the field name %q has an empty part", field)
	case strings.HasSuffix(field, ".raw") && !metadata:
		return fmt.Sprintf("the .raw suffix is not supported: write %s", strings.TrimSuffix(field, ".raw"))
	}
	if s == logSearch {
		return unknownLogField(field)
	}
	switch root {
	case "connection":
		return "the field connection is not supported: write identities.connection"
	case "picture", "multifactor", "blocked_for", "last_password_reset", "guardian_authenticators":
		return fmt.Sprintf("the field %s cannot be searched", root)
	}
	return ""
}

func unknownLogField(field string) string {
	switch field {
	case "client_id", "client_name", "connection", "connection_id", "description", "date", "hostname", "ip", "log_id",
		"organization_id", "user_id", "user_name", "user_agent", "strategy", "strategy_type", "type":
		return ""
	}
	return fmt.Sprintf("unknown field %q", field)
}

// plainOnly reports a field that Auth0 searches neither by wildcard nor by range.
func (s syntax) plainOnly(field string) bool {
	return s == userSearch && (field == "user_metadata" || strings.HasPrefix(field, "user_metadata."))
}
