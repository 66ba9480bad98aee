package user

import "usher/ui/view"

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.Typing() {
		return []view.Key{view.NewKey("enter", "keep filter", "enter"), view.NewKey("esc", "drop filter", "esc")}
	}
	var keys []view.Key
	if !m.gone() {
		keys = append(keys, m.shown().keys()...)
		if t := m.target(); t != nil {
			k := view.NewKey("x", t.does, "x", "enter")
			if k.Why = t.why; k.Why == "" {
				k.Why = m.whyAct(t.permission)
			}
			keys = append(keys, k)
		}
	}
	with := func(k view.Key, permissions ...string) view.Key {
		k.Why = m.whyAct(permissions...)
		return k
	}
	fix := func(k string, kind view.FixKind) view.Key {
		return with(view.NewKey(k, kind.Label(), k), permissionsOf(kind)...)
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	keys = append(keys,
		with(view.NewKey("m", "reset MFA", "m"), resetPermission),
		with(view.NewKey("b", m.blockWord(), "b"), blockPermission),
		fix("p", view.FixPassword), fix("v", view.FixVerification), fix("s", view.FixSignOut),
		with(view.NewKey("r", "roles", "r"), assignPermission),
		hidden(with(view.NewKey("A", "access: what, why, what is missing", "A"), rolesPermission)),
		with(view.NewKey("e", "edit", "e"), editPermission),
		hidden(with(view.NewKey("D", "delete", "D"), deletePermission)),
		hidden(fix("N", view.FixRecoveryCode)), hidden(fix("L", view.FixEnrolment)), hidden(fix("C", view.FixRisk)), hidden(fix("l", view.FixLink)),
		view.NewKey("tab", "next tab", "tab"),
	)
	for i, t := range m.tabs {
		long, _ := t.title()
		digit := string(rune('1' + i))
		keys = append(keys, hidden(view.NewKey(digit, "tab "+long, digit)))
	}
	keys = append(keys,
		view.NewKey("y", "copy id", "y"),
		hidden(view.NewKey("Y", "copy email", "Y")),
		hidden(view.NewKey("shift+tab", "previous tab", "shift+tab")),
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "ten lines", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		hidden(view.NewKey("ctrl+r", "reload", "ctrl+r", "R")),
		view.NewKey("esc", "back", "esc"),
	)
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
