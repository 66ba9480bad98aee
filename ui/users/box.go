package users

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// mostHistory is how many searches the box remembers. They are not kept on disk: they name people.
const mostHistory = 100

// box is the search box, with what was searched for before and what tab can complete.
type box struct {
	input   textinput.Model
	typing  bool
	history []string // oldest first
	at      int      // in history while going through it
	typed   string   // what was in the box before

	offers []string // what tab goes through
	offer  int
	stem   string // the text before the word that tab completes
}

func newBox() box { return box{input: newInput("/")} }

func (b *box) value() string { return b.input.Value() }

func (b *box) set(text string) {
	b.input.SetValue(text)
	b.input.CursorEnd()
}

// open gives the box the focus.
func (b *box) open(text string) tea.Cmd {
	b.typing, b.at, b.offers = true, len(b.history), nil
	b.set(text)
	return b.input.Focus()
}

func (b *box) blur() {
	b.typing, b.offers = false, nil
	b.input.Blur()
}

func (b *box) remember(text string) {
	if text == "" {
		return
	}
	b.history = slices.DeleteFunc(b.history, func(s string) bool { return s == text })
	b.history = append(b.history, text)
	if len(b.history) > mostHistory {
		b.history = b.history[1:]
	}
}

// back goes through the searches of before, by -1 to older ones and +1 to newer ones.
func (b *box) back(by int) {
	if b.at == len(b.history) {
		b.typed = b.value()
	}
	b.at = max(0, min(b.at+by, len(b.history)))
	if b.at == len(b.history) {
		b.set(b.typed)
		return
	}
	b.set(b.history[b.at])
}

// complete puts the next offer for the word before the cursor into the box.
func (b *box) complete(offer func(word string) []string) bool {
	if b.offers == nil {
		text := b.value()
		at := wordStart(text)
		b.stem = text[:at]
		if b.offers, b.offer = offer(text[at:]), 0; len(b.offers) == 0 {
			b.offers = nil
			return false
		}
	} else {
		b.offer = (b.offer + 1) % len(b.offers)
	}
	b.set(b.stem + b.offers[b.offer])
	if len(b.offers) == 1 {
		b.offers = nil // it is complete: the next tab completes what comes after
	}
	return true
}

func (m *Model) typed(k tea.KeyPressMsg) (view.Action, tea.Cmd) {
	switch k.String() {
	case "enter":
		return nil, m.run(m.box.value())
	case "esc":
		m.box.blur() // what was typed stays in the box, and what it narrows
		return nil, nil
	case "up", "down":
		by := 1
		if k.String() == "up" {
			by = -1
		}
		m.box.back(by)
	case "tab":
		return nil, m.completed()
	case "pgdown", "pgup":
		return nil, m.move(k.String())
	default:
		m.box.offers = nil
		m.box.input, _ = m.box.input.Update(k)
	}
	m.note = ""
	m.narrow()
	return nil, nil
}

// run searches for what was typed.
func (m *Model) run(text string) tea.Cmd {
	text = strings.TrimSpace(text)
	rest, role, ok := cutRole(text)
	if ok {
		id, known := m.names.role(role)
		switch {
		case !known && !m.names.have(roleNames):
			return m.learn(roleNames, func() tea.Cmd { return m.run(text) })
		case !known:
			m.note = "There is no role " + oneLine(role) + "."
			return nil
		}
		m.filter.Role = Choice{string(id), role}
		m.keepPrefs()
		text = rest
	}
	m.box.remember(m.box.value())
	m.box.blur()
	m.query, m.opening = text, false
	m.box.set(text)
	m.narrow()
	return m.load()
}

// cutRole takes `role:Name` or `role:"A name"` out of a search: no query of Auth0's can ask for it.
func cutRole(text string) (rest, role string, ok bool) {
	at := strings.Index(" "+text, " role:")
	if at < 0 {
		return text, "", false
	}
	before, after := text[:at], text[at+len("role:"):]
	if quoted, isQuoted := strings.CutPrefix(after, `"`); isQuoted {
		role, after, _ = strings.Cut(quoted, `"`)
	} else {
		role, after, _ = strings.Cut(after, " ")
	}
	if role == "" {
		return text, "", false
	}
	rest = strings.TrimSpace(strings.TrimSpace(before) + " " + strings.TrimSpace(after))
	return strings.TrimSuffix(strings.TrimPrefix(rest, "AND "), " AND"), role, true
}

// completed puts a field's name or a known value in the place of the word that is typed.
func (m *Model) completed() tea.Cmd {
	field, _, isValue := strings.Cut(lastWord(m.box.value()), ":")
	kind, named := map[string]kindOfName{"role": roleNames, "connection": connectionNames, "identities.connection": connectionNames}[strings.ToLower(field)]
	if isValue && named && !m.names.have(kind) {
		text := m.box.value()
		return m.learn(kind, func() tea.Cmd {
			if m.box.typing && m.box.value() == text {
				m.box.complete(m.offers)
			}
			return nil
		})
	}
	if !m.box.complete(m.offers) {
		m.note = "Nothing to complete here."
	}
	m.narrow()
	return nil
}

// wordStart is where the last word begins; spaces in quotes belong to it.
func wordStart(text string) int {
	until := len(text)
	if strings.Count(text, `"`)%2 == 1 {
		until = strings.LastIndex(text, `"`)
	}
	return strings.LastIndexAny(text[:until], " (+!") + 1
}

func lastWord(text string) string { return text[wordStart(text):] }

// offers are what a word may become.
func (m *Model) offers(word string) []string {
	field, value, isValue := strings.Cut(word, ":")
	var all []string
	if !isValue {
		for _, l := range m.o.Lookups {
			all = append(all, l.Name+":")
		}
		for _, f := range m.o.Fields {
			if f.Search && f.Name != "" {
				all = append(all, f.Name+":")
			}
		}
		all = append(all, "connection:", "role:")
		for _, f := range auth0client.SearchFields() {
			if !strings.HasSuffix(f, ".") {
				f += ":"
			}
			all = append(all, f)
		}
		return starting(all, word)
	}
	switch strings.ToLower(field) {
	case "blocked", "email_verified", "phone_verified":
		all = []string{"true", "false"}
	case "connection", "identities.connection":
		all = m.names.list(connectionNames)
	case "role":
		all = m.names.list(roleNames)
	}
	var out []string
	for _, v := range starting(all, strings.TrimPrefix(value, `"`)) {
		if strings.ContainsAny(v, ` :()"`) {
			v = `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
		}
		out = append(out, field+":"+v)
	}
	return out
}

func starting(all []string, with string) []string {
	var out []string
	for _, s := range all {
		if len(s) >= len(with) && strings.EqualFold(s[:len(with)], with) {
			out = append(out, s)
		}
	}
	return out
}
