package auth0client

import (
	"context"
	"errors"
	"time"
)

// Everybody gives all users of a finding, part by part and each once, also beyond the thousand that Auth0 pages through: it
// walks by when they were created. It stops after most users. An error says that some are missing.
func (c *Client) Everybody(ctx context.Context, f Finding, most int, part func([]User)) error {
	f.Page, f.PerPage, f.From, f.Sort = 0, take, "", Sort{Field: "created_at"}
	p := PlanFor(f)
	w := &walk{c: c, f: f, most: most, part: part, seen: map[UserID]bool{}}
	if f.Role != "" || len(p.IDs)+len(p.Emails) > 0 {
		return w.pages(ctx)
	}
	for q := p.Query; ; {
		before := len(w.seen)
		last, done, err := w.window(ctx, q)
		switch {
		case err != nil || done:
			return err
		case len(w.seen) == before || last.IsZero():
			return errors.New("more users were created at one moment than Auth0 shows; narrow the search")
		}
		q = both(p.Query, "created_at:["+last.UTC().Format("2006-01-02T15:04:05.000Z")+" TO *]")
	}
}

// walk is a way through all users of a finding.
type walk struct {
	c    *Client
	f    Finding
	most int
	part func([]User)
	seen map[UserID]bool
}

// give hands on those that were not there before, and reports whether the walk goes on.
func (w *walk) give(us []User) bool {
	var fresh []User
	for _, u := range us {
		if !w.seen[u.ID] && len(w.seen) < w.most {
			w.seen[u.ID] = true
			fresh = append(fresh, u)
		}
	}
	if len(fresh) > 0 {
		w.part(fresh)
	}
	return len(w.seen) < w.most
}

// window goes through what Auth0 shows of a query, and gives when the last of these was created.
func (w *walk) window(ctx context.Context, q string) (last time.Time, done bool, err error) {
	f := w.f
	for f.Page = 0; f.Page*take < SearchWindow; f.Page++ {
		page, err := w.c.search(ctx, f, q)
		if err != nil {
			return last, false, err
		}
		n := len(page.Users)
		if n > 0 {
			last = page.Users[n-1].CreatedAt
		}
		switch {
		case !w.give(page.Users):
			return last, true, nil
		case n == 0 || page.Start+n >= page.Total:
			return last, page.Total < SearchWindow, nil
		}
	}
	return last, false, nil
}

// pages goes through what has no window: holders of a role, and what was looked up.
func (w *walk) pages(ctx context.Context) error {
	for f := w.f; ; {
		page, err := w.c.Find(ctx, f)
		if err != nil {
			return err
		}
		if f.From = page.Next; !w.give(page.Users) || f.From == "" {
			return nil
		}
	}
}
