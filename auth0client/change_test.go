package auth0client

import (
	"encoding/json"
	"errors"
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

func TestValuesAreComparedAsJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, a, b string
		same       bool
	}{
		{"a number however it is written", `{"a":{"b":1}}`, `{"a":{"b":1.0}}`, true},
		{"numbers beyond 2^53 to their last digit", `12345678901234567890`, `12345678901234567891`, false},
		{"keys in another order", `{"a":1,"b":[2]}`, `{"b":[2],"a":1}`, true},
		{"lists in another order", `[1,2]`, `[2,1]`, false},
		{"null and an empty text", `null`, `""`, false},
		{"a key that is null and one that is not there", `{"a":null}`, `{}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var a, b any
			if err := errors.Join(exact([]byte(tc.a), &a), exact([]byte(tc.b), &b)); err != nil {
				t.Fatal(err)
			}
			if SameJSON(a, b) != tc.same || SameJSON(b, a) != tc.same {
				t.Errorf("%s and %s: want the same %v", tc.a, tc.b, tc.same)
			}
		})
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
