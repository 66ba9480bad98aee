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
	if m.Typing() {
		m.reasonKey(msg)
		return nil, nil
	}
	m.note = ""
	switch m.phase {
	case reviewing:
		return m.reviewKey(k)
	case applying:
		m.note = "The change is under way; its result comes in a moment."
		return nil, nil
	case finished:
		return m.finishedKey(k)
	case leaving:
		return m.leavingKey(k), nil
	}
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
		m.review()
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

func (m *Model) review() {
	if m.note = m.whyNot(); m.note != "" || !m.ready() {
		return
	}
	plan := m.plan()
	if len(plan) == 0 {
		m.note = "Nothing is changed yet: space adds or removes the marked role."
		return
	}
	if m.note = m.tooMany(plan); m.note != "" {
		return
	}
	m.phase, m.onApply, m.top = reviewing, false, 0
}

// reasonKey takes a key for the reason. Enter goes on to the button that applies, but the same press held down does not
// press it.
func (m *Model) reasonKey(msg tea.KeyPressMsg) {
	m.note = ""
	switch m.reason.Key(msg) {
	case dialog.ByEnter:
		m.onApply, m.early = true, m.env.Now()
	case dialog.ByTab:
		m.onApply = msg.String() == "shift+tab" || msg.String() == "up"
	case dialog.ByEsc:
		m.onApply = false
	case dialog.Stayed:
	}
}

// typeAhead is how long a key that left the field for the reason counts for that alone.
const typeAhead = 400 * time.Millisecond

func (m *Model) tryApply() tea.Cmd {
	if !m.early.IsZero() && m.env.Now().Sub(m.early) < typeAhead {
		m.early = m.env.Now()
		return nil
	}
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	return m.apply(m.plan())
}

func (m *Model) reviewKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "y":
		return nil, m.tryApply()
	case "n", "esc":
		m.phase = choosing // what is typed stays, as what is staged does
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
		m.phase = choosing
	case "j", "down":
		m.top++
	case "k", "up":
		m.top--
	case "pgdown", "ctrl+d":
		m.top += reviewPage
	case "pgup", "ctrl+u":
		m.top -= reviewPage
	}
	m.top = max(0, m.top) // the end is known when the frame is drawn
	return nil, nil
}

// reviewPage is how many lines a page key moves the review by.
const reviewPage = 10

func (m *Model) finishedKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "R", "r":
		// What failed is still staged, and what changed meanwhile is shown: look at it again before it is sent again.
		m.results = nil
		m.phase = choosing
		if len(m.plan()) > 0 {
			m.review() // with its checks: the user may hold more roles by now
		}
	case "esc", "enter", "n":
		m.results = nil
		m.phase = choosing
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
	switch m.phase {
	case reviewing:
		if m.Typing() {
			return []view.Key{view.NewKey("enter", "to the buttons", "enter", "tab"), view.NewKey("esc", "leave the field", "esc")}
		}
		return []view.Key{
			view.NewKey("y", "apply", "y"), view.NewKey("n", "back to the list", "n", "esc"),
			view.NewKey("j/k", "scroll", "j", "k", "down", "up", "pgdown", "pgup", "ctrl+d", "ctrl+u"),
			view.NewKey("tab", "move", "tab", "shift+tab", "left", "right"), view.NewKey("enter", "press the marked button", "enter"),
		}
	case finished:
		return []view.Key{view.NewKey("R", "review again", "R"), view.NewKey("esc", "back to the list", "esc")}
	case leaving:
		return []view.Key{view.NewKey("y", "drop the changes", "y"), view.NewKey("n", "keep them", "n", "esc")}
	case applying:
		return nil
	}
	toggle := view.NewKey("space", "add or remove", "space")
	toggle.Why = m.whyNot()
	enter := view.NewKey("enter", "review the change", "enter")
	enter.Why = toggle.Why
	return []view.Key{
		toggle, view.NewKey("/", "filter", "/"), enter, view.NewKey("j/k", "move", "j", "k", "down", "up"),
		view.NewKey("R", "reload", "R"), view.NewKey("esc", "back", "esc"),
	}
}
