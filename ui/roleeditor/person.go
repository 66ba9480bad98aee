package roleeditor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

type purpose int

const (
	toCopy purpose = iota
	toCompare
)

// person is another user, on the way from what is typed to the roles they hold.
type person struct {
	loader  view.Loader
	purpose purpose
	input   textinput.Model
	reading bool
	note    string
	several []auth0client.User // of one email: one is to be chosen
	cursor  int
	user    auth0client.User
	held    roleSet
}

func (p *person) typing() bool { return !p.reading && len(p.several) == 0 }

// found is who was found, and with one user the roles they hold.
type found struct {
	users []auth0client.User
	held  []auth0client.RoleID
	err   error
}

// ask opens the field for another person.
func (m *Model) ask(p purpose) tea.Cmd {
	m.other.loader.Cancel()
	m.other = person{loader: m.other.loader, purpose: p, input: m.other.input}
	m.other.input.SetValue("")
	m.phase = asking
	return m.other.input.Focus()
}

func (m *Model) askingKey(msg tea.KeyPressMsg) tea.Cmd {
	p := &m.other
	k := msg.String()
	if k == "esc" {
		p.loader.Cancel()
		p.reading, p.several, m.phase = false, nil, choosing
		return nil
	}
	switch {
	case p.reading:
	case len(p.several) > 0:
		switch k {
		case "j", "down":
			p.cursor = min(p.cursor+1, len(p.several)-1)
		case "k", "up":
			p.cursor = max(0, p.cursor-1)
		case "enter":
			return m.readOther(p.several[p.cursor : p.cursor+1])
		}
	case k == "enter":
		return m.find(strings.TrimSpace(p.input.Value()))
	default:
		p.note = ""
		var cmd tea.Cmd
		p.input, cmd = p.input.Update(msg)
		return cmd
	}
	return nil
}

// find looks for a user by id or email.
func (m *Model) find(text string) tea.Cmd {
	p := &m.other
	id := strings.Contains(text, "|")
	if !id && !strings.Contains(text, "@") {
		p.note = "Type an email or a user id."
		return nil
	}
	ctx, ticket := p.loader.Begin(m.env.Ctx)
	p.reading, p.note = true, ""
	tenant, whose, to := m.tenant, m.whose, m.env.ID
	return func() tea.Msg {
		var out found
		if id {
			var u auth0client.User
			u, out.err = tenant.User(ctx, auth0client.UserID(text))
			out.users = []auth0client.User{u}
		} else {
			out.users, out.err = tenant.UsersByEmail(ctx, strings.ToLower(text))
		}
		if out.err == nil && len(out.users) == 1 {
			out.held, out.err = whose.Held(ctx, out.users[0].ID)
		}
		return view.Result{To: to, Ticket: ticket, Msg: out}
	}
}

// readOther reads the roles of the one who was chosen.
func (m *Model) readOther(one []auth0client.User) tea.Cmd {
	ctx, ticket := m.other.loader.Begin(m.env.Ctx)
	m.other.reading = true
	whose, to := m.whose, m.env.ID
	return func() tea.Msg {
		held, err := whose.Held(ctx, one[0].ID)
		return view.Result{To: to, Ticket: ticket, Msg: found{users: one, held: held, err: err}}
	}
}

func (m *Model) found(msg found) (view.Action, tea.Cmd) {
	p := &m.other
	p.reading = false
	switch {
	case errors.Is(msg.err, context.Canceled):
		return nil, nil
	case errors.As(msg.err, new(*auth0client.NotFound)):
		p.several, p.note = nil, "There is no such user, or you may not see them."
	case msg.err != nil:
		p.several, p.note = nil, view.Explain(m.env.Now(), msg.err).String()
		return view.SignInFor(msg.err), nil
	case len(msg.users) == 0:
		p.note = "Nobody has this email. Auth0 keeps emails in small letters."
	case len(msg.users) > 1:
		p.several, p.cursor = msg.users, 0
	case len(m.users) == 1 && m.users[0].ID == msg.users[0].ID:
		p.several, p.note = nil, "That is the same user."
	default:
		p.several, p.user, p.held = nil, msg.users[0], setOf(msg.held)
		p.input.Blur()
		if p.purpose == toCompare {
			m.beginCompare(m.users[0], m.held[m.users[0].ID], p.user, p.held)
			return nil, nil
		}
		m.phase = offering
	}
	return nil, nil
}

// offer is what copying from the other user would stage: roles to add, those that could also be taken away to make them the
// same, and how many of theirs cannot be copied.
func (m *Model) offer() (add, remove []auth0client.RoleID, locked int) {
	for _, r := range m.rows {
		id := r.role.ID
		n := m.holders(id)
		switch {
		case m.other.held[id] && n < len(m.users):
			if m.locked(r.role) != "" {
				locked++
				continue
			}
			add = append(add, id)
		case !m.other.held[id] && n > 0 && m.locked(r.role) == "":
			remove = append(remove, id)
		}
	}
	return add, remove, locked
}

func (m *Model) offeringKey(k string) {
	add, remove, _ := m.offer()
	switch k {
	case "y", "enter":
		remove = nil
	case "x":
	case "n", "esc":
		m.phase = choosing
		return
	default:
		return
	}
	for _, id := range add {
		m.staged[id] = true
	}
	for _, id := range remove {
		m.staged[id] = false
	}
	m.prune()
	m.phase = choosing
	m.note = fmt.Sprintf("Marked as %s has it: %s to add, %d to remove. Nothing is changed yet.", m.other.user.Label(), plural(len(add), "role"), len(remove))
}

// compared is two users side by side.
type compared struct {
	left, right auth0client.User
	rows        []comparedRow
	differ      int // how many rows differ; they come first
	only        bool
}

type comparedRow struct {
	row         row
	left, right bool
}

func (m *Model) beginCompare(left auth0client.User, leftHeld roleSet, right auth0client.User, rightHeld roleSet) {
	c := compared{left: left, right: right}
	var same []comparedRow
	for _, r := range m.rows {
		one := comparedRow{r, leftHeld[r.role.ID], rightHeld[r.role.ID]}
		switch {
		case one.left != one.right:
			c.rows = append(c.rows, one)
		case one.left:
			same = append(same, one)
		}
	}
	c.differ = len(c.rows)
	c.rows = append(c.rows, same...)
	m.compare, m.phase, m.top = c, comparing, 0
}

// beginComparing begins a comparison: of the two users who are edited, or of the one with another.
func (m *Model) beginComparing() tea.Cmd {
	switch len(m.users) {
	case 1:
		return m.ask(toCompare)
	case 2:
		a, b := m.users[0], m.users[1]
		m.beginCompare(a, m.held[a.ID], b, m.held[b.ID])
	default:
		m.note = "Two users can be compared side by side: open the editor for one or two."
	}
	return nil
}

func (m *Model) comparingKey(k string) {
	switch k {
	case "esc", "=", "enter":
		m.phase = choosing
	case "d":
		m.compare.only, m.top = !m.compare.only, 0
	case "C":
		if len(m.users) == 1 {
			m.phase = offering
		}
	default:
		m.scroll(k)
	}
}
