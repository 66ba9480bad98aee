package user

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// The permissions of usher's API that the view asks for.
const (
	usersPermission    = "users:read"
	editPermission     = "users:edit"
	methodsPermission  = "mfa:read"
	rolesPermission    = "roles:read"
	orgsPermission     = "orgs:read"
	logsPermission     = "logs:read"
	sessionsPermission = "sessions:read"
	revokePermission   = "sessions:revoke"
	resetPermission    = "mfa:reset"
	blockPermission    = "users:block"
	assignPermission   = "roles:assign"
	deletePermission   = "users:delete"
)

// why says what keeps the operator from something that needs permission, if anything.
func (m *Model) why(permission string) string {
	if m.env.Can != nil && !m.env.Can(permission) {
		return "You lack the permission " + permission + "."
	}
	return ""
}

// whyAct is why for what acts on the user, whatever permissions it takes.
func (m *Model) whyAct(permissions ...string) string {
	if m.gone() {
		return "This user no longer exists."
	}
	for _, p := range permissions {
		if why := m.why(p); why != "" {
			return why
		}
	}
	return ""
}

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	k := msg.String()
	m.note = ""
	if f := m.shown().filter(); f != nil && f.typing {
		if f.pressed(k, msg.Text) {
			m.cursor[m.at] = 0
		}
		return nil, nil
	}
	if !m.gone() {
		if wish, cmd, taken := m.shown().press(k); taken {
			return wish, cmd
		}
	}
	if kind, ok := fixes()[k]; ok {
		return m.fix(kind), nil
	}
	switch k {
	case "esc":
		return m.back(), nil
	case "ctrl+r", "R":
		return nil, m.reload()
	case "tab":
		return nil, m.open(m.at + 1)
	case "shift+tab":
		return nil, m.open(m.at - 1)
	case "m":
		return m.act(view.ResetMFA{User: m.user.value}, resetPermission), nil
	case "b":
		return m.act(view.ToggleBlock{User: m.user.value}, blockPermission), nil
	case "r":
		return m.act(view.EditRoles{Users: []auth0client.User{m.user.value}}, assignPermission), nil
	case "A":
		return m.act(view.OpenAccess{User: m.user.value}, rolesPermission), nil
	case "e":
		return m.act(view.EditUser{User: m.user.value}, editPermission), nil
	case "D":
		return m.act(view.DeleteUser{User: m.user.value}, deletePermission), nil
	case "y":
		return view.Copy{What: "user id", Text: string(m.id())}, nil
	case "Y":
		return m.copyEmail(), nil
	case "x", "enter":
		return m.onRow(), nil
	case "/":
		if f := m.shown().filter(); f != nil && !m.gone() {
			f.typing = true
		}
		return nil, nil
	}
	if len(k) == 1 && k[0] >= '1' && int(k[0]-'1') < len(m.tabs) {
		return nil, m.open(int(k[0] - '1'))
	}
	return nil, m.scroll(k)
}

// fixes are the keys of what support does for the user beside MFA and blocks, which have dialogs of their own.
func fixes() map[string]view.FixKind {
	return map[string]view.FixKind{"p": view.FixPassword, "v": view.FixVerification, "s": view.FixSignOut, "N": view.FixRecoveryCode,
		"L": view.FixEnrolment, "C": view.FixRisk, "l": view.FixLink}
}

func (m *Model) fix(kind view.FixKind) view.Action {
	return m.act(view.Fix{Kind: kind, User: m.user.value}, permissionsOf(kind)...)
}

// permissionsOf are those that a fix takes. The gateway wants two for a link, since it gives a way to sign in as the user.
func permissionsOf(kind view.FixKind) []string {
	if kind == view.FixLink {
		return []string{editPermission, kind.Permission()}
	}
	return []string{kind.Permission()}
}

// back goes one step out: within the tab, from a filtered one to the whole, then from the view.
func (m *Model) back() view.Action {
	if !m.gone() && m.shown().leave() {
		return nil
	}
	if f := m.shown().filter(); f != nil && f.text != "" && !m.gone() {
		f.text, m.cursor[m.at] = "", 0
		return nil
	}
	return view.Back{}
}

func (m *Model) act(wish view.Action, permissions ...string) view.Action {
	if m.note = m.whyAct(permissions...); m.note != "" {
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

// onRow does what the marked row is for.
func (m *Model) onRow() view.Action {
	t := m.target()
	switch {
	case t == nil:
		return nil
	case t.why != "":
		m.note = t.why
		return nil
	}
	return m.act(view.Operate{Operation: t.operation()}, t.permission)
}

// scroll moves the mark.
func (m *Model) scroll(k string) tea.Cmd {
	at := &m.cursor[m.at]
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
	return m.moved()
}
