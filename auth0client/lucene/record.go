package lucene

import (
	"encoding/json"
	"strings"
	"time"
)

// Record is a [Document] for a store that searches many: it shows its values one by one instead of listing them, so that
// matching need not allocate.
type Record interface {
	// Visit shows v the values at f, as [Document] would list them, until v takes one, and reports whether it did. For
	// "email.domain" f is the email.
	Visit(f *Field, v Visitor) bool
}

// Visitor is shown a record's values. Each method reports whether the value was taken: no more are wanted then.
type Visitor interface {
	Text(s string) bool
	// Folded is a text that the store keeps in lower case too (strings.ToLower), which saves folding it again.
	Folded(s, lower string) bool
	Number(n float64) bool
	Truth(b bool) bool
	// Time is a date. As text it is RFC 3339 in UTC with milliseconds, as Auth0 writes it.
	Time(at time.Time) bool
	// Object is an object with something in it. Only _exists_ looks at it.
	Object() bool
}

// Field is a field that a query names, read once.
type Field struct {
	ID   FieldID
	Name string   // dotted, such as "app_metadata.plan"
	Path []string // Name, split at its dots
}

// FieldID names a field in a number, so that a store need not compare strings.
type FieldID uint8

// The fields of users, then those of log events. A field that both have stands among the users'.
const (
	FieldOther FieldID = iota
	FieldUserID
	FieldEmail
	FieldEmailVerified
	FieldUsername
	FieldPhoneNumber
	FieldPhoneVerified
	FieldName
	FieldGivenName
	FieldFamilyName
	FieldNickname
	FieldBlocked
	FieldCreatedAt
	FieldUpdatedAt
	FieldLastLogin
	FieldLoginsCount
	FieldLastIP
	FieldOrganizationID
	FieldIdentityConnection
	FieldIdentityProvider
	FieldIdentityUserID
	FieldIdentityIsSocial
	FieldIdentity     // all else below identities: Path[1:] is within an identity
	FieldUserMetadata // the whole, or what is at Path[1:] within
	FieldAppMetadata  // the whole, or what is at Path[1:] within
	FieldLogID
	FieldType
	FieldDate
	FieldDescription
	FieldConnection
	FieldConnectionID
	FieldClientID
	FieldClientName
	FieldIP
	FieldHostname
	FieldUserName
	FieldUserAgent
	FieldStrategy
	FieldStrategyType
)

func fieldID(name string) FieldID {
	switch name {
	case "user_id":
		return FieldUserID
	case "email":
		return FieldEmail
	case "email_verified":
		return FieldEmailVerified
	case "username":
		return FieldUsername
	case "phone_number":
		return FieldPhoneNumber
	case "phone_verified":
		return FieldPhoneVerified
	case "name":
		return FieldName
	case "given_name":
		return FieldGivenName
	case "family_name":
		return FieldFamilyName
	case "nickname":
		return FieldNickname
	case "blocked":
		return FieldBlocked
	case "created_at":
		return FieldCreatedAt
	case "updated_at":
		return FieldUpdatedAt
	case "last_login":
		return FieldLastLogin
	case "logins_count":
		return FieldLoginsCount
	case "last_ip":
		return FieldLastIP
	case "organization_id":
		return FieldOrganizationID
	case "identities.connection":
		return FieldIdentityConnection
	case "identities.provider":
		return FieldIdentityProvider
	case "identities.user_id":
		return FieldIdentityUserID
	case "identities.isSocial":
		return FieldIdentityIsSocial
	}
	switch root, _, _ := strings.Cut(name, "."); root {
	case "identities":
		return FieldIdentity
	case "user_metadata":
		return FieldUserMetadata
	case "app_metadata":
		return FieldAppMetadata
	}
	return logFieldID(name)
}

func logFieldID(name string) FieldID {
	switch name {
	case "log_id":
		return FieldLogID
	case "type":
		return FieldType
	case "date":
		return FieldDate
	case "description":
		return FieldDescription
	case "connection":
		return FieldConnection
	case "connection_id":
		return FieldConnectionID
	case "client_id":
		return FieldClientID
	case "client_name":
		return FieldClientName
	case "ip":
		return FieldIP
	case "hostname":
		return FieldHostname
	case "user_name":
		return FieldUserName
	case "user_agent":
		return FieldUserAgent
	case "strategy":
		return FieldStrategy
	case "strategy_type":
		return FieldStrategyType
	}
	return FieldOther
}

// Walk shows v what decoded JSON holds at path, and reports whether v took a value. Array levels are passed through;
// null, empty arrays and empty objects hold nothing.
func Walk(x any, path []string, v Visitor) bool {
	switch x := x.(type) {
	case map[string]any:
		if len(path) > 0 {
			return Walk(x[path[0]], path[1:], v)
		}
		return filled(x) && v.Object()
	case []any:
		for _, e := range x {
			if Walk(e, path, v) {
				return true
			}
		}
		return false
	case []string:
		for _, e := range x {
			if len(path) == 0 && v.Text(e) {
				return true
			}
		}
		return false
	}
	return len(path) == 0 && show(x, v)
}

// show shows v a single value.
func show(x any, v Visitor) bool {
	switch x := x.(type) {
	case string:
		return v.Text(x)
	case float64:
		return v.Number(x)
	case bool:
		return v.Truth(x)
	case json.Number:
		n, err := x.Float64()
		return err == nil && v.Number(n)
	case int:
		return v.Number(float64(x))
	case int64:
		return v.Number(float64(x))
	}
	return false
}

// filled reports whether there is a value anywhere in x: Auth0 does not index null, empty arrays and empty objects.
func filled(x any) bool {
	switch x := x.(type) {
	case nil:
		return false
	case map[string]any:
		for _, e := range x {
			if filled(e) {
				return true
			}
		}
		return false
	case []any:
		for _, e := range x {
			if filled(e) {
				return true
			}
		}
		return false
	case []string:
		return len(x) > 0
	}
	return true
}
