package gateway

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestNobodyIsToldOfALimitWhereThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &served{took: 3 * time.Second, answer: func(*http.Request, int) (*http.Response, error) {
			return answer(200, `[]`, "X-RateLimit-Limit", "50", "X-RateLimit-Remaining", "40")
		}}
		g := gatewayTo(t, s, func(until time.Time) { t.Errorf("told to wait until %v", until) })
		var all sync.WaitGroup
		for range 8 { // the tenant is slow, and nothing is known of it yet
			all.Go(func() {
				if _, err := g.RoundTrip(request(t.Context(), t, "GET", user, "")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// FuzzMeter feeds a meter with whatever a tenant may send: it always lets somebody go within bounded time.
func FuzzMeter(f *testing.F) {
	f.Add("50", "49", "1772352060", "", int64(100), 200)
	f.Add("1", "0", "-5", "Sun, 01 Mar 2026 08:00:00 GMT", int64(0), 429)
	f.Add("9223372036854775807", "9223372036854775807", "9223372036854775807", "x", int64(1<<40), 503)
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date string, after int64, status int) {
		c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
		b := newBudget(c.Now, c.After, 0.2)
		h := http.Header{"X-Ratelimit-Limit": {limit}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}, "Date": {date}}
		for i := range 12 {
			turn, err := b.take(t.Context(), claim{class: "other", asker: asker{priority: i % 4, operator: strconv.Itoa(i % 3)}, deadline: c.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			c.After(time.Duration(max(after, 0) % 1e10))
			before := c.Now()
			b.done(turn, status, h)
			for p := range bulk + 1 {
				if d := turn.meter.wait(before, b.floor(turn.meter, p)); d < 0 || d > 2*time.Minute {
					t.Fatalf("waits %v for %v", d, h)
				}
			}
		}
	})
}
