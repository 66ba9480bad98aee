// Package pick is the dialog with a check list: what there is to choose from is read, narrowed as one types, and what is
// chosen becomes the next step, which asks for itself before anything happens.
package pick

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Model is the dialog. Build it with [New].
type Model struct {
	env    view.Env
	what   view.Pick
	all    fetch.Part[[]view.Choice]
	search []string // what the filter looks at, a text for each choice
	on     map[int]bool
	shown  []int
	filter widget.Filter
	place  widget.Place
	note   string
}

var _ view.View = (*Model)(nil)

// New makes the dialog.
func New(env view.Env, what view.Pick) *Model {
	return &Model{env: env, what: what, on: map[int]bool{}, filter: widget.NewFilter()}
}

// Init reads what there is to choose from.
func (m *Model) Init() tea.Cmd {
	load := m.what.Load
	return m.all.Fetch(m.env, func(ctx context.Context) ([]view.Choice, error) { return load(ctx) })
}

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return m.what.Title }

// Typing reports that the filter takes letters.
func (m *Model) Typing() bool { return m.filter.Typing() }

// Close cancels the read.
func (m *Model) Close() { m.all.Cancel() }

// Update takes keys and the list.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, taken := fetch.Take(m.env, msg)
		if taken && m.all.Err() == nil {
			m.begin()
		}
		return action, nil
	case view.SignedInMsg:
		if view.SignInFor(m.all.Err()) != nil {
			return nil, m.Init()
		}
	case view.ReloadMsg:
		return nil, m.Init()
	case tea.PasteMsg:
		m.filter.Paste(msg.Content)
		m.narrow()
	case tea.KeyPressMsg:
		if m.filter.Typing() {
			m.filter.Key(msg)
			m.narrow()
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) begin() {
	choices := m.all.Value()
	m.search = make([]string, len(choices))
	clear(m.on)
	for i, c := range choices {
		m.search[i] = strings.ToLower(c.Group + "\x00" + c.Label + "\x00" + c.Note)
		if c.On {
			m.on[i] = true
		}
	}
	m.narrow()
}

func (m *Model) narrow() {
	want := m.filter.Text()
	m.shown = m.shown[:0]
	for i, text := range m.search {
		if want == "" || strings.Contains(text, want) {
			m.shown = append(m.shown, i)
		}
	}
	m.place.Keep(len(m.shown))
}

func (m *Model) current() (int, bool) {
	if m.place.Cursor >= len(m.shown) {
		return 0, false
	}
	return m.shown[m.place.Cursor], true
}

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "esc", "n":
		if k == "esc" && m.filter.Text() != "" {
			m.filter.Clear()
			m.narrow()
			return nil, nil
		}
		return view.Back{}, nil
	case "/":
		m.filter.Open()
	case "space":
		if !m.what.One {
			m.toggle()
		}
	case "a":
		if !m.what.One {
			m.toggleShown()
		}
	case "enter":
		return m.take(), nil
	default:
		m.place.Move(k, len(m.shown))
	}
	return nil, nil
}

func (m *Model) toggle() {
	i, ok := m.current()
	if !ok {
		return
	}
	if why := m.all.Value()[i].Why; why != "" {
		m.note = why
		return
	}
	m.set(i, !m.on[i])
	m.place.Move("down", len(m.shown))
}

func (m *Model) set(i int, on bool) {
	if on {
		m.on[i] = true
	} else {
		delete(m.on, i)
	}
}

// toggleShown checks all that is shown, or none of it when all of it is checked.
func (m *Model) toggleShown() {
	all := true
	for _, i := range m.shown {
		all = all && (m.on[i] || m.all.Value()[i].Why != "")
	}
	for _, i := range m.shown {
		if m.all.Value()[i].Why == "" {
			m.set(i, !all)
		}
	}
}

// take leaves the dialog for the next step.
func (m *Model) take() view.Action {
	if !m.all.Read() {
		return nil
	}
	chosen := m.chosen()
	if len(chosen) == 0 && m.what.None == "" {
		if i, ok := m.current(); ok && m.what.One {
			m.note = m.all.Value()[i].Why
		} else {
			m.note = "Nothing is chosen: space checks the marked row."
		}
		return nil
	}
	return view.All{view.Back{}, m.what.Then(chosen)}
}

func (m *Model) chosen() []view.Choice {
	choices := m.all.Value()
	if m.what.One {
		if i, ok := m.current(); ok && choices[i].Why == "" {
			return choices[i : i+1 : i+1]
		}
		return nil
	}
	var out []view.Choice
	for i, c := range choices { // in the list's order, so that the same choice is sent the same way
		if m.on[i] {
			out = append(out, c)
		}
	}
	return out
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.filter.Typing() {
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	keys := []view.Key{view.NewKey("/", "filter", "/")}
	take := view.NewKey("enter", "go on", "enter")
	if m.what.One {
		take = view.NewKey("enter", "take it", "enter")
	} else {
		keys = append(keys, view.NewKey("space", "check", "space"), view.NewKey("a", "all shown", "a"))
	}
	return append(keys, take, view.NewKey("esc", "cancel", "esc", "n"))
}

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	t := m.env.Theme
	lines := []string{t.Title.Render(widget.Truncate(m.what.Title, size.Width))}
	if line := m.filter.Line(size.Width); line != "" {
		lines = append(lines, line)
	}
	tail := m.tail()
	lines = append(lines, m.rows(size.Width, max(1, size.Height-len(lines)-1))...)
	return view.Frame{Content: widget.Fit(strings.Join(append(lines, tail), "\n"), size.Width, size.Height)}
}

func (m *Model) rows(width, height int) []string {
	t := m.env.Theme
	switch {
	case m.all.Err() != nil:
		p := view.Explain(m.env.Now(), m.all.Err())
		return strings.Split(t.Danger.Render(widget.Wrap(p.String(), max(10, width))), "\n")
	case !m.all.Read():
		return []string{t.Muted.Render("reading" + t.Icons.Ellipsis)}
	case len(m.search) == 0:
		return []string{t.Muted.Render(widget.Wrap(m.what.Empty, max(10, width)))}
	case len(m.shown) == 0:
		return []string{t.Muted.Render("Nothing matches.")}
	}
	name := 0
	for _, i := range m.shown {
		name = max(name, widget.Width(m.all.Value()[i].Label))
	}
	name = min(name, max(12, width/2))
	var lines []string
	from, to := m.place.Sight(len(m.shown), height)
	for at := from; at < to; at++ {
		lines = append(lines, m.row(m.shown[at], at == m.place.Cursor, name, width))
	}
	return lines
}

func (m *Model) row(i int, marked bool, name, width int) string {
	t, c := m.env.Theme, m.all.Value()[i]
	marker := " "
	if marked {
		marker = t.Icons.Cursor
	}
	line := widget.Pad(marker, 2)
	if !m.what.One {
		line += widget.Checkbox(t, m.on[i], false) + " "
	}
	rest := c.Note
	if c.Group != "" {
		rest = strings.TrimRight(c.Group+"  "+c.Note, " ")
	}
	if c.Why != "" {
		rest = c.Why
	}
	line = widget.Truncate(line+widget.Pad(c.Label, name)+"  "+rest, width)
	switch {
	case marked:
		return t.Selected.Render(line)
	case c.Why != "":
		return t.Muted.Faint(true).Render(line)
	}
	return line
}

func (m *Model) tail() string {
	t := m.env.Theme
	switch {
	case m.note != "":
		return t.Warn.Render(t.Icons.Warn + " " + m.note)
	case !m.all.Read() || len(m.search) == 0:
		return t.Accent.Render("esc") + " close"
	case m.what.One:
		return t.Muted.Render(fmt.Sprintf("%d of %d shown", len(m.shown), len(m.search)))
	}
	chosen := fmt.Sprintf("%d chosen", len(m.on))
	if len(m.on) == 0 && m.what.None != "" {
		chosen = m.what.None
	}
	return t.Muted.Render(fmt.Sprintf("%s %s %d of %d shown", chosen, t.Icons.Sep, len(m.shown), len(m.search)))
}
