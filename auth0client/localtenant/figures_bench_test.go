package localtenant

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"usher/auth0client/lucene"
)

// figure prints a measurement beside its target.
func figure(b *testing.B, what, measured, target string) {
	b.Helper()
	fmt.Printf("%-58s %14s   target %s\n", what, measured, target)
}

// BenchmarkTenantOf200000 makes a tenant of 200,000 people and puts the searches of Auth0's documentation to it.
func BenchmarkTenantOf200000(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(30)) // as `usher tenant` does for so many
	begin := time.Now()
	t, err := New(Options{Users: 200_000, SearchLag: -1, Plan: PlanUnlimited})
	if err != nil {
		b.Fatal(err)
	}
	t.past()
	figure(b, "local tenant: 200,000 users, log included", ms(time.Since(begin)), "8000 ms")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	figure(b, "local tenant: memory from the system", fmt.Sprintf("%d MB", m.Sys>>20), "900 MB")
	begin = time.Now()
	if _, err := New(Options{Users: 2000}); err != nil {
		b.Fatal(err)
	}
	figure(b, "local tenant: 2,000 users", ms(time.Since(begin)), "300 ms")

	var took []time.Duration
	for _, q := range searches() {
		parsed, err := lucene.Parse(q)
		if err != nil {
			b.Fatalf("%s: %v", q, err)
		}
		var slowest time.Duration
		for range 3 {
			at := time.Now()
			found := t.matching(parsed, nil)
			slowest = max(slowest, time.Since(at))
			runtime.KeepAlive(found)
		}
		took = append(took, slowest)
		if slowest > 100*time.Millisecond {
			b.Logf("%s: %v", q, slowest)
		}
	}
	at := time.Now()
	t.matching(lucene.Query{}, byField("last_login", -1))
	took = append(took, time.Since(at))
	slices.Sort(took)
	figure(b, "local tenant: a search among 200,000, p95", ms(took[len(took)*95/100]), "150 ms")
	at = time.Now()
	for range 1000 {
		t.byEmail("lena.locked@example.com")
		t.users.at(ShowcaseID)
	}
	figure(b, "local tenant: an exact look-up", ms(time.Since(at)/1000), "2 ms")
	reads(b, t)
	for b.Loop() {
		t.matching(lucene.Query{}, nil)
	}
}

// reads counts GET /users/{id} with two clients at once, HTTP included.
func reads(b *testing.B, t *Tenant) {
	b.Helper()
	s := httptest.NewServer(t.Handler())
	defer s.Close()
	t.SetBaseURL(s.URL)
	if err := t.needKeys(keyCurrent); err != nil {
		b.Fatal(err)
	}
	token, err := t.sign("JWT", claims{Scope: "read:users", Claims: jwt.Claims{Issuer: t.Issuer(), Subject: "bench@clients", Audience: jwt.Audience{t.ManagementAudience()},
		Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)), ID: "bench"}})
	if err != nil {
		b.Fatal(err)
	}
	const each = 2500
	done := make(chan error, 2)
	begin := time.Now()
	for range 2 {
		go func() {
			client := &http.Client{Transport: &http.Transport{}}
			for range each {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+"/api/v2/users/"+strings.ReplaceAll(ShowcaseID, "|", "%7C"), nil)
				if err != nil {
					done <- err
					return
				}
				req.Header.Set("Authorization", "Bearer "+token)
				res, err := client.Do(req)
				if err != nil {
					done <- err
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
					done <- fmt.Errorf("status %d: %w", res.StatusCode, err)
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	figure(b, "local tenant: GET /users/{id} a second, client included", fmt.Sprintf("%.0f", 2*each/time.Since(begin).Seconds()), "2000")
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// searches are those of the documentation, and what the console makes of plain words.
func searches() []string {
	return []string{
		`name:"eugenio"`, `name:"JANE SMITH"`, `name:("example name" OR "test user")`, `nickname:"Johnny1"`, `username:"test-user998"`,
		`email.domain:"exampleco.com"`, `identities.connection:"google-oauth2"`, `blocked:true`, `email_verified:false`, `phone_number:"+15550100099"`,
		`email:test*`, `name:*ric*`, `user_id:auth0|*`, `logins_count:[100 TO 200]`, `logins_count:{100 TO *]`, `last_login:[* TO 2017-12]`,
		`updated_at:{2018-01-15 TO *]`, `user_metadata.full_name:"Example Name"`, `user_metadata.display.fontSize:13`, `app_metadata.subscription.plan:"gold"`,
		`_exists_:user_metadata.display.preferredLanguage`, `NOT _exists_:logins_count OR logins_count:0`, `name:zzz* AND blocked:true`,
		`(name:*zqx* OR email:*zqx* OR nickname:*zqx* OR username:*zqx*) AND (name:*love* OR email:*love* OR nickname:*love* OR username:*love*)`,
		`NOT blocked:true AND NOT email_verified:false AND app_metadata.plan:"nothing"`, `name:John\ Doe`,
	}
}
