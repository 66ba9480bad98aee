package users

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"usher/auth0client"
)

// haystack is what typing looks in, in lower case: what the person is called first, then all else.
func haystack(r row) string {
	parts := []string{r.Label().String(), r.Name.String(), r.Username.String(), "\n", r.Nickname.String(), r.Phone.String(), string(r.ID), r.Connection().String()}
	return strings.ToLower(strings.Join(append(parts, r.extra...), " "))
}

// narrow leaves those of the loaded rows that fit what is typed: first the ones that hold its words, then the ones that hold
// its letters in order. It asks the tenant nothing. Auth0's syntax is left to the tenant. Until the tenant answers a search,
// its words narrow the rows of the earlier one.
func (m *Model) narrow() {
	text := m.box.value()
	before, had := m.current()
	m.shown = nil
	if text != "" && (text != m.query || m.rowsOf.query != m.query) && !strings.ContainsAny(text, `:"*(`) {
		m.shown = matching(m.rows, text)
	}
	if !had {
		m.cursor = max(0, min(m.cursor, m.count()-1))
		return
	}
	m.cursor = max(0, min(m.cursor, m.count()-1))
	m.stayOn(before.ID)
}

// stayOn puts the cursor on a user who is in view.
func (m *Model) stayOn(id auth0client.UserID) {
	for i := range m.count() {
		if m.at(i).ID == id {
			m.cursor = i
			return
		}
	}
}

// narrowed reports that not all that is loaded is in view.
func (m *Model) narrowed() bool { return m.shown != nil }

func matching(rows []row, text string) []int {
	words := strings.Fields(strings.ToLower(text))
	exact, loose := make([]int, 0, len(rows)), []int(nil)
	for i := range rows {
		switch {
		case holds(rows[i].hay, words):
			exact = append(exact, i)
		case near(rows[i].hay, words):
			loose = append(loose, i)
		}
	}
	return append(exact, loose...)
}

func holds(hay string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(hay, w) {
			return false
		}
	}
	return true
}

// near reports that each word is an abbreviation of something in what the person is called. Two letters would be near
// everything.
func near(hay string, words []string) bool {
	called, _, _ := strings.Cut(hay, "\n")
	for _, w := range words {
		if utf8.RuneCountInString(w) < 3 || !abbreviates(w, called) {
			return false
		}
	}
	return true
}

// abbreviates reports that the letters of w come in order, close together, from where a word of text begins.
func abbreviates(w, text string) bool {
	first, _ := utf8.DecodeRuneInString(w)
	begins := true
	for i, r := range text {
		if begins && r == first && inOrder(text[i:min(len(text), i+3*len(w))], w) {
			return true
		}
		begins = !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return false
}

// inOrder reports that the letters come in text in this order.
func inOrder(text, letters string) bool {
	for _, r := range letters {
		_, rest, ok := strings.Cut(text, string(r))
		if !ok {
			return false
		}
		text = rest
	}
	return true
}
