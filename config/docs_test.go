package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
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
