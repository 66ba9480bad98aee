package desk

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
)

func TestMetadataIsReadWithTheLineAndColumnOfAMistake(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text   string
		line, column int
		says         string
	}{
		{"a missing comma", "{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, "invalid character '\"'"},
		{"a list", " [1]", 1, 2, "metadata is an object"},
		{"a text", `"a"`, 1, 1, "metadata is an object"},
		{"null", "null", 1, 1, "metadata is an object"},
		{"an end too early", "{\n \"a\": {", 2, 8, "ends too early"},
		{"something behind", "{}\n{}", 2, 1, "something follows"},
		{"a key twice", "{\"a\":1,\n\"b\":[{\"c\":1,\"c\":2}]}", 2, 15, `"c" comes twice`},
		{"a comma too many", `{"ä": 1,}`, 1, 9, "invalid character '}'"},
		{"no UTF-8", "{\"a\":\"\xff\"}", 1, 1, "not UTF-8"},
	} {
		_, err := ParseMetadata(tc.text)
		var bad *BadJSON
		if !errors.As(err, &bad) || bad.Line != tc.line || bad.Column != tc.column || !strings.Contains(bad.Reason, tc.says) {
			t.Errorf("%s: %v, want line %d, column %d, %q", tc.name, err, tc.line, tc.column, tc.says)
		}
	}
	deep := strings.Repeat(`{"a":`, 400) + "1" + strings.Repeat("}", 400)
	got, err := ParseMetadata(deep)
	if err != nil || len(got) != 1 {
		t.Errorf("deep metadata: %v", err)
	}
	if got, err := ParseMetadata(" \n"); err != nil || len(got) != 0 {
		t.Errorf("nothing reads as %v, %v", got, err)
	}
	if got, err := ParseMetadata(`{"id": 12345678901234567890}`); err != nil || got["id"] != json.Number("12345678901234567890") {
		t.Errorf("a large number reads as %v, %v", got, err)
	}
}

func FuzzParseMetadata(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":{"a":1},"b":[{}]}`, `{"a":1,"a":2}`, "{", "\xff", "[]", `{"a":1}x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseMetadata(text)
		var bad *BadJSON
		switch {
		case err != nil && (!errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1):
			t.Errorf("%q: %v", text, err)
		case err == nil && strings.TrimSpace(text) != "" && !json.Valid([]byte(text)):
			t.Errorf("%q reads as %v", text, got)
		}
	})
}

func TestKeysThatAuth0RefusesAreNamed(t *testing.T) {
	t.Parallel()
	got := strings.Join(RefusedKeys("app_metadata", map[string]any{"a.b": 1, "$c": 1, "email": 1, "plan": 1, "": 1, "user_id": nil}), "\n")
	for _, want := range []string{"app_metadata.a.b: Auth0 allows no .", "app_metadata.$c:", "app_metadata.email: Auth0 keeps", "without a name"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if strings.Contains(got, "plan") || strings.Contains(got, "user_id") || len(RefusedKeys("user_metadata", map[string]any{"email": 1})) != 0 {
		t.Errorf("refused without need: %s", got)
	}
}

func TestAssignmentsBecomeAChange(t *testing.T) {
	t.Parallel()
	c := auth0client.Change{}
	for _, a := range []string{"name=Ada = Lovelace", "email_verified=true", "user_metadata.plan=gold", `user_metadata.n=12345678901234567890`, `app_metadata.o={"a":[1]}`, "app_metadata.zip=01234"} {
		if err := Assign(c, a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, n := range []string{"nickname", "user_metadata.old"} {
		if err := Unset(c, n); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
	want := auth0client.Change{"name": "Ada = Lovelace", "email_verified": true, "nickname": nil,
		"user_metadata": map[string]any{"plan": "gold", "n": json.Number("12345678901234567890"), "old": nil},
		"app_metadata":  map[string]any{"o": map[string]any{"a": []any{json.Number("1")}}, "zip": "01234"}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %v, want %v", c, want)
	}
	for a, says := range map[string]string{"name": "name=value", "password=x": "password set", "blocked=true": "block and unblock", "name=": "unset it",
		"email_verified=yes": "true or false", "app_metadata.email=x": "for itself", "user_metadata.a.b=x": "no .", "user_metadata={}": "name its key", "user_id=x": "not an attribute"} {
		if err := Assign(auth0client.Change{}, a); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", a, err, says)
		}
	}
	if Unset(auth0client.Change{}, "email_verified") == nil {
		t.Error("a flag can be unset")
	}
}

func TestOnlyWhatDiffersIsSent(t *testing.T) {
	t.Parallel()
	u := auth0client.User{Record: json.RawMessage(`{"name":"Ada","email_verified":true,"user_metadata":{"a":1.0,"b":{"c":[1]}}}`)}
	same := auth0client.Change{"name": "Ada", "email_verified": true, "nickname": nil, "connection": "db", "verify_email": true,
		"user_metadata": map[string]any{"a": json.Number("1"), "b": map[string]any{"c": []any{json.Number("1")}}, "gone": nil}}
	if got := Needed(u, same); len(got) != 0 {
		t.Errorf("%v is sent although nothing differs", got)
	}
	got := Needed(u, auth0client.Change{"name": "Eve", "connection": "db", "user_metadata": map[string]any{"a": json.Number("2"), "gone": nil}})
	if want := (auth0client.Change{"name": "Eve", "connection": "db", "user_metadata": map[string]any{"a": json.Number("2")}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestACopyOfARecordMakesTheUserAnew(t *testing.T) {
	t.Parallel()
	got, err := Restored([]byte(`{"user_id":"auth0|6abc","email":"ada@example.com","email_verified":true,"name":"Ada","blocked":true,"logins_count":4,"last_ip":"192.0.2.1",
		"created_at":"2026-01-01T00:00:00Z","identities":[{"connection":"db","provider":"auth0","user_id":"6abc"}],"user_metadata":{"n":12345678901234567890,"x":null},"app_metadata":{}}`))
	want := auth0client.Change{"user_id": "6abc", "email": "ada@example.com", "email_verified": true, "name": "Ada", "blocked": true, "connection": "db",
		"user_metadata": map[string]any{"n": json.Number("12345678901234567890")}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for text, says := range map[string]string{"x": "no user's record", "{}": "names no connection", `{"connection":"db","app_metadata":[1]}`: "no JSON object", `{"connection":"db","app_metadata":{"a.b":1}}`: "no ."} {
		if _, err := Restored([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

type directory map[string][]auth0client.User

func (d directory) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{ID: id, Record: json.RawMessage("{}")}, nil
}

func (d directory) UsersByEmail(_ context.Context, email string) ([]auth0client.User, error) {
	return d[email], nil
}

func TestOneUserIsFoundByIDOrEmail(t *testing.T) {
	t.Parallel()
	u := func(id string) auth0client.User {
		return auth0client.User{ID: auth0client.UserID(id), Email: term.Line("x")}
	}
	d := directory{"ada+1@example.com": {u("auth0|1")}, "Ada+1@Example.com": {u("samlp|x|Ada")}, "eve@example.com": {u("auth0|2")}, `"a|b"@example.com`: {u("auth0|3")}, "jürgen@müller.example": {u("auth0|4")}}
	for name, want := range map[string]string{"samlp|acme/x|robin@example.com": "samlp|acme/x|robin@example.com", "eve@example.com": "auth0|2", "EVE@example.com ": "auth0|2",
		`"a|b"@example.com`: "auth0|3", "jürgen@müller.example": "auth0|4"} {
		got, err := One(t.Context(), d, name)
		if err != nil || string(got.ID) != want || got.Record == nil {
			t.Errorf("%s finds %v, %v", name, got.ID, err)
		}
	}
	var several *Ambiguous
	if _, err := One(t.Context(), d, "Ada+1@Example.com"); !errors.As(err, &several) || len(several.Users) != 2 || !strings.Contains(err.Error(), "samlp|x|Ada") {
		t.Errorf("two accounts give %v", err)
	}
	if _, err := One(t.Context(), d, "nobody@example.com"); !errors.As(err, new(*auth0client.NotFound)) {
		t.Errorf("nobody gives %v", err)
	}
	if _, err := One(t.Context(), d, "ada"); !errors.As(err, new(*NoName)) {
		t.Errorf("a word gives %v", err)
	}
}
