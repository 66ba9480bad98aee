package create

import (
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/ui/uitest"
	"usher/ui/view"
)

func openOwn(t *testing.T, f *fake, fields ...view.Field) *rig {
	t.Helper()
	r := &rig{Model: New(uitest.Env(t), f, Options{Fields: fields}), t: t}
	r.drain(r.Init())
	return r
}

func ownFields() []view.Field {
	return []view.Field{{Label: "Contract", Path: "app_metadata.contract.id", Create: true}, {Label: "Plan", Path: "user_metadata.plan", Create: true},
		{Label: "Edited only", Path: "app_metadata.edited", Edit: true}, {Label: "Second name", Path: "name", Create: true}, {Label: "Last IP", Path: "last_ip", Create: true}}
}

func TestCustomFieldsAreLinesOfTheForm(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := openOwn(t, f, ownFields()...)
	size := view.Size{Width: 80, Height: 24}
	at := func(name string) {
		content := r.View(size).Content
		uitest.Fits(t, content, size)
		uitest.Golden(t, name+"-80", ansi.Strip(content))
	}
	at("custom-form")
	r.set("email", "a@example.com").set("password", "Correct-horse-1").set("app_metadata.contract.id", "007").set("user_metadata.plan", "gold")
	r.press("ctrl+s")
	at("custom-review")
	r.press("y")
	want := auth0client.Change{"connection": "Users", "email": "a@example.com", "password": "Correct-horse-1",
		"app_metadata": map[string]any{"contract": map[string]any{"id": "007"}}, "user_metadata": map[string]any{"plan": "gold"}}
	if len(f.sent) != 1 || !reflect.DeepEqual(f.sent[0], want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestAnEmptyCustomFieldSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := openOwn(t, f, ownFields()...)
	r.set("email", "a@example.com").set("password", "Correct-horse-1").set("user_metadata.plan", "x").set("user_metadata.plan", "").press("ctrl+s", "y")
	if len(f.sent) != 1 || f.sent[0]["user_metadata"] != nil || f.sent[0]["app_metadata"] != nil {
		t.Errorf("sent %v", f.sent)
	}
}

func TestPoliciesHoldForCustomFields(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.me.Policies, f.me.Fields, f.me.Stamped = []string{"sales"}, []string{"app_metadata.plan"}, []string{"app_metadata.team"}
	f.me.Choices = map[string][]any{"app_metadata.plan": {"free", "gold"}}
	r := openOwn(t, f, view.Field{Label: "Team", Path: "app_metadata.team", Create: true}, view.Field{Label: "Plan", Path: "app_metadata.plan", Create: true},
		view.Field{Label: "Contract", Path: "app_metadata.contract", Create: true}, view.Field{Label: "Last IP", Path: "last_ip", Create: true})
	r.shows("Team              - (your policy sets it)", "Plan *            < free >", "Contract          - (your policy sales does not let you write it)",
		"Last IP           - (only metadata can be set here)")
	if shown := ansi.Strip(r.View(view.Size{Width: 100, Height: 30}).Content); strings.Contains(shown, "app_metadata.") {
		t.Errorf("a field has two lines:\n%s", shown)
	}
	for i, row := range r.rows() {
		if row.name == "app_metadata.contract" {
			r.cursor = i
		}
	}
	r.press("enter")
	r.shows("Contract: your policy sales does not let you write it.")
}

func TestAFieldCannotLieWithinAText(t *testing.T) {
	t.Parallel()
	r := openOwn(t, newFake(), view.Field{Label: "Contract", Path: "app_metadata.contract", Create: true}, view.Field{Label: "Number", Path: "app_metadata.contract.id", Create: true})
	r.set("email", "a@example.com").set("password", "Correct-horse-1").set("app_metadata.contract", "x").set("app_metadata.contract.id", "1").press("ctrl+s")
	r.shows("Number: it would lie within Contract, which is a text.")
	if r.phase != filling {
		t.Error("what was typed would be lost")
	}
}
