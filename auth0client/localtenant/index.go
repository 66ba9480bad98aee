package localtenant

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// searchIndex is what the user search sees: records as they were a moment ago, in the order of their making.
type searchIndex struct {
	rows    []*user // nil where a user was deleted
	at      map[string]int
	gone    int
	byEmail map[string][]string // lower-case address to user ids
	pending []indexWrite        // writes the search does not see yet, oldest first
}

type indexWrite struct {
	at time.Time
	id string
	u  *user // nil when deleted
}

func newSearchIndex() *searchIndex {
	return &searchIndex{at: map[string]int{}, byEmail: map[string][]string{}}
}

// settle brings the index up to what it should know by now.
func (x *searchIndex) settle(now time.Time) {
	n := 0
	for n < len(x.pending) && !x.pending[n].at.After(now) {
		x.apply(x.pending[n].id, x.pending[n].u)
		n++
	}
	x.pending = x.pending[n:]
}

// apply puts one record into the index, or takes it out when u is nil.
func (x *searchIndex) apply(id string, u *user) {
	at, known := x.at[id]
	if known {
		x.unlist(x.rows[at])
	}
	switch {
	case u != nil && known:
		x.rows[at] = u
	case u != nil:
		x.at[id] = len(x.rows)
		x.rows = append(x.rows, u)
	case known:
		x.rows[at] = nil
		delete(x.at, id)
		x.gone++
		x.compact()
	}
	if u != nil && u.Email != "" {
		key := strings.ToLower(u.Email)
		x.byEmail[key] = append(x.byEmail[key], id)
	}
}

func (x *searchIndex) unlist(u *user) {
	if u.Email == "" {
		return
	}
	key := strings.ToLower(u.Email)
	if left := without(x.byEmail[key], []string{u.ID}); len(left) > 0 {
		x.byEmail[key] = left
	} else {
		delete(x.byEmail, key)
	}
}

// compact closes the gaps once they are a quarter of the rows.
func (x *searchIndex) compact() {
	if x.gone*4 < len(x.rows) {
		return
	}
	x.rows = slices.DeleteFunc(x.rows, func(u *user) bool { return u == nil })
	x.gone = 0
	for i, u := range x.rows {
		x.at[u.ID] = i
	}
}

// lookups find current records by what a login form or an import knows of a person.
type lookups struct {
	email, username, phone map[string][]string // exact values to user ids
	identity               map[string]string   // "provider|id" of every identity, linked ones too, to the user's id
}

func newLookups() *lookups {
	return &lookups{email: map[string][]string{}, username: map[string][]string{}, phone: map[string][]string{},
		identity: map[string]string{}}
}

func (l *lookups) each(u *user, do func(index map[string][]string, value string)) {
	for _, f := range []struct {
		index map[string][]string
		value string
	}{{l.email, u.Email}, {l.username, u.Username}, {l.phone, u.Phone}} {
		if f.value != "" {
			do(f.index, f.value)
		}
	}
}

func (l *lookups) add(u *user) {
	l.each(u, func(index map[string][]string, value string) { index[value] = append(index[value], u.ID) })
	for _, i := range u.Identities {
		l.identity[i.Provider+"|"+i.UserID] = u.ID
	}
}

func (l *lookups) remove(u *user) {
	l.each(u, func(index map[string][]string, value string) {
		if left := without(index[value], []string{u.ID}); len(left) > 0 {
			index[value] = left
		} else {
			delete(index, value)
		}
	})
	for _, i := range u.Identities {
		delete(l.identity, i.Provider+"|"+i.UserID)
	}
}

// byEmail, byUsername and byPhone are the ids of the users with exactly this value, in the order of ids.
func (t *Tenant) byEmail(v string) []string { return slices.Sorted(slices.Values(t.known.email[v])) }
func (t *Tenant) byUsername(v string) []string {
	return slices.Sorted(slices.Values(t.known.username[v]))
}
func (t *Tenant) byPhone(v string) []string { return slices.Sorted(slices.Values(t.known.phone[v])) }

// byIdentity is the id of the user who has an identity, as the primary or a linked one; empty when nobody has.
func (t *Tenant) byIdentity(provider, id string) string { return t.known.identity[provider+"|"+id] }

// byIdentifier are the ids of the users whose email, username or phone number this is.
func (t *Tenant) byIdentifier(v string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.known.email[v], t.known.username[v], t.known.phone[v]))))
}

// first selects the n smallest of found by less, in order. It sorts little: a tenant has far more users than a page.
func first(found []*user, n int, compare func(a, b *user) int) []*user {
	if n <= 0 {
		return nil
	}
	best := make([]*user, 0, min(len(found), 2*n))
	full := false
	for _, u := range found {
		if full && compare(u, best[n-1]) >= 0 {
			continue
		}
		best = append(best, u)
		if len(best) == 2*n {
			slices.SortStableFunc(best, compare)
			best, full = best[:n], true
		}
	}
	slices.SortStableFunc(best, compare)
	return best[:min(n, len(best))]
}

// sortKey is what a record is ordered by: a number for dates, counts and flags, else a text compared without case.
func (u *user) sortKey(name string) (number int64, text string, has bool) {
	for _, t := range []struct {
		name string
		at   *time.Time
	}{{"created_at", &u.Created}, {"updated_at", &u.Updated}, {"last_login", &u.LastLogin}, {"last_password_reset", &u.LastPassword}} {
		if t.name == name {
			return t.at.UnixMilli(), "", !t.at.IsZero()
		}
	}
	switch v, ok := u.field(name); v := v.(type) {
	case string:
		return 0, strings.ToLower(v), ok
	case int:
		return int64(v), "", ok
	case bool:
		if v {
			return 1, "", ok
		}
		return 0, "", ok
	}
	return 0, "", false
}

// byField compares records by a root attribute. Records without it come last in either direction.
func byField(name string, sign int) func(a, b *user) int {
	return func(a, b *user) int {
		n, s, has := a.sortKey(name)
		m, r, also := b.sortKey(name)
		switch {
		case has && also:
			return sign * cmp.Or(cmp.Compare(n, m), strings.Compare(s, r))
		case has:
			return -1
		case also:
			return 1
		}
		return 0
	}
}
