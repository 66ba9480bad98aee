package ui

import (
	"slices"
	"strings"
	"testing"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/localtenant"
)

// A permission that goes between the list and the save: nothing is changed, what was edited is still there to send once the
// permission is back, and the journal has the refusal.
func TestAnEditOutlivesTheRightToSaveIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		permission string
		edit       []string // up to the save
		says       string
		path       string
		again      []string // with the permission back, and without typing or choosing anything anew
	}{
		"the role editor": {
			"roles:assign", []string{"r", "> [ ]", "' /Order desk", "enter", "space", "enter", "> + Order desk"},
			"lack the permission roles:assign", "/roles", []string{"R", "> + Order desk", "y", "> 1 added"},
		},
		"the form of a user": {
			"users:edit", []string{"e", "> user_metadata", "j", "j", "j", "j", "j", "j", "enter", "' Countess ", "enter", "> changed, not saved: name", "ctrl+s", "> Countess"},
			"lack the permission users:edit", "/users/", []string{"> Countess", "ctrl+s", "y", "> Saved the changes of ada"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := openFloor(t, localtenant.Options{SearchLag: -1})
			f.open("ada@example.com")
			f.play(c.edit...)
			f.requests()
			f.lose(c.permission)
			f.play("y")
			f.await(c.says)
			for _, r := range f.requests() {
				if !strings.HasPrefix(r, "GET ") {
					t.Errorf("%s reached the tenant", r)
				}
			}
			entries, err := f.journal.Entries(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(entries, func(e journal.Entry) bool {
				return e.Step == journal.StepDenied && strings.Contains(e.Path, c.path)
			}) {
				t.Errorf("no refusal in %+v", entries)
			}
			f.regain()
			f.play(c.again...)
		})
	}
}
