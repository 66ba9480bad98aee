package bulk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

type count struct{ done, failed, unsure, waits, stopped, total int }

func countOf(items []desk.Item) count {
	c := count{total: len(items)}
	for _, it := range items {
		switch {
		case it.State == desk.Succeeded:
			c.done++
		case it.State == desk.Failed && it.Result.Unsure():
			c.unsure++
		case it.State == desk.Failed && it.Result.Waits():
			c.waits++
		case it.State == desk.Failed:
			c.failed++
		case it.State == desk.Stopped:
			c.stopped++
		}
	}
	return c
}

// over is how many were begun and are over, well or not.
func (c count) over() int { return c.done + c.failed + c.unsure + c.waits }

func (c count) words() string {
	s := fmt.Sprintf("%d of %d done", c.done, c.total)
	for _, p := range []struct {
		n    int
		what string
	}{{c.failed, "failed"}, {c.unsure, "with unknown outcome"}, {c.waits, "waiting for approval"}, {c.stopped, "not begun"}} {
		if p.n > 0 {
			s += fmt.Sprintf(", %d %s", p.n, p.what)
		}
	}
	return s
}

// View draws the run: what it does, how far it is, and each user.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	lines := m.head(size.Width)
	if room := size.Height - len(lines); room > 0 {
		lines = append(lines, m.rows(size.Width, room)...)
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

func (m *Model) head(width int) []string {
	t := m.env.Theme
	var lines []string
	switch m.phase {
	case asking:
		lines = append(lines, t.Title.Render(fmt.Sprintf("%s %s:", m.name, users(len(m.next))))+"   "+
			t.Accent.Render("y")+" do it  "+t.Accent.Render("n")+" cancel")
		lines = append(lines, dialog.Wrap(m.means(), width)...)
		for _, i := range m.next {
			if m.own(m.items[i]) {
				lines = append(lines, t.Warn.Render(t.Icons.Warn+" Your own account is among them: usher will refuse it."))
			}
		}
	case working, finished:
		c := countOf(m.items)
		lines = append(lines, m.bar(c, width), c.words()+m.remaining(c))
		if i := min(m.cursor, len(m.items)-1); i >= 0 && m.items[i].Result.Err != nil {
			lines = append(lines, dialog.Wrap(dialog.Problem(m.env, m.items[i].Operation.User.Label().String(), m.items[i].Result.Err), width)...)
		}
	}
	lines = append(lines, m.reason.Lines(width)...)
	if m.note != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+m.note))
	}
	return append(lines, "")
}

// bar is how much is over and done.
func (m *Model) bar(c count, width int) string {
	t := m.env.Theme
	room := max(1, min(width, 60)-2)
	full := 0
	if c.total > 0 {
		full = room * (c.over() + c.stopped) / c.total
	}
	return "[" + t.Good.Render(strings.Repeat("=", full)) + strings.Repeat(" ", room-full) + "]"
}

// remaining is how long the rest takes, at the pace so far.
func (m *Model) remaining(c count) string {
	over := c.over()
	if m.phase != working || over == 0 || over >= c.total {
		return ""
	}
	took := m.env.Now().Sub(m.began)
	rest := took / time.Duration(over) * time.Duration(c.total-over-c.stopped)
	return ", about " + rest.Round(time.Second).String() + " left"
}

// means is what happens to each, in general terms, and to how many where it is not the same for all.
func (m *Model) means() []string {
	t := m.env.Theme
	var order []string
	count := map[string]int{}
	add := func(line string, who auth0client.User) {
		line = strings.ReplaceAll(line, desk.Who(who), "each of them")
		if email := who.Email.String(); email != "" {
			line = strings.ReplaceAll(line, email, "their address")
		}
		if count[line]++; count[line] == 1 {
			order = append(order, line)
		}
	}
	for _, i := range m.next {
		op := m.items[i].Operation
		for _, lost := range op.Loses {
			add(t.Danger.Render(t.Icons.Warn+" Cannot be brought back: "+lost), op.User)
		}
		for _, does := range op.Does {
			add(does, op.User)
		}
	}
	for k, line := range order {
		if n := count[line]; n < len(m.next) {
			order[k] = fmt.Sprintf("%s (%d of %d)", line, n, len(m.next))
		}
	}
	if most := 6; len(order) > most {
		order = append(order[:most-1], fmt.Sprintf("and %d more that differ from one to the other", len(order)-most+1))
	}
	return order
}

// own reports that this is the operator's own account: nobody changes that through usher.
func (m *Model) own(it desk.Item) bool {
	return m.env.OperatorID != "" && it.Operation.User.ID == m.env.OperatorID
}

func users(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}

// people lists whom the question is about.
func (m *Model) people(width, height int) []string {
	table := widget.Table{Columns: []widget.Column{{Title: "User", Min: 24, Flex: 1}, {Title: "Id", Min: 30, Flex: 1}, {Title: "Connection", Min: 10, Flex: 1}}}
	widths := table.Widths(width)
	lines := []string{table.Header(m.env.Theme, widths)}
	at := max(0, slices.Index(m.next, m.cursor))
	offset := widget.Scroll(0, at, len(m.next), height-1)
	for k := offset; k < min(len(m.next), offset+height-1); k++ {
		it := m.items[m.next[k]]
		who := it.Operation.User.Label().String()
		if m.own(it) {
			who = "(you) " + who
		}
		lines = append(lines, table.Row(m.env.Theme, widths, []string{who, it.Operation.User.ID.Safe().String(), it.Operation.User.Connection().String()}, k == at))
	}
	return lines
}

func (m *Model) rows(width, height int) []string {
	if m.phase == asking {
		return m.people(width, height)
	}
	table := widget.Table{Columns: []widget.Column{{Title: "User", Min: 24, Flex: 2}, {Title: "State", Min: 12}, {Title: "What", Min: 20, Flex: 3}}}
	widths := table.Widths(width)
	lines := []string{table.Header(m.env.Theme, widths)}
	height--
	offset := widget.Scroll(m.offset, m.cursor, len(m.items), height)
	for i := offset; i < min(len(m.items), offset+height); i++ {
		it := m.items[i]
		what := strings.Join(it.Result.Done, " ")
		if it.Result.Err != nil {
			what = view.Explain(m.env.Now(), it.Result.Err).Title
		}
		lines = append(lines, table.Row(m.env.Theme, widths, []string{it.Operation.User.Label().String(), stateWord(it), what}, i == m.cursor))
	}
	return lines
}

func stateWord(it desk.Item) string {
	switch it.State {
	case desk.Running:
		return "working"
	case desk.Succeeded:
		return "done"
	case desk.Failed:
		if it.Result.Unsure() {
			return "unknown"
		}
		if it.Result.Waits() {
			return "for approval"
		}
		return "failed"
	case desk.Stopped:
		return "not begun"
	case desk.Waiting:
	}
	return "waiting"
}
