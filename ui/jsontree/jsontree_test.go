package jsontree

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const record = `{"email":"ada@example.com", "blocked" : false,
 "app_metadata":{"plan":"gold","a.b":{"c":[1,{"d":null}]},"none":{},"empty":[]},"email":"twice"}`

func texts(t *Tree, find string) []string {
	var out []string
	for _, r := range t.Rows(find) {
		out = append(out, strings.Repeat(" ", r.Depth)+r.Text)
	}
	return out
}

func parse(t *testing.T, s string) *Tree {
	t.Helper()
	tree, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestARecordIsShownInItsOwnOrder(t *testing.T) {
	t.Parallel()
	tree := parse(t, record)
	want(t, texts(tree, ""), `"email": "ada@example.com"`, `"blocked": false`, `"app_metadata": {4}`, ` "plan": "gold"`, ` "a.b": {1}`, `  "c": [2]`, `   1`, `   {1}`,
		`    "d": null`, ` "none": {}`, ` "empty": []`, `"email": "twice"`)
	tree.Fold(2) // false: a leaf
	tree.Fold(3)
	want(t, texts(tree, ""), `"email": "ada@example.com"`, `"blocked": false`, `"app_metadata": {4}`, `"email": "twice"`)
	want(t, texts(tree, "NULL"), `"app_metadata": {4}`, ` "a.b": {1}`, `  "c": [2]`, `   {1}`, `    "d": null`)
	want(t, texts(tree, "no such"))
	tree.FoldAll()
	if len(texts(tree, "")) != 12 {
		t.Errorf("all unfolded: %q", texts(tree, ""))
	}
	tree.FoldAll()
	if len(texts(tree, "")) != 4 {
		t.Errorf("all folded: %q", texts(tree, ""))
	}
}

func TestTheValueAndThePathUnderTheCursorAreExact(t *testing.T) {
	t.Parallel()
	tree := parse(t, `{"a":"line\n\u001b[2J \"q\"","b":[ {"x.y": 1.50} , [] ],"c": { "d":true } }`)
	got := map[string]string{}
	for _, r := range tree.Rows("") {
		got[tree.Path(r.Node)] = tree.Value(r.Node)
	}
	for path, value := range map[string]string{"a": "line\n\x1b[2J \"q\"", "b": `[ {"x.y": 1.50} , [] ]`, "b[0]": `{"x.y": 1.50}`, "b[0].x.y": "1.50", "b[1]": "[]", "c": `{ "d":true }`, "c.d": "true"} {
		if got[path] != value {
			t.Errorf("%s is %q, want %q", path, got[path], value)
		}
	}
	for _, s := range texts(tree, "") {
		if strings.ContainsAny(s, "\x1b\n") {
			t.Errorf("an escape is shown: %q", s)
		}
	}
	if tree.Value(-1) != "" || tree.Value(99) != "" || tree.Path(99) != "" {
		t.Error("there is something beyond the rows")
	}
}

func TestOtherTextsThanObjects(t *testing.T) {
	t.Parallel()
	want(t, texts(parse(t, `"one"`), ""), `"one"`)
	want(t, texts(parse(t, `[]`), ""), `[]`)
	want(t, texts(parse(t, `[1,"a"]`), ""), `1`, `"a"`)
	for _, s := range []string{"", "{", `{"a":}`, "<html>", `{"a":1`, `{"a"`} {
		if _, err := Parse([]byte(s)); err == nil {
			t.Errorf("%q is read as JSON", s)
		}
	}
	var none *Tree
	none.Fold(0)
	none.FoldAll()
	if none.Rows("") != nil || none.Value(0) != "" || none.Path(0) != "" {
		t.Error("no tree has rows")
	}
}

// FuzzParse holds every text against encoding/json: both take it or neither, no row has a control character, and the values
// of the rows are JSON or strings of it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{record, `[[[1]]]`, `{"\u202e":"\u0000"}`, "{\"a\":\"\u202e\x7f\"}", `1 2`, `{"a":1}}`, `nul`, strings.Repeat("[", 100) + strings.Repeat("]", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tree, err := Parse([]byte(s))
		if json.Valid([]byte(s)) != (err == nil) {
			if err == nil && len(tree.nodes) > 0 && tree.nodes[0].last < len(tree.nodes) {
				return // several values one after the other: shown, though no single JSON text
			}
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		for _, r := range tree.Rows("") {
			if strings.ContainsFunc(r.Text, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0x202e }) {
				t.Fatalf("%q shows %q", s, r.Text)
			}
			if n := tree.nodes[r.Node]; !json.Valid([]byte(s)[n.begin:n.end]) {
				t.Fatalf("%q: row %q stands for %q", s, r.Text, s[n.begin:n.end])
			}
			_ = fmt.Sprint(tree.Value(r.Node), tree.Path(r.Node))
		}
	})
}
