package localtenant

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"usher/auth0client/lucene"
)

func (t *Tenant) logRoutes() []route {
	logs, stats := []string{"read:logs", "read:logs_users"}, []string{"read:stats"}
	return []route{
		{method: "GET", pattern: []string{"users", "*", "logs"}, any: logs, class: classLogs, do: userLogs},
		{method: "GET", pattern: []string{"logs"}, any: logs, class: classLogs, do: searchLogs},
		{method: "GET", pattern: []string{"logs", "*"}, any: logs, class: classLogs, do: readLog},
		{method: "GET", pattern: []string{"stats", "active-users"}, any: stats, do: activeUsers},
		{method: "GET", pattern: []string{"stats", "daily"}, any: stats, do: dailyStats},
	}
}

// logPaging is the paging of a log search, which Auth0 ends after 1,000 entries.
func (c *call) logPaging() (paging, *reply) {
	p, bad := c.paging(50, 100)
	if bad == nil && p.start()+p.size > searchWindow {
		far := fail(http.StatusBadRequest, "You can only page through the first 1000 records.", "invalid_paging")
		bad = &far
	}
	return p, bad
}

func (c *call) logPage(p paging, events []*logEvent) reply {
	rows := make([]any, 0, len(events))
	for _, e := range events {
		rows = append(rows, e.json(c.Tenant))
	}
	if !p.totals {
		return ok(rows)
	}
	// The total of a log search is the length of the page, as at Auth0.
	return ok(map[string]any{"start": p.start(), "limit": p.size, "length": len(rows), "total": len(rows), "logs": rows})
}

func userLogs(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	p, bad := c.logPaging()
	if bad != nil {
		return *bad
	}
	events := c.userEvents(c.arg(0))
	if c.query.Get("sort") == "date:1" {
		slices.Reverse(events)
	}
	from, to := p.cut(len(events))
	return c.logPage(p, events[from:to])
}

func searchLogs(c *call) reply {
	if c.query.Has("from") || c.query.Has("take") {
		return c.logsFrom()
	}
	p, bad := c.logPaging()
	if bad != nil {
		return *bad
	}
	q, err := lucene.ParseLogs(c.query.Get("q"))
	if err != nil {
		return fail(http.StatusBadRequest, "The search query string has an error: "+err.Error(), "invalid_query_string")
	}
	entries := c.log()
	var page []*logEvent
	found, n := 0, entries.len()
	for k := range n {
		at := n - 1 - k
		if c.query.Get("sort") == "date:1" {
			at = k
		}
		e := entries.at(at)
		if !q.Match(e) {
			continue
		}
		if found++; found > p.start() {
			page = append(page, e.event())
		}
		if len(page) >= p.size {
			break
		}
	}
	return c.logPage(p, page[:min(len(page), p.size)])
}

// logsFrom pages by log id, oldest first, as log exports do.
func (c *call) logsFrom() reply {
	take := 50
	if v := c.query.Get("take"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			return fail(http.StatusBadRequest, "Query validation error: 'Value out of range' on property take.",
				"invalid_query_string")
		}
		take = n
	}
	entries, at := c.log(), 0
	if from := c.query.Get("from"); from != "" {
		found := false
		if at, found = entries.find(from); !found {
			return fail(http.StatusBadRequest, "Invalid value for 'from'.", "invalid_query_string")
		}
		at++
	}
	rows, last := []any{}, ""
	for ; at < entries.len() && len(rows) < take; at++ {
		e := entries.at(at).event()
		rows, last = append(rows, e.json(c.Tenant)), e.ID
	}
	out := ok(rows)
	if last != "" {
		out.link = fmt.Sprintf(`<%s/api/v2/logs?from=%s&take=%d>; rel="next"`, c.base, last, take)
	}
	return out
}

func readLog(c *call) reply {
	entries := c.log()
	if at, found := entries.find(c.arg(0)); found {
		return ok(entries.at(at).event().json(c.Tenant))
	}
	return fail(http.StatusNotFound, "The log event does not exist.", "")
}

func activeUsers(c *call) reply {
	since, n := c.now().Add(-30*24*time.Hour), 0
	for _, u := range c.users.all() {
		if u.LastLogin.After(since) {
			n++
		}
	}
	return ok(n)
}

func dailyStats(c *call) reply { return ok(c.daily(c.query.Get("from"), c.query.Get("to"))) }
