package roleeditor

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	k := msg.String()
	if m.typing {
		return nil, m.typed(msg)
	}
	if m.phase == asking {
		return nil, m.askingKey(msg)
	}
	if m.Typing() {
		m.reasonKey(msg)
		return nil, nil
	}
	m.note = ""
	switch m.phase {
	case reviewing:
		return m.reviewKey(k)
	case applying:
		m.applyingKey(k)
		return nil, nil
	case finished:
		return m.finishedKey(k)
	case leaving:
		return m.leavingKey(k), nil
	case offering:
		m.offeringKey(k)
		return nil, nil
	case comparing:
		m.comparingKey(k)
		return nil, nil
	}
	return m.listKey(k)
}

func (m *Model) listKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "esc":
		if m.input.Value() != "" {
			m.input.SetValue("")
			m.filter()
			return nil, nil
		}
		if len(m.staged) > 0 {
			m.phase = leaving
			return nil, nil
		}
		return view.Back{}, nil
	case "/":
		m.typing = true
		m.input.SetValue("")
		m.filter()
		return nil, m.input.Focus()
	case "space":
		if m.note = m.whyNot(); m.note == "" && m.ready() {
			m.toggle()
		}
	case "enter":
		return nil, m.review()
	case "C":
		if m.note = m.whyNot(); m.note == "" && m.ready() {
			return nil, m.ask(toCopy)
		}
	case "=":
		if m.ready() {
			return nil, m.beginComparing()
		}
	case "R":
		return nil, m.load()
	default:
		m.move(k)
	}
	return nil, nil
}

func (m *Model) ready() bool { return m.held != nil && m.err == nil && !m.loading }

func (m *Model) typed(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "enter":
		m.typing = false
		m.input.Blur()
		return nil
	case "esc":
		m.typing = false
		m.input.Blur()
		m.input.SetValue("")
		m.filter()
		return nil
	case "down", "up":
		m.move(msg.String())
		return nil
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	m.filter()
	return cmd
}

func (m *Model) move(k string) {
	page := max(1, m.height-1)
	switch k {
	case "j", "down":
		m.cursor++
	case "k", "up":
		m.cursor--
	case "pgdown", "ctrl+d":
		m.cursor += page
	case "pgup", "ctrl+u":
		m.cursor -= page
	case "g", "home":
		m.cursor = 0
	case "G", "end":
		m.cursor = len(m.shown) - 1
	}
	m.cursor = max(0, min(m.cursor, len(m.shown)-1))
	m.follow()
}

// review shows what would be done, and asks what it means.
func (m *Model) review() tea.Cmd {
	if m.note = m.whyNot(); m.note != "" || !m.ready() {
		return nil
	}
	plan := m.plan()
	if len(plan) == 0 {
		m.note = "Nothing is changed yet: space adds or removes the marked role."
		return nil
	}
	if m.note = m.tooMany(plan); m.note != "" {
		return nil
	}
	m.phase, m.onApply, m.top = reviewing, false, 0
	return m.weigh(plan)
}

// reasonKey takes a key for the reason. Enter goes on to the button that applies, but the same press held down does not
// press it.
func (m *Model) reasonKey(msg tea.KeyPressMsg) {
	m.note = ""
	switch m.reason.KeyBesideButtons(msg) {
	case dialog.ToAct:
		m.onApply = true
	case dialog.ToActByEnter:
		m.onApply, m.early = true, m.env.Now()
	case dialog.ToCancel:
		m.onApply = false
	case dialog.InField:
	}
}

// typeAhead is how long a key that left the field for the reason counts for that alone.
const typeAhead = 400 * time.Millisecond

func (m *Model) tryApply() tea.Cmd {
	if !m.early.IsZero() && m.env.Now().Sub(m.early) < typeAhead {
		m.early = m.env.Now()
		return nil
	}
	if len(m.weighed.refused) > 0 {
		m.note = m.weighed.refused[0]
		return nil
	}
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	return m.apply(m.plan())
}

// leaveReview goes back to the list, where what is staged stays. An undo has no list, and can be done later still.
func (m *Model) leaveReview() view.Action {
	if m.undo != nil {
		return view.All{view.Undoable{What: "the change of roles", Undo: m.undoFor()(m.undo)}, view.Back{}}
	}
	m.weighed.loader.Cancel()
	m.phase = choosing
	return nil
}

func (m *Model) reviewKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "y":
		return nil, m.tryApply()
	case "n", "esc":
		return m.leaveReview(), nil
	case "tab", "shift+tab":
		if m.reason.Shown() && m.onApply == (k == "tab") { // past the last button is the field
			m.reason.Focus()
			return nil, nil
		}
		m.onApply = !m.onApply
	case "left", "right":
		m.onApply = !m.onApply
	case "enter":
		if m.onApply {
			return nil, m.tryApply()
		}
		return m.leaveReview(), nil
	default:
		m.scroll(k)
	}
	return nil, nil
}

// scrollPage is how many lines a page key moves a review or a comparison by.
const scrollPage = 10

func (m *Model) scroll(k string) {
	switch k {
	case "j", "down":
		m.top++
	case "k", "up":
		m.top--
	case "pgdown", "ctrl+d":
		m.top += scrollPage
	case "pgup", "ctrl+u":
		m.top -= scrollPage
	case "g", "home":
		m.top = 0
	}
	m.top = max(0, m.top) // the end is known when the frame is drawn
}

func (m *Model) applyingKey(k string) {
	if k == "s" && m.run != nil && len(m.run.Outcomes()) > 1 {
		m.run.Stop()
		m.stopped = true
		return
	}
	m.note = "The change is under way; its result comes in a moment."
}

func (m *Model) finishedKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "R", "r":
		// What failed is still staged, and what changed meanwhile is shown: look at it again before it is sent again.
		m.results = nil
		m.phase = choosing
		if len(m.plan()) > 0 {
			return nil, m.review() // with its checks: the user may hold more roles by now
		}
		if m.undo != nil {
			return view.Back{}, nil
		}
	case "esc", "enter", "n":
		m.results = nil
		m.phase = choosing
		if m.undo != nil {
			return view.Back{}, nil
		}
	default:
		m.scroll(k)
	}
	return nil, nil
}

func (m *Model) leavingKey(k string) view.Action {
	switch k {
	case "y":
		return view.Back{}
	case "n", "esc", "enter":
		m.phase = choosing
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.typing {
		return []view.Key{view.NewKey("enter", "keep filter", "enter"), view.NewKey("esc", "drop filter", "esc")}
	}
	scroll := view.NewKey("j/k", "scroll", "j", "k", "down", "up", "pgdown", "pgup", "ctrl+d", "ctrl+u", "g", "home")
	switch m.phase {
	case reviewing:
		if m.Typing() {
			return []view.Key{view.NewKey("enter", "to the buttons", "enter", "tab"), view.NewKey("esc", "leave the field", "esc")}
		}
		apply := view.NewKey("y", "apply", "y")
		if len(m.weighed.refused) > 0 {
			apply.Why = m.weighed.refused[0]
		}
		return []view.Key{
			apply, view.NewKey("n", "back to the list", "n", "esc"), scroll,
			view.NewKey("tab", "move", "tab", "shift+tab", "left", "right"), view.NewKey("enter", "press the marked button", "enter"),
		}
	case finished:
		return []view.Key{view.NewKey("R", "review again", "R"), view.NewKey("esc", "back to the list", "esc"), scroll}
	case leaving:
		return []view.Key{view.NewKey("y", "drop the changes", "y"), view.NewKey("n", "keep them", "n", "esc")}
	case applying:
		if len(m.users) > 1 {
			return []view.Key{view.NewKey("s", "stop the rest", "s")}
		}
		return nil
	case asking:
		return []view.Key{view.NewKey("enter", "go on", "enter"), view.NewKey("esc", "cancel", "esc")}
	case offering:
		return []view.Key{view.NewKey("y", "mark those to add", "y", "enter"), view.NewKey("x", "make them the same", "x"), view.NewKey("n", "cancel", "n", "esc")}
	case comparing:
		keys := []view.Key{scroll, view.NewKey("d", "only what differs", "d"), view.NewKey("esc", "back to the list", "esc")}
		if len(m.users) == 1 {
			keys = append(keys, view.NewKey("C", "copy from the other", "C"))
		}
		return keys
	}
	return m.listKeys()
}

func (m *Model) listKeys() []view.Key {
	toggle := view.NewKey("space", "add or remove", "space")
	toggle.Why = m.whyNot()
	enter := view.NewKey("enter", "review the change", "enter")
	enter.Why = toggle.Why
	copied := view.NewKey("C", "copy from a user", "C")
	copied.Why = toggle.Why
	return []view.Key{
		toggle, view.NewKey("/", "filter", "/"), enter, copied, view.NewKey("=", "compare", "="),
		view.NewKey("j/k", "move", "j", "k", "down", "up"), view.NewKey("R", "reload", "R"), view.NewKey("esc", "back", "esc"),
	}
}
