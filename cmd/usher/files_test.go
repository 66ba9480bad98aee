package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/auth0client/signin/privatefile"
)

func TestAnExportThatBreaksOffLeavesTheFileOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			w.Header().Set("Content-Length", "100")
		}
		_, _ = w.Write([]byte("new"))
	}))
	defer s.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "users.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		at, holds string
		ok        bool
	}{{"/cut", "old", false}, {"/whole", "new", true}} {
		err := downloadTo(t.Context(), auth0client.NewSecret(s.URL+tc.at), path)
		if got, _ := os.ReadFile(path); string(got) != tc.holds || (err == nil) != tc.ok {
			t.Errorf("%s: the file holds %q, %v", tc.at, got, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestTheLocalTenantsSecretsAreForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	tenant, err := localtenant.New(localtenant.Options{Users: 1})
	if err != nil {
		t.Fatal(err)
	}
	tenant.SetBaseURL("http://127.0.0.1:1")
	path := filepath.Join(t.TempDir(), "config.toml")
	for _, kind := range []string{".secret", ".identity"} { // of an earlier run, and open to others
		if err := os.WriteFile(path+kind, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeConfig(path, tenant); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{".secret", ".identity"} {
		if got, err := privatefile.Read(path + kind); err != nil || string(got) == "old" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
