package ui

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/ui/view"
)

// metadata is a user's app_metadata as the tenant has it.
func (f *floor) metadata(id auth0client.UserID) string {
	f.t.Helper()
	var record struct {
		AppMetadata json.RawMessage `json:"app_metadata"`
	}
	if status := f.look(http.MethodGet, "users/"+url.PathEscape(string(id)), "", &record); status != http.StatusOK {
		f.t.Fatalf("GET %s: %d", id, status)
	}
	var sorted map[string]any
	if err := json.Unmarshal(record.AppMetadata, &sorted); err != nil {
		f.t.Fatal(err)
	}
	raw, err := json.Marshal(sorted)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(raw)
}

func TestCustomFieldsAreEditedAndCreatedInTheTenant(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	f.app.o.Fields = []view.Field{{Label: "Contract", Path: "app_metadata.contract.id", Edit: true, Create: true}, {Label: "Seats", Path: "app_metadata.seats", Edit: true}}
	u := f.open("nico.newcomer@example.com")
	address := "users/" + url.PathEscape(string(u.ID))
	if status := f.look(http.MethodPatch, address, `{"app_metadata":{"contract":{"id":"C-1","since":2019},"seats":12,"crm":"x"}}`, nil); status != http.StatusOK {
		t.Fatalf("PATCH: %d", status)
	}
	before := f.metadata(u.ID)
	f.play("e", "> C-1", "@ Contract", "enter", "ctrl+u", "' C-2", "enter", "@ Seats", "delete")
	// Meanwhile somebody else changes the same key, and another.
	if status := f.look(http.MethodPatch, address, `{"app_metadata":{"contract":{"id":"C-9","since":2020},"crm":"y"}}`, nil); status != http.StatusOK {
		t.Fatalf("PATCH: %d", status)
	}
	f.play("ctrl+s", "> app_metadata.contract: ", "y", "> Somebody else changed this meanwhile", "m", "enter", "> Save changes", "y", "> Saved the changes")
	if got, want := f.metadata(u.ID), `{"contract":{"id":"C-2","since":2019},"crm":"y"}`; got != want {
		t.Errorf("from %s to %s, want %s", before, got, want)
	}

	f.run(f.app.perform(0, view.CreateUser{}, grace{}))
	f.play("> New user", "@ email", "enter", "' made@example.com", "esc", "ctrl+g", "@ Contract", "enter", "' 007", "esc", "ctrl+s", "> Create a user", "y", "> Created")
	made, err := f.client.UsersByEmail(t.Context(), "made@example.com")
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	if got := f.metadata(made[0].ID); got != `{"contract":{"id":"007"}}` {
		t.Errorf("made with %s", got)
	}
}
