// Package jsontree shows a JSON text as rows that fold, with a search and the value under the cursor. What it shows is fit
// for a terminal; what it gives to copy is exact.
package jsontree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"usher/auth0client/term"
)

// Tree is a JSON text in rows. Build it with [Parse]; a nil Tree has none.
type Tree struct {
	raw    []byte
	nodes  []node
	folded map[int]bool
}

// node is one value of the text. Nodes stand in the order of the text, what an object holds behind it.
type node struct {
	depth      int
	up         int       // the object or list it is in; -1 for the outermost
	key        string    // exact; empty for the outermost value and in lists
	name       term.Safe // the key as it is shown
	text       term.Safe // the value of a leaf as it is shown
	open       byte      // '{' or '[', 0 for a leaf
	n          int       // how many values it holds itself
	last       int       // the index behind its last descendant
	begin, end int       // where its value stands in the text
}

// Row is one row to draw.
type Row struct {
	Node   int
	Depth  int
	Text   string // key and value, or key and how much is in it
	Opens  bool   // it holds others
	Folded bool
}

// Parse reads a JSON text. Its own order of keys is kept, and doubled keys are both shown.
func Parse(raw []byte) (*Tree, error) {
	t := &Tree{raw: raw, folded: map[int]bool{}}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	p := parser{Tree: t, dec: dec, up: -1}
	for {
		begin := dec.InputOffset()
		tok, err := dec.Token()
		if err == io.EOF && len(p.nodes) > 0 && p.up < 0 { //nolint:errorlint // Token gives it bare
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the record is no JSON: %w", err)
		}
		p.take(tok, int(begin), int(dec.InputOffset()))
	}
}

type parser struct {
	*Tree
	dec   *json.Decoder
	up    int
	key   string
	keyed bool // the key of the next value was read
}

func (p *parser) take(tok json.Token, begin, end int) {
	begin += len(p.raw[begin:end]) - len(bytes.TrimLeft(p.raw[begin:end], " \t\r\n:,"))
	if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
		at := &p.nodes[p.up]
		at.end, at.last = end, len(p.nodes)
		p.up = at.up
		return
	}
	if p.up >= 0 && p.nodes[p.up].open == '{' && !p.keyed {
		p.key, p.keyed = fmt.Sprint(tok), true
		return
	}
	n := node{up: p.up, key: p.key, begin: begin, end: end, last: len(p.nodes) + 1}
	if p.up >= 0 {
		p.nodes[p.up].n++
		n.depth = p.nodes[p.up].depth + 1
		if p.keyed {
			n.name = term.Line(string(quoted(p.key)))
		}
	}
	p.key, p.keyed = "", false
	if d, ok := tok.(json.Delim); ok {
		n.open = byte(d)
	} else {
		n.text = term.Line(string(p.raw[begin:end]))
	}
	p.nodes = append(p.nodes, n)
	if n.open != 0 {
		p.up = len(p.nodes) - 1
	}
}

// quoted is a key as JSON writes it.
func quoted(key string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(key) != nil {
		return []byte(strconv.Quote(key))
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Rows are the rows to draw: all that is not folded away or, while something is looked for, those that hold it (whatever its
// case) and what they are in. The outermost object has no row.
func (t *Tree) Rows(find string) []Row {
	if t == nil || len(t.nodes) == 0 {
		return nil
	}
	if find != "" {
		return t.found(strings.ToLower(find))
	}
	var out []Row
	for i := t.first(); i < len(t.nodes); {
		out = append(out, t.row(i))
		if t.folded[i] {
			i = t.nodes[i].last
		} else {
			i++
		}
	}
	return out
}

// first is the first node with a row.
func (t *Tree) first() int {
	if t.nodes[0].open != 0 && t.nodes[0].n > 0 {
		return 1
	}
	return 0
}

func (t *Tree) found(find string) []Row {
	show := make([]bool, len(t.nodes))
	for i, n := range t.nodes {
		if strings.Contains(strings.ToLower(n.name.String()+": "+n.text.String()), find) {
			for at := i; at >= 0 && !show[at]; at = t.nodes[at].up {
				show[at] = true
			}
		}
	}
	var out []Row
	for i := t.first(); i < len(t.nodes); i++ {
		if show[i] {
			r := t.row(i)
			r.Folded = false
			out = append(out, r)
		}
	}
	return out
}

func (t *Tree) row(i int) Row {
	n := t.nodes[i]
	r := Row{Node: i, Depth: n.depth, Opens: n.open != 0 && n.n > 0, Folded: t.folded[i]}
	if t.first() == 1 {
		r.Depth--
	}
	value := n.text.String()
	switch {
	case n.open == '{' && n.n == 0:
		value = "{}"
	case n.open == '[' && n.n == 0:
		value = "[]"
	case n.open == '{':
		value = fmt.Sprintf("{%d}", n.n)
	case n.open == '[':
		value = fmt.Sprintf("[%d]", n.n)
	}
	r.Text = value
	if !n.name.IsEmpty() {
		r.Text = n.name.String() + ": " + value
	}
	return r
}

// Fold folds or unfolds a node; one without others is left.
func (t *Tree) Fold(i int) {
	if t != nil && i >= 0 && i < len(t.nodes) && t.nodes[i].open != 0 && t.nodes[i].n > 0 {
		t.folded[i] = !t.folded[i]
	}
}

// FoldAll folds every object and list within the outermost one, or unfolds all when any is folded.
func (t *Tree) FoldAll() {
	if t == nil {
		return
	}
	if len(t.folded) > 0 {
		for _, on := range t.folded {
			if on {
				clear(t.folded)
				return
			}
		}
	}
	for i, n := range t.nodes {
		if i > 0 && n.open != 0 && n.n > 0 {
			t.folded[i] = true
		}
	}
}

// Value is a node's value as one would paste it: a string without its quotes, all else as JSON.
func (t *Tree) Value(i int) string {
	if t == nil || i < 0 || i >= len(t.nodes) {
		return ""
	}
	raw := t.raw[t.nodes[i].begin:t.nodes[i].end]
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && raw[0] == '"' {
		return s
	}
	return string(raw)
}

// Path is where a node stands, such as app_metadata.plan or identities[0].provider. It is exact.
func (t *Tree) Path(i int) string {
	if t == nil || i < 0 || i >= len(t.nodes) || t.nodes[i].up < 0 {
		return ""
	}
	n := t.nodes[i]
	up := t.Path(n.up)
	switch {
	case t.nodes[n.up].open == '[':
		return up + "[" + strconv.Itoa(t.place(i)) + "]"
	case up == "":
		return n.key
	}
	return up + "." + n.key
}

// place is the number of a value within its list.
func (t *Tree) place(i int) int {
	at, n := t.nodes[i].up+1, 0
	for at < i {
		at = t.nodes[at].last
		n++
	}
	return n
}
