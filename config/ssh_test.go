package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func loadSSH(t *testing.T, table string) (SSH, string, error) {
	t.Helper()
	path := file(t, good+"\n"+table)
	_, s, err := LoadSSH(Options{File: path, Env: env(map[string]string{"HOME": "/home/ada", "USHER_STATE": "/var/lib/usher"})})
	return s, path, err
}

func TestHowOperatorsAreLetIn(t *testing.T) {
	t.Parallel()
	s, path, err := loadSSH(t, "[ssh]\nauthorized_keys = \"operators\"\n[ssh.limits]\nidle = \"5m\"\n")
	want := SSH{
		Listen: "0.0.0.0:2222", HostKey: filepath.Join("/var/lib/usher", "ssh_host_ed25519_key"),
		AuthorizedKeys: filepath.Join(filepath.Dir(path), "operators"), Limits: &SSHLimits{Idle: Duration(5 * time.Minute)},
	}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, %v; want %+v", s, err, want)
	}
}

func TestMistakesAboutSSHNameThePlace(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ table, says string }{
		"nobody is allowed":      {"", "needs authorized_keys"},
		"two lists":              {"[ssh]\nauthorized_keys = \"a\"\nauthorized_keys_command = [\"/b\"]", "one of them"},
		"a program by its name":  {"[ssh]\nauthorized_keys_command = [\"keys\"]", "not the full path"},
		"no port":                {"[ssh]\nlisten = \"0.0.0.0\"\nauthorized_keys = \"a\"", "is not an address such as"},
		"no end of an idle time": {"[ssh]\nauthorized_keys = \"a\"\n[ssh.limits]\nidle = \"off\"", "limits.idle"},
		"sessions of a month":    {"[ssh]\nauthorized_keys = \"a\"\n[ssh.limits]\nsession = \"800h\"", "limits.session"},
		"fewer than none":        {"[ssh]\nauthorized_keys = \"a\"\n[ssh.limits]\nper_key = -1", "cannot be negative"},
		"a setting there is not": {"[ssh]\nauthorised_keys = \"a\"", `did you mean "authorized_keys"?`},
	} {
		if _, path, err := loadSSH(t, tc.table); err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want the path and %q", name, err, tc.says)
		}
	}
}

func TestTheBanner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "banner")
	for text, ok := range map[string]bool{"Hello.\n": true, strings.Repeat("x", longestBanner+1): false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (&SSH{Banner: path}).BannerText(); (err == nil) != ok || ok && got != text {
			t.Errorf("a banner of %d bytes: %q, %v", len(text), got, err)
		}
	}
	if got, err := (&SSH{}).BannerText(); got != "" || err != nil {
		t.Errorf("no banner is %q, %v", got, err)
	}
	if _, err := (&SSH{Banner: path + "x"}).BannerText(); err == nil {
		t.Error("a banner that is not there is no error")
	}
}

// TestTheSSHManualIsTrue loads the manual's examples and looks for every setting in it.
func TestTheSSHManualIsTrue(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "docs", "ssh.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(manual, -1)
	if len(examples) < 2 {
		t.Fatalf("the manual has %d examples", len(examples))
	}
	for _, e := range examples {
		if _, _, err := loadSSH(t, string(e[1])); err != nil {
			t.Errorf("%v in\n%s", err, e[1])
		}
	}
	for _, key := range keysOf(reflect.TypeFor[SSH](), nil) {
		if !strings.Contains(string(manual), key) {
			t.Errorf("the manual says nothing of %s", key)
		}
	}
	for _, key := range keysOf(reflect.TypeFor[SSHLimits](), nil) {
		if !strings.Contains(string(manual), "limits."+key) {
			t.Errorf("the manual says nothing of limits.%s", key)
		}
	}
}
