package user

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/jsontree"
	"usher/ui/view"
)

// raw is the whole record as JSON that folds.
type raw struct {
	m    *Model
	find filter
	tree *jsontree.Tree
	of   []byte // what tree was made of
	bad  bool   // the record is no JSON that can be taken apart
}

func (r *raw) title() (long, short string) { return "Raw", "Raw" }

func (r *raw) parts() []tracked { return []tracked{&r.m.user} }

func (r *raw) need() tea.Cmd { return r.m.needUser() }

func (r *raw) filter() *filter { return &r.find }

func (r *raw) leave() bool { return false }

func (r *raw) keys() []view.Key {
	return []view.Key{view.NewKey("/", "search", "/"), view.NewKey("space", "fold", "space", "enter"), view.NewKey("z", "fold all", "z"),
		view.NewKey("c", "copy value", "c"), view.NewKey("w", "copy record", "w")}
}

func (r *raw) press(k string) (view.Action, tea.Cmd, bool) {
	tree := r.parsed()
	rows := tree.Rows(r.find.text)
	node := -1
	if at := r.m.marked(len(rows)); at < len(rows) {
		node = rows[at].Node
	}
	switch k {
	case "space", "enter":
		if r.find.text == "" {
			tree.Fold(node)
		}
	case "z":
		tree.FoldAll()
		r.m.cursor[r.m.at] = 0
	case "c":
		if node >= 0 {
			return view.Copy{What: "value of " + r.where(node), Text: tree.Value(node)}, nil, true
		}
	case "w":
		if len(r.m.user.value.Record) > 0 {
			return view.Copy{What: "record", Text: string(r.m.user.value.Record)}, nil, true
		}
	default:
		return nil, nil, false
	}
	return nil, nil, true
}

// where names a value in a notice.
func (r *raw) where(node int) string { return termLine(r.tree.Path(node)) }

// parsed is the record taken apart, once for each that was read.
func (r *raw) parsed() *jsontree.Tree {
	record := []byte(r.m.user.value.Record)
	if len(record) == len(r.of) && (len(record) == 0 || &record[0] == &r.of[0]) {
		return r.tree
	}
	tree, err := jsontree.Parse(record)
	r.of, r.tree, r.bad = record, tree, err != nil
	return tree
}

func (r *raw) rows(width int) []row {
	m, t := r.m, r.m.env.Theme
	if why := m.why(usersPermission); why != "" {
		return []row{line(t.Warn.Render(why))}
	}
	tree := r.parsed()
	var rows []row
	switch {
	case len(r.of) == 0 && m.user.err == nil:
		return []row{m.waiting("the record")}
	case len(r.of) > 0 && r.bad:
		return []row{wrapped(m.user.value.JSON.String(), width)}
	}
	for _, n := range tree.Rows(r.find.text) {
		sign := "  "
		switch {
		case n.Opens && n.Folded:
			sign = t.Icons.Plus + " "
		case n.Opens:
			sign = t.Icons.Minus + " "
		}
		indent := strings.Repeat("  ", min(n.Depth, max(0, width/6)))
		one := wrapped(n.Text, width-len(indent)-2)
		for i := range one.lines {
			if i > 0 {
				sign = "  "
			}
			one.lines[i] = indent + t.Muted.Render(sign) + one.lines[i]
		}
		rows = append(rows, one)
	}
	if m.user.err != nil { // behind the rows, which keys count from the top
		rows = append(rows, m.problem("record", m.user.err, m.user.loading)...)
	}
	if len(rows) == 0 {
		return []row{line("Nothing has that text.")}
	}
	return rows
}
