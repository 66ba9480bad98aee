package auth0client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"usher/auth0client/term"
)

// asType reports whether err is of into's type.
func asType[T error](err error, into *T) bool { return errors.As(err, into) }

func readUser(ctx context.Context, c *Client) error { _, err := c.User(ctx, ada); return err }
func writeUser(ctx context.Context, c *Client) error {
	return c.AssignRoles(ctx, ada, []RoleID{"rol_1"})
}

func TestAnswersBecomeTypedErrors(t *testing.T) {
	t.Parallel()
	headers := func(status int, body string, kv ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(kv); i += 2 {
				w.Header().Set(kv[i], kv[i+1])
			}
			says(status, body)(w, r)
		}
	}
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		want   error // compared without the answer's message
		text   string
	}{
		{"a payload error names its field",
			says(400, `{"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format email: x' on property email (Email).","errorCode":"invalid_body"}`),
			&Invalid{Field: "email", Answer: Answer{Status: 400}}, "on property email"},
		{"a 400 without a field", says(400, `{"message":"The user is odd"}`), &Invalid{Answer: Answer{Status: 400}}, "The user is odd"},
		{"an unknown 4xx", says(418, ``), &Invalid{Answer: Answer{Status: 418}}, "teapot"},
		{"a token that is refused", says(401, `{"message":"Invalid token"}`), &Unauthorized{Answer: Answer{Status: 401}}, "Invalid token"},
		{"a missing permission is named", says(403, `{"message":"You may not","permission":"users:block"}`), &Forbidden{Permission: "users:block", Answer: Answer{Status: 403}}, "You may not"},
		{"a refusal without a permission", says(403, `{"message":"Insufficient scope"}`), &Forbidden{Answer: Answer{Status: 403}}, "Insufficient scope"},
		{"a wish for a fresh sign-in", says(403, `{"message":"Sign in again","errorCode":"usher_fresh_login","max_age":600}`), &FreshLogin{MaxAge: 10 * time.Minute, Answer: Answer{Status: 403}}, "Sign in again"},
		{"a wish for a fresh sign-in of an odd age", says(403, `{"message":"Sign in again","errorCode":"usher_fresh_login","max_age":-1e300}`), &FreshLogin{Answer: Answer{Status: 403}}, ""},
		{"a wish for a reason", says(403, `{"message":"Give a reason","errorCode":"usher_reason"}`), &ReasonNeeded{Answer: Answer{Status: 403}}, "Give a reason"},
		{"a change that waits for a second operator",
			says(403, `{"message":"Ask another","errorCode":"usher_approval","approval":"apr_1","expires_at":"2026-03-04T13:00:00Z"}`),
			&ApprovalPending{ID: term.Line("apr_1"), ExpiresAt: time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC), Answer: Answer{Status: 403}}, "Ask another"},
		{"a change that nobody can approve", says(403, `{"message":"Nobody can","errorCode":"usher_approval"}`), &Forbidden{Answer: Answer{Status: 403}}, "Nobody can"},
		{"a user that is not there", says(404, `{"message":"The user does not exist."}`), &NotFound{Answer: Answer{Status: 404}}, "does not exist"},
		{"a user that is not there, said with a 400 as jobs do", says(400, `{"message":"The user does not exist.","errorCode":"inexistent_user"}`),
			&NotFound{Answer: Answer{Status: 400}}, "does not exist"},
		{"a conflict", says(409, `{"message":"The user already exists."}`), &Conflict{Answer: Answer{Status: 409}}, "already exists"},
		{"a rate limit with Retry-After", headers(429, `{"message":"Too many"}`, "Retry-After", "7"), &RateLimited{Until: noon.Add(7 * time.Second), Answer: Answer{Status: 429}}, "Too many"},
		{"a rate limit by the server's own clock",
			headers(429, `{}`, "X-Ratelimit-Reset", "1000000012", "Date", time.Unix(1000000003, 0).UTC().Format(http.TimeFormat)),
			&RateLimited{Until: noon.Add(9 * time.Second), Answer: Answer{Status: 429}}, "Too Many Requests"},
		{"a rate limit that says nothing", says(429, ``), &RateLimited{Until: noon.Add(time.Second), Answer: Answer{Status: 429}}, "Too Many Requests"},
		{"a rate limit of a century waits a minute", headers(429, ``, "Retry-After", "9223372036854775"), &RateLimited{Until: noon.Add(time.Minute), Answer: Answer{Status: 429}}, ""},
		{"a rate limit in the past waits a second", headers(429, ``, "Retry-After", "-3"), &RateLimited{Until: noon.Add(time.Second), Answer: Answer{Status: 429}}, ""},
		{"a fault of the tenant", says(500, `{"message":"Internal error"}`), &Unavailable{Answer: Answer{Status: 500}}, "Internal error"},
		{"a proxy's page", says(502, "<html><body>Bad gateway</body></html>"), &Unavailable{Answer: Answer{Status: 502}}, "Bad Gateway"},
		{"a tenant that is closed", headers(503, ``, "Retry-After", "120"), &Unavailable{Answer: Answer{Status: 503}}, "Service Unavailable"},
		{"a message that is an object", says(404, `{"message":{"a":1}}`), &NotFound{Answer: Answer{Status: 404}}, `{"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, run := range []func(context.Context, *Client) error{readUser, writeUser} {
				tenant := newTenant(t, tc.answer)
				began := time.Now()
				err := run(t.Context(), tenant.Client)
				if d := time.Since(began); d > 3*time.Second {
					t.Errorf("the answer took %v: something slept", d)
				}
				if n := len(tenant.requests()); n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
				if err == nil || !strings.Contains(err.Error(), tc.text) {
					t.Fatalf("the error is %v, want %q in it", err, tc.text)
				}
				got := bare(err)
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("the error is %#v, want %#v", got, tc.want)
				}
			}
		})
	}
}

// bare is the typed error within err, its answer cut down to the status.
func bare(err error) error {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.ValueOf(err)
		if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct || !v.Elem().FieldByName("Answer").IsValid() {
			continue
		}
		a := v.Elem().FieldByName("Answer")
		a.Set(reflect.ValueOf(Answer{Status: a.Interface().(Answer).Status}))
		return err
	}
	return nil
}

func TestAnErrorTextCannotDriveTheTerminal(t *testing.T) {
	t.Parallel()
	evil := `\u001b]52;c;AA\u0007\u001b[2J\r\n\u202e\u009b\u0000`
	body := `{"message":"` + evil + `","error":"` + evil + `","errorCode":"` + evil + `","permission":"` + evil + `"}`
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500} {
		err := readUser(t.Context(), newTenant(t, says(status, body)).Client)
		mustBeHarmless(t, err.Error())
		a, ok := AnswerOf(err)
		if !ok || a.Code.IsEmpty() {
			t.Errorf("%d: the answer is lost", status)
		}
		mustBeHarmless(t, a.Code.String()+a.Message.String())
		forbidden := new(*Forbidden)
		if status == 403 && asType(err, forbidden) {
			mustBeHarmless(t, (*forbidden).Permission)
		}
	}
	long := newTenant(t, says(400, `{"message":"`+strings.Repeat("é", 10000)+`"}`))
	if a, _ := AnswerOf(readUser(t.Context(), long.Client)); len(a.Message.String()) > 520 {
		t.Errorf("a message of %d bytes reaches the screen", len(a.Message.String()))
	}
}

func TestASuccessThatCannotBeRead(t *testing.T) {
	t.Parallel()
	truncated := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, `{"user_id":"a|1"`)
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"user_id":"a|1","x":"`)
		for range 11 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		}
		_, _ = io.WriteString(w, `"}`)
	}
	setBlocked := func(ctx context.Context, c *Client) error { _, err := c.SetBlocked(ctx, ada, true); return err }
	sendMail := func(ctx context.Context, c *Client) error { _, err := c.SendVerification(ctx, ada); return err }
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"a body that ends early", truncated},
		{"a page of a hotel's login", says(200, "<html>Welcome, pay for Wi-Fi</html>")},
		{"a body above 10 MB", huge},
		{"a list in place of a user", says(200, `[]`)},
		{"a user without an id", says(200, `{"email":"a@example.com"}`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := readUser(t.Context(), newTenant(t, tc.answer).Client); !asType(err, new(*Unavailable)) {
				t.Errorf("a read gives %v, want *Unavailable", err)
			}
			for _, write := range []func(context.Context, *Client) error{setBlocked, sendMail} {
				if err := write(t.Context(), newTenant(t, tc.answer).Client); !asType(err, new(*Unknown)) {
					t.Errorf("a write gives %v, want *Unknown", err)
				}
			}
		})
	}
}

func TestAFaultOfTheTenantLeavesAWriteOpen(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		says    http.HandlerFunc
		unknown bool
	}{
		{"a fault within", says(500, `{"statusCode":500,"error":"Internal Server Error"}`), true},
		{"a proxy that got no answer it could read", says(502, "<html>Bad Gateway</html>"), true},
		{"a proxy that got no answer in time", says(504, "<html>Gateway Timeout</html>"), true},
		{"a tenant that takes no requests", says(503, `{"statusCode":503}`), false},
		{"a gateway that sent nothing", says(502, `{"statusCode":502,"errorCode":"usher_m2m"}`), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, write := range []func(*Client) error{
				func(c *Client) error { return writeUser(t.Context(), c) },
				func(c *Client) error {
					_, err := c.CreateUser(t.Context(), Change{"connection": "Users"})
					return err
				},
			} {
				err := write(newTenant(t, tc.says).Client)
				if asType(err, new(*Unknown)) != tc.unknown || !asType(err, new(*Unavailable)) {
					t.Errorf("a write gives %v", err)
				}
				if _, answered := AnswerOf(err); !answered {
					t.Error("what the tenant said is lost")
				}
			}
			if err := readUser(t.Context(), newTenant(t, tc.says).Client); !asType(err, new(*Unavailable)) || asType(err, new(*Unknown)) {
				t.Errorf("a read gives %v", err)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestNoAnswerAtAll(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	for _, tc := range []struct {
		name        string
		err         error
		read, write any
	}{
		{"a dial that is refused was never sent", dial, new(*Unreachable), new(*Unreachable)},
		{"a name that does not resolve was never sent", &net.DNSError{Err: "no such host", Name: "tenant.example.com"}, new(*Unreachable), new(*Unreachable)},
		{"a connection that breaks leaves a write open", reset, new(*Unreachable), new(*Unknown)},
		{"an end without an answer leaves a write open", io.ErrUnexpectedEOF, new(*Unreachable), new(*Unknown)},
		{"a sign-in that is over", &Unauthorized{}, new(*Unauthorized), new(*Unauthorized)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := readUser(t.Context(), clientOver(t, failing{tc.err})); !errors.As(err, tc.read) {
				t.Errorf("a read gives %v, want %T", err, tc.read)
			}
			if err := writeUser(t.Context(), clientOver(t, failing{tc.err})); !errors.As(err, tc.write) {
				t.Errorf("a write gives %v, want %T", err, tc.write)
			}
		})
	}
}

func TestARealClosedPortIsUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	c, err := New(Options{Domain: address, HTTP: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeUser(t.Context(), c); !asType(err, new(*Unreachable)) {
		t.Errorf("the error is %v, want *Unreachable", err)
	}
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		begins bool // the answer's first bytes have come
	}{{"before the answer", false}, {"within the answer", true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, run := range []func(context.Context, *Client) error{readUser, writeUser} {
				ctx, cancel := context.WithCancel(t.Context())
				tenant := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
					if tc.begins {
						_, _ = io.WriteString(w, `{"user_id":`)
						_ = http.NewResponseController(w).Flush()
					}
					cancel()
					<-r.Context().Done()
				})
				err := run(ctx, tenant.Client)
				if reflect.ValueOf(run).Pointer() == reflect.ValueOf(readUser).Pointer() {
					if !errors.Is(err, context.Canceled) || asType(err, new(*Unreachable)) || asType(err, new(*Unavailable)) {
						t.Errorf("a cancelled read gives %v, want only context.Canceled", err)
					}
				} else if !asType(err, new(*Unknown)) {
					t.Errorf("a cancelled write gives %v, want *Unknown", err)
				}
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	if err := readUser(t.Context(), tenant.Client); !asType(err, new(*Unavailable)) || len(tenant.requests()) != 1 {
		t.Errorf("a redirect gives %v after %d requests: the token would go elsewhere", err, len(tenant.requests()))
	}
}

func TestNewRefusesHalfASetting(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{HTTP: http.DefaultClient}, {Domain: "tenant.example.com"}} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v) gives no error", o)
		}
	}
}
