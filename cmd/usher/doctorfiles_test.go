package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/auth0client/doctor"
	"usher/config"
)

func TestTheDoctorLooksAtEveryFileThatAProfileRestsOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := at("config.toml", "")
	p := config.Profile{Name: "work", Policies: at("policies.toml", "[[policy]]\nname = \"all\"\nroles = [\"usher admin\"]\n"), GatewayCA: at("ca.pem", "")}
	look := func() doctor.Finding {
		return doctor.Run(context.Background(), []doctor.Check{configCheck(p, file)})[0]
	}
	if f := look(); f.State != doctor.OK {
		t.Fatalf("good files: %+v", f)
	}
	for path, fix := range map[string]string{file: "chmod go-w " + file, p.Policies: "chmod go-w " + p.Policies, p.GatewayCA: "chmod go-w " + p.GatewayCA, dir: "chmod go-w " + dir} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode().Perm()|0o022); err != nil {
			t.Fatal(err)
		}
		if f := look(); f.State != doctor.Failed || !strings.Contains(f.Fix, fix) {
			t.Errorf("with %s open to others: %+v", path, f)
		}
		if err := os.Chmod(path, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}
