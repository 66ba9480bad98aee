package ui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

// offer tells, after a lost connection, what became of what had been sent, and asks whether to go back to where the operator
// was.
type offer struct {
	place Place
	under []string // what has not ended, by the titles of the views that sent it
	by    grace
}

func (a *App) offerPressed(k string) tea.Cmd {
	if a.offer.by.swallows(a.o.Now()) {
		return nil
	}
	p := a.offer.place
	switch k {
	case "n", "esc":
		a.offer = nil
	case "y", "enter":
		a.offer = nil
		return a.goBack(p)
	}
	return nil
}

// offerKeys are the keys of the question.
func (a *App) offerKeys() []view.Key {
	if !a.offer.place.somewhere() {
		return []view.Key{view.NewKey("enter", "go on", "enter", "esc", "y", "n")}
	}
	return []view.Key{view.NewKey("y", "go on", "y", "enter"), view.NewKey("n", "begin anew", "n", "esc")}
}

func (a *App) drawOffer(in view.Size) view.Frame {
	p := a.offer.place
	ago := "a moment ago"
	if d := a.o.Now().Sub(p.At); d >= time.Minute {
		ago = view.Span(d.Truncate(time.Minute)) + " ago"
	}
	head := []string{a.th.Strong.Render("Your connection ended " + ago + ".")}
	var lines []string
	keys := "enter go on"
	if p.somewhere() {
		lines = append(lines, "", "Go on where you were?", p.words(a.th.Icons.Crumb))
		keys = "y go on   n begin anew"
		if p.typed {
			lines = append(lines, a.th.Muted.Render("What you typed there is kept, but for passwords. Nothing of it is sent."))
		}
	}
	if len(p.closed) > 0 {
		closed := "Not opened again: " + strings.Join(p.closed, ", ") + "."
		if p.lost {
			closed += " What you typed there is gone."
		}
		lines = append(lines, a.th.Muted.Render(closed))
	}
	lines = append(dialog.Wrap(lines, in.Width), "", keys)
	for most := len(p.told); ; most-- { // the newest, as many as there is room for
		first := dialog.Wrap(append(head, a.drawTold(p.told, a.offer.under, most)...), in.Width)
		if most <= 1 || len(first)+len(lines) <= in.Height {
			return view.Frame{Content: strings.Join(append(first, lines...), "\n")}
		}
	}
}

// drawTold is what became of what had been sent: the last of them, the newest at the end.
func (a *App) drawTold(told []outcome, under []string, most int) []string {
	if len(told)+len(under) == 0 {
		return nil
	}
	lines := []string{"", "What you had sent:"}
	if more := len(told) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("%d earlier: see the journal", more))
		told = told[more:]
	}
	for _, o := range told {
		style, sign := a.th.Accent, a.th.Icons.Bullet
		switch o.level {
		case view.Good:
			style, sign = a.th.Good, a.th.Icons.Yes
		case view.Bad:
			style, sign = a.th.Danger, a.th.Icons.Warn
		case view.Info:
		}
		lines = append(lines, style.Render(sign)+" "+o.at.Format("15:04")+" "+o.text)
	}
	for _, title := range under {
		lines = append(lines, a.th.Warn.Render(a.th.Icons.Bullet)+" "+title+": no answer yet. You are told when it comes.")
	}
	return lines
}
