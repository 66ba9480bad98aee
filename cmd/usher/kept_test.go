package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"usher/auth0client"
	"usher/config"
	"usher/ui/users"
	"usher/ui/view"
)

func TestWhatTheListRemembersIsThereTheNextDay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "work")
	k := newKeeping(dir)
	want := users.Kept{Switched: []string{"Created"}, Sort: "by name", Filter: users.Filter{Blocked: users.Yes, Role: users.Choice{ID: "rol_1", Name: "Editor"}},
		Saved: []users.Saved{{Name: "locked", Query: "crm:1"}}}
	if err := k.Save(want); err != nil {
		t.Fatal(err)
	}
	if got := newKeeping(dir).Load(); !reflect.DeepEqual(got, want) {
		t.Errorf("read back %+v, want %+v", got, want)
	}
	if info, err := os.Stat(k.path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want a file for its owner", info, err)
	}
	if err := os.WriteFile(k.path(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newKeeping(dir).Load(); !reflect.DeepEqual(got, users.Kept{}) {
		t.Errorf("a damaged file gives %+v", got)
	}
	if _, err := os.Stat(k.path() + ".damaged"); err != nil {
		t.Errorf("the damaged file is gone: %v", err)
	}
}

func TestAnExportOverwritesNothingAndStaysInItsFolder(t *testing.T) {
	t.Parallel()
	k := newKeeping(t.TempDir())
	path, err := k.write("../../users.csv", []byte("a"))
	if err != nil || filepath.Dir(path) != filepath.Join(k.dir, "files") {
		t.Fatalf("written to %s, %v", path, err)
	}
	if _, err := k.write("users.csv", []byte("b")); err == nil {
		t.Error("the first export was overwritten")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "a" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestAProfilesFieldsReachTheConsole(t *testing.T) {
	t.Parallel()
	p := config.Profile{Lookup: map[string]string{"erp": "user_metadata.n", "crm": "app_metadata.external_id"},
		CustomFields: []config.CustomField{{Label: "Contract", Path: "app_metadata.contract_id", Show: []string{"list", "search"}}}}
	if got := lookups(p); !reflect.DeepEqual(got, []auth0client.Lookup{{Name: "crm", Path: "app_metadata.external_id"}, {Name: "erp", Path: "user_metadata.n"}}) {
		t.Errorf("lookups %+v", got)
	}
	if got := customFields(p); !reflect.DeepEqual(got, []view.Field{{Label: "Contract", Path: "app_metadata.contract_id", Name: "contract_id", List: true, Search: true}}) {
		t.Errorf("fields %+v", got)
	}
}
