package auth0client

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestAChangeIsSplitAsAuth0Demands(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change Change
		want   []Change
	}{
		{"nothing is no request", Change{}, nil},
		{"a connection alone changes nothing", Change{"connection": "db"}, nil},
		{"names and metadata go together", Change{"name": "A", "app_metadata": map[string]any{"a": 1}},
			[]Change{{"name": "A", "app_metadata": map[string]any{"a": 1}}}},
		{"an email goes with its verification", Change{"email": "a@example.com", "email_verified": true}, []Change{{"email": "a@example.com", "email_verified": true}}},
		{"a password comes last, and names first",
			Change{"password": "p", "email": "a@example.com", "username": "a", "name": "A", "phone_number": nil, "connection": "db", "blocked": true},
			[]Change{{"name": "A", "blocked": true}, {"username": "a", "connection": "db"}, {"email": "a@example.com", "connection": "db"},
				{"phone_number": nil, "connection": "db"}, {"password": "p", "connection": "db"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.change.Steps(); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestMetadataChangesAreFirstLevelKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, from, to string
		want           map[string]any
	}{
		{"equal objects change nothing", `{"a":{"b":1}}`, `{"a":{"b":1.0}}`, nil},
		{"a nested change sends the whole of its first-level key", `{"a":{"b":1,"c":2},"d":3}`, `{"a":{"b":1,"c":9},"d":3}`, map[string]any{"a": map[string]any{"b": json.Number("1"), "c": json.Number("9")}}},
		{"a key that went is null", `{"a":1,"b":2}`, `{"b":2}`, map[string]any{"a": nil}},
		{"from nothing", ``, `{"a":1}`, map[string]any{"a": json.Number("1")}},
		{"large numbers keep their digits", `{"a":{"id":12345678901234567890}}`, `{"a":{"id":12345678901234567891}}`, map[string]any{"a": map[string]any{"id": json.Number("12345678901234567891")}}},
		{"to nothing", `{"a":1}`, `{}`, map[string]any{"a": nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := MetadataChange(json.RawMessage(tc.from), json.RawMessage(tc.to))
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, %v, want %v", got, err, tc.want)
			}
		})
	}
	if _, err := MetadataChange(nil, json.RawMessage(`[1]`)); err == nil {
		t.Error("a list passed for metadata")
	}
}

func TestWhatAChangeRestsOn(t *testing.T) {
	t.Parallel()
	u, err := decodeUser([]byte(`{"user_id":"a|1","name":"Old","user_metadata":{"a":{"b":1},"c":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := u.Before(Change{"name": "New", "password": "p", "nickname": "n", "user_metadata": map[string]any{"a": nil, "new": 1}})
	want := Unchanged{"name": "Old", "nickname": nil, "user_metadata": map[string]any{"a": map[string]any{"b": json.Number("1")}, "new": nil}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
