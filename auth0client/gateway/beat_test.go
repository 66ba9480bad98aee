package gateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// late is a writer of an answer that must not be used once its request is over.
type late struct {
	*httptest.ResponseRecorder
	over, used bool
}

func (l *late) WriteHeader(status int) {
	l.used = l.used || l.over
	l.ResponseRecorder.WriteHeader(status)
}

func TestAnErrorOfUshersOwnEndsTheSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewServer(ServerOptions{Gateway: roundTripper(func(*http.Request) (*http.Response, error) { panic(errors.New("canary")) })})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, user, strings.NewReader(""))
		r.Header.Set(beatsHeader, "yes")
		w := &late{ResponseRecorder: httptest.NewRecorder()}
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // it is thrown as it is
					t.Errorf("it ends with %v", p)
				}
			}()
			s.ServeHTTP(w, r)
		}()
		w.over = true
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.used {
			t.Error("a sign of life was given after the request was over")
		}
	})
}
