package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"usher/auth0client/term"
)

// Auth0's figures for what a user may hold, in bytes of JSON. A profile over its limit is still saved today, is flagged in
// the tenant's log and may be refused later.
//
// Source: https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure
const (
	ProfileLimit  = 10 << 10
	MetadataLimit = 16 << 10
)

// BadJSON: a text is no JSON object. Line and Column count from 1, columns in characters.
type BadJSON struct {
	Line, Column int
	Reason       string
}

func (e *BadJSON) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// ParseMetadata reads metadata that an operator wrote: one JSON object, no key twice in any object of it. Numbers keep
// their digits. An empty text is an empty object. The error is a *[BadJSON].
func ParseMetadata(text string) (map[string]any, error) {
	if strings.TrimSpace(text) == "" {
		return map[string]any{}, nil
	}
	at := func(offset int64, reason string) error {
		before := text[:max(0, min(int(offset), len(text)))]
		line := strings.Count(before, "\n") + 1
		return &BadJSON{line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1, reason}
	}
	if !utf8.ValidString(text) {
		return nil, at(0, "it is not UTF-8 text")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax) && syntax.Offset > 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil, at(syntax.Offset-1, syntax.Error())
		default:
			return nil, at(int64(len(strings.TrimRight(text, " \t\r\n"))), "the JSON ends too early")
		}
	}
	end := dec.InputOffset()
	if rest := text[end:]; strings.TrimSpace(rest) != "" {
		return nil, at(end+int64(len(rest)-len(strings.TrimLeft(rest, " \t\r\n"))), "something follows after the end of the object")
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, at(int64(len(text)-len(strings.TrimLeft(text, " \t\r\n"))), "metadata is an object: it begins with { and ends with }")
	}
	walk := json.NewDecoder(strings.NewReader(text))
	if key, twice := repeated(walk); twice {
		return nil, at(walk.InputOffset()-1, fmt.Sprintf("the key %q comes twice in one object", term.Line(key)))
	}
	return m, nil
}

// repeated walks through one value and stops behind a key that its object has already.
func repeated(dec *json.Decoder) (key string, twice bool) {
	t, err := dec.Token()
	if err != nil {
		return "", false
	}
	seen := map[string]bool{}
	switch t {
	case json.Delim('{'):
		for dec.More() {
			name, err := dec.Token()
			k, ok := name.(string)
			if err != nil || !ok {
				return "", false
			}
			if seen[k] {
				return k, true
			}
			seen[k] = true
			if key, twice = repeated(dec); twice {
				return key, true
			}
		}
	case json.Delim('['):
		for dec.More() {
			if key, twice = repeated(dec); twice {
				return key, true
			}
		}
	default:
		return "", false
	}
	_, _ = dec.Token() // the end of it
	return "", false
}

// RefusedKeys says in words which first-level keys Auth0 would refuse in user_metadata or app_metadata, and why.
//
// Source: https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data
func RefusedKeys(kind string, keys map[string]any) []string {
	reserved := strings.Fields("__tenant _id blocked clientID created_at email_verified email globalClientID global_client_id identities " +
		"lastIP lastLogin loginsCount metadata multifactor_last_modified multifactor updated_at user_id")
	var out []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if keys[k] == nil {
			continue // what is taken away need not be allowed
		}
		shown := term.Line(k).String()
		switch {
		case k == "":
			out = append(out, kind+" has a key without a name")
		case strings.ContainsAny(k, ".$"):
			out = append(out, fmt.Sprintf("%s.%s: Auth0 allows no . and no $ in a key", kind, shown))
		case kind == "app_metadata" && slices.Contains(reserved, k):
			out = append(out, fmt.Sprintf("app_metadata.%s: Auth0 keeps this name for itself", shown))
		}
	}
	return out
}

// Size is how many bytes a value takes as compact JSON.
func Size(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(raw)
}

// SizeWarning says that metadata is large, in words; empty while it is not.
func SizeWarning(kind string, bytes int) string {
	switch {
	case bytes > MetadataLimit:
		return fmt.Sprintf("%s is %.1f KB: beyond 16 KB Auth0 may refuse it, and it does not fit into a token", kind, float64(bytes)/1024)
	case bytes > ProfileLimit:
		return fmt.Sprintf("%s is %.1f KB: a profile over 10 KB is flagged in the tenant's log and may be refused one day", kind, float64(bytes)/1024)
	}
	return ""
}
