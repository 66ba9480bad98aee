package role

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

func safe(s string) string { return term.Line(s).String() }

// Diff is two roles side by side. Build it with [NewDiff].
type Diff struct {
	env    view.Env
	reads  Reads
	roles  [2]auth0client.Role
	gives  [2]fetch.Part[[]auth0client.Permission]
	groups [2]fetch.Part[[]auth0client.Group]
	all    bool // what both have is shown as well
	place  widget.Place
}

var _ view.View = (*Diff)(nil)

// NewDiff makes the screen.
func NewDiff(env view.Env, reads Reads, a, b auth0client.Role) *Diff {
	return &Diff{env: env, reads: reads, roles: [2]auth0client.Role{a, b}, all: true}
}

// Init reads what both roles give, and which groups give them: four requests at once.
func (d *Diff) Init() tea.Cmd {
	var cmds []tea.Cmd
	reads := d.reads
	for i := range d.roles {
		id := d.roles[i].ID
		cmds = append(cmds,
			d.gives[i].Fetch(d.env, func(ctx context.Context) ([]auth0client.Permission, error) { return reads.RolePermissions(ctx, id) }),
			d.groups[i].Fetch(d.env, func(ctx context.Context) ([]auth0client.Group, error) { return reads.GroupsOfRole(ctx, id) }))
	}
	return tea.Batch(cmds...)
}

// Title is the screen's part of the breadcrumb.
func (d *Diff) Title() string {
	return d.roles[0].Name.String() + " = " + d.roles[1].Name.String() + "?"
}

// Typing reports that no field has the focus: there is none.
func (d *Diff) Typing() bool { return false }

// Close cancels the reads.
func (d *Diff) Close() {
	for i := range d.roles {
		d.gives[i].Cancel()
		d.groups[i].Cancel()
	}
}

// Update takes keys and answers.
func (d *Diff) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, _ := fetch.Take(d.env, msg)
		return action, nil
	case view.ReloadMsg, view.SignedInMsg:
		return nil, d.Init()
	case view.AlteredMsg:
		if msg.ID == string(d.roles[0].ID) || msg.ID == string(d.roles[1].ID) {
			return nil, d.Init()
		}
	case tea.KeyPressMsg:
		switch k := msg.String(); k {
		case "esc":
			return view.Back{}, nil
		case "f":
			d.all = !d.all
		case "<", ">":
			r := d.roles[strings.Index("<>", k)]
			return view.OpenRole{ID: r.ID, Name: r.Name}, nil
		case "R":
			return nil, d.Init()
		default:
			d.place.Move(k, len(d.rows()))
		}
	}
	return nil, nil
}

// pair is a permission, or a group, and which of the roles have it.
type pair struct {
	what, of string
	has      [2]bool
}

// rows are the differences, and what both have where that is shown.
func (d *Diff) rows() []pair {
	all := d.pairs()
	if d.all {
		return all
	}
	return slices.DeleteFunc(all, func(p pair) bool { return p.has[0] == p.has[1] })
}

// pairs are all permissions, then all groups, of both roles.
func (d *Diff) pairs() []pair {
	gives := map[auth0client.PermissionRef]*pair{}
	var order []auth0client.Permission
	groups := map[string]*pair{}
	var out []*pair
	for i := range d.roles {
		for _, p := range d.gives[i].Value() {
			if gives[p.Ref] == nil {
				gives[p.Ref] = &pair{what: p.Name.String(), of: apiName(p)}
				order = append(order, p)
			}
			gives[p.Ref].has[i] = true
		}
	}
	for _, p := range inOrder(order) {
		out = append(out, gives[p.Ref])
	}
	for i := range d.roles {
		for _, g := range d.groups[i].Value() {
			if groups[g.ID] == nil {
				groups[g.ID] = &pair{what: g.Name.String(), of: "group"}
				out = append(out, groups[g.ID])
			}
			groups[g.ID].has[i] = true
		}
	}
	pairs := make([]pair, len(out))
	for i, p := range out {
		pairs[i] = *p
	}
	return pairs
}

// Keys are the bindings of the moment.
func (d *Diff) Keys() []view.Key {
	f := view.NewKey("f", "differences only", "f")
	if !d.all {
		f = view.NewKey("f", "all", "f")
	}
	moving := view.NewKey("j/k", "move", "j", "k", "down", "up", "pgdown", "pgup", "g", "G", "home", "end")
	moving.Hidden = true
	reload := view.NewKey("R", "reload", "R", "ctrl+r")
	reload.Hidden = true
	return []view.Key{f, view.NewKey("<", "open the left role", "<"), view.NewKey(">", "open the right role", ">"), view.NewKey("esc", "back", "esc"), moving, reload}
}

// View draws the screen.
func (d *Diff) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t := d.env.Theme
	side := max(8, min(28, (s.Width-46)/2))
	table := widget.Table{Columns: []widget.Column{{Title: "Gives", Min: 20, Flex: 2}, {Title: "<  " + d.roles[0].Name.String(), Min: side}, {Title: ">  " + d.roles[1].Name.String(), Min: side}, {Title: "Of", Min: 14, Flex: 1}}}
	widths := table.Widths(s.Width)
	lines := []string{d.summary(s.Width), table.Header(t, widths)}
	rows, bottom := d.rows(), widget.Foot(d.bottom(), s.Width, s.Height)
	from, to := d.place.Sight(len(rows), max(1, s.Height-2-len(bottom)))
	for i := from; i < to; i++ {
		cells := []string{rows[i].what, d.sign(rows[i], 0), d.sign(rows[i], 1), rows[i].of}
		line := table.Row(t, widths, cells, i == d.place.Cursor)
		if i != d.place.Cursor && rows[i].has[0] == rows[i].has[1] {
			line = t.Muted.Render(line)
		}
		lines = append(lines, line)
	}
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

func (d *Diff) sign(p pair, i int) string {
	if p.has[i] {
		return d.env.Theme.Icons.Yes
	}
	return d.env.Theme.Icons.Minus
}

// summary counts what only the one, only the other and both have.
func (d *Diff) summary(width int) string {
	t := d.env.Theme
	for i := range d.roles {
		if !d.gives[i].Read() && d.gives[i].Err() == nil {
			return t.Muted.Render("reading both roles" + t.Icons.Ellipsis)
		}
	}
	var only [2]int
	both := 0
	for _, p := range d.pairs() {
		switch {
		case p.has[0] && p.has[1]:
			both++
		case p.has[0]:
			only[0]++
		default:
			only[1]++
		}
	}
	return t.Strong.Render(widget.Truncate(fmt.Sprintf("%d only in %s %s %d only in %s %s %d in both", only[0], d.roles[0].Name, t.Icons.Sep, only[1], d.roles[1].Name, t.Icons.Sep, both), width))
}

func (d *Diff) bottom() string {
	t := d.env.Theme
	for i := range d.roles {
		for _, err := range []error{d.gives[i].Err(), d.groups[i].Err()} {
			if err != nil {
				return t.Danger.Render(d.roles[i].Name.String() + ": " + view.Explain(d.env.Now(), err).String())
			}
		}
	}
	if !d.all && len(d.rows()) == 0 && d.gives[0].Read() && d.gives[1].Read() {
		return t.Good.Render("They give the same.")
	}
	return ""
}
