package users

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

type file struct{ name, content string }

func exporting(f *tenant, into *file, fail error) *Model {
	m := withOptions(f, Options{Save: func(name string, content []byte) (string, error) {
		*into = file{name, string(content)}
		return "/kept/" + name, fail
	}, Fields: []view.Field{{Label: "Contract", Path: "app_metadata.contract"}}})
	feed(m, m.Init())
	return m
}

func TestExports(t *testing.T) {
	t.Parallel()
	var got file
	f := &tenant{total: 120}
	m := exporting(f, &got, nil)
	press(m, "w")
	has(t, m, "Export to a file", "the 50 that are loaded")
	press(m, "enter")
	if got.name != "users-20260304-120000.csv" || strings.Count(got.content, "\n") != 51 || !strings.HasPrefix(got.content, "user_id,email,") ||
		!strings.Contains(strings.SplitN(got.content, "\n", 2)[0], ",app_metadata.contract") {
		t.Errorf("%s holds\n%.300s", got.name, got.content)
	}
	has(t, m, "50 users are in /kept/users-20260304-120000.csv")
	press(m, "space", "w")
	has(t, m, "the 1 that are selected")
	press(m, "down", "enter")
	var one map[string]any
	if err := json.Unmarshal([]byte(got.content), &one); err != nil || one["user_id"] != "auth0|0000" || one["blocked"] != false || one["logins_count"] != 0.0 {
		t.Errorf("%s holds %v, %v", got.name, one, err)
	}
	press(m, "w", "down", "down", "down", "enter")
	if strings.Count(got.content, "\n") != 120 || f.walks != 1 || len(f.asked) != 1 {
		t.Errorf("all are %d lines after %d walks", strings.Count(got.content, "\n"), f.walks)
	}
	f.err = &auth0client.Unreachable{Err: errors.New("gone")}
	press(m, "w", "down", "down", "enter")
	has(t, m, "Nothing was exported: The tenant cannot be reached")
	m = exporting(&tenant{total: 1}, &got, errors.New("disk full"))
	press(m, "w", "enter")
	has(t, m, "Nothing was exported: disk full")
	if press(opened(&tenant{total: 1}), "w"); m.panel != nil {
		t.Error("an export is offered where nothing can be kept")
	}
}

func TestASpreadsheetRunsNothing(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"Ada": "Ada", "=1+1": "'=1+1", "+420123": "'+420123", "\t=1": "'␉=1", "\x00=1": "'␀=1", "  =1": "'  =1", "＝1": "'＝1", "a=b": "a=b", "a\x1b[2J": "a␛[2J",
	} {
		if got, err := asCSV([]string{"email"}, [][]string{{cell}}); err != nil || string(got) != "email\n"+want+"\n" && string(got) != "email\n\""+want+"\"\n" {
			t.Errorf("%q is written as %q, %v, want %q", cell, got, err, want)
		}
	}
	m := newModel(&tenant{})
	r := m.rowOf(auth0client.User{ID: "auth0|1", Name: term.Line(`=HYPERLINK("http://evil.example","x")`)})
	content, err := asCSV([]string{"user_id", "name"}, [][]string{record(r)[:1], {record(r)[3]}})
	if err != nil || strings.Contains(string(content), "\n=") || strings.Contains(string(content), "\n\"=") {
		t.Errorf("wrote\n%s%v", content, err)
	}
}
