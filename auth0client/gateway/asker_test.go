package gateway

import (
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestAQuestionIsAsUrgentAsTheRequestThatWaitsForIt(t *testing.T) {
	t.Parallel()
	for priority, waits := range map[string]bool{"bulk": true, "": false} {
		d := newDesk(t, sales)
		d.o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			res, err := d.tenantStub.RoundTrip(r)
			for name, value := range map[string]string{
				"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "50", "X-RateLimit-Reset": strconv.FormatInt(d.clock.Now().Add(5*time.Second).Unix(), 10),
			} {
				res.Header.Set(name, value)
			}
			return res, err
		})
		d.ask(t, "op", "GET", ann, "")
		start := d.clock.Now()
		var first time.Time
		d.tenantStub.before = func(*http.Request) {
			if first.IsZero() {
				first = d.clock.Now()
			}
		}
		if got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, "X-Usher-Priority", priority); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if waited := first.After(start); waited != waits {
			t.Errorf("a change of priority %q: its first question waited is %v", priority, waited)
		}
	}
}

// unread is a body that nobody may read.
type unread struct{ read, closed bool }

func (u *unread) Read([]byte) (int, error) { u.read = true; return 0, io.EOF }
func (u *unread) Close() error             { u.closed = true; return nil }

func TestABodyIsNotReadForStrangers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	for _, authorization := range []string{"", "Basic b3A6", "Bearer stranger"} {
		r := request(t.Context(), t, "POST", "/api/v2/users", "")
		body := &unread{}
		r.Body = body
		r.Header.Set("Authorization", authorization)
		res, err := d.Gateway.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusUnauthorized || body.read || !body.closed {
			t.Errorf("%q: %v, %v, the body was read: %v, closed: %v", authorization, res, err, body.read, body.closed)
		}
	}
}
