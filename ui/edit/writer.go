package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/view"
)

// writer is metadata while it is written as a text.
type writer struct {
	area     textarea.Model
	kind     string
	began    string
	dropping bool
}

func newWriter() writer {
	a := textarea.New()
	a.CharLimit, a.MaxHeight = 0, 0
	a.ShowLineNumbers, a.Prompt = true, ""
	w := writer{area: a}
	w.paint()
	return w
}

// paint takes all colour from the text: an idle cursor does not blink, and nothing rests on a shade.
func (w *writer) paint() {
	s := textarea.DefaultStyles(true)
	s.Focused, s.Blurred = textarea.StyleState{}, textarea.StyleState{}
	s.Cursor.Blink = false
	w.area.SetStyles(s)
}

// text is an object as one writes it; it reads as the same JSON.
func text(v any) string {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "{}"
	}
	return harmless(string(raw))
}

// harmless escapes in JSON what would act on a terminal.
func harmless(text string) string {
	var b strings.Builder
	for _, r := range text {
		if s := string(r); r == '\n' || term.Line(s).String() == s {
			b.WriteString(s)
			continue
		}
		quoted, err := json.Marshal(string(r))
		if ascii := strings.Trim(string(quoted), `"`); err == nil && ascii != string(r) {
			b.WriteString(ascii)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func (m *Model) beginWriting(f field) {
	m.json.kind, m.json.began, m.json.dropping = f.name, text(f.value), false
	m.json.area.SetValue(m.json.began)
	m.json.area.MoveToBegin()
	m.json.area.Focus()
	m.phase, m.note = writing, ""
}

func (m *Model) writingPressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	m.note = ""
	switch msg.String() {
	case "ctrl+s":
		m.keepWriting()
		return nil, nil
	case "ctrl+e":
		return nil, m.openEditor(m.json.area.Value())
	case "esc":
		if m.json.area.Value() != m.json.began && !m.json.dropping {
			m.json.dropping = true
			m.note = "What you wrote would be lost. esc again drops it, ctrl+s keeps it."
			return nil, nil
		}
		m.phase = filling
		return nil, nil
	}
	m.json.dropping = false
	m.json.area, _ = m.json.area.Update(msg)
	return nil, nil
}

// keepWriting takes the text into the form, if it is an object.
func (m *Model) keepWriting() {
	keys, err := desk.ParseMetadata(m.json.area.Value())
	if err != nil {
		m.note = "Not kept: " + err.Error() + "."
		var bad *desk.BadJSON
		if errors.As(err, &bad) {
			m.goTo(bad.Line, bad.Column)
		}
		return
	}
	if f := m.field(m.json.kind); f != nil {
		m.put(f, keys)
		if desk.Size(keys) > desk.MetadataLimit {
			m.note = desk.SizeWarning(f.name, desk.Size(keys)) + "."
		}
	}
	m.phase = filling
}

// goTo puts the cursor where a mistake is.
func (m *Model) goTo(line, column int) {
	m.json.area.MoveToBegin()
	for m.json.area.Line() < line-1 && m.json.area.Line() < m.json.area.LineCount()-1 {
		before := m.json.area.Line()
		m.json.area.CursorEnd()
		m.json.area.CursorDown()
		if m.json.area.Line() == before {
			break
		}
	}
	m.json.area.SetCursorColumn(column - 1)
}

func (m *Model) field(name string) *field {
	for i := range m.fields {
		if m.fields[i].name == name {
			return &m.fields[i]
		}
	}
	return nil
}

// writtenMsg is the text that came back from the operator's own editor.
type writtenMsg struct {
	kind, text string
	err        error
}

func (m *Model) openEditor(text string) tea.Cmd {
	if m.editor == nil {
		m.note = "No editor of your own can be opened here: write it in place."
		return nil
	}
	to, kind := m.env.ID, m.json.kind
	return m.editor(text, func(text string, err error) tea.Msg {
		return view.Result{To: to, Msg: writtenMsg{kind, text, err}}
	})
}

// written takes the text into the place where it is written, to be checked and kept there.
func (m *Model) written(w writtenMsg) {
	if m.phase != writing || m.json.kind != w.kind {
		return
	}
	if w.err != nil {
		m.note = "Your editor: " + view.Explain(m.env.Now(), w.err).String()
		return
	}
	m.json.area.SetValue(strings.TrimRight(w.text, "\n"))
	m.json.area.MoveToBegin()
	m.keepWriting()
}
