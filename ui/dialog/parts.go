package dialog

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/ui/theme"
	"usher/ui/view"
	"usher/ui/widget"
)

// Buttons are the safe one and the one that acts; the highlighted one has brackets as well as a style.
func Buttons(t *theme.Theme, safe, act string, onAct bool) string {
	if onAct {
		return "  " + safe + "   " + t.Selected.Render("["+act+"]")
	}
	return t.Selected.Render("["+safe+"]") + "   " + act + " "
}

// Head is the first lines of a dialog: what it is about, and the user beyond mistake. Two users can look alike.
func Head(t *theme.Theme, title string, u auth0client.User, width int) []string {
	if u.ID == "" {
		return []string{widget.Truncate(t.Title.Render(title), width)}
	}
	id := u.ID.Safe().String()
	if c := u.Connection(); !c.IsEmpty() {
		id += " " + t.Icons.Sep + " " + c.String()
	}
	return []string{
		widget.Truncate(t.Title.Render(title)+"  "+t.Strong.Render(u.Label().String()), width),
		t.Muted.Render(widget.Truncate(id, width)),
	}
}

// Problem words an error in a dialog: what failed, what was answered, what to do.
func Problem(env view.Env, what string, err error) []string {
	p := view.Explain(env.Now(), err)
	lines := []string{env.Theme.Danger.Render(what + ": " + p.Title + ".")}
	if p.Detail != "" {
		lines = append(lines, p.Detail)
	}
	if p.Hint != "" {
		lines = append(lines, env.Theme.Muted.Render(p.Hint+"."))
	}
	return lines
}

// noBreak stands for a hyphen while lines are broken: names, ids and flags have hyphens, and must be read as one.
const noBreak = "\ue02d"

// Wrap breaks lines at spaces, to at most width cells each.
func Wrap(lines []string, width int) []string {
	var all []string
	for _, line := range lines {
		own := strings.Contains(line, noBreak)
		if !own {
			line = strings.ReplaceAll(line, "-", noBreak)
		}
		line = lipgloss.Wrap(line, max(1, width), "")
		if !own {
			line = strings.ReplaceAll(line, noBreak, "-")
		}
		all = append(all, strings.Split(line, "\n")...)
	}
	return all
}

// Bullets are the lines of a list: what is broken goes on under its own beginning.
func Bullets(th *theme.Theme, lines []string, width int) []string {
	var all []string
	for _, line := range lines {
		all = append(all, Point(th.Icons.Bullet, th.Text, line, width)...)
	}
	return all
}

// Point is a text with a sign before its first line.
func Point(sign string, style lipgloss.Style, text string, width int) []string {
	indent := widget.Width(sign) + 1
	lines := Wrap([]string{text}, width-indent)
	for i, l := range lines {
		before := strings.Repeat(" ", indent)
		if i == 0 {
			before = sign + " "
		}
		lines[i] = style.Render(before + l)
	}
	return lines
}

// Break cuts a text without spaces, such as a link, into lines of width cells: copied row by row it is whole again.
func Break(s string, width int) []string {
	var lines []string
	for s != "" && width > 0 {
		line := ansi.Cut(s, 0, width)
		if line == "" {
			break
		}
		lines = append(lines, line)
		s = s[len(line):]
	}
	return lines
}
