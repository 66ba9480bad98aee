package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// commitWithin bounds a commit: whoever waits for an intent waits no longer.
	commitWithin = 10 * time.Second
	connectIn    = 5 * time.Second
	// lockWithin is how long a start waits for the lock of a gateway that was just stopped.
	lockWithin = 2 * time.Second
	// retryAfter spares whoever waits a new attempt for each change while the server is away.
	retryAfter = time.Second
	// checkedTail is how many lines are checked when a chain is opened.
	checkedTail = 500
)

// postgres keeps a journal in PostgreSQL: a chain of its own for each gateway, all in one table. One session writes; it
// holds a lock of the gateway's name for as long as it lives, so that two gateways of one name cannot write.
type postgres struct {
	pgApprovals
	gateway string
	now     func() time.Time
	config  *pgx.ConnConfig
	conn    *pgx.Conn // nil: to be connected again
	failed  time.Time // when a connection was last tried in vain
	failure error
}

// OpenPostgres opens the chain of gateway in the database dsn names, making or renewing the tables first. The key's file
// must be named: a database has no folder. While the server is away nothing can be written; once it is back the journal
// goes on. The connection must be a session of its own, not one of a pooler that shares sessions.
func OpenPostgres(ctx context.Context, dsn, gateway string, o Options) (*Journal, error) {
	o = o.withDefaults()
	if gateway == "" || gateway != text(gateway) || strings.ContainsRune(gateway, 0) {
		return nil, errors.New("the gateway needs a name of its own in the journal")
	}
	k, err := databaseKey(o)
	if err != nil {
		return nil, err
	}
	pool, err := openPool(dsn, gateway)
	if err != nil {
		return nil, err
	}
	p := &postgres{pgApprovals: pgApprovals{pool: pool, now: o.Now}, gateway: gateway, now: o.Now, config: pool.Config().ConnConfig}
	st, err := p.begin(ctx, newSealer(k))
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return start(p, st, o), nil
}

func databaseKey(o Options) (key, error) {
	if o.KeyFile == "" {
		return key{}, errors.New("name the file of the journal's key: a journal in PostgreSQL has no folder for it")
	}
	k, err := readKey(o.KeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(o.KeyFile, o.Random); err != nil {
			return key{}, err
		}
		k, err = readKey(o.KeyFile)
	}
	return k, err
}

// openPool parses dsn. It connects when it is first used.
func openPool(dsn, name string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil { // the reason may quote the address, and with it a password
		return nil, errors.New("the journal's PostgreSQL address cannot be read; it looks like postgres://user@host:5432/database?sslmode=verify-full")
	}
	config.MaxConns = 4
	config.ConnConfig.ConnectTimeout = connectIn
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "usher " + name
	// A session whose client is gone must give up its lock soon; a commit must mean that the line is on disk.
	for k, v := range map[string]string{
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": "15000",
		"idle_in_transaction_session_timeout": "15s", "statement_timeout": "0", "synchronous_commit": "on",
	} {
		params[k] = v
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to PostgreSQL: %w", err)
	}
	return pool, nil
}

// session connects and takes the gateway's lock.
func (p *postgres) session(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.config.Copy())
	if err != nil {
		return fmt.Errorf("connect to the journal's PostgreSQL: %w", err)
	}
	if err := p.lock(ctx, conn); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	p.conn = conn
	return nil
}

func (p *postgres) lock(ctx context.Context, conn *pgx.Conn) error {
	const sql = `select pg_advisory_lock(hashtextextended('usher journal ' || current_schema() || ' ' || $1, 0))`
	if _, err := conn.Exec(ctx, fmt.Sprintf(`set lock_timeout = %d`, lockWithin.Milliseconds())); err != nil {
		return fmt.Errorf("take the journal's lock: %w", err)
	}
	_, err := conn.Exec(ctx, sql, p.gateway)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available
		return fmt.Errorf("another gateway named %q is writing to this journal; give each its own name", p.gateway)
	}
	if err != nil {
		return fmt.Errorf("take the journal's lock: %w", err)
	}
	return nil
}

// begin makes the tables, finds the chain's end and checks it.
func (p *postgres) begin(ctx context.Context, seals *sealer) (state, error) {
	if err := migrate(ctx, p.pool); err != nil {
		return state{}, err
	}
	if err := p.session(ctx); err != nil {
		return state{}, err
	}
	if err := p.firstHead(ctx, seals); err != nil {
		return state{}, err
	}
	head, err := readPostgresHead(ctx, p.conn, p.gateway)
	if err != nil {
		return state{}, err
	}
	if why, err := p.checkTail(ctx, head, seals); err != nil || why != "" {
		return state{}, errors.Join(err, p.damaged(why))
	}
	return p.state(ctx, head, seals)
}

func (p *postgres) damaged(why string) error {
	if why == "" {
		return nil
	}
	return fmt.Errorf("the journal of gateway %q in PostgreSQL is damaged: %s; nothing was written to it: look with `usher journal verify --dsn …`, then give the gateway another name to begin a new chain", p.gateway, why)
}

// firstHead writes the head of a chain that has no line yet.
func (p *postgres) firstHead(ctx context.Context, seals *sealer) error {
	h := seals.head(p.gateway, 0, noHash())
	_, err := p.conn.Exec(ctx, `insert into usher_journal_head (gateway, seq, hash, key, mac)
		select $1, 0, $2, $3, $4 where not exists (select from usher_journal where gateway = $1) on conflict do nothing`, p.gateway, h.Hash, h.Key, h.Mac)
	if err != nil {
		return fmt.Errorf("begin the journal in PostgreSQL: %w", err)
	}
	return nil
}

func (p *postgres) checkTail(ctx context.Context, head *Head, seals *sealer) (string, error) {
	if why := headFault(head, p.gateway, seals); why != "" {
		return why, nil
	}
	c := newChecker(seals, p.gateway)
	from := uint64(1)
	if head.Seq > checkedTail {
		from = head.Seq - checkedTail
	}
	bad, err := checkRows(ctx, p.conn, c, from)
	switch {
	case err != nil:
		return "", err
	case bad != nil:
		return bad.String(), nil
	case c.seq > head.Seq:
		return fmt.Sprintf("lines stand after number %d, its head", head.Seq), nil
	}
	if bad := c.ending(*head, true); bad != nil {
		return bad.String(), nil
	}
	return "", nil
}

// headFault says what is wrong with a head.
func headFault(h *Head, gateway string, s *sealer) string {
	switch {
	case h == nil:
		return "the journal's head is missing"
	case s != nil && h.Key != s.keyID:
		return fmt.Sprintf("it was sealed with another key (%s, not %s)", h.Key, s.keyID)
	case s != nil && !s.fitsHead(gateway, *h):
		return errBadHead.Error()
	}
	return ""
}

func (p *postgres) state(ctx context.Context, head *Head, seals *sealer) (state, error) {
	st := state{head: *head, gateway: p.gateway, seals: seals, open: map[string]uint64{}}
	rows, err := p.conn.Query(ctx, `select j.line from usher_journal_open o join usher_journal j using (gateway, seq) where gateway = $1 order by seq`, p.gateway)
	if err != nil {
		return st, fmt.Errorf("read the changes under way: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return st, fmt.Errorf("read the changes under way: %w", err)
	}
	for _, line := range lines {
		e, err := decode([]byte(line))
		if err != nil {
			return st, err
		}
		st.open[e.ID] = e.Seq
		st.unfinished = append(st.unfinished, e)
		st.notes = append(st.notes, unknownNote(e))
	}
	return st, nil
}

func (p *postgres) commit(ctx context.Context, lines []sealed, head Head) error {
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	if p.conn == nil {
		return errors.New("there is no connection to the journal's PostgreSQL")
	}
	err := pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		queueLines(b, p.gateway, lines)
		b.Queue(`update usher_journal_head set seq = $2, hash = $3, key = $4, mac = $5 where gateway = $1 and seq = $6`,
			p.gateway, head.Seq, head.Hash, head.Key, head.Mac, lines[0].entry.Seq-1).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() != 1 {
				return fmt.Errorf("somebody else wrote to the journal of gateway %q; %w", p.gateway, errFinal)
			}
			return nil
		})
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return fmt.Errorf("write to the journal in PostgreSQL: %w", err)
	}
	return nil
}

// restore connects anew and asks where the chain ends: a commit whose answer was lost may have been done.
func (p *postgres) restore(ctx context.Context, _ Head) (Head, error) {
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	if p.failure != nil && p.now().Sub(p.failed) < retryAfter {
		return Head{}, p.failure
	}
	if p.failure = p.again(ctx); p.failure != nil {
		p.failed = p.now()
		return Head{}, p.failure
	}
	head, err := readPostgresHead(ctx, p.conn, p.gateway)
	if err != nil {
		return Head{}, err
	}
	if head == nil {
		return Head{}, p.damaged("the journal's head is missing")
	}
	return *head, nil
}

func (p *postgres) again(ctx context.Context) error {
	if p.conn != nil {
		_ = p.conn.Close(ctx) // it is broken: what closing it says is of no use
		p.conn = nil
	}
	return p.session(ctx)
}

// rotate has nothing to do: a table has no end.
func (p *postgres) rotate() (bool, error) { return false, nil }

func (p *postgres) close() error {
	p.pool.Close()
	if p.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectIn)
	defer cancel()
	if err := p.conn.Close(ctx); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

func (p *postgres) lines(ctx context.Context) iter.Seq2[Line, error] {
	return (&Database{pool: p.pool}).Lines(ctx)
}
