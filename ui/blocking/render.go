package blocking

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
	head, body, tail := m.head(size.Width), dialog.Wrap(m.body(size.Width), size.Width), dialog.Wrap(m.tail(size.Width), size.Width)
	if len(head)+len(body)+len(tail)+2 <= size.Height {
		head, tail = append(head, ""), append([]string{""}, tail...)
	}
	// Too low for all: the middle gives way, the buttons stay.
	if room := max(0, size.Height-len(head)-len(tail)); len(body) > room {
		body = body[:room]
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
		t.Title.Render(m.Title()) + "  " + t.Strong.Render(widget.Truncate(u.Label().String(), max(1, width-18))),
		t.Muted.Render(widget.Truncate(id, width)),
	}
}

func (m *Model) body(width int) []string {
	t := m.env.Theme
	switch m.phase {
	case loading:
		return []string{t.Muted.Render("Reading both kinds of block" + t.Icons.Ellipsis)}
	case unread:
		var gone *auth0client.NotFound
		if errors.As(m.loadErr, &gone) {
			return []string{t.Danger.Render("This user no longer exists.")}
		}
		return dialog.Problem(m.env, "Their blocks could not be read", m.loadErr)
	case working:
		return []string{"Changing" + t.Icons.Ellipsis + " Closing the dialog does not stop it."}
	case finished:
		return m.resultLines()
	case asking:
	}
	if !m.user.Blocked && len(m.bans) == 0 {
		lines := []string{"Not blocked: neither by an administrator nor after failed logins."}
		if !m.unblocks() {
			lines = append(lines, "Once blocked they cannot sign in until someone unblocks them. Sessions and tokens already issued stay valid.")
		}
		return append(lines, m.addressLines()...)
	}
	var lines []string
	if m.user.Blocked {
		lines = append(lines, t.Danger.Render("Blocked by an administrator."))
	}
	for _, ban := range m.bans {
		lines = append(lines, t.Danger.Render(banWords(ban)))
	}
	lines = dialog.Bullets(t, lines, width)
	does := "Unblocking lifts this."
	if m.user.Blocked && len(m.bans) > 0 {
		does = "Unblocking lifts both kinds."
	}
	return append(append(lines, does), m.addressLines()...)
}

// banWords names a block of attack protection, apart from the administrator's.
func banWords(ban auth0client.BruteForceBlock) string {
	words := "Blocked after failed logins"
	if ip := ban.IP.String(); ip != "" {
		words += " from " + ip
	}
	if id := ban.Identifier.String(); id != "" {
		words += " as " + id
	}
	return words + "."
}

func (m *Model) resultLines() []string {
	t, o := m.env.Theme, m.outcome
	var lines []string
	done := func(text string) { lines = append(lines, t.Good.Render(t.Icons.Yes)+" "+text) }
	switch {
	case o.adminDone && o.job.block:
		done("Blocked. They cannot sign in; sessions and tokens already issued stay valid.")
	case o.adminDone:
		done("Unblocked: the administrator's block is lifted.")
	}
	if o.bansDone {
		done("Unblocked: the block after failed logins is lifted.")
	}
	for _, ip := range o.freed {
		done("The address " + ip + " is free for everybody.")
	}
	switch {
	case view.Waiting(o.err):
		p := view.Explain(m.env.Now(), o.err)
		lines = append(lines, t.Warn.Render(t.Icons.Spinner+" Not "+o.state()+" yet. "+p.Title+"."), p.Hint+".")
	case o.err != nil:
		lines = append(lines, dialog.Problem(m.env, "Not finished", o.err)...)
	}
	return lines
}

func (m *Model) tail(width int) []string {
	t := m.env.Theme
	key := func(k, does string) string { return t.Accent.Render(k) + " " + does }
	switch m.phase {
	case unread:
		return []string{key("R", "try again") + "   " + key("esc", "close")}
	case finished:
		if m.outcome.err != nil {
			return []string{key("R", "look again") + "   " + key("enter", "close")}
		}
		return []string{key("enter", "close")}
	case loading, working:
		return []string{key("esc", "close")}
	case asking:
	}
	var lines []string
	if note := m.note; note != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+note))
	} else if why := m.why(); why != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+why))
	}
	lines = append(lines, m.reason.Lines(width)...)
	act := strings.ToLower(m.Title())
	return append(lines, m.reason.ButtonsAndKeys("Cancel", m.Title(), m.onDo, key("y", act)+"  "+key("n", "cancel")))
}
