package auth0client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"usher/auth0client/term"
)

// text is a JSON string that may be a number, a boolean or null where a tenant's data is odd.
type text string

// UnmarshalJSON takes any JSON scalar; anything else is kept as its JSON.
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case bytes.Equal(b, []byte("null")):
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

func (t text) line() term.Safe { return term.Line(string(t)) }

// flag is a JSON boolean that may be a string or absent.
type flag bool

// UnmarshalJSON takes true, "true" and 1 for true, all else for false.
func (f *flag) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	*f = s == "true" || s == "1"
	return nil
}

// number is a JSON number that may be a string or absent.
type number int

// UnmarshalJSON takes what is a whole number, and 0 for the rest.
func (n *number) UnmarshalJSON(b []byte) error {
	var i json.Number
	if json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &i) == nil {
		if v, err := i.Int64(); err == nil {
			*n = number(v)
		} else if v, err := i.Float64(); err == nil && v > -1e15 && v < 1e15 {
			*n = number(v)
		}
	}
	return nil
}

// moment is a JSON date; Auth0's dates are RFC 3339 strings, and absent or odd ones are the zero time.
type moment struct{ time.Time }

// UnmarshalJSON takes an RFC 3339 string, or gives the zero time.
func (m *moment) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			m.Time = t
		}
	}
	return nil
}

// list decodes an array, an object that holds it under one of keys, or null.
func list[T any](body []byte, keys ...string) (items []T, totals map[string]json.RawMessage, err error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || bytes.Equal(body, []byte("null")) {
		return nil, nil, nil
	}
	if body[0] == '{' {
		if err := json.Unmarshal(body, &totals); err != nil {
			return nil, nil, badAnswer(err)
		}
		body = nil
		for _, k := range keys {
			if v, ok := totals[k]; ok {
				body = v
			}
		}
		if body == nil {
			return nil, nil, badAnswer(fmt.Errorf("it has none of %s", strings.Join(keys, ", ")))
		}
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, nil, badAnswer(err)
	}
	items = make([]T, 0, len(raw))
	for _, r := range raw {
		var item T
		if bytes.Equal(bytes.TrimSpace(r), []byte("null")) {
			continue
		}
		if err := json.Unmarshal(r, &item); err != nil {
			return nil, nil, badAnswer(err)
		}
		items = append(items, item)
	}
	return items, totals, nil
}

func badAnswer(err error) error {
	return &Unavailable{Err: errors.Join(errors.New("the answer cannot be read as JSON of the kind expected"), err)}
}

// userJSON is a user as the API gives them, read leniently.
type userJSON struct {
	UserID        text            `json:"user_id"`
	Email         text            `json:"email"`
	EmailVerified flag            `json:"email_verified"`
	Name          text            `json:"name"`
	Nickname      text            `json:"nickname"`
	GivenName     text            `json:"given_name"`
	FamilyName    text            `json:"family_name"`
	Username      text            `json:"username"`
	Phone         text            `json:"phone_number"`
	PhoneVerified flag            `json:"phone_verified"`
	Picture       text            `json:"picture"`
	Blocked       flag            `json:"blocked"`
	Logins        number          `json:"logins_count"`
	LastIP        text            `json:"last_ip"`
	CreatedAt     moment          `json:"created_at"`
	UpdatedAt     moment          `json:"updated_at"`
	LastLogin     moment          `json:"last_login"`
	LastPassword  moment          `json:"last_password_reset"`
	Identities    json.RawMessage `json:"identities"`
	UserMetadata  json.RawMessage `json:"user_metadata"`
	AppMetadata   json.RawMessage `json:"app_metadata"`
}

type identityJSON struct {
	Connection text `json:"connection"`
	Provider   text `json:"provider"`
	UserID     text `json:"user_id"`
	Social     flag `json:"isSocial"`
	// Profile is an object, or whatever an odd tenant has there.
	Profile json.RawMessage `json:"profileData"`
}

// facts are the attributes of an identity's own profile, by name. A profile that is no object has none.
func (i identityJSON) facts() []ProfileFact {
	var all map[string]text
	if json.Unmarshal(i.Profile, &all) != nil {
		return nil
	}
	var out []ProfileFact
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, ProfileFact{text(name).line(), all[name].line()})
	}
	return out
}

func (u userJSON) user() User {
	out := User{
		ID: UserID(u.UserID), EmailRaw: string(u.Email), Email: u.Email.line(), EmailVerified: bool(u.EmailVerified),
		Name: u.Name.line(), Nickname: u.Nickname.line(), GivenName: u.GivenName.line(), FamilyName: u.FamilyName.line(),
		Username: u.Username.line(), Phone: u.Phone.line(), PhoneVerified: bool(u.PhoneVerified), Picture: u.Picture.line(),
		Blocked: bool(u.Blocked), Logins: int(u.Logins), LastIP: u.LastIP.line(),
		CreatedAt: u.CreatedAt.Time, UpdatedAt: u.UpdatedAt.Time, LastLogin: u.LastLogin.Time, LastPassword: u.LastPassword.Time,
		UserMetadata: u.UserMetadata, AppMetadata: u.AppMetadata,
	}
	identities, _, err := list[identityJSON](u.Identities)
	if err != nil {
		return out // an identity list that is no list leaves the rest of the record readable
	}
	for _, i := range identities {
		out.Identities = append(out.Identities, Identity{
			Connection: i.Connection.line(), Provider: i.Provider.line(), UserID: i.UserID.line(), Social: bool(i.Social), Profile: i.facts(),
			Key: IdentityKey{string(i.Provider), string(i.UserID)},
		})
	}
	return out
}

func decodeUser(body []byte) (User, error) {
	var u userJSON
	if err := json.Unmarshal(body, &u); err != nil {
		return User{}, badAnswer(err)
	}
	if u.UserID == "" {
		return User{}, badAnswer(errors.New("it has no user_id"))
	}
	out := u.user()
	out.JSON, out.Record = pretty(body), bytes.Clone(body)
	return out, nil
}

func pretty(body []byte) term.Safe {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		return term.Block(string(body))
	}
	return term.Block(b.String())
}
