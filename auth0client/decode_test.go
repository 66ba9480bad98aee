package auth0client

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"usher/auth0client/term"
)

// evil is what a hostile directory record may hold in any field.
func evil() map[string]string {
	return map[string]string{
		"a colour":            "\x1b[31mred\x1b[0m",
		"a clipboard write":   "\x1b]52;c;ZXZpbA==\a",
		"a window title":      "\x1b]0;pwned\x1b\\",
		"a cleared screen":    "\x1b[2J\x1b[H",
		"a line end":          "a\nb",
		"a carriage return":   "a\rb",
		"a bidi override":     "\u202eevil",
		"an 8-bit CSI":        "\u009b2J",
		"a NUL":               "a\x00b",
		"a zero-width space":  "a\u200bb",
		"ten thousand x":      strings.Repeat("x", 10000),
		"ten thousand accent": "e" + strings.Repeat("\u0301", 10000),
	}
}

// mustBeHarmless fails on runes that act on a terminal. LF is for the caller: a whole record in JSON has several lines.
func mustBeHarmless(t testing.TB, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("not UTF-8: %.80q", s)
	}
	marks := 0
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			t.Errorf("%U reaches the screen in %.80q", r, s)
			return
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks > 4 {
			t.Errorf("marks pile up in %.80q", s)
			return
		}
	}
}

// safes walks everything of type [term.Safe] in v and gives how many hold text.
func safes(t testing.TB, v reflect.Value, path string) int {
	t.Helper()
	if s, ok := v.Interface().(term.Safe); ok {
		text := s.String()
		if strings.HasSuffix(path, ".JSON") {
			text = strings.ReplaceAll(text, "\n", "")
		}
		mustBeHarmless(t, text)
		if s.IsEmpty() {
			return 0
		}
		return 1
	}
	n := 0
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			n += safes(t, v.Index(i), path+"[]")
		}
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			return 0
		}
		for i := range v.NumField() {
			n += safes(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	}
	return n
}

func TestEvilTextIsHarmlessInEveryField(t *testing.T) {
	t.Parallel()
	// Each reading call with the answer that fills each of its fields, S standing for the text, and how many texts it fills.
	for _, tc := range []struct {
		name, answer string
		texts        int
		read         func(context.Context, *Client) (any, error)
	}{
		{"User", `{"user_id":S,"email":S,"name":S,"nickname":S,"given_name":S,"family_name":S,"username":S,"phone_number":S,"picture":S,"last_ip":S,
			"identities":[{"connection":S,"provider":S,"user_id":S}],"user_metadata":{"k":S},"app_metadata":{"k":S}}`, 13,
			func(ctx context.Context, c *Client) (any, error) { return c.User(ctx, ada) }},
		{"SearchUsers", `{"users":[{"user_id":S,"email":S,"name":S,"nickname":S,"username":S,"phone_number":S,"identities":[{"connection":S}]}],"total":1}`, 6,
			func(ctx context.Context, c *Client) (any, error) { return c.SearchUsers(ctx, Search{PerPage: 10}) }},
		{"UsersByEmail", `[{"user_id":S,"email":S,"name":S}]`, 2,
			func(ctx context.Context, c *Client) (any, error) { return c.UsersByEmail(ctx, "a@example.com") }},
		{"UserBlocks", `{"blocked_for":[{"identifier":S,"ip":S,"connection":S}]}`, 3,
			func(ctx context.Context, c *Client) (any, error) { return c.UserBlocks(ctx, ada) }},
		{"UserLogs", `[{"log_id":S,"date":S,"type":S,"description":S,"connection":S,"client_name":S,"ip":S,"user_agent":S,"user_name":S,"user_id":S,"details":{"k":S}}]`, 9,
			func(ctx context.Context, c *Client) (any, error) { return c.UserLogs(ctx, ada, 0, 10) }},
		{"UserRoles", `{"roles":[{"id":S,"name":S,"description":S}],"total":1}`, 2,
			func(ctx context.Context, c *Client) (any, error) { return c.UserRoles(ctx, ada) }},
		{"UserPermissions", `{"permissions":[{"permission_name":S,"description":S,"resource_server_name":S,"resource_server_identifier":S,"sources":[{"source_name":S,"source_type":S}]}]}`, 5,
			func(ctx context.Context, c *Client) (any, error) { return c.UserPermissions(ctx, ada) }},
		{"AuthenticationMethods", `{"authenticators":[{"id":S,"type":S,"name":S,"phone_number":S,"email":S}]}`, 2,
			func(ctx context.Context, c *Client) (any, error) { return c.AuthenticationMethods(ctx, ada) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for name, raw := range evil() {
				quoted, err := json.Marshal(raw)
				if err != nil {
					t.Fatal(err)
				}
				got, err := tc.read(t.Context(), newTenant(t, says(200, strings.ReplaceAll(tc.answer, "S", string(quoted)))).Client)
				if err != nil {
					t.Fatalf("%s makes the record unreadable: %v", name, err)
				}
				if n := safes(t, reflect.ValueOf(got), ""); n < tc.texts {
					t.Errorf("%s: only %d fields hold text, want %d", name, n, tc.texts)
				}
				if logs, ok := got.([]LogEvent); ok {
					mustBeHarmless(t, logs[0].Code)
				}
				if u, ok := got.(User); ok {
					mustBeHarmless(t, u.ID.Safe().String())
					if u.EmailRaw != raw || string(u.ID) != raw {
						t.Errorf("%s: the raw email or id is no longer exact", name)
					}
				}
			}
		})
	}
}

func TestDecodeUser(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	for _, tc := range []struct {
		name, json string
		want       User
	}{
		{"a usual user",
			`{"user_id":"auth0|1","email":"a@example.com","email_verified":true,"blocked":true,"logins_count":7,"created_at":"2026-01-02T03:04:05.678Z","identities":[{"connection":"Staff","provider":"auth0","user_id":"1","isSocial":false}]}`,
			User{
				ID: "auth0|1", EmailRaw: "a@example.com", Email: term.Line("a@example.com"), EmailVerified: true, Blocked: true, Logins: 7, CreatedAt: at,
				Identities: []Identity{{Connection: term.Line("Staff"), Provider: term.Line("auth0"), UserID: term.Line("1"), Key: IdentityKey{"auth0", "1"}}},
			}},
		{"null lists and null fields are empty", `{"user_id":"a|1","email":null,"identities":null,"blocked":null,"logins_count":null,"last_login":null}`, User{ID: "a|1"}},
		{"a null within a list is left out", `{"user_id":"a|1","identities":[null,{"connection":"c"}]}`, User{ID: "a|1", Identities: []Identity{{Connection: term.Line("c")}}}},
		{"numbers for strings are taken", `{"user_id":42,"name":7.5,"identities":[{"user_id":1234567890123456789}]}`,
			User{ID: "42", Name: term.Line("7.5"), Identities: []Identity{{UserID: term.Line("1234567890123456789"), Key: IdentityKey{UserID: "1234567890123456789"}}}}},
		{"strings for booleans and numbers are taken", `{"user_id":"a|1","email_verified":"true","blocked":"false","logins_count":"12"}`, User{ID: "a|1", EmailVerified: true, Logins: 12}},
		{"an object for a string is shown as JSON", `{"user_id":"a|1","name":{"first":"Ada"}}`, User{ID: "a|1", Name: term.Line(`{"first":"Ada"}`)}},
		{"identities that are no list leave the rest", `{"user_id":"a|1","identities":"none","name":"Ada"}`, User{ID: "a|1", Name: term.Line("Ada")}},
		{"odd dates are no date", `{"user_id":"a|1","created_at":"yesterday","last_login":1700000000}`, User{ID: "a|1"}},
		{"a count beyond all bounds is no count", `{"user_id":"a|1","logins_count":1e400}`, User{ID: "a|1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeUser([]byte(tc.json))
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Record) != tc.json {
				t.Errorf("the record is kept as %s", got.Record)
			}
			got.JSON, got.Record = term.Safe{}, nil
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("decoded to\n%+v, want\n%+v", got, tc.want)
			}
		})
	}
}

func TestPermissionsWithOddSourcesStayReadable(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `[{"permission_name":"a","sources":null},{"permission_name":"b","sources":{}},{"permission_name":"c","sources":[{"source_type":"DIRECT"},{"source_type":"ROLE","source_name":"Support"}]}]`))
	got, err := tenant.UserPermissions(t.Context(), ada)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d permissions, %v", len(got), err)
	}
	want := []PermissionSource{{Direct: true}, {Name: term.Line("Support")}}
	if len(got[0].Sources)+len(got[1].Sources) != 0 || !reflect.DeepEqual(got[2].Sources, want) {
		t.Errorf("the permissions are %+v", got)
	}
}

func TestAMethodIsConfirmedUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `{"authenticators":[{"id":"totp|1","type":"totp","confirmed":false},{"id":"push|1","type":"push","name":"Pixel","confirmed":true},{"id":"password|1","type":"password"}]}`))
	got, err := tenant.AuthenticationMethods(t.Context(), ada)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d methods, %v", len(got), err)
	}
	if got[0].Confirmed || !got[1].Confirmed || !got[2].Confirmed || !got[2].Kind.Primary() || got[1].Kind.Primary() {
		t.Errorf("the methods are %+v", got)
	}
	if got[0].Label.String() != "Authenticator app" || got[1].Detail.String() != "Pixel" {
		t.Errorf("the methods read %q and %q", got[0].Label, got[1].Detail)
	}
}

func TestLogWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, words string
		failed      bool
	}{
		{"s", "Signed in", false},
		{"fp", "Wrong password", true},
		{"limit_wc", "Blocked: too many failed sign-ins into this account from one address", true},
		{"fnew", "fnew", true},
		{"snew", "snew", false},
		{"", "", false},
	} {
		if words, failed := logWords(tc.code); words != tc.words || failed != tc.failed {
			t.Errorf("%q reads %q, failed %v", tc.code, words, failed)
		}
	}
	for code := range eventWords() {
		words, _ := logWords(code)
		if words == "" || words[0] == '!' || !unicode.IsUpper([]rune(words)[0]) {
			t.Errorf("%q reads %q", code, words)
		}
	}
}

func FuzzDecodeUser(f *testing.F) {
	f.Add([]byte(`{"user_id":"auth0|1","email":"a@example.com","identities":[{"connection":"c"}],"logins_count":3}`))
	f.Add([]byte(`{"user_id":5,"name":null,"identities":null,"blocked":"true","created_at":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte("{\"user_id\":\"\\u001b[2J\",\"name\":\"\xff\\u202e\",\"x\":\"\u009b\"}"))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		u, err := decodeUser(body)
		if err != nil {
			if !asType(err, new(*Unavailable)) {
				t.Fatalf("%q gives an untyped error: %v", body, err)
			}
			return
		}
		if u.ID == "" {
			t.Fatalf("%q gives a user without an id", body)
		}
		safes(t, reflect.ValueOf(u), "")
		mustBeHarmless(t, u.Label().String())
	})
}
