package users

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
	"usher/ui/widget"
)

// option is a line of a panel.
type option struct {
	label  string
	detail string
	on     bool
	check  bool // has a box that shows on
	// do is what choosing it does. The panel stays when keep is set.
	do   func() (view.Action, tea.Cmd)
	keep bool
	drop func() // takes it away: ctrl+d
}

// panel is a list of options over the rows, narrowed by what is typed.
type panel struct {
	title   string
	hint    string
	text    string
	cursor  int
	options func(text string) []option
	closed  func() tea.Cmd // when it is left, by esc as well
}

const longestPanelText = 100

func (p *panel) type_(s string) {
	for _, r := range s {
		if r >= ' ' && r != 0x7f && utf8.RuneCountInString(p.text) < longestPanelText {
			p.text += string(r)
		}
	}
	p.cursor = 0
}

// found are the options that fit what is typed; one without a label is made of the text and always fits.
func (p *panel) found() []option {
	var out []option
	for _, o := range p.options(p.text) {
		if inOrder(strings.ToLower(o.label), strings.ToLower(strings.ReplaceAll(p.text, " ", ""))) {
			out = append(out, o)
		}
	}
	return out
}

func (m *Model) panelPressed(k tea.KeyPressMsg) (view.Action, tea.Cmd) {
	p := m.panel
	found := p.found()
	switch k.String() {
	case "esc":
		return nil, m.closePanel()
	case "up", "ctrl+p", "shift+tab":
		p.cursor = max(0, p.cursor-1)
	case "down", "ctrl+n", "tab":
		p.cursor = max(0, min(p.cursor+1, len(found)-1))
	case "pgdown":
		p.cursor = max(0, min(p.cursor+10, len(found)-1))
	case "pgup":
		p.cursor = max(0, p.cursor-10)
	case "backspace":
		if p.text != "" {
			_, size := utf8.DecodeLastRuneInString(p.text)
			p.text, p.cursor = p.text[:len(p.text)-size], 0
		}
	case "ctrl+u":
		p.text, p.cursor = "", 0
	case "ctrl+d":
		if p.cursor < len(found) && found[p.cursor].drop != nil {
			found[p.cursor].drop()
			p.cursor = max(0, min(p.cursor, len(p.found())-1))
		}
	case "enter", "space":
		return m.choose(found, k)
	default:
		p.type_(k.Text)
	}
	return nil, nil
}

func (m *Model) choose(found []option, k tea.KeyPressMsg) (view.Action, tea.Cmd) {
	p := m.panel
	if p.cursor >= len(found) {
		return nil, nil
	}
	o := found[p.cursor]
	switch {
	case k.String() == "space" && !o.keep:
		p.type_(" ")
		return nil, nil
	case o.keep:
		p.text = "" // the whole list again, with the cursor where it was
		p.cursor = max(0, slices.IndexFunc(p.found(), func(other option) bool { return other.label == o.label }))
		return o.do()
	}
	m.panel = nil
	action, cmd := o.do()
	if m.panel == nil && p.closed != nil {
		cmd = tea.Batch(cmd, p.closed())
	}
	return action, cmd
}

func (m *Model) closePanel() tea.Cmd {
	p := m.panel
	m.panel = nil
	if p.closed != nil {
		return p.closed()
	}
	return nil
}

// column is where in the first line the next letter goes.
func (p *panel) column() int { return widget.Width(p.title) + 2 + widget.Width(oneLine(p.text)) }

func (m *Model) drawPanel(width, height int) []string {
	p, th := m.panel, m.env.Theme
	title := th.Title.Render(p.title) + "  " + oneLine(p.text)
	if p.text == "" && p.hint != "" {
		title += " " + th.Muted.Render(p.hint) // beside the cursor
	}
	lines := []string{widget.Truncate(title, width)}
	found := p.found()
	room := max(0, height-1)
	top := widget.Scroll(0, p.cursor, len(found), room)
	labels := 0
	for _, o := range found {
		labels = max(labels, widget.Width(o.label))
	}
	labels = min(labels, max(12, width/2))
	for i := top; i < min(len(found), top+room); i++ {
		lines = append(lines, m.optionLine(found[i], i == p.cursor, labels, width))
	}
	if len(found) == 0 {
		lines = append(lines, th.Muted.Render(widget.Truncate("  Nothing of that name: ctrl+u clears it, esc closes.", width)))
	}
	return lines
}

func (m *Model) optionLine(o option, selected bool, labels, width int) string {
	th := m.env.Theme
	line := "  "
	if selected {
		line = widget.Pad(th.Icons.Cursor, 2)
	}
	if o.check {
		line += widget.Checkbox(th, o.on, false) + " "
	}
	line += widget.Pad(o.label, labels) + "  " + o.detail
	if line = widget.Truncate(line, width); selected {
		return th.Selected.Render(line)
	}
	return line
}
