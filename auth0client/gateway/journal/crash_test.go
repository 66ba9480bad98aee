package journal

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test's own binary is the program that is killed.
const (
	envChild = "USHER_JOURNAL_CHILD"
	envDir   = "USHER_JOURNAL_CHILD_DIR"
	envURL   = "USHER_JOURNAL_CHILD_URL"
	envDSN   = "USHER_JOURNAL_CHILD_DSN"
)

func TestMain(m *testing.M) {
	switch os.Getenv(envChild) {
	case "changes":
		childChanges(os.Getenv(envDir), os.Getenv(envURL))
	case "file size":
		childFileSize(os.Getenv(envDir))
	default:
		os.Exit(m.Run())
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// childChanges makes changes until it is killed: each is meant, sent and told of.
func childChanges(dir, url string) {
	j, err := openChild(dir)
	fatal(err)
	run := strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%s-%d-%d", run, g, n)
				h, err := j.Intent(childContext(), Entry{ID: id, Subject: "auth0|op", Method: "PATCH", Target: "auth0|1", Fields: map[string]any{"blocked": n%2 == 0}})
				fatal(err)
				res, err := http.Post(url, "text/plain", strings.NewReader(id))
				fatal(err)
				_, err = io.Copy(io.Discard, res.Body)
				fatal(err)
				fatal(res.Body.Close())
				fatal(h.Outcome(childContext(), Outcome{Status: res.StatusCode}))
			}
		})
	}
	wg.Wait()
}

// tenant remembers every change that reached it.
type tenant struct {
	mu    sync.Mutex
	ids   []string
	first chan struct{} // told at each change
}

func (s *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was killed while sending
	}
	s.mu.Lock()
	s.ids = append(s.ids, string(id))
	s.mu.Unlock()
	select {
	case s.first <- struct{}{}:
	default:
	}
	w.WriteHeader(http.StatusOK)
}

func (s *tenant) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ids...)
}

// killed runs a child and kills it at a random moment.
func killed(t *testing.T, s *tenant, random *rand.Rand, env ...string) {
	t.Helper()
	select {
	case <-s.first:
	default:
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// Most are killed between changes, some while they start.
	if random.IntN(8) > 0 {
		select {
		case <-s.first:
		case err := <-ended:
			t.Fatalf("the program ended by itself: %v\n%s", err, said.String())
		case <-time.After(20 * time.Second):
			t.Fatalf("no change arrived within 20 s:\n%s", said.String())
		}
	}
	<-time.After(time.Duration(random.IntN(15_000)) * time.Microsecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || said.Len() > 0 {
		t.Fatalf("the program said:\n%s", said.String())
	}
}

func TestKilledTwoHundredTimesEveryChangeThatReachedTheTenantIsInTheJournal(t *testing.T) {
	t.Parallel()
	kills := 200
	if testing.Short() {
		kills = 20
	}
	const folders = 4
	for f := range folders {
		t.Run(fmt.Sprintf("folder %d", f+1), func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, uint64(f)))
			dir := t.TempDir()
			s := &tenant{first: make(chan struct{}, 1)}
			srv := httptest.NewServer(s)
			defer srv.Close()
			for range kills / folders {
				killed(t, s, random, envChild+"=changes", envDir+"="+dir, envURL+"="+srv.URL)
				rep, err := Verify(dir)
				if err != nil && len(s.seen()) == 0 {
					continue // killed before the journal was made
				}
				if err != nil || rep.Bad != nil {
					t.Fatalf("after a kill: %v, %v", rep.Bad, err)
				}
			}
			entries, err := Entries(Lines(t.Context(), dir))
			if err != nil {
				t.Fatal(err)
			}
			everyChangeIsRecorded(t, entries, s.seen())
			lastStart(t, dir)
		})
	}
}

func everyChangeIsRecorded(t *testing.T, entries []Entry, seen []string) {
	t.Helper()
	meant := map[string]bool{}
	for _, e := range entries {
		if e.Step == StepIntent {
			meant[e.ID] = true
		}
	}
	for _, id := range seen {
		if !meant[id] {
			t.Errorf("change %s reached the tenant and is not in the journal", id)
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d changes were made: nothing is shown", len(seen))
	}
	t.Logf("%d changes reached the tenant; the journal has %d lines", len(seen), len(entries))
}

// lastStart checks that each change has an outcome or was reported as unknown, once.
func lastStart(t *testing.T, dir string) {
	t.Helper()
	closed(t, opened(t, dir, Options{}))
	closed(t, opened(t, dir, Options{}))
	changes, err := Changes(Lines(t.Context(), dir), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, c := range changes {
		if c.Outcome == nil {
			unknown++
		}
		if c.Outcome == nil && len(c.Notes) != 1 || c.Outcome != nil && len(c.Notes) != 0 {
			t.Errorf("change %s: outcome %v, %d notes", c.Intent.ID, c.Outcome, len(c.Notes))
		}
	}
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil || len(rep.Unfinished) != unknown {
		t.Errorf("Verify = %v, %v; %d unfinished, want %d", rep.Bad, err, len(rep.Unfinished), unknown)
	}
	t.Logf("%d changes, %d of unknown outcome", len(changes), unknown)
}
