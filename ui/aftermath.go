package ui

import (
	"cmp"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
)

// outcome is what became of a change, in the words that a notice has for it.
type outcome struct {
	from  view.ID // the view that sent it
	at    time.Time
	level view.Level
	text  string
	news  []view.Action // what open views are told of it
}

// aftermath hears how the changes of a console end, also when its program no longer takes messages: the connection was lost.
// It holds words only, nothing of the console.
type aftermath struct {
	now  func() time.Time
	some chan struct{} // holds one while there may be something to take

	mu       sync.Mutex
	answered []outcome          // that the console was not handed
	under    map[view.ID]string // sent and not answered when the console ended, by the title of the view
}

func newAftermath(now func() time.Time) *aftermath {
	return &aftermath{now: now, some: make(chan struct{}, 1)}
}

// watch is cmd, whose end is heard if it is a change.
func (m *aftermath) watch(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		msg := cmd()
		switch msg := msg.(type) {
		case tea.BatchMsg:
			watched := make(tea.BatchMsg, len(msg))
			for i, c := range msg {
				watched[i] = m.watch(c)
			}
			return watched
		case view.Result:
			if msg.Write {
				m.heard(msg)
			}
		}
		return msg
	}
}

func (m *aftermath) heard(res view.Result) {
	r, ok := res.Msg.(view.Reporter)
	if !ok {
		return
	}
	o := outcomeOf(res.To, m.now(), r.Report())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answered = append(m.answered, o)
	delete(m.under, res.To)
	select {
	case m.some <- struct{}{}:
	default:
	}
}

// handed says that the console has a view's answer, and gives it in words.
func (m *aftermath) handed(to view.ID) (outcome, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.answered, func(o outcome) bool { return o.from == to })
	if i < 0 {
		return outcome{}, false
	}
	o := m.answered[i]
	m.answered = slices.Delete(m.answered, i, i+1)
	return o, true
}

// end says which views had sent a change when their console ended.
func (m *aftermath) end(under map[view.ID]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.answered {
		delete(under, o.from)
	}
	m.under = under
}

// take gives what ended since, and the titles of what has not.
func (m *aftermath) take() (ended []outcome, under []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ended, m.answered = m.answered, nil
	for _, title := range m.under {
		under = append(under, title)
	}
	slices.Sort(under)
	return ended, under
}

// outcomeOf puts a report in words. Of users it keeps the id alone: who opens them reads them anew.
func outcomeOf(from view.ID, now time.Time, report view.Action) outcome {
	o := outcome{from: from, at: now}
	var walk func(view.Action)
	walk = func(action view.Action) {
		switch act := action.(type) {
		case view.All:
			for _, one := range act {
				walk(one)
			}
		case view.Notify:
			o.level, o.text = act.Level, act.Text
		case view.Fail:
			o.level, o.text = view.Bad, act.What+": "+view.Explain(now, act.Err).String()
		case view.Changed:
			o.news = append(o.news, view.Touched{ID: act.User.ID})
		case view.Touched, view.Altered:
			o.news = append(o.news, act)
		}
	}
	walk(report)
	return o
}

// lateMsg says that a change of an earlier connection has ended.
type lateMsg struct{ of *aftermath }

// await waits, as long as the session lasts, for what is still under way of an earlier one.
func (a *App) await(of *aftermath) tea.Cmd {
	ctx := a.ctx
	return func() tea.Msg {
		select {
		case <-of.some:
			return lateMsg{of}
		case <-ctx.Done():
			return nil
		}
	}
}

// late tells what ended meanwhile: in the question whether to go on while that is open, else by notices.
func (a *App) late(of *aftermath) tea.Cmd {
	ended, under := of.take()
	var cmds []tea.Cmd
	for _, o := range ended {
		for _, news := range o.news {
			cmds = append(cmds, a.perform(0, news, grace{}))
		}
		switch {
		case o.text == "":
		case a.offer != nil:
			a.offer.place.told = append(a.offer.place.told, o)
		default:
			a.unseen = append(a.unseen, o)
			cmds = append(cmds, a.notify(o.level, o.text))
		}
	}
	if a.offer != nil {
		a.offer.under = a.underWay()
	}
	if len(under) > 0 {
		cmds = append(cmds, a.await(of))
	} else {
		a.earlier = slices.DeleteFunc(a.earlier, func(m *aftermath) bool { return m == of })
	}
	return tea.Batch(cmds...)
}

// underWay are the changes of earlier connections that have not ended.
func (a *App) underWay() []string {
	var all []string
	for _, of := range a.earlier {
		of.mu.Lock()
		for _, title := range of.under {
			all = append(all, title)
		}
		of.mu.Unlock()
	}
	slices.Sort(all)
	return all
}

// handed notes that an answer to a change is on the screen. Until the next key nobody knows whether it was seen there.
func (a *App) handed(to view.ID) {
	delete(a.away, to)
	if o, ok := a.after.handed(to); ok && o.text != "" {
		a.unseen = append(a.unseen, o)
	}
}

// sent are the views, also closed ones, whose change has not answered.
func (a *App) sent() map[view.ID]string {
	all := map[view.ID]string{}
	for id, title := range a.away {
		all[id] = title
	}
	for _, w := range a.all() {
		if v, ok := w.v.(view.Writer); ok && v.Writing() {
			all[w.id] = w.v.Title()
		}
	}
	return all
}

// leave notes a view that is closed while its change is under way.
func (a *App) leave(w open) {
	if v, ok := w.v.(view.Writer); ok && v.Writing() {
		if a.away == nil {
			a.away = map[view.ID]string{}
		}
		a.away[w.id] = w.v.Title()
	}
	w.v.Close()
}

func byTime(all []outcome) []outcome {
	slices.SortStableFunc(all, func(x, y outcome) int { return cmp.Compare(x.at.UnixNano(), y.at.UnixNano()) })
	return all
}
