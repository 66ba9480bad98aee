package users

import (
	"reflect"
	"slices"
	"testing"

	"usher/ui/view"
)

func TestTheSelectionIsOperatedOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys       []string
		name       string
		permission string
	}{
		"MFA":          {[]string{"m"}, "Reset MFA", "mfa:reset"},
		"signing out":  {[]string{"s"}, "Sign out everywhere", "sessions:revoke"},
		"verification": {[]string{"v"}, "Send verification email", "users:edit"},
		"unblocking":   {[]string{"b", "enter"}, "Unblock", "users:block"},
		"blocking":     {[]string{"b", "down", "enter"}, "Block", "users:block"},
	} {
		m := opened(&tenant{total: 120})
		press(m, "space", "G", "space", "R", "j", "space") // a page that is no longer loaded is part of it
		has(t, m, "3 selected, 1 of them not in view")
		for i := range m.rows { // a mail helps each of them
			m.rows[i].EmailVerified = false
		}
		for id, u := range m.selected {
			u.EmailVerified = false
			m.selected[id] = u
		}
		got, ok := press(m, c.keys...).(view.OperateAll)
		if !ok || got.Name != c.name || len(got.Operations) != 3 {
			t.Errorf("%s wishes %+v", name, got)
			continue
		}
		for i, id := range []string{"auth0|0000", "auth0|0001", "auth0|0119"} {
			if op := got.Operations[i]; string(op.User.ID) != id || op.Permission != c.permission {
				t.Errorf("%s: operation %d is %s of %s", name, i, op.Permission, op.User.ID)
			}
		}
		if len(m.selected) != 3 || m.panel != nil {
			t.Errorf("%s: %d selected afterwards", name, len(m.selected))
		}
	}
}

func TestOneUserHasADialogOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 9})
	press(m, "j")
	for key, want := range map[string]string{"s": "Sign out everywhere", "v": "Send verification email"} {
		got, ok := press(m, key).(view.Operate)
		if !ok || got.Operation.Name != want || got.Operation.User.ID != "auth0|0001" {
			t.Errorf("%s wishes %+v", key, got)
		}
	}
}

func TestAPanelOverTheSelectionIsLeftWithoutADeed(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 9})
	press(m, "space", "b")
	has(t, m, "Block or unblock 1 user ")
	if got := press(m, "esc"); got != nil || m.panel != nil || len(m.selected) != 1 {
		t.Errorf("esc wishes %v", got)
	}
}

func TestKeysWithoutADialogAreLeftOut(t *testing.T) {
	t.Parallel()
	ada := person(1, "")
	all := Dialogs{Password: true, Edit: true, Create: true, Delete: true}
	for key, want := range map[string]struct {
		wish       view.Action
		permission string
	}{
		"p": {view.Password{User: ada}, "users:password"}, "e": {view.EditUser{User: ada}, "users:edit"},
		"n": {view.CreateUser{}, "users:create"}, "D": {view.DeleteUser{User: ada}, "users:delete"},
	} {
		listed := func(m *Model) bool {
			return slices.ContainsFunc(m.Keys(), func(k view.Key) bool { return k.Help().Key == key })
		}
		m := opened(&tenant{total: 9})
		if got := press(m, "j", key); got != nil || listed(m) {
			t.Errorf("%s without a dialog wishes %v, listed %v", key, got, listed(m))
		}
		m = withOptions(&tenant{total: 9}, Options{Dialogs: all})
		feed(m, m.Init())
		if got := press(m, "j", key); !reflect.DeepEqual(got, want.wish) || !listed(m) {
			t.Errorf("%s wishes %v, listed %v", key, got, listed(m))
		}
		m = withOptions(&tenant{total: 9}, Options{Dialogs: all}, want.permission)
		feed(m, m.Init())
		if got := press(m, "j", key); got != nil {
			t.Errorf("%s without its permission wishes %v", key, got)
		}
		has(t, m, "You lack the permission "+want.permission)
	}
}
