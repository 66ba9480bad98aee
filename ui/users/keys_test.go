package users

import (
	"slices"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

func TestSearching(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	if got := press(m, "/", "m", "b", "r", "G", "o", " ", "q"); got != nil || !m.Typing() || m.box.value() != "mbrGo q" || len(f.asked) != 1 {
		t.Errorf("letters act: action %v, text %q, %d requests", got, m.box.value(), len(f.asked))
	}
	press(m, "esc")
	if m.Typing() || m.box.value() != "mbrGo q" || m.query != "" || len(f.asked) != 1 {
		t.Errorf("esc: text %q, query %q, %d requests", m.box.value(), m.query, len(f.asked))
	}
	press(m, "/", "!", "enter")
	if m.Typing() || len(f.asked) != 2 || f.asked[1].Typed != "mbrGo q!" || f.asked[1].Page != 0 {
		t.Errorf("enter asks %+v", f.asked)
	}
	has(t, m, "120 users for mbrGo q!")
	press(m, "/", "ada", "enter")
	if got := f.asked[len(f.asked)-1].Typed; got != "ada" {
		t.Errorf("a second search asks for %q", got)
	}
	f.total = 0
	press(m, "R")
	has(t, m, "Nobody matches.", "0 users for ada")
	if got := press(m, "esc"); got != nil || f.asked[len(f.asked)-1].Typed != "" {
		t.Errorf("esc gives %v and asks for %q", got, f.asked[len(f.asked)-1].Typed)
	}
	has(t, m, "This tenant has no users that you may see.")
}

func TestASearchCanBeGivenAtTheStart(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 1}
	m := newModel(f)
	feed(m, m.Search("ada"))
	if len(f.asked) != 1 || f.asked[0].Typed != "ada" {
		t.Errorf("asked %+v", f.asked)
	}
	has(t, m, "1 user for ada")
}

func TestPastedTextIsOneLineThatHidesNothing(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 1}
	m := opened(f)
	m.Update(tea.PasteMsg{Content: " ada@example.com\u202e\r\n"})
	press(m, "enter")
	if got, want := f.asked[len(f.asked)-1].Typed, `ada@example.com\u{202E}`; got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

func TestEscGoesOneStepOut(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	press(m, "/", "a", "enter", "space", "space")
	has(t, m, "2 selected")
	if got := press(m, "esc"); got != nil || len(m.selected) != 0 || m.query != "a" {
		t.Errorf("the first esc gives %v, leaves %d selected and the query %q", got, len(m.selected), m.query)
	}
	if got := press(m, "esc"); got != nil || m.query != "" || f.asked[len(f.asked)-1].Typed != "" {
		t.Errorf("the second esc gives %v and leaves the query %q", got, m.query)
	}
	if got := press(m, "esc"); got != (view.Back{}) {
		t.Errorf("the third esc gives %v", got)
	}
}

func edited(a view.Action) (ids []string) {
	e, _ := a.(view.EditRoles)
	for _, u := range e.Users {
		ids = append(ids, string(u.ID))
	}
	return ids
}

func TestTheRolesOfTheSelectionAreEdited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		total int
		keys  []string
		want  []string
	}{
		"the user under the cursor when none is selected": {total: 9, keys: []string{"j", "r"}, want: []string{"auth0|0001"}},
		"the selected, in the list's order":               {total: 9, keys: []string{"j", "j", "space", "g", "space", "G", "r"}, want: []string{"auth0|0000", "auth0|0002"}},
		"space takes a user out again":                    {total: 9, keys: []string{"space", "space", "k", "space", "r"}, want: []string{"auth0|0000"}},
		"all that is shown":                               {total: 3, keys: []string{"space", "a", "r"}, want: []string{"auth0|0000", "auth0|0001", "auth0|0002"}},
		"a twice selects none":                            {total: 3, keys: []string{"a", "a", "G", "r"}, want: []string{"auth0|0002"}},
		"those of a page that is no longer loaded":        {total: 120, keys: []string{"G", "space", "R", "space", "r"}, want: []string{"auth0|0000", "auth0|0119"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := opened(&tenant{total: c.total})
			if got := edited(press(m, c.keys...)); !slices.Equal(got, c.want) {
				t.Errorf("roles of %v, want %v", got, c.want)
			}
		})
	}
}

func TestKeysAskForTheUserUnderTheCursor(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 9})
	press(m, "j")
	if got, ok := press(m, "enter").(view.OpenUser); !ok || got.User.ID != "auth0|0001" {
		t.Errorf("enter gives %v", got)
	}
	if got, ok := press(m, "m").(view.ResetMFA); !ok || got.User.ID != "auth0|0001" {
		t.Errorf("m gives %v", got)
	}
	if got, ok := press(m, "b").(view.ToggleBlock); !ok || got.User.ID != "auth0|0001" {
		t.Errorf("b gives %v", got)
	}
	if got := press(m, "y"); got != (view.Copy{What: "user id", Text: "auth0|0001"}) {
		t.Errorf("y gives %v", got)
	}
	if got := press(m, "Y"); got != (view.Copy{What: "email", Text: "p0001@example.com"}) {
		t.Errorf("Y gives %v", got)
	}
}

func TestAKeyWithoutItsPermissionSaysWhich(t *testing.T) {
	t.Parallel()
	for key, permission := range map[string]string{"m": "mfa:reset", "b": "users:block", "r": "roles:assign", "s": "sessions:revoke", "v": "users:edit"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			m := opened(&tenant{total: 9}, permission)
			if got := press(m, key); got != nil {
				t.Errorf("%s gives %v", key, got)
			}
			has(t, m, "You lack the permission "+permission+".")
			for _, k := range m.Keys() {
				if lacks := k.Why != ""; lacks != (k.Help().Key == key) {
					t.Errorf("key %s: why %q", k.Help().Key, k.Why)
				}
			}
			press(m, "j")
			lacking(t, m, "You lack")
		})
	}
}

func TestSortGoesRound(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	press(m, "G", "o")
	has(t, m, "120 users, last sign-in first")
	press(m, "o", "o", "o", "o", "o")
	var fields []string
	for _, s := range f.asked[3:] {
		if s.Page != 0 {
			t.Errorf("sorting asks for page %d", s.Page)
		}
		fields = append(fields, s.Sort.Field)
	}
	if want := []string{"last_login", "created_at", "email", "name", "logins_count", ""}; !slices.Equal(fields, want) {
		t.Errorf("sorted by %q, want %q", fields, want)
	}
}

func TestAChangedUserIsUpdatedInPlace(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3}
	m := opened(f)
	press(m, "space")
	changed := person(0, "")
	changed.Blocked, changed.UserMetadata = true, []byte(`{"a":1}`)
	m.Update(view.UserChangedMsg{User: changed})
	m.Update(view.UserChangedMsg{User: person(77, "")})
	has(t, m, "blocked")
	lacking(t, m, "p0077")
	if len(m.rows) != 3 || m.cursor != 1 || len(f.asked) != 1 || m.rows[0].UserMetadata != nil {
		t.Errorf("%d rows, cursor %d, %d requests", len(m.rows), m.cursor, len(f.asked))
	}
	if got, ok := press(m, "r").(view.EditRoles); !ok || !got.Users[0].Blocked {
		t.Error("the selection holds the user as they were")
	}
}

func TestTypingHasKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	press(m, "/")
	if got := m.Keys(); len(got) == 0 || slices.ContainsFunc(got, func(k view.Key) bool { return k.Help().Key == "b" }) {
		t.Errorf("keys %v while typing", got)
	}
	if m.Title() != "Users" {
		t.Errorf("title %q", m.Title())
	}
}

var _ Tenant = (*auth0client.Client)(nil)

// TestAVerificationMailGoesOnlyToWhomeverItHelps asks for one where there is no email, or one that is verified.
func TestAVerificationMailGoesOnlyToWhomeverItHelps(t *testing.T) {
	t.Parallel()
	mail := func(id, email string, verified bool) auth0client.User {
		return auth0client.User{ID: auth0client.UserID(id), EmailRaw: email, Email: term.Line(email), EmailVerified: verified}
	}
	all := []auth0client.User{mail("sms|1", "", false), mail("auth0|2", "b@example.com", true), mail("auth0|3", "c@example.com", false)}
	m := opened(&tenant{only: all})
	for i, words := range []string{"They have no email.", "The email is verified already.", ""} {
		m.cursor = i
		wish := press(m, "v")
		if op, asks := wish.(view.Operate); asks != (words == "") || m.note != words || asks && op.Operation.User.ID != "auth0|3" {
			t.Errorf("%s: wishes %v, says %q", all[i].ID, wish, m.note)
		}
	}
	press(m, "a")
	run, ok := press(m, "v").(view.OperateAll)
	if !ok || len(run.Operations) != 1 || run.Operations[0].User.ID != "auth0|3" || m.note != "2 of the 3 were left out: they have no email, or it is verified already." {
		t.Errorf("the run is %+v, it says %q", run, m.note)
	}
	m.cursor = 2
	press(m, "space")
	if wish := press(m, "v"); wish != nil || m.note != "None of the 2 has an email that is to be verified." {
		t.Errorf("wishes %v, says %q", wish, m.note)
	}
}
