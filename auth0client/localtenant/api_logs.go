package localtenant

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"usher/auth0client/lucene"
)

func logRoutes() []route {
	scopes := []string{"read:logs", "read:logs_users"}
	return []route{
		// Most clients send q, and from, which the description calls search and leaves out.
		on("GET logs", searchLogs).needs(scopes...).in(classLogs).asks(byOffsetFromNone(), someFields(), fields{"sort": aText(), "from": aText(),
			"take": aNumber(1, 100), "q": aText(), "search": aText()}),
		on("GET logs/*", readLog).needs(scopes...).in(classLogs),
		on("GET users/*/logs", userLogs).needs(scopes...).in(classLogs).asks(byOffset(), fields{"sort": aText()}),
	}
}

func statRoutes() []route {
	return []route{
		on("GET stats/active-users", activeUsers).needs("read:stats"),
		on("GET stats/daily", dailyStats).needs("read:stats").asks(fields{"from": aText(), "to": aText()}),
	}
}

// logPaging is the paging of a log search, which Auth0 ends after 1,000 entries.
func (c *call) logPaging() (paging, *reply) {
	p := c.paging()
	if p.start()+p.size > searchWindow {
		return p, refused("You can only page through the first 1000 records.", "invalid_paging")
	}
	return p, nil
}

func (c *call) logPage(p paging, events []*logEvent) reply {
	rows := make([]any, 0, len(events))
	for _, e := range events {
		rows = append(rows, c.only(e.json(c.Tenant)))
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
	return c.linked(c.logPage(p, events[from:to]), len(events))
}

func searchLogs(c *call) reply {
	if c.query.Has("from") || c.query.Has("take") {
		return c.logsFrom()
	}
	p, bad := c.logPaging()
	if bad != nil {
		return *bad
	}
	q, err := lucene.ParseLogs(cmp.Or(c.query.Get("q"), c.query.Get("search")))
	if err != nil {
		return fail(http.StatusBadRequest, "The search query string has an error: "+reason(err), "invalid_query_string")
	}
	entries := c.log()
	var page []*logEvent
	found, n := 0, entries.len()
	var e logEntry
	for k := range n {
		at := n - 1 - k
		if c.query.Get("sort") == "date:1" {
			at = k
		}
		if e = entries.at(at); !q.MatchRecord(&e) {
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
	take := c.number("take", 50)
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
	return notFound("Log not found.", "inexistent_log")
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

// dailyStats counts by day, within two days in the form 20060102.
func dailyStats(c *call) reply {
	from, to := c.query.Get("from"), c.query.Get("to")
	for name, day := range map[string]string{"from": from, "to": to} {
		if _, err := time.Parse("20060102", day); day != "" && err != nil {
			return badRequest("Query validation error: 'Object didn't pass validation for format stats-date: "+day+"' on property "+name+".",
				"invalid_query_string")
		}
	}
	if from != "" && to != "" && from > to {
		return badRequest("'from' date cannot be greater than 'to' date.", "invalid_query_string")
	}
	return ok(c.daily(from, to))
}
