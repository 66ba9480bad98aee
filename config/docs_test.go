package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheManualIsTrue loads the manual's example and looks for every setting in it.
func TestTheManualIsTrue(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "docs", "profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```toml\n(.*?)```").FindSubmatch(manual)
	if example == nil {
		t.Fatal("the manual has no example")
	}
	path := file(t, string(example[1]))
	for _, name := range []string{"work", "lone"} {
		if _, err := Load(Options{File: path, Profile: name, Env: env(map[string]string{"HOME": "/home/ada"})}); err != nil {
			t.Errorf("the example's profile %s: %v", name, err)
		}
	}
	profile := []string{"profiles", "x"}
	for _, table := range [][]string{profile, append(profile, "management"), append(profile, "custom_fields")} {
		for _, key := range keysOf(reflect.TypeFor[Config](), table) {
			if !strings.Contains(string(manual), key) {
				t.Errorf("the manual says nothing of %s", key)
			}
		}
	}
}

// TestTheTablesOfSettingsAreTrue compares the tables of docs/ssh.md and docs/deploy.md with what is read: nothing is missing
// in them, and nothing in them is unknown.
func TestTheTablesOfSettingsAreTrue(t *testing.T) {
	t.Parallel()
	for page, tc := range map[string]struct {
		table string // its heading
		of    reflect.Type
		apart []string // said elsewhere
	}{
		"ssh.md":    {"| setting | says | default |", reflect.TypeFor[SSH](), nil},
		"deploy.md": {"| key | meaning | default |", reflect.TypeFor[Gateway](), []string{"policy"}},
	} {
		text, err := os.ReadFile(filepath.Join("..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		_, table, found := strings.Cut(string(text), tc.table)
		if !found {
			t.Errorf("docs/%s has no table %q", page, tc.table)
			continue
		}
		table, _, _ = strings.Cut(table, "\n\n")
		var said []string
		for _, row := range strings.Split(table, "\n") {
			first, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
			for _, m := range regexp.MustCompile("`([a-z_.]+)`").FindAllStringSubmatch(first, -1) {
				said = append(said, m[1])
			}
		}
		read := slices.DeleteFunc(settings(tc.of, ""), func(s string) bool { return slices.Contains(tc.apart, s) })
		slices.Sort(said)
		slices.Sort(read)
		if !slices.Equal(said, read) {
			t.Errorf("docs/%s lists\n%v, read are\n%v", page, said, read)
		}
	}
}

// settings are the keys of a table and, with their dots, of the tables in it.
func settings(t reflect.Type, in string) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if name == "-" {
			continue
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			all = append(all, settings(inner, in+name+".")...)
			continue
		}
		all = append(all, in+name)
	}
	return all
}
