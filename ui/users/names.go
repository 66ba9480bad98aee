package users

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
)

type kindOfName int

const (
	connectionNames kindOfName = iota
	roleNames
	orgNames
)

// mostOrgs is how many parts of a hundred organizations are offered.
const mostOrgs = 5

// Choice is a thing with an id, chosen by its name.
type Choice struct{ ID, Name string }

// names are what filters and completion offer. They are asked for when somebody wants them.
type names struct {
	loader view.Loader
	known  map[kindOfName][]Choice
	wanted kindOfName
	then   func() tea.Cmd
}

func (n *names) have(kind kindOfName) bool { return n.known[kind] != nil }

func (n *names) list(kind kindOfName) []string {
	var out []string
	for _, c := range n.known[kind] {
		out = append(out, c.Name)
	}
	return out
}

func (n *names) role(name string) (id string, ok bool) {
	i := slices.IndexFunc(n.known[roleNames], func(c Choice) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return "", false
	}
	return n.known[roleNames][i].ID, true
}

type named struct {
	kind  kindOfName
	found []Choice
	err   error
}

// learn asks for names and then does what they were wanted for.
func (m *Model) learn(kind kindOfName, then func() tea.Cmd) tea.Cmd {
	ctx, ticket := m.names.loader.Begin(m.env.Ctx)
	m.names.then, m.names.wanted, m.note = then, kind, "Reading names."
	tenant, id := m.tenant, m.env.ID
	return func() tea.Msg {
		found, err := readNames(ctx, tenant, kind)
		return view.Result{To: id, Ticket: ticket, Msg: named{kind, found, err}}
	}
}

func (m *Model) learned(msg named) tea.Cmd {
	m.note = ""
	if msg.err != nil {
		m.note = view.Explain(m.env.Now(), msg.err).String()
		return nil
	}
	if m.names.known == nil {
		m.names.known = map[kindOfName][]Choice{}
	}
	m.names.known[msg.kind] = append([]Choice{}, msg.found...)
	then := m.names.then
	if m.names.then = nil; then != nil {
		return then()
	}
	return nil
}

func readNames(ctx context.Context, tenant Names, kind kindOfName) (out []Choice, err error) {
	switch kind {
	case connectionNames:
		all, err := tenant.Connections(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			out = append(out, Choice{c.Name, c.Label.String()})
		}
	case roleNames:
		all, err := tenant.Roles(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			out = append(out, Choice{string(r.ID), r.Name.String()})
		}
	case orgNames:
		from := ""
		for range mostOrgs {
			part, err := tenant.Organizations(ctx, from)
			if err != nil {
				return nil, err
			}
			for _, o := range part.Items {
				name := o.Display.String()
				if name == "" {
					name = o.Name.String()
				}
				out = append(out, Choice{string(o.ID), name})
			}
			if from = part.Next; from == "" {
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b Choice) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, nil
}
