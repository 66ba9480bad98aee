package journal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// schema makes a schema of the test's own in the PostgreSQL that USHER_TEST_POSTGRES names.
func schema(tb testing.TB) string {
	tb.Helper()
	dsn := os.Getenv("USHER_TEST_POSTGRES")
	if dsn == "" {
		tb.Skip("USHER_TEST_POSTGRES names no PostgreSQL server; .ci/postgres starts one")
	}
	name := "usher_test_" + strings.ToLower(rand.Text())
	run := func(ctx context.Context, sql string) {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			tb.Fatal(err)
		}
		defer conn.Close(ctx) //nolint:errcheck // of this test
		if _, err := conn.Exec(ctx, sql); err != nil {
			tb.Fatal(err)
		}
	}
	run(tb.Context(), "create schema "+name)
	tb.Cleanup(func() { run(context.Background(), "drop schema "+name+" cascade") })
	return with(tb, dsn, "search_path", name)
}

func with(tb testing.TB, dsn, key, value string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func openedPostgres(tb testing.TB, dsn, gateway, keyFile string) *Journal {
	tb.Helper()
	j, err := OpenPostgres(tb.Context(), dsn, gateway, Options{KeyFile: keyFile})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = j.Close() })
	return j
}

func database(tb testing.TB, dsn string) *Database {
	tb.Helper()
	d, err := OpenDatabase(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Close)
	return d
}

func goodPostgres(tb testing.TB, dsn, keyFile string) []Report {
	tb.Helper()
	reports, err := database(tb, dsn).Verify(tb.Context(), "", VerifyOptions{KeyFile: keyFile})
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range reports {
		if r.Bad != nil || r.KeyID == "" {
			tb.Fatalf("the chain of %s: %+v, %v", r.Gateway, r, r.Bad)
		}
	}
	return reports
}

func TestSeveralGatewaysHaveAChainEachAndOneView(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	var wg sync.WaitGroup
	for _, name := range []string{"north", "sÜd <1>"} { // both make the tables and the key at once
		wg.Go(func() {
			j, err := OpenPostgres(t.Context(), dsn, name, Options{KeyFile: keyFile})
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 20 {
				change(t, j, fmt.Sprintf("%s-%d", name, i))
			}
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	reports := goodPostgres(t, dsn, keyFile)
	if len(reports) != 2 || reports[0].Lines != 40 || reports[1].Lines != 40 {
		t.Errorf("the reports are %+v", reports)
	}
	d := database(t, dsn)
	changes, err := Changes(d.Lines(t.Context()), Filter{Operator: "op@example.com"})
	if err != nil || len(changes) != 40 || changes[0].From()["blocked"] != false || changes[0].To()["blocked"] != true || !changes[0].Done() {
		t.Errorf("%d changes, %v", len(changes), err)
	}
	var seen, secrets int
	if err := d.pool.QueryRow(t.Context(), `select count(*), count(*) filter (where intent like '%canary%') from usher_changes where status = 200`).Scan(&seen, &secrets); err != nil || seen != 40 || secrets != 0 {
		t.Errorf("the view shows %d changes, %d with a secret, %v", seen, secrets, err)
	}
	if _, err := d.Verify(t.Context(), "", VerifyOptions{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
}

func TestTwoGatewaysOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	j := openedPostgres(t, dsn, "gw", keyFile)
	if _, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: keyFile}); err == nil || !strings.Contains(err.Error(), `another gateway named "gw"`) {
		t.Fatalf("a second gateway of the name: %v", err)
	}
	change(t, j, "a")
	closed(t, j)
	change(t, openedPostgres(t, dsn, "gw", keyFile), "b")
	goodPostgres(t, dsn, keyFile)
}

func TestTamperingInTheDatabaseIsFound(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	j := openedPostgres(t, dsn, "gw", keyFile)
	for i := range 3 {
		change(t, j, fmt.Sprint(i))
	}
	closed(t, j)
	d := database(t, dsn)
	if _, err := d.pool.Exec(t.Context(), `delete from usher_journal`); err == nil || !strings.Contains(err.Error(), "only added to") {
		t.Errorf("lines can be deleted: %v", err)
	}
	for name, c := range map[string]struct {
		sql string
		seq uint64
	}{
		"a line changed":          {`update usher_journal set line = replace(line, 'gold', 'lead') where seq = 3`, 3},
		"a column changed":        {`update usher_journal set operator = 'auth0|mallory' where seq = 3`, 3},
		"a time changed":          {`update usher_journal set at = at - interval '1 day' where seq = 3`, 3},
		"a line gone":             {`delete from usher_journal where seq = 2`, 2},
		"the last line gone":      {`delete from usher_journal where seq = 6`, 6},
		"the last one changed":    {`update usher_journal set line = replace(line, '200', '403'), status = 403 where seq = 6`, 6},
		"the head set back":       {`update usher_journal_head set seq = 5`, 0},
		"the head gone":           {`delete from usher_journal_head`, 0},
		"a chain of another name": {`update usher_journal set gateway = 'other'; update usher_journal_head set gateway = 'other'`, 0},
	} {
		tx, err := d.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Whoever owns the tables can switch the trigger off.
		if _, err := tx.Exec(t.Context(), `alter table usher_journal disable trigger all; `+c.sql); err != nil {
			t.Fatal(name, err)
		}
		gateway := "gw"
		if strings.Contains(name, "another name") {
			gateway = "other"
		}
		k, err := readKey(keyFile)
		if err != nil {
			t.Fatal(err)
		}
		p := &postgres{gateway: gateway}
		head, err := readPostgresHead(t.Context(), tx, gateway)
		if err != nil {
			t.Fatal(err)
		}
		bad := (*Bad)(nil)
		if why := headFault(head, gateway, newSealer(k)); why != "" {
			bad = &Bad{Reason: why}
		} else {
			ch := newChecker(newSealer(k), p.gateway)
			if bad, err = checkRows(t.Context(), tx, ch, 1); err != nil {
				t.Fatal(err)
			}
			if bad == nil {
				bad = ch.ending(*head, true)
			}
		}
		if bad == nil || bad.Seq != c.seq {
			t.Errorf("%s: the report says %v; want number %d", name, bad, c.seq)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.pool.Exec(t.Context(), `alter table usher_journal disable trigger all; delete from usher_journal where seq = 6`); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: keyFile}); err == nil || !strings.Contains(err.Error(), "cut off its end") {
		t.Errorf("a chain whose end is gone was opened: %v", err)
	}
	other := filepath.Join(t.TempDir(), KeyName)
	if _, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: other}); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("a chain of another key was opened: %v", err)
	}
}

func TestARoleThatMayOnlyAddLinesIsEnough(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	closed(t, openedPostgres(t, dsn, "first", keyFile)) // makes the tables
	d := database(t, dsn)
	role := "usher_test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		if _, err := d.pool.Exec(context.Background(), `drop owned by `+role+`; drop role `+role); err != nil {
			t.Error(err)
		}
		d.Close()
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec(t.Context(), `create role `+role+`; grant usage on schema `+u.Query().Get("search_path")+` to `+role+
		`; grant select, insert on usher_journal, usher_schema to `+role+
		`; grant select, insert, update, delete on usher_journal_head, usher_journal_open, usher_approvals to `+role); err != nil {
		t.Fatal(err)
	}
	j := openedPostgres(t, with(t, dsn, "role", role), "gw", keyFile)
	change(t, j, "a")
	if err := j.PutApproval(t.Context(), Approval{ID: "a", State: ApprovalWaiting, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Error(err)
	}
	if _, err := j.MoveApproval(t.Context(), "a", ApprovalMove{From: ApprovalWaiting, To: ApprovalDenied, By: "auth0|b", At: time.Now()}); err != nil {
		t.Error(err)
	}
	limited := database(t, with(t, dsn, "role", role))
	if _, err := limited.pool.Exec(t.Context(), `update usher_journal set line = ''`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("the role can change lines: %v", err)
	}
	closed(t, j)
	goodPostgres(t, dsn, keyFile)
}

func TestWhatIsLongOverIsNotKept(t *testing.T) {
	t.Parallel()
	dsn, now := schema(t), time.Now()
	j, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: filepath.Join(t.TempDir(), KeyName), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // of this test
	rows := func() (ids string) {
		t.Helper()
		if err := database(t, dsn).pool.QueryRow(t.Context(), `select coalesce(string_agg(id, ' ' order by id), '') from usher_approvals`).Scan(&ids); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	for _, c := range []struct {
		id, kept string
		later    time.Duration
	}{{"a", "a", 0}, {"b", "a b", 24 * time.Hour}, {"c", "b c", 2 * time.Hour}} {
		now = now.Add(c.later)
		if err := j.PutApproval(t.Context(), Approval{ID: c.id, State: ApprovalWaiting, ExpiresAt: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if got := rows(); got != c.kept {
			t.Errorf("with %s there are %q, want %q", c.id, got, c.kept)
		}
	}
}

func TestAnAddressThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://u:canary@h:port/db", "host=h password=canary sslmode=nonsense"} {
		_, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: filepath.Join(t.TempDir(), KeyName)})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
	}
}

// wire is a network between a gateway and PostgreSQL that can be cut.
type wire struct {
	net.Listener
	to string

	mu       sync.Mutex
	cut      bool
	loseNext bool // the next commit reaches the server, its answer is lost with the connection
	conns    map[net.Conn]bool
}

func newWire(tb testing.TB, dsn string) (*wire, string) {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	w := &wire{Listener: l, to: u.Host, conns: map[net.Conn]bool{}}
	u.Host = l.Addr().String()
	go w.serve()
	tb.Cleanup(func() { _ = l.Close(); w.setCut(true) })
	return w, u.String()
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.conns {
		_ = c.Close()
		delete(w.conns, c)
	}
}

func (w *wire) loseNextCommit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loseNext = true
}

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		w.mu.Lock()
		if err != nil || w.cut {
			_ = client.Close()
			w.mu.Unlock()
			continue
		}
		w.conns[client], w.conns[server] = true, true
		w.mu.Unlock()
		lost := make(chan struct{})
		go w.copy(server, client, lost, true)
		go w.copy(client, server, lost, false)
	}
}

func (w *wire) copy(to, from net.Conn, lost chan struct{}, client bool) {
	defer to.Close()   //nolint:errcheck // the other side learns of it
	defer from.Close() //nolint:errcheck // the same
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if client && bytes.Contains(buf[:n], []byte("commit")) {
			w.mu.Lock()
			if w.loseNext {
				w.loseNext = false
				close(lost)
			}
			w.mu.Unlock()
		}
		select {
		case <-lost:
			if !client {
				return // the server has answered: it is done
			}
		default:
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestWhilePostgresIsAwayNothingIsChangedAndThenItGoesOn(t *testing.T) {
	t.Parallel()
	direct, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	w, dsn := newWire(t, direct)
	clock := time.Now()
	var mu sync.Mutex
	later := func() { mu.Lock(); clock = clock.Add(2 * time.Second); mu.Unlock() }
	j, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: keyFile, Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }})
	if err != nil {
		t.Fatal(err)
	}
	change(t, j, "before")
	h, err := j.Intent(t.Context(), Entry{ID: "under way"})
	if err != nil {
		t.Fatal(err)
	}
	w.setCut(true)
	for range 3 {
		if _, err := j.Intent(t.Context(), Entry{ID: "lost"}); err == nil || !strings.Contains(err.Error(), "PostgreSQL") {
			t.Fatalf("an intent while the server is away: %v", err)
		}
	}
	if err := h.Outcome(t.Context(), Outcome{Status: 200}); err == nil {
		t.Fatal("an outcome was taken while the server is away")
	}
	w.setCut(false)
	later()
	change(t, j, "after")
	closed(t, j)
	reports := goodPostgres(t, direct, keyFile)
	if reports[0].Lines != 7 || len(reports[0].Unfinished) != 0 {
		t.Errorf("the report is %+v; want before (2), under way, a note, its outcome, after (2)", reports[0])
	}
}

func TestACommitWhoseAnswerIsLostIsSettled(t *testing.T) {
	t.Parallel()
	direct, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	w, dsn := newWire(t, direct)
	j := openedPostgres(t, dsn, "gw", keyFile)
	change(t, j, "before")
	h, err := j.Intent(t.Context(), Entry{ID: "under way"})
	if err != nil {
		t.Fatal(err)
	}
	w.loseNextCommit()
	if _, err := j.Intent(t.Context(), Entry{ID: "in doubt"}); err == nil {
		t.Fatal("an intent whose commit was not answered was taken for durable")
	}
	change(t, j, "between")
	w.loseNextCommit()
	if err := h.Outcome(t.Context(), Outcome{Status: 204}); err == nil {
		t.Fatal("an outcome whose commit was not answered was taken for durable")
	}
	change(t, j, "after")
	closed(t, j)
	rep := goodPostgres(t, direct, keyFile)[0]
	if len(rep.Unfinished) != 0 {
		t.Errorf("unfinished: %+v", rep.Unfinished)
	}
	changes, err := Changes(database(t, direct).Lines(t.Context()), Filter{})
	if err != nil || len(changes) != 5 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	for _, c := range changes {
		switch c.Intent.ID {
		case "in doubt":
			if !c.Failed() || c.Outcome.Note != NoteNotSent {
				t.Errorf("the change that nobody made: %+v", c.Outcome)
			}
		case "under way":
			if !c.Done() || c.Outcome.Status != 204 {
				t.Errorf("the change that was made: %+v", c.Outcome)
			}
		}
	}
}

func TestALineWrittenByAnotherSessionEndsThisOne(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	j := openedPostgres(t, dsn, "gw", keyFile)
	change(t, j, "a")
	if _, err := database(t, dsn).pool.Exec(t.Context(), `update usher_journal_head set seq = 7`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := j.Intent(t.Context(), Entry{ID: "b"}); err == nil || !strings.Contains(err.Error(), "somebody else wrote") {
			t.Fatalf("an intent on a chain that somebody else moved: %v", err)
		}
	}
}

func TestKilledGatewaysLeaveWholeChainsInPostgres(t *testing.T) {
	t.Parallel()
	dsn, dir := schema(t), t.TempDir()
	s := &tenant{first: make(chan struct{}, 1)}
	srv := httptest.NewServer(s)
	defer srv.Close()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	keyFile := filepath.Join(dir, KeyName)
	for range 20 {
		killed(t, s, random, envChild+"=changes", envDir+"="+dir, envURL+"="+srv.URL, envDSN+"="+dsn)
	}
	j := openedPostgres(t, dsn, "gw", keyFile)
	if len(j.Unfinished()) == 0 {
		t.Log("the last kill left no change without outcome")
	}
	change(t, j, "last")
	closed(t, j)
	if left := openedPostgres(t, dsn, "gw", keyFile).Unfinished(); len(left) != 0 {
		t.Errorf("reported twice: %+v", left)
	}
	goodPostgres(t, dsn, keyFile)
	var entries []Entry
	for l, err := range database(t, dsn).Lines(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, l.Entry)
	}
	everyChangeIsRecorded(t, entries, s.seen())
}

func TestAClockThatIsSetBackLeavesTheLinesInTheirOrder(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	j, err := OpenPostgres(t.Context(), dsn, "gw", Options{KeyFile: keyFile, Now: func() time.Time {
		at = at.Add(-time.Minute)
		return at
	}})
	if err != nil {
		t.Fatal(err)
	}
	change(t, j, "1")
	change(t, j, "2")
	closed(t, j)
	d := database(t, dsn)
	changes, err := Changes(d.Lines(t.Context()), Filter{})
	if err != nil || len(changes) != 2 || !changes[0].Done() || !changes[1].Done() || changes[0].Intent.ID != "1" {
		t.Errorf("the changes are %+v, %v", changes, err)
	}
	seen := map[string]uint64{}
	d.after(t.Context(), seen, func(Line, error) bool { return true })
	if seen["gw"] != 4 {
		t.Errorf("all four lines were given, the last counts as number %d", seen["gw"])
	}
	goodPostgres(t, dsn, keyFile)
}

func TestFollowingTheDatabaseGivesEachLineOnce(t *testing.T) {
	t.Parallel()
	dsn, keyFile := schema(t), filepath.Join(t.TempDir(), KeyName)
	a, b := openedPostgres(t, dsn, "a", keyFile), openedPostgres(t, dsn, "b", keyFile)
	change(t, a, "1")
	ticks := make(chan struct{})
	lines, seen := 0, map[string]uint64{}
	for l, err := range FollowDatabase(t.Context(), database(t, dsn), nil, ticks) {
		if err != nil || l.Seq != seen[l.Gateway]+1 {
			t.Fatalf("number %d of %s follows %d, %v", l.Seq, l.Gateway, seen[l.Gateway], err)
		}
		seen[l.Gateway] = l.Seq
		if lines++; lines == 6 {
			break
		}
		if lines == 2 {
			change(t, b, "2")
			change(t, a, "3")
			go func() { ticks <- struct{}{} }()
		}
	}
}
