package localtenant

import (
	"slices"
	"time"
)

// task is work the API has accepted and does a moment later.
type task struct {
	Due            time.Time
	What, Key, For string
}

// What a task does.
const (
	endSession = "end session"
	endRefresh = "end refresh token"
	endFamily  = "end sign-in"
	advanceJob = "advance job"
)

// lag is how long what Auth0 does not do at once takes here: as long as the search index trails behind.
func (t *Tenant) lag() time.Duration { return max(0, t.opts.SearchLag) }

// later has work done after the lag, at once when there is none.
func (t *Tenant) later(what, key, owner string) { t.after(t.now(), what, key, owner) }

// after has work done a lag after at: a stage that follows another one is due even when both are long past.
func (t *Tenant) after(at time.Time, what, key, owner string) {
	k := &task{Due: at.Add(t.lag()), What: what, Key: key, For: owner}
	if t.lag() == 0 {
		t.perform(k)
		return
	}
	t.work.set("wrk_"+pick(t.ids, 16, alnum), k)
}

// catchUp does the work that is due. The tenant is locked.
func (t *Tenant) catchUp() {
	now := t.now()
	for t.work.len() > 0 {
		var due []string
		for key, k := range t.work.all() {
			if k.Due.After(now) {
				break
			}
			due = append(due, key)
		}
		if len(due) == 0 {
			return
		}
		for _, key := range due {
			k := t.work.at(key)
			t.work.drop(key)
			t.perform(k)
		}
	}
}

func (t *Tenant) perform(k *task) {
	switch k.What {
	case endSession:
		trim(t.sessions, k.For, func(s *session) bool { return s.ID == k.Key })
	case endRefresh:
		trim(t.grants, k.For, func(r *refreshRow) bool { return r.ID == k.Key })
	case endFamily:
		t.endFamilies(k.For, k.Key)
	case advanceJob:
		if j := t.jobs.at(k.Key); j != nil {
			t.advance(j, k.Due)
		}
	}
}

// move is somebody joining or leaving an organization, which lists of members show a moment later.
type move struct {
	at        time.Time
	org, user string
	joined    bool
}

// noteMove remembers a change of members until lists show it.
func (t *Tenant) noteMove(org, user string, joined bool) {
	now := t.now()
	t.moved = slices.DeleteFunc(t.moved, func(m move) bool { return now.Sub(m.at) >= t.lag() })
	if t.lag() > 0 {
		t.moved = append(t.moved, move{now, org, user, joined})
	}
}

// shownMembers are an organization's members as lists show them: those of a moment ago who still exist.
func (t *Tenant) shownMembers(org string) roll {
	now := t.now()
	hidden, kept := map[string]bool{}, map[string]bool{}
	for _, m := range t.moved {
		if m.org == org && now.Sub(m.at) < t.lag() {
			// The first change in the window says how it was before.
			if !hidden[m.user] && !kept[m.user] {
				hidden[m.user], kept[m.user] = m.joined, !m.joined
			}
		}
	}
	in := t.inOrg[org]
	if len(hidden) == 0 {
		return rollOfAll(in, nil)
	}
	var places []place
	if in != nil {
		places = slices.DeleteFunc(slices.Clone(in.keys), func(p place) bool { return hidden[p.key] })
	}
	for _, m := range t.moved {
		if kept[m.user] && m.org == org && t.users.has(m.user) && !slices.ContainsFunc(places, func(p place) bool { return p.key == m.user }) {
			places = append(places, place{key: m.user, n: ^uint64(0)})
		}
	}
	if in == nil {
		in = newTable[struct{}]("")
	}
	return rollOf(in, places, nil)
}
