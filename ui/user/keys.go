package user

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// The permissions of usher's API that the view asks for.
const (
	usersPermission   = "users:read"
	methodsPermission = "mfa:read"
	rolesPermission   = "roles:read"
	logsPermission    = "logs:read"
	resetPermission   = "mfa:reset"
	blockPermission   = "users:block"
	assignPermission  = "roles:assign"
)

// why says what keeps the operator from something that needs permission, if anything.
func (m *Model) why(permission string) string {
	if m.env.Can != nil && !m.env.Can(permission) {
		return "You lack the permission " + permission + "."
	}
	return ""
}

// whyAct is why for what acts on the user.
func (m *Model) whyAct(permission string) string {
	if m.gone() {
		return "This user no longer exists."
	}
	return m.why(permission)
}

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	k := msg.String()
	m.note = ""
	if m.filter.typing {
		if m.filter.pressed(k, msg.Text) {
			m.cursor[raw] = 0
		}
		return nil, nil
	}
	switch k {
	case "esc":
		return m.leave(), nil
	case "ctrl+r", "R":
		return nil, m.reload()
	case "tab":
		return nil, m.open(m.tab + 1)
	case "shift+tab":
		return nil, m.open(m.tab - 1)
	case "1", "2", "3", "4", "5":
		return nil, m.open(tab(k[0] - '1'))
	case "m":
		return m.act(resetPermission, view.ResetMFA{User: m.user.value}), nil
	case "b":
		return m.act(blockPermission, view.ToggleBlock{User: m.user.value}), nil
	case "r":
		return m.act(assignPermission, view.EditRoles{Users: []auth0client.User{m.user.value}}), nil
	case "y":
		return view.Copy{What: "user id", Text: string(m.id())}, nil
	case "Y":
		return m.copyEmail(), nil
	case "enter":
		m.openEvent()
	case "L":
		if m.tab == activity {
			return nil, m.moreEvents()
		}
	case "/":
		m.filter.typing = m.tab == raw && m.filterable()
	default:
		return nil, m.scroll(k)
	}
	return nil, nil
}

func (m *Model) filterable() bool { return !m.gone() && !m.user.value.JSON.IsEmpty() }

// leave goes one step out: from an event to the list, from a filtered record to the whole one, then from the view.
func (m *Model) leave() view.Action {
	switch {
	case m.opened != nil:
		m.opened = nil
	case m.tab == raw && m.filter.text != "":
		m.filter.text, m.cursor[raw] = "", 0
	default:
		return view.Back{}
	}
	return nil
}

func (m *Model) act(permission string, wish view.Action) view.Action {
	if m.note = m.whyAct(permission); m.note != "" {
		return nil
	}
	return wish
}

func (m *Model) copyEmail() view.Action {
	if m.user.value.EmailRaw == "" {
		m.note = "This user has no email."
		return nil
	}
	return view.Copy{What: "email", Text: m.user.value.EmailRaw}
}

func (m *Model) openEvent() {
	events := m.events.value.events
	if m.tab != activity || m.opened != nil || m.gone() || m.cursor[activity] >= len(events) {
		return
	}
	event := events[m.cursor[activity]]
	m.opened, m.inside = &event, 0
}

// scroll moves the marked line. At the end of the log it reads on.
func (m *Model) scroll(k string) tea.Cmd {
	at := &m.cursor[m.tab]
	if m.opened != nil {
		at = &m.inside
	}
	last := m.rowCount() - 1
	wanted := *at
	switch k {
	case "j", "down":
		wanted++
	case "k", "up":
		wanted--
	case "pgdown", "ctrl+d":
		wanted += 10
	case "pgup", "ctrl+u":
		wanted -= 10
	case "g", "home":
		wanted = 0
	case "G", "end":
		wanted = last
	default:
		return nil
	}
	*at = max(0, min(wanted, last))
	if m.tab == activity && m.opened == nil && last >= 0 && wanted >= last {
		return m.moreEvents()
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.filter.typing {
		return []view.Key{
			view.NewKey("enter", "keep filter", "enter"),
			view.NewKey("esc", "drop filter", "esc"),
		}
	}
	var keys []view.Key
	switch {
	case m.opened != nil:
		keys = append(keys, view.NewKey("esc", "back to the list", "esc"))
	case m.tab == activity:
		keys = append(keys, view.NewKey("enter", "raw event", "enter"), view.NewKey("L", "older", "L"))
	case m.tab == raw:
		keys = append(keys, view.NewKey("/", "filter", "/"))
	}
	with := func(permission string, k view.Key) view.Key {
		k.Why = m.whyAct(permission)
		return k
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	keys = append(keys,
		with(resetPermission, view.NewKey("m", "reset MFA", "m")),
		with(blockPermission, view.NewKey("b", m.blockWord(), "b")),
		with(assignPermission, view.NewKey("r", "roles", "r")),
		view.NewKey("tab", "next tab", "tab"),
		view.NewKey("1…5", "tab", "1", "2", "3", "4", "5"),
		view.NewKey("y", "copy id", "y"),
		hidden(view.NewKey("Y", "copy email", "Y")),
		hidden(view.NewKey("shift+tab", "previous tab", "shift+tab")),
		view.NewKey("j/k", "move", "j", "k", "down", "up"),
		hidden(view.NewKey("pgdn/pgup", "ten lines", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		view.NewKey("ctrl+r", "reload", "ctrl+r", "R"),
	)
	if m.opened == nil {
		keys = append(keys, view.NewKey("esc", "back", "esc"))
	}
	return keys
}

// blockWord names what b would do, as far as it is known.
func (m *Model) blockWord() string {
	switch {
	case m.user.value.Blocked || len(m.bans.value) > 0:
		return "unblock"
	case m.user.read() && m.bans.read():
		return "block"
	}
	return "block or unblock"
}
