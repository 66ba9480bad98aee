package ui

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/ui/uitest"
)

// keptText is all text that a value holds, whatever keeps it.
func keptText(v any) string {
	var all strings.Builder
	seen := map[uintptr]bool{}
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			all.WriteString(v.String() + "\n")
		case reflect.Pointer:
			if !v.IsNil() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				walk(v.Elem())
			}
		case reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice, reflect.Array:
			if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
				all.Write(v.Bytes())
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(k)
				walk(v.MapIndex(k))
			}
		default: // holds no text
		}
	}
	walk(reflect.ValueOf(v))
	return all.String()
}

func path(u auth0client.User) string { return "users/" + url.PathEscape(string(u.ID)) }

func TestWhatIsTypedInAFormIsKept(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	u := l.open("uma.unverified@example.com")
	l.play("e", "@ nickname", "enter", "ctrl+u", "' Umi", "enter", "g", "@ given_name", "enter", "ctrl+u", "' Ull")
	p := l.drop()
	l.look("PATCH", path(u), `{"family_name":"Meanwhile"}`, nil)
	l.connect(&p)
	l.play("> Users › uma.unverified@example.com › Edit", "> What you typed there is kept")
	l.back(p)
	l.play("> Umi", "> What you had typed is here again", "' a", "> Meanwhile", "ctrl+s", "> Ulla", "y", "> Saved the changes")
	var now struct {
		Nickname   string
		GivenName  string `json:"given_name"`
		FamilyName string `json:"family_name"`
	}
	l.look("GET", path(u), "", &now)
	if now.Nickname != "Umi" || now.GivenName != "Ulla" || now.FamilyName != "Meanwhile" {
		t.Errorf("the user is %+v", now)
	}
}

func TestWhatSomebodyElseChangedMeanwhileIsAskedAbout(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	u := l.open("uma.unverified@example.com")
	l.play("e", "@ nickname", "enter", "ctrl+u", "' Umi", "enter")
	p := l.drop()
	l.look("PATCH", path(u), `{"nickname":"Theirs"}`, nil)
	l.back(p)
	l.play("> Theirs", "> keep mine")
	p = l.drop()
	l.back(p)
	l.play("> Theirs", "> keep mine", "t", "enter", "> theirs is kept")
}

func TestMetadataThatIsBeingWrittenIsKept(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	u := l.open("uma.unverified@example.com")
	l.look("PATCH", path(u), `{"user_metadata":{"a":"1"}}`, nil)
	l.play("ctrl+r", "e", "> user_metadata", "@ user_metadata", "enter", "> keep", "end", "' \n", `' {"a":"2"`)
	before := l.settled()
	p := l.drop()
	l.look("PATCH", path(u), `{"user_metadata":{"a":"3"}}`, nil)
	l.back(p)
	l.until("not what it was,\n"+before+"\nbut", func() bool { return body(before) == body(uitest.Frame(l.app)) })
}

// TestThePasswordOfANewUserIsNotKept types one, and has one suggested; of both nothing is in the place.
func TestThePasswordOfANewUserIsNotKept(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	l.play("n", "> password", "@ email", "enter", "' new@example.com", "enter", "' Correct-Horse-7", "enter", "' Newly", "enter", "' Hal")
	p := l.drop()
	if text := keptText(p); strings.Contains(text, "Correct") || !strings.Contains(text, "new@example.com") || !strings.Contains(text, "Hal") {
		t.Fatalf("the place holds\n%s", text)
	}
	l.back(p)
	l.play("> new@example.com", "> Newly", "> Hal", "> but for a password", "k", "k", "k", "@ password", "enter", "' Half-Typed")
	p = l.drop()
	if text := keptText(p); strings.Contains(text, "Half-Typed") {
		t.Fatalf("the place holds\n%s", text)
	}
	l.back(p)
	l.play("> Newly", "ctrl+g")
	suggested := regexp.MustCompile(`password \* +(\S+)`).FindStringSubmatch(uitest.Frame(l.app))
	if suggested == nil || len(suggested[1]) < 8 {
		t.Fatalf("no password is suggested:\n%s", uitest.Frame(l.app))
	}
	l.play("ctrl+s", "> y do it", "y", "> open the user", "> "+suggested[1])
	p = l.drop() // while the password is shown
	if text := keptText(p); strings.Contains(text, suggested[1]) {
		t.Fatalf("the place holds\n%s", text)
	}
	l.connect(&p)
	l.play("> What you had sent:", "> new@example.com", "> enter go on")
}

func TestWhatIsMarkedInTheRoleEditorIsKept(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	u := l.open("ada@example.com")
	l.play("r", "@ Order desk", "space", "@ Auditor", "space", "enter", "> y apply")
	p := l.drop()
	l.look("POST", path(u)+"/roles", `{"roles":["`+(&office{floor: l.floor}).role("Auditor").ID+`"]}`, nil)
	l.back(p)
	l.play("> 1 change", "> What you had marked is here again", "enter", "> y apply", "y", "> Roles of ada@example.com changed: 1 added")
}

func TestWhatWouldActIsNotOpenedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play []string
		say  string
	}{
		"a dialog":   {[]string{"m", "> Reset MFA"}, "Reset MFA"},
		"a fix":      {[]string{"p", "> password"}, "Password"},
		"a deletion": {[]string{"D", "> Type it", "' ada"}, "What you typed there is gone"},
		"a run":      {[]string{"esc", "esc", "space", "space", "s", "> Sign out"}, "Sign out everywhere: 2 users"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := openLine(t)
			l.open("ada@example.com")
			l.play(c.play...)
			p := l.drop()
			l.requests()
			l.back(p)
			if l.settled(); len(l.app.dialogs) > 0 || len(l.app.stack) > 2 {
				t.Errorf("open is\n%s", l.flat())
			}
			for _, r := range l.requests() {
				if !strings.HasPrefix(r, "GET ") {
					t.Errorf("%s was sent", r)
				}
			}
			l.connect(&p)
			l.play("> Not opened again:", "> "+c.say)
		})
	}
}
