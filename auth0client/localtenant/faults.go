package localtenant

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// fault is a rule by which answers go wrong.
type fault struct {
	method, pattern string
	kind            string // status, delay, garbage, drop, half
	status          int
	delay           time.Duration
	percent         int
}

// AddFault makes matching requests go wrong. A rule is "METHOD PATH WHAT [PERCENT%]", or WHAT alone for everything. WHAT
// is a status such as 503, "delay=30s", "garbage" (not JSON), "drop" (the connection closes) or "half" (it closes in the
// middle of the answer). In PATH, "*" stands for anything and "{id}" for one segment; METHOD may be "*".
func (t *Tenant) AddFault(rule string) error {
	f := &fault{method: "*", pattern: "*", percent: 100}
	words := strings.Fields(rule)
	if n := len(words); n > 1 && strings.HasSuffix(words[n-1], "%") {
		p, err := strconv.Atoi(strings.TrimSuffix(words[n-1], "%"))
		if err != nil || p < 0 || p > 100 {
			return fmt.Errorf("fault %q: %q is not a percentage", rule, words[n-1])
		}
		f.percent, words = p, words[:n-1]
	}
	switch len(words) {
	case 1:
	case 3:
		f.method, f.pattern = words[0], words[1]
	default:
		return fmt.Errorf("fault %q: want \"METHOD PATH WHAT [PERCENT%%]\" or \"WHAT\"", rule)
	}
	what := words[len(words)-1]
	length, delays := strings.CutPrefix(what, "delay=")
	status, err := strconv.Atoi(what)
	switch {
	case what == "garbage" || what == "drop" || what == "half":
		f.kind = what
	case delays:
		d, err := time.ParseDuration(length)
		if err != nil || d < 0 {
			return fmt.Errorf("fault %q: %q is not a duration", rule, length)
		}
		f.kind, f.delay = "delay", d
	case err == nil && status >= 400 && status <= 599:
		f.kind, f.status = "status", status
	default:
		return fmt.Errorf("fault %q: %q is not a status from 400 to 599, delay=…, garbage, drop or half", rule, what)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, f)
	return nil
}

// ClearFaults lets everything work again.
func (t *Tenant) ClearFaults() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

func (f *fault) hits(r *http.Request) bool {
	return (f.method == "*" || strings.EqualFold(f.method, r.Method)) && wild(f.pattern, r.URL.EscapedPath())
}

// wild matches a path: "{name}" is one segment, "*" at the end anything, elsewhere anything within a segment.
func wild(pattern, escaped string) bool {
	if pattern == "*" {
		return true
	}
	want, have := strings.Split(pattern, "/"), strings.Split(escaped, "/")
	for i, w := range want {
		if w == "*" && i == len(want)-1 {
			return len(have) > i
		}
		if i >= len(have) {
			return false
		}
		if strings.HasPrefix(w, "{") && strings.HasSuffix(w, "}") && have[i] != "" {
			continue
		}
		plain, err := url.PathUnescape(have[i])
		if err != nil {
			return false
		}
		if fits, err := path.Match(w, strings.ReplaceAll(plain, "/", "|")); err != nil || !fits {
			return false
		}
	}
	return len(want) == len(have)
}

func (t *Tenant) faultFor(r *http.Request) *fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.faults {
		if f.hits(r) && (f.percent == 100 || rand.IntN(100) < f.percent) {
			return f
		}
	}
	return nil
}

func (t *Tenant) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_usher/") {
			next.ServeHTTP(w, r)
			return
		}
		f := t.faultFor(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		switch f.kind {
		case "delay":
			timer := time.NewTimer(f.delay)
			defer timer.Stop()
			select {
			case <-timer.C:
				next.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		case "garbage":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html><body><h1>It works!</h1></body>") //nolint:errcheck // broken on purpose
		case "drop":
			panic(http.ErrAbortHandler)
		case "half":
			half(w, r, next)
		case "status":
			t.broken(w, r, f.status)
		}
	})
}

// half does what was asked and sends the beginning of the answer: the caller cannot know whether it was done.
func half(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()+1))
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes()[:rec.Body.Len()/2]) //nolint:errcheck // broken on purpose
	http.NewResponseController(w).Flush()        //nolint:errcheck // broken on purpose
	panic(http.ErrAbortHandler)
}

func (t *Tenant) broken(w http.ResponseWriter, r *http.Request, status int) {
	api := strings.HasPrefix(r.URL.Path, "/api/v2/")
	if status == http.StatusTooManyRequests {
		h := w.Header()
		h.Set("X-RateLimit-Limit", "50")
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(t.now().Add(time.Second).Unix(), 10))
		if api {
			send(w, fail(status, "Global limit has been reached", "too_many_requests"))
		} else {
			oauthFail(w, status, "too_many_requests", "Global limit has been reached")
		}
		return
	}
	if api {
		send(w, fail(status, "This fault was switched on.", ""))
		return
	}
	oauthFail(w, status, "server_error", "This fault was switched on.")
}

func copyText(into *strings.Builder, from io.Reader) (int64, error) { return io.Copy(into, from) }
