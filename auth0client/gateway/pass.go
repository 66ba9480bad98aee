package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"usher/auth0client/parallel"
)

const (
	// beatsHeader is how a console says that it understands the signs of life below; other clients get none.
	beatsHeader = "X-Usher-Beats"
	// waitHeader tells, in a 102 before the answer, for how many milliseconds the tenant's limit holds the request back.
	waitHeader = "X-Usher-Wait"
	// beatEvery is how often a waiting console hears that its gateway lives.
	beatEvery = 3 * time.Second
	// clientLeft is how the log and the metrics call a request whose client left before its answer, as nginx does.
	clientLeft = 499
	// maxImport is Auth0's limit of a file of users to import.
	maxImport = 512 << 10
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handling.Add(1)
	defer s.handling.Done()
	switch path := r.URL.EscapedPath(); {
	case path == "/healthz" && r.Method == http.MethodGet:
		alive(w)
	case path == "/readyz" && r.Method == http.MethodGet:
		s.health.serve(w, r, s.stopping.Load(), false)
	case strings.HasPrefix(path, "/api/v2/"), strings.HasPrefix(path, "/usher/v1/"):
		s.pass(w, r)
	default:
		_ = answerWith(w, refuse(r, http.StatusNotFound, "usher_route", "this is usher's gateway: it serves /api/v2/ and /usher/v1/", "")) // the client may be gone
	}
}

// pass takes a request to the gateway and its answer back.
func (s *Server) pass(w http.ResponseWriter, r *http.Request) {
	start := s.o.Now()
	log := &record{}
	var res *http.Response
	defer func() {
		if p := recover(); p != nil {
			kind, stack := parallel.Trace(p)
			s.o.Log.Error("a request met an error of usher's own", "kind", kind, "stack", stack)
			panic(http.ErrAbortHandler)
		}
		s.note(r, log, res, s.o.Now().Sub(start))
	}()
	if tokenInQuery(r.URL) {
		res = refuse(r, http.StatusBadRequest, "usher_token", "a token does not belong in an address, where logs keep it: send it as Authorization: Bearer", "")
		_ = answerWith(w, res) // the client may be gone
		return
	}
	b := newBeat(w, r, s.o.Now)
	defer b.end() // after an error of usher's own too: w is nobody's then
	ctx := WithVia(r.Context(), s.viaOf(r))
	ctx = WithNotice(ctx, b.tell)
	ctx = context.WithValue(ctx, recordKey{}, log)
	res, err := s.o.Gateway.RoundTrip(incoming(ctx, w, r))
	b.end()
	if err != nil {
		res = failure(r, err)
	}
	if err := answerWith(w, res); err != nil {
		s.o.Log.Debug("an answer did not reach its client", "error", err.Error())
	}
}

func (s *Server) viaOf(r *http.Request) string {
	if at := s.o.Proxies.client(r.RemoteAddr, r.Header.Values("X-Forwarded-For")); at.IsValid() {
		return "gateway " + at.String()
	}
	return "gateway"
}

// tokenInQuery reports a query that seems to hold a token. Search words never do: a name alone decides.
func tokenInQuery(u *url.URL) bool {
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "access_token", "token", "id_token", "refresh_token", "authorization", "bearer", "jwt":
			return true
		}
	}
	return false
}

// incoming is the request as the gateway sees it: nothing of a client's headers but what it knows.
func incoming(ctx context.Context, w http.ResponseWriter, r *http.Request) *http.Request {
	in := r.WithContext(ctx)
	in.Header = http.Header{}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Usher-") || slices.Contains([]string{"Authorization", "Content-Type", "Accept", "User-Agent", "Auth0-Client"}, name) {
			in.Header[name] = values
		}
	}
	most := int64(maxRequest)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		most = maxImport + 16<<10 // the form around the file
	}
	in.Body = http.MaxBytesReader(w, r.Body, most)
	return in
}

// answerWith writes an answer: of its headers only those that are meant for operators.
func answerWith(w http.ResponseWriter, res *http.Response) error {
	defer res.Body.Close() //nolint:errcheck // read already
	h := w.Header()
	for name, values := range res.Header {
		if strings.HasPrefix(name, "X-Usher-") || strings.HasPrefix(name, "X-Ratelimit-") || slices.Contains([]string{"Content-Type", "Date", "Retry-After", "Content-Disposition"}, name) {
			h[name] = values
		}
	}
	h.Set(gatewayHeader, "usher")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if res.ContentLength >= 0 && res.StatusCode != http.StatusNoContent {
		h.Set("Content-Length", strconv.FormatInt(res.ContentLength, 10))
	}
	w.WriteHeader(res.StatusCode)
	_, err := io.Copy(w, res.Body)
	return err
}

// The codes of a request that the tenant did not answer.
const (
	codeUpstream = "usher_upstream"
	codeUnknown  = "usher_unknown"
)

// failure is the answer to a request that got none of the tenant's.
func failure(r *http.Request, err error) *http.Response {
	code, message, outcome := codeUpstream, "the tenant gave no answer", outcomeFailed
	status := http.StatusBadGateway
	switch {
	case errors.Is(err, ErrOutcomeUnknown):
		code, message, outcome, status = codeUnknown, ErrOutcomeUnknown.Error(), outcomeUnknown, http.StatusGatewayTimeout
	case errors.Is(err, errNotSent):
		message, outcome = "the gateway cannot reach the tenant: nothing was sent", outcomeNotSent
	case errors.Is(err, errTooLarge):
		message = errTooLarge.Error()
	case errors.Is(err, context.DeadlineExceeded):
		status = http.StatusGatewayTimeout
	}
	res := refuse(r, status, code, message, "")
	res.Header.Set(outcomeHeader, outcome)
	return res
}

// record is what the log says of a request: the operator's subject and the target's id are all that it knows of persons.
type record struct {
	mu              sync.Mutex
	subject, target string
	actions         []string
}

type recordKey struct{}

// noteRequest fills the log's record of the request, where there is one.
func noteRequest(ctx context.Context, subject, target string, actions []string) {
	if log, ok := ctx.Value(recordKey{}).(*record); ok {
		log.mu.Lock()
		defer log.mu.Unlock()
		log.subject, log.target, log.actions = subject, target, actions
	}
}

func (s *Server) note(r *http.Request, log *record, res *http.Response, took time.Duration) {
	log.mu.Lock()
	defer log.mu.Unlock()
	status, code := http.StatusInternalServerError, ""
	if res != nil {
		status, code = res.StatusCode, res.Header.Get(codeHeader)
	}
	if r.Context().Err() != nil && !s.stopping.Load() && status >= 500 {
		status, code = clientLeft, ""
	}
	s.o.Metrics.answered(r.Method != http.MethodGet, status, code, took)
	class := "" // of what the table knows: a refused path may hold anything
	if len(log.actions) > 0 {
		class = classOf(r.Method, r.URL.EscapedPath())
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelWarn
	}
	s.o.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("class", class), slog.Int("status", status),
		slog.String("code", code), slog.String("operator", log.subject), slog.String("target", log.target),
		slog.Any("actions", log.actions), slog.Float64("seconds", took.Seconds()))
}

// beat tells a waiting console that its gateway lives, and until when the tenant's limit holds its request back.
type beat struct {
	w   http.ResponseWriter
	now func() time.Time

	mu    sync.Mutex
	timer *time.Timer // nil once the answer is there, or for clients that want none
}

func newBeat(w http.ResponseWriter, r *http.Request, now func() time.Time) *beat {
	b := &beat{w: w, now: now}
	if r.Header.Get(beatsHeader) != "" && r.ProtoAtLeast(1, 1) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.timer = time.AfterFunc(beatEvery, func() { b.send(time.Time{}) })
	}
	return b
}

// tell sends until when the request waits.
func (b *beat) tell(until time.Time) { b.send(until) }

func (b *beat) send(until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer == nil {
		return
	}
	h := b.w.Header()
	if !until.IsZero() {
		h.Set(waitHeader, strconv.FormatInt(until.Sub(b.now()).Milliseconds(), 10))
	}
	b.w.WriteHeader(http.StatusProcessing)
	h.Del(waitHeader)
	b.timer.Reset(beatEvery)
}

func (b *beat) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}
