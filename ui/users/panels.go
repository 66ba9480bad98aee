package users

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
	"usher/ui/widget"
)

// act makes an option's do of what only changes the screen.
func act(do func()) func() (view.Action, tea.Cmd) {
	return func() (view.Action, tea.Cmd) {
		do()
		return nil, nil
	}
}

// openFilters shows what the list is filtered by. What changed is asked for once, when the panel is left.
func (m *Model) openFilters() {
	before := m.filter
	m.panel = &panel{title: "Filters", hint: "enter changes, esc shows the users", options: func(string) []option { return m.filterOptions() },
		closed: func() tea.Cmd {
			if m.filter == before {
				return nil
			}
			m.keepPrefs()
			return m.load()
		}}
}

func (m *Model) filterOptions() []option {
	f := &m.filter
	any := func(c Choice) string {
		if c.ID == "" {
			return "any"
		}
		return oneLine(c.Name)
	}
	word := func(t Tri, yes, no string) string { return append(triWords(t, yes, no), "any")[0] }
	login := "any time or never"
	if f.Login != "" {
		login = loginWords(f.Login)
	}
	choice := func(label string, into *Choice, kind kindOfName) option {
		return option{label: label, detail: any(*into), keep: true, do: func() (view.Action, tea.Cmd) { return nil, m.chooseName(label, into, kind) }}
	}
	return []option{
		choice("Connection", &f.Connection, connectionNames),
		{label: "Blocked", detail: word(f.Blocked, "blocked by an administrator", "not blocked by an administrator"), keep: true, do: act(func() { f.Blocked = f.Blocked.next() })},
		{label: "Email", detail: word(f.Verified, "verified", "not verified"), keep: true, do: act(func() { f.Verified = f.Verified.next() })},
		{label: "Last sign-in", detail: login, keep: true, do: act(m.chooseLogin)},
		choice("Has role", &f.Role, roleNames),
		choice("In organization", &f.Org, orgNames),
		{label: "Clear all filters", keep: true, do: act(func() { m.filter = Filter{} })},
	}
}

// over puts a panel over the one that is open, to which it goes back.
func (m *Model) over(p *panel) {
	under := m.panel
	p.closed = func() tea.Cmd {
		m.panel = under
		return nil
	}
	m.panel = p
}

func (m *Model) chooseName(title string, into *Choice, kind kindOfName) tea.Cmd {
	if !m.names.have(kind) {
		under := m.panel
		return m.learn(kind, func() tea.Cmd {
			if m.panel == under {
				return m.chooseName(title, into, kind)
			}
			return nil
		})
	}
	m.over(&panel{title: title, hint: "type to narrow", options: func(string) []option {
		all := []option{{label: "any", do: act(func() { *into = Choice{} })}}
		for _, c := range m.names.known[kind] {
			all = append(all, option{label: c.Name, do: act(func() { *into = c })})
		}
		return all
	}})
	return nil
}

func (m *Model) chooseLogin() {
	m.over(&panel{title: "Last sign-in", hint: "or type FROM..TO, such as 2026-01-01..2026-01-31", options: func(text string) []option {
		if _, _, ok := between(text); ok {
			return []option{{label: text, detail: loginWords(text), do: act(func() { m.filter.Login = text })}}
		}
		all := []option{{label: "any time or never", do: act(func() { m.filter.Login = "" })}}
		for _, s := range spans() {
			all = append(all, option{label: s.words, do: act(func() { m.filter.Login = s.key })})
		}
		return all
	}})
}

// openColumns shows which columns there are. The first stays.
func (m *Model) openColumns() {
	m.panel = &panel{title: "Columns", hint: "space switches one on or off", options: func(string) []option {
		var all []option
		cut := m.cut()
		for _, c := range m.columns()[1:] {
			detail := ""
			if m.on(c) && cut[c.Title] {
				detail = "no room: a wider window shows it"
			}
			all = append(all, option{label: c.Title, detail: detail, check: true, on: m.on(c), keep: true, do: act(func() {
				if m.switched == nil {
					m.switched = map[string]bool{}
				}
				m.switched[c.Title] = !m.switched[c.Title]
				m.keepPrefs()
			})})
		}
		return all
	}}
}

// openSaved lists the saved searches; a name that is typed saves the current one.
func (m *Model) openSaved() {
	m.panel = &panel{title: "Saved searches", hint: "type a name to save this search, ctrl+d forgets one", options: func(text string) []option {
		var all []option
		for i, s := range m.saved {
			all = append(all, option{label: oneLine(s.Name), detail: s.words(), do: func() (view.Action, tea.Cmd) { return nil, m.recallSaved(s) },
				drop: func() {
					m.saved = slices.Delete(slices.Clone(m.saved), i, i+1)
					m.keepPrefs()
				}})
		}
		if text != "" && !slices.ContainsFunc(m.saved, func(s Saved) bool { return s.Name == text }) {
			all = append(all, option{label: text, detail: "save this search under that name", do: act(func() {
				m.saved = append(m.saved, Saved{Name: text, Query: m.query, Filter: m.filter, Sort: sorts()[m.sort].name})
				m.keepPrefs()
				m.note = "Saved as " + oneLine(text) + "."
			})})
		}
		return all
	}}
}

// openDetails shows the search and what went wrong last, in full.
func (m *Model) openDetails() {
	var all []option
	add := func(words string) {
		for line := range strings.Lines(widget.Wrap(words, max(10, m.width-4))) {
			all = append(all, option{detail: strings.TrimRight(line, "\n"), do: act(func() {})})
		}
	}
	if p := view.Explain(m.env.Now(), m.err); !p.IsZero() {
		add("Error: " + p.String())
	}
	add("Search: " + m.wanted().words())
	if ran := m.page.Ran.String(); !m.stale() && ran != "" {
		add("Asked for: " + ran)
	}
	m.panel = &panel{title: "Details", hint: "esc closes", options: func(string) []option { return all }}
}

func (m *Model) recallSaved(s Saved) tea.Cmd {
	m.query, m.filter, m.opening = s.Query, s.Filter, false
	m.box.set(s.Query)
	m.narrow()
	m.setSort(s.Sort)
	m.keepPrefs()
	return m.load()
}

// openBlock asks which way: the blocks after failed sign-ins are in no search's answer, so nobody knows yet who is blocked.
func (m *Model) openBlock(n int) {
	of := users(n)
	m.panel = &panel{title: "Block or unblock " + of, options: func(string) []option {
		return []option{
			{label: "Unblock " + of, detail: "lifts both kinds of block", do: func() (view.Action, tea.Cmd) { return m.all(unblock), nil }},
			{label: "Block " + of, detail: "they cannot sign in any more", do: func() (view.Action, tea.Cmd) { return m.all(block), nil }},
		}
	}}
}
