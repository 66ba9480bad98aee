package login

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"rsc.io/qr"

	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	switch k {
	case "r":
		if m.phase == failed {
			return nil, m.Init()
		}
	case "enter", "o":
		if m.phase == failed && k == "enter" {
			return nil, m.Init()
		}
		if m.phase == waiting && m.o.OpenBrowser != nil {
			return nil, browse(m.o.ID, m.ticket, m.o.OpenBrowser, page(m.code))
		}
	case "a":
		if m.phase == waiting && m.o.Approve != nil {
			return nil, approve(m.wait, m.o.ID, m.ticket, m.o.Approve, m.code.UserCode)
		}
	case "y":
		if m.phase == waiting {
			return view.Copy{What: "code", Text: m.code.UserCode}, nil
		}
	}
	return nil, nil
}

// Keys are the keys that do something now.
func (m *Model) Keys() []view.Key {
	var keys []view.Key
	switch m.phase {
	case waiting:
		if m.o.Approve != nil {
			keys = append(keys, view.NewKey("a", "approve (demo)", "a"))
		}
		if m.o.OpenBrowser != nil {
			keys = append(keys, view.NewKey("enter", "open browser", "enter", "o"))
		}
		keys = append(keys, view.NewKey("y", "copy code", "y"))
	case failed:
		keys = append(keys, view.NewKey("r", "new code", "r", "enter"))
	case starting:
	}
	return append(keys, view.NewKey("q", "quit", "q"))
}

// View draws the screen; the QR code is left out where it does not fit whole.
func (m *Model) View(size view.Size) view.Frame {
	width := size.Width
	qrWidth := 0
	if len(m.qr) > 0 && m.phase == waiting {
		qrWidth = lipgloss.Width(m.qr[0])
	}
	beside := qrWidth > 0 && size.Height >= len(m.qr) && size.Width >= qrWidth+3+36
	if beside {
		width = size.Width - qrWidth - 3
	}
	lines := m.lines(width, size.Height)
	if beside {
		for len(lines) < len(m.qr) {
			lines = append(lines, "")
		}
		for i, q := range m.qr {
			lines[i] = widget.Pad(lines[i], width) + "   " + q
		}
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

func (m *Model) lines(width, height int) []string {
	t := m.o.Theme
	title := "Sign in"
	if m.o.Again {
		title = "Sign in again: your session ended; you return to where you were"
	}
	wrap := func(style lipgloss.Style, text string) []string {
		var out []string
		for _, l := range strings.Split(widget.Wrap(text, width), "\n") {
			out = append(out, style.Render(l))
		}
		return out
	}
	lines := wrap(t.Title, title)
	gap := func() {
		if height >= 14 {
			lines = append(lines, "")
		}
	}
	gap()
	switch m.phase {
	case starting:
		return append(lines, t.Muted.Render("Asking for a code"+t.Icons.Ellipsis))
	case failed:
		return append(lines, wrap(t.Danger, m.reason)...)
	case waiting:
	}
	lines = append(lines, "Open this address and enter the code:")
	lines = append(lines, wrap(t.Accent, term.Line(m.code.URI).String())...)
	gap()
	lines = append(lines, "   "+t.Selected.Render("  "+term.Line(m.code.UserCode).String()+"  "))
	gap()
	left := max(0, m.code.ExpiresAt.Sub(m.o.Now())).Round(time.Second)
	lines = append(lines, t.Muted.Render(fmt.Sprintf("Waiting for you%s the code is good for %d:%02d", t.Icons.Ellipsis, int(left.Minutes()), int(left.Seconds())%60)))
	lines = append(lines, wrap(t.Muted, "The page must be on "+host(m.code.URI)+".")...)
	lines = append(lines, wrap(t.Warn, "Only approve if you started this yourself, and compare the code.")...)
	if m.note != "" {
		lines = append(lines, wrap(t.Strong, m.note)...)
	}
	return lines
}

func host(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return "an unknown host: do not go there"
	}
	return term.Line(u.Host).String()
}

// drawQR draws text as a QR code, two modules a cell, black on white whatever the theme; nil when it cannot.
func drawQR(text string) []string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil
	}
	const quiet = 2
	paper := lipgloss.NewStyle().Foreground(lipgloss.Color("#000000")).Background(lipgloss.Color("#ffffff"))
	var lines []string
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var b strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			switch up, down := code.Black(x, y), code.Black(x, y+1); {
			case up && down:
				b.WriteRune('█')
			case up:
				b.WriteRune('▀')
			case down:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, paper.Render(b.String()))
	}
	return lines
}
