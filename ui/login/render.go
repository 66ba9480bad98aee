package login

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// beside is the least room for the text beside a QR code, and between is the space between them.
const (
	beside  = 34
	between = 3
)

// View draws the screen; the QR code is left out where it does not fit whole.
func (m *Model) View(size view.Size) view.Frame {
	width := size.Width
	var code []string
	if m.qr != nil && m.phase == waiting && size.Height >= qrHeight(m.qr) && size.Width >= qrWidth(m.qr)+between+beside {
		code = drawQR(m.qr, m.o.NoColor, m.o.Theme.Dark)
		width = size.Width - qrWidth(m.qr) - between
	}
	lines := m.lines(width, size.Height)
	for len(lines) < len(code) {
		lines = append(lines, "")
	}
	for i, q := range code {
		lines[i] = widget.Pad(lines[i], width) + strings.Repeat(" ", between) + q
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// piece is some lines of the screen. When not all fit, those of the highest rank go first; rank 0 stays.
type piece struct {
	rank  int
	lines []string
}

// lastRank is what goes first: the gaps, those around the code last of them.
const lastRank = 10

func gap(rank int) piece { return piece{rank, []string{""}} }

func height(pieces []piece, rank int) int {
	n := 0
	for _, p := range pieces {
		if p.rank <= rank {
			n += len(p.lines)
		}
	}
	return n
}

// fit leaves pieces out until the rest fits.
func fit(pieces []piece, room int) []string {
	rank := lastRank
	for rank > 0 && height(pieces, rank) > room {
		rank--
	}
	var lines []string
	for _, p := range pieces {
		if p.rank <= rank {
			lines = append(lines, p.lines...)
		}
	}
	return lines
}

func (m *Model) lines(width, room int) []string {
	t := m.o.Theme
	text := func(rank int, style lipgloss.Style, words string) piece {
		return piece{rank, styled(style, strings.Split(widget.Wrap(words, width), "\n"))}
	}
	title, more := m.title()
	pieces := []piece{text(1, t.Title, title)}
	if more != "" {
		pieces = append(pieces, text(2, t.Text, more))
	}
	pieces = append(pieces, gap(9))
	var note []piece
	if m.note != "" {
		note = []piece{text(0, t.Strong, m.note)}
	}
	switch m.phase {
	case starting:
		return fit(append(append(pieces, text(0, t.Muted, "One moment"+t.Icons.Ellipsis)), note...), room)
	case failed:
		return fit(append(pieces, text(0, t.Danger, m.reason)), room)
	case waiting:
	}
	code := term.Line(m.code.UserCode).String()
	pieces = append(pieces,
		text(3, t.Text, "Open this address and enter the code:"),
		piece{0, styled(t.Accent, address(m.code.URI, width))},
		gap(8))
	at := len(pieces)
	pieces = append(pieces, gap(7))
	if words := spelt(code); words != "" {
		pieces = append(pieces, text(6, t.Muted, words), gap(10))
	}
	pieces = append(pieces,
		text(0, t.Muted, fmt.Sprintf("Waiting%s %s is good for %s", t.Icons.Ellipsis, code, m.left())))
	if words := m.troubleWords(); words != "" {
		pieces = append(pieces, text(0, t.Warn, words))
	}
	pieces = append(pieces, note...)
	grant := 4
	if m.o.Purpose != Begin { // they know it by now: the large code goes before
		grant = 5
	}
	pieces = append(pieces,
		piece{2, styled(t.Muted, unbroken("The page must be on", host(m.code.URI), width))},
		text(0, t.Warn, "Compare the code. Approve only a sign-in you started yourself."),
		text(grant, t.Muted, "You grant this usher your name and email, and to act with your permissions until you sign out."))
	// The largest form of the code that leaves room for all but the spelling and the gaps.
	for _, form := range codeForms(code, width-2, t.ASCII) {
		big := make([]string, len(form))
		for i, l := range form {
			big[i] = "  " + t.Strong.Render(l)
		}
		with := slices.Insert(slices.Clone(pieces), at, piece{0, big})
		if len(form) == 1 || height(with, 4) <= room {
			return fit(with, room)
		}
	}
	return nil
}

// title says why a sign-in is asked for, and what becomes of what is open.
func (m *Model) title() (title, more string) {
	const kept = "Nothing you typed or chose is lost; no change goes out until you confirm it again."
	switch m.o.Purpose {
	case Ended:
		return "Sign in again: your sign-in ended", kept
	case TooLong:
		return "Sign in again: your session of " + view.Span(m.o.Limit) + " is over", kept
	case ForFresh:
		if m.o.Ask.MaxAge > 0 {
			return "Sign in again for this action", "It wants a sign-in not older than " + view.Span(m.o.Ask.MaxAge) + ". " + kept
		}
		return "Sign in again for this action", "It wants a fresh sign-in. " + kept
	case Begin:
	}
	return "Sign in", ""
}

func styled(style lipgloss.Style, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = style.Render(l)
	}
	return out
}

// address is where to enter the code, in one piece where it can be: a browser takes it without its scheme as well.
func address(uri string, width int) []string {
	uri = term.Line(uri).String()
	if short, is := strings.CutPrefix(uri, "https://"); is && widget.Width(uri) > width {
		uri = short
	}
	return strings.Split(ansi.Hardwrap(uri, max(1, width), true), "\n")
}

// unbroken puts a name that holds hyphens on a line of its own rather than break it.
func unbroken(words, name string, width int) []string {
	if line := words + " " + name + "."; widget.Width(line) <= width {
		return []string{line}
	}
	return append([]string{widget.Truncate(words, width)}, strings.Split(ansi.Hardwrap(name, max(1, width), true), "\n")...)
}

func (m *Model) left() string {
	left := max(0, m.code.ExpiresAt.Sub(m.o.Now())).Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(left.Minutes()), int(left.Seconds())%60)
}

func (m *Model) troubleWords() string {
	switch m.trouble.Kind {
	case Lost:
		return "Auth0 cannot be reached at the moment. usher keeps trying; the code stays good."
	case SlowDown:
		return "Auth0 wants to be asked less often: your approval may take some seconds to show."
	case Limited:
		wait := max(1, int(m.trouble.Until.Sub(m.o.Now())/time.Second))
		return fmt.Sprintf("The tenant's rate limit is reached: going on in %d s.", wait)
	case Nothing:
	}
	return ""
}

func host(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return "an unknown host: do not go there"
	}
	return term.Line(u.Host).String()
}
