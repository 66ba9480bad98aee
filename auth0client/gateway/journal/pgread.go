package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Database reads the journals of all gateways in a PostgreSQL.
type Database struct{ pool *pgxpool.Pool }

// OpenDatabase connects to read. It changes nothing.
func OpenDatabase(ctx context.Context, dsn string) (*Database, error) {
	pool, err := openPool(dsn, "journal")
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the journal's PostgreSQL: %w", err)
	}
	return &Database{pool: pool}, nil
}

// Close ends the connections.
func (d *Database) Close() { d.pool.Close() }

// Lines gives the lines of all gateways by time, those of each in their order.
func (d *Database) Lines(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) { d.after(ctx, map[string]uint64{}, yield) }
}

// FollowDatabase gives the lines after those in seen, a number for each gateway, and then new ones, looking at each tick.
func FollowDatabase[T any](ctx context.Context, d *Database, seen map[string]uint64, tick <-chan T) iter.Seq2[Line, error] {
	known := map[string]uint64{}
	maps.Copy(known, seen)
	return follow(ctx, tick, func(yield func(Line, error) bool) bool { return d.after(ctx, known, yield) })
}

// after gives the lines that are not in seen, and takes them up there.
func (d *Database) after(ctx context.Context, seen map[string]uint64, yield func(Line, error) bool) (more bool) {
	gateways := slices.Sorted(maps.Keys(seen))
	seqs := make([]int64, len(gateways))
	for i, g := range gateways {
		seqs[i] = int64(seen[g]) //nolint:gosec // a line's number
	}
	rows, err := d.pool.Query(ctx, `select j.line from usher_journal j left join unnest($1::text[], $2::bigint[]) as s (gateway, seq) using (gateway)
		where j.seq > coalesce(s.seq, 0) order by j.at, j.gateway, j.seq`, gateways, seqs)
	if err != nil {
		yield(Line{}, readError(err))
		return false
	}
	defer rows.Close()
	order := &inOrder{seen: seen, yield: yield, early: map[string]map[uint64]Line{}}
	for rows.Next() {
		var raw string
		err := rows.Scan(&raw)
		var l Line
		if err == nil {
			l, err = newLine([]byte(raw))
		}
		if err != nil {
			yield(Line{}, readError(err))
			return false
		}
		if !order.add(l) {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		yield(Line{}, readError(err))
		return false
	}
	for _, g := range slices.Sorted(maps.Keys(order.early)) {
		if !order.release(g) {
			return false
		}
	}
	return true
}

// inOrder gives lines that come by time so that those of each gateway keep their order although its clock was set back.
type inOrder struct {
	seen  map[string]uint64 // the last number given, by gateway
	yield func(Line, error) bool
	early map[string]map[uint64]Line // they wait for those before them
}

// mostEarly bounds what waits: where lines before are missing altogether they are waited for in vain.
const mostEarly = 100_000

func (o *inOrder) add(l Line) bool {
	if l.Seq > o.seen[l.Gateway]+1 {
		if o.early[l.Gateway] == nil {
			o.early[l.Gateway] = map[uint64]Line{}
		}
		o.early[l.Gateway][l.Seq] = l
		return len(o.early[l.Gateway]) < mostEarly || o.release(l.Gateway)
	}
	for more := true; more; {
		if !o.give(l) {
			return false
		}
		l, more = o.early[l.Gateway][o.seen[l.Gateway]+1]
		if more {
			delete(o.early[l.Gateway], l.Seq)
		}
	}
	return true
}

func (o *inOrder) give(l Line) bool {
	o.seen[l.Gateway] = max(o.seen[l.Gateway], l.Seq)
	return o.yield(l, nil)
}

// release gives what waits, whatever is missing before it.
func (o *inOrder) release(gateway string) bool {
	early := o.early[gateway]
	delete(o.early, gateway)
	for _, seq := range slices.Sorted(maps.Keys(early)) {
		if !o.give(early[seq]) {
			return false
		}
	}
	return true
}

func readError(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P01" { // undefined_table
		return errors.New("there is no journal in this PostgreSQL database (or its schema is not in the search path)")
	}
	return fmt.Errorf("read the journal in PostgreSQL: %w", err)
}

// querier is a connection, a transaction or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readPostgresHead(ctx context.Context, q querier, gateway string) (*Head, error) {
	var h Head
	var seq int64
	err := q.QueryRow(ctx, `select seq, hash, key, mac from usher_journal_head where gateway = $1`, gateway).Scan(&seq, &h.Hash, &h.Key, &h.Mac)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal's head: %w", err)
	}
	h.Seq = uint64(seq) //nolint:gosec // a line's number
	return &h, nil
}

// checkRows checks the lines of c's gateway from number from on.
func checkRows(ctx context.Context, q querier, c *checker, from uint64) (*Bad, error) {
	rows, err := q.Query(ctx, `select line, step, id, operator, email, target, array_to_string(actions, ','), status, at
		from usher_journal where gateway = $1 and seq >= $2 order by seq`, c.gateway, int64(from)) //nolint:gosec // a line's number
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line []byte
		var have columns
		var at time.Time
		if err := rows.Scan(&line, &have.step, &have.id, &have.operator, &have.email, &have.target, &have.actions, &have.status, &at); err != nil {
			return nil, readError(err)
		}
		line = append(line, '\n')
		why := ""
		if from > 1 && c.lines == 0 {
			why = c.beginAt(line)
		}
		if why == "" {
			why = c.next(line)
		}
		if e, err := decode(line); why == "" && (err != nil || columnsOf(e) != have || at.UnixMicro() != e.Time.UnixMicro()) {
			return &Bad{Seq: c.seq, Reason: "its columns do not say what the line says"}, nil
		}
		if why != "" {
			return &Bad{Seq: c.seq + 1, Reason: why}, nil
		}
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	return nil, nil
}

// Verify checks each gateway's chain: every line, and the head. Without a key the reports are of the chains alone and the
// error is [ErrNoKey]. Anchors are those of the gateway only; without a gateway all are checked.
func (d *Database) Verify(ctx context.Context, gateway string, o VerifyOptions) ([]Report, error) {
	var s *sealer
	k, err := readKey(o.KeyFile)
	switch {
	case err == nil:
		s = newSealer(k)
	case o.KeyFile != "" && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	names := []string{gateway}
	if gateway == "" {
		if names, err = d.Gateways(ctx); err != nil {
			return nil, err
		}
	}
	var out []Report
	for _, name := range names {
		rep, err := d.verify(ctx, name, s, o.Anchors)
		if err != nil {
			return out, err
		}
		rep.KeyID = k.id
		out = append(out, rep)
	}
	if s == nil {
		return out, ErrNoKey
	}
	return out, nil
}

// Gateways names those that ever wrote here.
func (d *Database) Gateways(ctx context.Context) ([]string, error) {
	rows, err := d.pool.Query(ctx, `select gateway from usher_journal_head union select distinct gateway from usher_journal order by 1`)
	if err != nil {
		return nil, readError(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, readError(err)
	}
	return names, nil
}

func (d *Database) verify(ctx context.Context, gateway string, s *sealer, anchors []Anchor) (Report, error) {
	rep := Report{Gateway: gateway}
	// The head first: a writer at work only adds lines after it.
	head, err := readPostgresHead(ctx, d.pool, gateway)
	if err != nil {
		return rep, err
	}
	if why := headFault(head, gateway, s); why != "" {
		rep.Bad = &Bad{Reason: why}
		return rep, nil
	}
	c := newChecker(s, gateway)
	c.anchors = anchors
	if rep.Bad, err = checkRows(ctx, d.pool, c, 1); err != nil {
		return rep, err
	}
	rep.Head, rep.Lines, rep.LastSeq, rep.LastHash = *head, c.lines, c.seq, c.hash
	if rep.Bad == nil {
		rep.Bad = c.ending(*head, true)
	}
	rep.Unfinished, err = c.unfinished(true)
	return rep, err
}
