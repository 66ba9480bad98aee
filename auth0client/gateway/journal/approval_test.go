package journal

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stores opens each kind of store twice, as two processes do.
func stores() map[string]func(t *testing.T, now func() time.Time) [2]Approvals {
	return map[string]func(t *testing.T, now func() time.Time) [2]Approvals{
		"files": func(t *testing.T, now func() time.Time) [2]Approvals {
			dir := t.TempDir()
			return [2]Approvals{opened(t, dir, Options{Now: now}), OpenApprovals(dir, now)} // two processes
		},
		"PostgreSQL": func(t *testing.T, now func() time.Time) [2]Approvals {
			dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
			var both [2]Approvals
			for i, name := range []string{"a", "b"} {
				j, err := OpenPostgres(t.Context(), dsn, name, Options{KeyFile: keyFile, Now: now})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = j.Close() })
				both[i] = j
			}
			return both
		},
	}
}

func TestAnApprovalIsKeptWholeAndDecidedOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock atomic.Int64
			now := func() time.Time { return start.Add(time.Duration(clock.Load())) }
			both := open(t, now)
			one := Approval{
				ID: "one\u009b", State: ApprovalWaiting, RequestedAt: start, ExpiresAt: start.Add(time.Hour), Requester: "auth0|a", RequesterEmail: "a@example.com",
				Via: "console", Actions: []string{"users:delete"}, Method: "DELETE", Path: "/api/v2/users/auth0%7C1", Query: "a=b", Target: "auth0|1",
				Reason: "left", Sealed: []byte{0, 1, 255},
			}
			two := one
			two.ID, two.RequestedAt = "two", start.Add(time.Minute)
			for _, a := range []Approval{one, two} {
				if err := both[0].PutApproval(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			if err := both[1].PutApproval(t.Context(), one); err == nil {
				t.Error("one approval was kept twice")
			}
			list, err := both[1].Approvals(t.Context())
			if err != nil || len(list) != 2 || list[0].ID != "two" || list[1].Path != one.Path || list[1].Query != one.Query || string(list[1].Sealed) != string(one.Sealed) || list[1].Method != "DELETE" || list[1].Target != one.Target {
				t.Fatalf("listed are %+v, %v", list, err)
			}
			decideAtOnce(t, both, one, start.Add(time.Minute))
			for range 15 { // over before the lists below are looked at
				more := one
				more.ID = rand.Text()
				if err := both[0].PutApproval(t.Context(), more); err != nil {
					t.Fatal(err)
				}
				decideAtOnce(t, both, more, start.Add(-23*time.Hour))
			}
			approve := ApprovalMove{From: ApprovalWaiting, To: ApprovalApproved, By: "auth0|b", At: start}
			if _, err := both[0].MoveApproval(t.Context(), "none", approve); !errors.Is(err, ErrNoApproval) {
				t.Errorf("one that is not there: %v", err)
			}
			if _, err := both[0].MoveApproval(t.Context(), "two", ApprovalMove{From: ApprovalWaiting, To: "maybe", By: "auth0|b", At: start}); err == nil {
				t.Error("it was decided to be maybe")
			}
			approve.At = two.ExpiresAt
			if _, err := both[0].MoveApproval(t.Context(), "two", approve); !errors.Is(err, ErrDecided) {
				t.Errorf("one whose time is over: %v", err)
			}
			clock.Store(int64(2 * time.Hour))
			if list, err = both[0].Approvals(t.Context()); err != nil || len(list) != 2 || list[0].State != ApprovalExpired || list[1].State != ApprovalApproved || list[1].DecidedBy != "auth0|b" || list[1].DecidedByEmail != "b@example.com" || !list[1].DecidedAt.Equal(start.Add(time.Minute)) {
				t.Errorf("after an hour: %+v, %v", list, err)
			}
			clock.Store(int64(26 * time.Hour))
			if list, err = both[0].Approvals(t.Context()); err != nil || len(list) != 0 {
				t.Errorf("after a day: %+v, %v", list, err)
			}
		})
	}
}

func decideAtOnce(t *testing.T, both [2]Approvals, a Approval, at time.Time) {
	t.Helper()
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			got, err := both[i%2].MoveApproval(t.Context(), a.ID, ApprovalMove{From: ApprovalWaiting, To: ApprovalApproved, By: "auth0|b", ByEmail: "b@example.com", At: at})
			switch {
			case err == nil:
				won.Add(1)
				if got.State != ApprovalApproved || string(got.Sealed) != string(a.Sealed) || got.Path != a.Path {
					t.Errorf("decided is %+v", got)
				}
			case !errors.Is(err, ErrDecided):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d decided it, want one", won.Load())
	}
}

func TestApprovalsThatCannotBeReadAreLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, ApprovalsName)
	if err := os.WriteFile(path, []byte(`[{"id":"a"`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := OpenApprovals(dir, time.Now)
	if _, err := a.Approvals(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("listing: %v", err)
	}
	if err := a.PutApproval(t.Context(), Approval{ID: "b", State: ApprovalWaiting, ExpiresAt: time.Now()}); err == nil {
		t.Error("the damaged file was written over")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != `[{"id":"a"` {
		t.Errorf("the file holds %s, %v", data, err)
	}
}

func TestWhatIsAgreedToIsTakenOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	agree := ApprovalMove{From: ApprovalWaiting, To: ApprovalAgreed, By: "auth0|b", ByEmail: "b@example.com", At: start.Add(time.Minute), Sealed: []byte("with both names")}
	take := ApprovalMove{From: ApprovalAgreed, To: ApprovalTaken, At: start.Add(48 * time.Hour)}
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock atomic.Int64
			both := open(t, func() time.Time { return start.Add(time.Duration(clock.Load())) })
			a := Approval{ID: "a", State: ApprovalWaiting, RequestedAt: start, ExpiresAt: start.Add(72 * time.Hour), Requester: "auth0|a", Path: "/p", Sealed: []byte("x")}
			if err := both[0].PutApproval(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if _, err := both[0].MoveApproval(t.Context(), "a", take); !errors.Is(err, ErrDecided) {
				t.Errorf("it is taken before anybody agreed: %v", err)
			}
			if _, err := both[1].MoveApproval(t.Context(), "a", agree); err != nil {
				t.Fatal(err)
			}
			clock.Store(int64(48 * time.Hour)) // agreed to more than a day ago, and still to be taken
			only := func() Approval {
				t.Helper()
				list, err := both[0].Approvals(t.Context())
				if err != nil || len(list) != 1 {
					t.Fatalf("listed are %+v, %v", list, err)
				}
				return list[0]
			}
			if got := only(); got.State != ApprovalAgreed || got.DecidedByEmail != "b@example.com" || string(got.Sealed) != "with both names" || got.Path != "/p" {
				t.Fatalf("agreed to is %+v", got)
			}
			if n := atOnce(t, both, "a", take); n != 1 {
				t.Fatalf("%d took it", n)
			}
			// The tenant refused: it can be taken again, and what became of it is told.
			back := ApprovalMove{From: ApprovalTaken, To: ApprovalAgreed, At: take.At, Result: ResultRefused, Status: 404}
			if n := atOnce(t, both, "a", back); n != 1 {
				t.Fatalf("%d put it back", n)
			}
			if got := only(); got.State != ApprovalAgreed || got.Result != ResultRefused || got.Status != 404 || !got.TakenAt.IsZero() || got.DecidedBy != "auth0|b" {
				t.Fatalf("put back is %+v", got)
			}
			if n := atOnce(t, both, "a", take); n != 1 {
				t.Fatalf("%d took it the second time", n)
			}
			if got := only(); got.Result != "" || got.Status != 0 || !got.TakenAt.Equal(take.At) {
				t.Fatalf("taken is %+v", got)
			}
			if _, err := both[0].MoveApproval(t.Context(), "a", ApprovalMove{From: ApprovalTaken, To: ApprovalTaken, At: start, Result: ResultMade, Status: 201, Sealed: []byte("less")}); err != nil {
				t.Fatal(err)
			}
			if got := only(); got.State != ApprovalTaken || got.Result != ResultMade || got.Status != 201 || string(got.Sealed) != "less" {
				t.Errorf("at the end it is %+v", got)
			}
			for _, m := range []ApprovalMove{take, agree, {From: ApprovalAgreed, To: ApprovalDenied, By: "auth0|a", At: start}} {
				if _, err := both[1].MoveApproval(t.Context(), "a", m); !errors.Is(err, ErrDecided) {
					t.Errorf("after it was taken, %s: %v", m.To, err)
				}
			}
		})
	}
}

func TestNobodyTakesWhatHasExpired(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock atomic.Int64
			both := open(t, func() time.Time { return start.Add(time.Duration(clock.Load())) })
			a := Approval{ID: "a", State: ApprovalWaiting, RequestedAt: start, ExpiresAt: start.Add(time.Hour), Requester: "auth0|a"}
			if err := both[0].PutApproval(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if _, err := both[0].MoveApproval(t.Context(), "a", ApprovalMove{From: ApprovalWaiting, To: ApprovalAgreed, By: "auth0|b", At: start}); err != nil {
				t.Fatal(err)
			}
			if _, err := both[1].MoveApproval(t.Context(), "a", ApprovalMove{From: ApprovalAgreed, To: ApprovalTaken, At: a.ExpiresAt}); !errors.Is(err, ErrDecided) {
				t.Errorf("taken when its time was over: %v", err)
			}
			clock.Store(int64(2 * time.Hour))
			if list, err := both[1].Approvals(t.Context()); err != nil || len(list) != 1 || list[0].State != ApprovalExpired || list[0].DecidedBy != "auth0|b" {
				t.Errorf("an hour later: %+v, %v", list, err)
			}
		})
	}
}

// atOnce counts who makes a move of twelve that try.
func atOnce(t *testing.T, both [2]Approvals, id string, m ApprovalMove) int {
	t.Helper()
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, err := both[i%2].MoveApproval(t.Context(), id, m); err == nil {
				won.Add(1)
			} else if !errors.Is(err, ErrDecided) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}
