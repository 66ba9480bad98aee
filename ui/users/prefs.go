package users

import (
	"slices"
	"strings"
)

// Saved is a search with a name.
type Saved struct {
	Name   string
	Query  string
	Filter Filter
	Sort   string
}

func (s Saved) words() string {
	parts := []string{}
	for _, p := range []string{oneLine(s.Query), s.Filter.words(), s.Sort} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, ", ")
}

// Kept is what the list remembers of a profile from one day to the next. What was searched for is not among it: it names
// people. Saved searches are, since somebody wanted them kept.
type Kept struct {
	Switched []string `json:",omitempty"` // columns that are not as they are at first
	Sort     string   `json:",omitempty"`
	Filter   Filter
	Saved    []Saved `json:",omitempty"`
}

// Prefs keeps what the list remembers. Both methods answer at once.
type Prefs interface {
	Load() Kept
	Save(k Kept) error
}

func (m *Model) recall() {
	if m.o.Prefs == nil {
		return
	}
	k := m.o.Prefs.Load()
	m.filter, m.saved, m.switched = k.Filter, k.Saved, map[string]bool{}
	for _, c := range k.Switched {
		m.switched[c] = true
	}
	m.setSort(k.Sort)
}

func (m *Model) setSort(name string) {
	m.sort = max(0, slices.IndexFunc(sorts(), func(o order) bool { return o.name == name }))
}

func (m *Model) keepPrefs() {
	if m.o.Prefs == nil {
		return
	}
	k := Kept{Sort: sorts()[m.sort].name, Filter: m.filter, Saved: m.saved}
	for c, is := range m.switched {
		if is {
			k.Switched = append(k.Switched, c)
		}
	}
	slices.Sort(k.Switched)
	if err := m.o.Prefs.Save(k); err != nil {
		m.note = "This is not remembered: " + oneLine(err.Error())
	}
}
