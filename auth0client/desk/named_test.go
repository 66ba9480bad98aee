package desk

import (
	"context"
	"errors"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
)

// seeker is a directory with a search, which answers by what was typed and counts.
type seeker struct {
	directory
	found map[string][]auth0client.User
	err   error
	asked []string
}

func (s *seeker) Find(_ context.Context, f auth0client.Finding) (auth0client.FoundPage, error) {
	s.asked = append(s.asked, f.Typed)
	return auth0client.FoundPage{UserPage: auth0client.UserPage{Users: s.found[f.Typed]}, Missed: s.err}, nil
}

func TestOneUserIsNamedExactly(t *testing.T) {
	t.Parallel()
	u := func(id string) auth0client.User {
		return auth0client.User{ID: auth0client.UserID(id), Email: term.Line("x")}
	}
	lookups := []auth0client.Lookup{{Name: "crm", Path: "app_metadata.crm"}, {Name: "erp", Path: "app_metadata.erp"}}
	s := &seeker{directory: directory{"eve@example.com": {u("auth0|2")}, `"a|b"@example.com`: {u("auth0|3")}, "jürgen@müller.example": {u("auth0|4")}}}
	for name, want := range map[string]string{"samlp|acme/x|robin@example.com": "samlp|acme/x|robin@example.com", "EVE@example.com ": "auth0|2",
		`"a|b"@example.com`: "auth0|3", "jürgen@müller.example": "auth0|4", "auth0%7Cabc": "auth0|abc"} {
		got, err := Named(t.Context(), s, name, lookups)
		if err != nil || string(got.ID) != want || got.Record == nil {
			t.Errorf("%s finds %v, %v", name, got.ID, err)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("the search was asked for exact names: %q", s.asked)
	}
	s.found = map[string][]auth0client.User{
		"crm:C-1": {u("auth0|5")}, "erp:C-1": {u("auth0|5")}, "crm:C-2": {u("auth0|6")}, "erp:C-2": {u("auth0|7")},
		"call of eve@example.com": {u("auth0|2")}, "ada": {u("auth0|8")},
	}
	for name, want := range map[string]string{"C-1": "auth0|5", "crm:C-2": "auth0|6", "call of eve@example.com": "auth0|2"} {
		if got, err := Named(t.Context(), s, name, lookups); err != nil || string(got.ID) != want {
			t.Errorf("%s finds %v, %v", name, got.ID, err)
		}
	}
	var several *Ambiguous
	if _, err := Named(t.Context(), s, "C-2", lookups); !errors.As(err, &several) || strings.Count(err.Error(), "\n  ") != 2 {
		t.Errorf("a key of two people gives %v", err)
	}
	if _, err := Named(t.Context(), s, "crm:C-3", lookups); !errors.As(err, new(*auth0client.NotFound)) {
		t.Errorf("a key of nobody gives %v", err)
	}
	for _, words := range []string{"ada", "ada lovelace", "blocked:true", "name:ada*"} {
		if got, err := Named(t.Context(), s, words, lookups); !errors.As(err, new(*NoName)) {
			t.Errorf("%q finds %v, %v", words, got.ID, err)
		}
	}
	s.err = errors.New("the search is down")
	if _, err := Named(t.Context(), s, "crm:C-2", lookups); err == nil {
		t.Error("a failed search may hide a second person")
	}
}
