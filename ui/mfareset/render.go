package mfareset

import (
	"errors"
	"strings"

	"usher/auth0client"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	head, body, tail := m.head(size.Width), m.body(size.Width), m.tail(size.Width)
	if len(head)+len(body)+len(tail)+2 <= size.Height {
		head, tail = append(head, ""), append([]string{""}, tail...)
	}
	// Too low for all: the list scrolls, then the head goes; the question and its buttons stay.
	room := max(min(len(body), 1), size.Height-len(head)-len(tail))
	if len(body) > room {
		top := widget.Scroll(0, min(m.cursor, len(body)-1), len(body), room)
		body = body[top : top+room]
	}
	if over := len(head) + len(body) + len(tail) - size.Height; over > 0 {
		head = head[:max(0, len(head)-over)]
	}
	lines := append(append(head, body...), tail...)
	if over := len(lines) - size.Height; over > 0 {
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

func (m *Model) head(width int) []string {
	t, u := m.env.Theme, m.user
	id := u.ID.Safe().String()
	if c := u.Connection(); !c.IsEmpty() {
		id += " " + t.Icons.Sep + " " + c.String()
	}
	return []string{
		t.Title.Render("Reset MFA") + "  " + t.Strong.Render(widget.Truncate(u.Label().String(), max(1, width-11))),
		t.Muted.Render(widget.Truncate(id, width)),
	}
}

func (m *Model) body(width int) []string {
	t := m.env.Theme
	switch m.phase {
	case loading:
		return []string{t.Muted.Render("Reading their methods" + t.Icons.Ellipsis)}
	case unread:
		var gone *auth0client.NotFound
		if errors.As(m.loadErr, &gone) {
			return []string{t.Danger.Render("This user no longer exists.")}
		}
		return dialog.Wrap(dialog.Problem(m.env, "The methods could not be read", m.loadErr), width)
	case working:
		return []string{"Resetting" + t.Icons.Ellipsis + " Closing the dialog does not stop it."}
	case finished:
		return m.outcomeLines(width)
	case choosing:
	}
	if len(m.choices) == 0 {
		return []string{"No method is enrolled."}
	}
	lines := make([]string, 0, len(m.choices))
	for i, c := range m.choices {
		mark := "  "
		if i == m.cursor {
			mark = t.Accent.Render(t.Icons.Cursor) + " "
		}
		words := []string{kindWords(c.method)}
		if d := c.method.Detail.String(); d != "" {
			words = append(words, d)
		}
		switch {
		case c.method.Kind.Primary():
			words = append(words, "a login, not a second factor")
		case !c.method.Confirmed:
			words = append(words, "enrolment not finished")
		case !c.method.LastAuthAt.IsZero():
			words = append(words, "used "+widget.Ago(m.env.Now(), c.method.LastAuthAt))
		}
		lines = append(lines, mark+widget.Checkbox(t, c.ticked, false)+" "+strings.Join(words, " "+t.Icons.Sep+" "))
	}
	return lines
}

func (m *Model) outcomeLines(width int) []string {
	t := m.env.Theme
	var lines []string
	for _, o := range m.outcome.outcomes {
		if o.err == nil {
			lines = append(lines, t.Good.Render(t.Icons.Yes)+" "+kindWords(o.method)+" removed")
			continue
		}
		if view.Waiting(o.err) {
			lines = append(lines, t.Warn.Render(t.Icons.Spinner+" "+kindWords(o.method)+" not removed yet: "+m.because(o.err)))
			continue
		}
		lines = append(lines, t.Danger.Render(t.Icons.No+" "+kindWords(o.method)+" NOT removed: "+m.because(o.err)))
	}
	switch {
	case view.Waiting(m.outcome.forgetErr):
		lines = append(lines, t.Warn.Render(t.Icons.Spinner+" Remembered browsers not forgotten yet: "+m.because(m.outcome.forgetErr)))
	case m.outcome.forgetErr != nil:
		lines = append(lines, t.Danger.Render(t.Icons.No+" Remembered browsers NOT forgotten: "+m.because(m.outcome.forgetErr)))
	case m.outcome.forgot:
		lines = append(lines, t.Good.Render(t.Icons.Yes)+" Remembered browsers forgotten")
	}
	if m.outcome.leftErr != nil {
		lines = append(lines, t.Danger.Render(t.Icons.No+" What is left could not be read: "+m.because(m.outcome.leftErr)))
	}
	return dialog.Wrap(lines, width)
}

func (m *Model) because(err error) string {
	var still stillThere
	if errors.As(err, &still) {
		return still.Error()
	}
	p := view.Explain(m.env.Now(), err)
	if p.Detail != "" && !view.Waiting(err) {
		return p.Title + " (" + p.Detail + ")"
	}
	return p.Title
}

// tail is what will happen, or what did, and the buttons.
func (m *Model) tail(width int) []string {
	t := m.env.Theme
	key := func(k, does string) string { return t.Accent.Render(k) + " " + does }
	var lines []string
	switch m.phase {
	case unread:
		lines = []string{key("R", "try again") + "   " + key("esc", "close")}
	case finished:
		style := t.Good
		keys := key("enter", "close") + "   " + key("L", "enrolment link or email")
		if m.outcome.failed() {
			style, keys = t.Warn, key("R", "retry what failed")+"   "+keys
		}
		lines = []string{style.Render(m.outcome.summary()), keys}
	case choosing:
		lines = append(m.consequences(), m.reason.Lines(width)...)
		reset := "Reset MFA"
		if len(m.choices) == 0 {
			reset = "Forget browsers"
		}
		lines = append(lines, m.reason.ButtonsAndKeys("Cancel", reset, m.onReset, key("y", "reset")+"  "+key("n", "cancel")))
		if !m.reason.Typing() {
			lines = append(lines, key("N", "new recovery code")+"   "+key("L", "enrolment link or email"))
		}
	case loading, working:
		lines = []string{key("esc", "close")}
	}
	return dialog.Wrap(lines, width)
}

func (m *Model) consequences() []string {
	t := m.env.Theme
	ticked, primary := 0, []string(nil)
	for _, c := range m.choices {
		if !c.ticked {
			continue
		}
		ticked++
		if c.method.Kind.Primary() {
			primary = append(primary, midSentence(kindWords(c.method)))
		}
	}
	var lines []string
	switch stay := len(m.choices) - ticked; {
	case ticked == 0:
		lines = append(lines, "No method will be removed; remembered browsers will be forgotten.")
	case stay == 0:
		lines = append(lines, methodCount(ticked)+" will be removed, nothing stays; remembered browsers will be forgotten.")
	default:
		lines = append(lines, methodCount(ticked)+" will be removed, "+methodCount(stay)+" left alone; remembered browsers will be forgotten.")
	}
	if len(primary) > 0 {
		lines = append(lines, t.Danger.Render(t.Icons.Warn+" They can no longer sign in by "+strings.Join(primary, " or by ")+"."))
	}
	if m.user.ID == m.env.OperatorID {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" This is your own account."))
	}
	if note := m.note; note != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+note))
	} else if why := m.why(); why != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+why))
	}
	return lines
}
