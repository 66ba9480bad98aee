package auth0client

import (
	"bytes"
	"encoding/json"
	"strings"

	"usher/auth0client/term"
)

// Value is what a user has at a path such as "app_metadata.contract_id", in words; empty for nothing. It reads metadata
// and what the exact record holds.
func (u User) Value(path string) term.Safe {
	root, rest, _ := strings.Cut(path, ".")
	var raw json.RawMessage
	switch root {
	case "app_metadata":
		raw = u.AppMetadata
	case "user_metadata":
		raw = u.UserMetadata
	default:
		raw, rest = u.Record, path
	}
	for rest != "" {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return term.Safe{}
		}
		var name string
		if name, rest, _ = strings.Cut(rest, "."); object[name] == nil {
			return term.Safe{}
		}
		raw = object[name]
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return term.Safe{}
	}
	var s text
	if json.Unmarshal(raw, &s) != nil {
		return term.Safe{}
	}
	return s.line()
}
