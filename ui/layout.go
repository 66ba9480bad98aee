package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

const (
	minWidth  = 40
	minHeight = 10
	bodyTop   = 2 // header and breadcrumb
	maxSide   = 600
)

// plainSigns stand for the console's own signs where only ASCII is shown. Each takes as many cells as the other.
//
//nolint:gochecknoglobals // a constant in all but name
var plainSigns = strings.NewReplacer("…", "~", "·", "|", "›", ">", "−", "-",
	"↑", "^", "↓", "v", "→", ">", "←", "<", "⋯", "~", "×", "x", "•", "*", "─", "-")

// View draws the whole screen.
func (a *App) View() tea.View {
	f := a.frame(a.drawn())
	if a.o.ASCII {
		f.Content = plainSigns.Replace(f.Content)
	}
	v := tea.NewView(f.Content)
	v.AltScreen = true
	v.WindowTitle = "usher"
	if !a.lock.covered() {
		v.WindowTitle += " " + a.th.Icons.Sep + " " + term.Line(a.o.Profile).String()
	}
	v.Cursor = f.Cursor
	return v
}

func (a *App) frame(size view.Size) view.Frame {
	if size.Width < minWidth || size.Height < minHeight {
		return view.Frame{Content: widget.Fit("Please make the window larger (40x10 at least).", size.Width, size.Height)}
	}
	if a.lock.covered() {
		return a.ask(size, a.drawLock(size))
	}
	notes := a.notes(size)
	body := bodyOf(size, len(notes))
	f := a.body(body)
	lines := []string{a.header(size.Width), a.crumbs(size.Width)}
	content := strings.Split(widget.Fit(f.Content, body.Width, body.Height), "\n")
	for len(content) < body.Height {
		content = append(content, "")
	}
	lines = slices.Concat(lines, content, notes, []string{a.footer(size.Width)})
	out := view.Frame{Content: strings.Join(lines, "\n")}
	if c := f.Cursor; c != nil && c.X >= 0 && c.Y >= 0 && c.X < body.Width && c.Y < body.Height {
		moved := *c
		moved.Y += bodyTop
		out.Cursor = &moved
	}
	return out
}

// bodyOf is what header, breadcrumb, notes and footer leave of a screen.
func bodyOf(size view.Size, notes int) view.Size {
	return view.Size{Width: size.Width, Height: size.Height - bodyTop - 1 - notes}
}

// bodySize is the room of the views as the screen is now.
func (a *App) bodySize() view.Size {
	size := a.drawn()
	return bodyOf(size, len(a.notes(size)))
}

// notes are the toasts. They take lines from the body and cover nothing of it.
func (a *App) notes(size view.Size) []string {
	return a.toasts.Lines(a.th, size.Width, max(2, min(5, size.Height/6)))
}

// drawn is how much of the terminal is drawn on.
func (a *App) drawn() view.Size {
	return view.Size{Width: min(a.size.Width, maxSide), Height: min(a.size.Height, maxSide)}
}

func (a *App) body(size view.Size) view.Frame {
	if a.login != nil {
		return a.ask(size, a.login.View(size))
	}
	if len(a.stack) == 0 {
		return view.Frame{}
	}
	f := a.stack[len(a.stack)-1].v.View(size)
	in := dialog.Inside(size)
	for _, d := range a.dialogs {
		f = dialog.Over(a.th, f.Content, size, d.v.View(in))
	}
	if a.palette != nil {
		f = dialog.Over(a.th, f.Content, size, a.drawPalette(in))
	}
	if a.help {
		f = dialog.OverTall(a.th, f.Content, size, a.drawHelp(dialog.Tall(size)))
	}
	if a.rights {
		f = dialog.Over(a.th, f.Content, size, a.drawRights(in))
	}
	if a.offer != nil {
		f = dialog.Over(a.th, f.Content, size, a.drawOffer(in))
	}
	return a.ask(size, f)
}

func (a *App) header(width int) string {
	profile := a.profileStyle().Render(" " + term.Line(a.o.Profile).String() + " ")
	left := a.th.Strong.Render("usher") + " " + profile
	if a.o.Production {
		left += " " + a.th.Production.Render(" PRODUCTION ")
	}
	if a.o.Demo {
		left += " " + a.th.Muted.Render("embedded tenant")
	}
	left = widget.Truncate(left, width)
	room := width - widget.Width(left) - 1
	right := a.state(a.lacks())
	if widget.Width(right) > room && a.lacks() != "" && !a.readOnly() {
		right = a.state("limited (W)") // the list of what that means is a key away
	}
	right = widget.Truncate(right, room)
	return left + strings.Repeat(" ", max(0, width-widget.Width(left)-widget.Width(right))) + right
}

// state is who is signed in, what they lack, and the tenant's rate limit.
func (a *App) state(lacks string) string {
	var parts []string
	if hint := a.approvals.hint(); hint != "" && a.operator.ID != "" {
		parts = append(parts, hint)
	}
	if a.operator.ID != "" {
		parts = append(parts, who(a.operator))
		if lacks != "" {
			parts = append(parts, lacks)
		}
	}
	if wait := a.waitUntil.Sub(a.o.Now()); wait > 0 {
		parts = append(parts, a.th.Warn.Render(fmt.Sprintf("rate limit: going on in %d s", int(wait.Seconds())+1)))
	} else if a.o.Budget != nil {
		if remaining, limit, known := a.o.Budget(); known {
			parts = append(parts, fmt.Sprintf("rate %d/%d", remaining, limit))
		}
	}
	return strings.Join(parts, " "+a.th.Icons.Sep+" ")
}

func (a *App) profileStyle() lipgloss.Style {
	if a.o.ProfileColor == "" {
		return a.th.Title
	}
	return lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color(a.o.ProfileColor))
}

func (a *App) crumbs(width int) string {
	if a.login != nil {
		return "" // the screen says it itself
	}
	return a.th.Muted.Render(crumbLine(trail(a.th.Icons.Crumb, a.all()), " "+a.th.Icons.Crumb+" ", width))
}
