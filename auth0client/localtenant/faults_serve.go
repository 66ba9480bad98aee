package localtenant

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	hugeBody = 50 << 20
	// A gzip bomb is many members of zeros after one another: a megabyte on the line, a gigabyte unpacked.
	bombMember  = 10 << 20
	bombMembers = 100
)

func (t *Tenant) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_usher/") {
			next.ServeHTTP(w, r)
			return
		}
		if t.wall.touched.Load() {
			w.Header().Set("Date", t.now().UTC().Format(http.TimeFormat))
		}
		effects := t.faultsFor(r)
		if !t.prepare(r, effects) {
			return
		}
		for _, e := range effects {
			if t.answerWrong(w, r, next, e) {
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// prepare does what happens before an answer; false when the client left meanwhile.
func (t *Tenant) prepare(r *http.Request, effects []effect) bool {
	var wait time.Duration
	for _, e := range effects {
		switch e.kind {
		case "delay":
			wait += e.wait
		case "rotate":
			if t.RotateKeys() != nil {
				return false
			}
		case "revoke":
			t.RevokeTokens()
		}
	}
	if wait == 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// answerWrong answers in the way of a fault; false when that fault does not answer.
func (t *Tenant) answerWrong(w http.ResponseWriter, r *http.Request, next http.Handler, e effect) bool {
	h := w.Header()
	switch e.kind {
	case "status":
		t.broken(w, r, e.status, "429")
	case "429past", "429now", "429far", "429nohdr":
		t.broken(w, r, http.StatusTooManyRequests, e.kind)
	case "after":
		next.ServeHTTP(&recorder{header: http.Header{}}, r)
		t.broken(w, r, e.status, "429")
	case "drop":
		panic(http.ErrAbortHandler)
	case "half", "truncated":
		rec := &recorder{header: http.Header{}}
		next.ServeHTTP(rec, r)
		rec.cut(w, e.kind == "half")
	case "garbage", "html":
		h.Set("Content-Type", "text/html")
		io.WriteString(w, "<html><body><h1>It works!</h1></body>") //nolint:errcheck // broken on purpose
	case "notjson":
		h.Set("Content-Type", "application/json")
		io.WriteString(w, "It works!") //nolint:errcheck // broken on purpose
	case "huge":
		h.Set("Content-Type", "application/json")
		huge(w)
	case "gzipbomb":
		h.Set("Content-Type", "application/json")
		h.Set("Content-Encoding", "gzip")
		bomb(w)
	default:
		return false
	}
	return true
}

// huge sends a JSON text of 50 MB.
func huge(w io.Writer) {
	chunk := bytes.Repeat([]byte("usher usher usher "), 64<<10/18)
	io.WriteString(w, `["`) //nolint:errcheck // broken on purpose
	for sent := 0; sent < hugeBody; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
	io.WriteString(w, `"]`) //nolint:errcheck // broken on purpose
}

// bomb sends little that unpacks to much.
func bomb(w io.Writer) {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	z.Write(make([]byte, bombMember)) //nolint:errcheck // into memory
	z.Close()                         //nolint:errcheck // into memory
	for range bombMembers {
		if _, err := w.Write(member.Bytes()); err != nil {
			return
		}
	}
}

// recorder takes an answer that is not sent as it is.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) WriteHeader(code int)        { r.code = code }

// cut sends the first half of an answer. When it says so the connection closes in its middle, and the caller cannot know
// whether what it asked for was done; else the answer is whole for HTTP, and its JSON is not.
func (r *recorder) cut(w http.ResponseWriter, closes bool) {
	for k, v := range r.header {
		w.Header()[k] = v
	}
	size := r.body.Len() / 2
	if closes {
		size = r.body.Len() + 1
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	if r.code == 0 {
		r.code = http.StatusOK
	}
	w.WriteHeader(r.code)
	w.Write(r.body.Bytes()[:r.body.Len()/2]) //nolint:errcheck // broken on purpose
	if closes {
		http.NewResponseController(w).Flush() //nolint:errcheck // broken on purpose
		panic(http.ErrAbortHandler)
	}
}

func (t *Tenant) broken(w http.ResponseWriter, r *http.Request, status int, reset string) {
	api := strings.HasPrefix(r.URL.Path, "/api/v2/")
	if status == http.StatusTooManyRequests {
		if away, has := map[string]time.Duration{"429": time.Second, "429past": -time.Minute, "429now": 0, "429far": time.Hour}[reset]; has {
			h := w.Header()
			h.Set("X-RateLimit-Limit", "50")
			h.Set("X-RateLimit-Remaining", "0")
			h.Set("X-RateLimit-Reset", strconv.FormatInt(t.now().Add(away).Unix(), 10))
		}
		if api {
			send(w, fail(status, "Global limit has been reached", "too_many_requests"))
		} else {
			tooMany(w)
		}
		return
	}
	if api {
		send(w, fail(status, "This fault was switched on.", ""))
		return
	}
	oauthFail(w, status, "server_error", "This fault was switched on.")
}
