package localtenant

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// pagingCap is how many results offset paging reaches in lists that also have checkpoints.
const pagingCap = 1000

// byOffset, byCheckpoint and someFields are the query parameters of lists.
func byOffset() fields {
	return fields{"page": aNumber(0, -1), "per_page": aNumber(1, 100), "include_totals": aFlag()}
}

// byOffsetCapped is byOffset in lists whose page numbers end.
func byOffsetCapped() fields {
	return fields{"page": aNumber(0, 1000), "per_page": aNumber(1, 100), "include_totals": aFlag()}
}

// byOffsetFromNone is byOffset where Auth0 takes pages of no rows.
func byOffsetFromNone() fields {
	return fields{"page": aNumber(0, -1), "per_page": aNumber(0, 100), "include_totals": aFlag()}
}

func byCheckpoint() fields { return fields{"from": aText(), "take": aNumber(1, 100)} }

func someFields() fields { return fields{"fields": aText(), "include_fields": aFlag()} }

// roll is what a list pages through: keys in a lasting order, each with a mark that keeps its place when others go.
type roll struct {
	size  int
	place func(i int) (mark, key string)
	after func(mark, key string) int // where the first row behind that place is
	show  func(key string, i int) any
	again bool // the last page says there is another one, which is empty
}

// rollOf lists the places of a table; the mark is the number a row got when it was made.
func rollOf[T any](t *table[T], places []place, show func(key string) any) roll {
	return roll{size: len(places),
		place: func(i int) (string, string) { return strconv.FormatUint(places[i].n, 10), places[i].key },
		after: func(mark, key string) int {
			n, _ := strconv.ParseUint(mark, 10, 64)
			if e, still := t.rows[key]; still {
				n = e.n
			}
			i, there := slices.BinarySearchFunc(places, n, func(p place, n uint64) int { return cmp.Compare(p.n, n) })
			if there {
				i++
			}
			return i
		},
		show: func(key string, _ int) any { return show(key) }}
}

// rollOfAll lists a whole table, which may be nil.
func rollOfAll[T any](t *table[T], show func(key string) any) roll {
	if t == nil {
		return roll{}
	}
	return rollOf(t, t.keys, show)
}

// rollOfSome lists the records of a table that are wanted.
func rollOfSome[T any](t *table[T], keep func(T) bool, show func(T) any) roll {
	var places []place
	for _, p := range t.keys {
		if keep(t.rows[p.key].row) {
			places = append(places, p)
		}
	}
	return rollOf(t, places, func(key string) any { return show(t.rows[key].row) })
}

// sortedRoll lists rows in the order of their marks and keys.
func sortedRoll[T any](rows []T, placeOf func(T) (mark, key string), show func(T) any) roll {
	rows = slices.Clone(rows)
	order := func(mark, key, mark2, key2 string) int {
		return cmp.Or(strings.Compare(mark, mark2), strings.Compare(key, key2))
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		m, k := placeOf(a)
		n, l := placeOf(b)
		return order(m, k, n, l)
	})
	return roll{size: len(rows), place: func(i int) (string, string) { return placeOf(rows[i]) },
		after: func(mark, key string) int {
			return sort.Search(len(rows), func(i int) bool {
				m, k := placeOf(rows[i])
				return order(m, k, mark, key) > 0
			})
		},
		show: func(_ string, i int) any { return show(rows[i]) }}
}

// number is a checked whole number of the query.
func (c *call) number(name string, fallback int) int {
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil {
		return fallback
	}
	return n
}

// paging is the offset paging of a list.
type paging struct {
	page, size int
	totals     bool
}

func (c *call) paging() paging {
	// Far beyond every list: whatever is multiplied with it must not overflow.
	return paging{page: min(c.number("page", 0), 1<<30), size: c.number("per_page", 50), totals: c.query.Get("include_totals") == "true"}
}

func (p paging) start() int { return p.page * p.size }

// cut is the page of a list of n.
func (p paging) cut(n int) (from, to int) {
	from = min(p.start(), n)
	return from, min(from+p.size, n)
}

func (r roll) rows(from, to int) []any {
	out := make([]any, 0, max(0, to-from))
	for i := from; i < to; i++ {
		_, key := r.place(i)
		out = append(out, r.show(key, i))
	}
	return out
}

// list answers one page of rows by offset, under key with totals, bare without.
func (c *call) list(key string, rows []any) reply {
	return c.offset(key, roll{size: len(rows), place: func(int) (string, string) { return "", "" },
		show: func(_ string, i int) any { return rows[i] }})
}

func (c *call) offset(key string, r roll) reply {
	p := c.paging()
	from, to := p.cut(r.size)
	page := r.rows(from, to)
	if !p.totals {
		return ok(page)
	}
	return ok(map[string]any{key: page, "start": p.start(), "limit": p.size, "total": r.size})
}

// either answers a list by checkpoint when take or from is given, else by offset, which reaches 1000 rows.
func (c *call) either(key string, r roll) reply {
	if c.query.Has("take") || c.query.Has("from") {
		return c.checkpoint(key, r)
	}
	if p := c.paging(); p.start()+p.size > pagingCap && p.start() > 0 {
		return badRequest("Requesting page exceeds the allowed maximum of 1000 records", "invalid_paging")
	}
	return c.offset(key, r)
}

func (c *call) checkpoint(key string, r roll) reply {
	at := 0
	if v := c.query.Get("from"); v != "" {
		mark, row, err := openCursor(v, c.now())
		if err != nil {
			return badRequest("The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the "+
				"checkpoint ID and try again", "invalid_query_string")
		}
		if r.size > 0 {
			at = r.after(mark, row)
		}
	}
	to := min(at+c.number("take", 50), r.size)
	out := map[string]any{key: r.rows(at, to)}
	if to > 0 && (to < r.size || r.again && to > at) {
		mark, row := r.place(to - 1)
		out["next"] = cursor(c.now(), mark, row)
	}
	return ok(out)
}

// linked adds the Link header that Auth0 sends with bare arrays of some lists. Its scheme is http, as recorded.
func (c *call) linked(a reply, total int) reply {
	if a.status != http.StatusOK || c.query.Get("include_totals") == "true" || c.query.Has("take") || c.query.Has("from") {
		return a
	}
	p := c.paging()
	last := 0
	if p.size > 0 && total > 0 {
		last = (total - 1) / p.size
	}
	to := func(page int, rel string) string {
		q := c.r.URL.Query()
		q.Set("page", strconv.Itoa(page))
		q.Set("per_page", strconv.Itoa(p.size))
		_, host, _ := strings.Cut(c.base, "://")
		return fmt.Sprintf(`<http://%s%s?%s>; rel="%s"`, host, c.r.URL.EscapedPath(), q.Encode(), rel)
	}
	links := []string{to(0, "first")}
	if p.page > 0 && p.page <= last {
		links = append(links, to(p.page-1, "prev"))
	}
	if p.page < last {
		links = append(links, to(p.page+1, "next"))
	}
	a.link = strings.Join(append(links, to(last, "last")), ", ")
	return a
}

// fields are the attributes asked for, and whether they are the ones to show or to leave out.
func (c *call) fields() (names []string, include bool) {
	if f := c.query.Get("fields"); f != "" {
		names = strings.Split(f, ",")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
	}
	return names, c.query.Get("include_fields") != "false"
}

// only leaves of a row what the query asks for, and what is always there.
func (c *call) only(row map[string]any, always ...string) map[string]any {
	names, include := c.fields()
	for k := range row {
		if len(names) > 0 && slices.Contains(names, k) != include && !slices.Contains(always, k) {
			delete(row, k)
		}
	}
	return row
}

// several are the values of a parameter that can be given more than once, or once with commas.
func (c *call) several(name string) []string {
	if !c.query.Has(name) {
		return nil
	}
	return texts(queryValue(c.query[name], aList(aText())))
}
