package journal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// migrations are the steps from an empty schema to what this usher knows. A step that was released is never changed.
func migrations() []string {
	return []string{`
create table usher_journal (
	gateway  text        not null,
	seq      bigint      not null,
	at       timestamptz not null,
	step     text        not null,
	id       text        not null,
	operator text        not null,
	email    text        not null,
	target   text        not null,
	actions  text[]      not null,
	status   integer     not null,
	line     text        not null, -- the line itself: what the chain and the seals are of
	primary key (gateway, seq)
);
create index usher_journal_by_time on usher_journal (at, gateway, seq);
create index usher_journal_by_target on usher_journal (target, at);
create index usher_journal_by_id on usher_journal (id);

create function usher_journal_keep() returns trigger language plpgsql as
	$$ begin raise exception 'the journal is only added to'; end $$;
create trigger usher_journal_keep_lines before update or delete or truncate on usher_journal
	for each statement execute function usher_journal_keep();

create table usher_journal_head (
	gateway text   primary key,
	seq     bigint not null,
	hash    text   not null,
	key     text   not null,
	mac     text   not null
);

-- The changes that have neither an outcome nor a note.
create table usher_journal_open (
	gateway text   not null,
	seq     bigint not null,
	id      text   not null,
	primary key (gateway, seq)
);

-- All gateways' changes in one view.
create view usher_changes as
	select i.gateway, i.seq, i.at, i.id, i.operator, i.email, i.target, i.actions, i.step = 'denied' as denied,
		o.status, o.at as ended_at, i.line as intent, o.line as outcome
	from usher_journal i left join usher_journal o on o.gateway = i.gateway and o.id = i.id and o.step = 'outcome'
	where i.step in ('intent', 'denied');

create table usher_approvals (
	id               text        primary key,
	state            text        not null,
	requested_at     timestamptz not null,
	expires_at       timestamptz not null,
	decided_by       text        not null default '',
	decided_by_email text        not null default '',
	decided_at       timestamptz,
	request          text        not null
);
create index usher_approvals_by_time on usher_approvals (requested_at);
`}
}

// migrate brings the tables up to date. Of several gateways that start at once one does it and the others wait.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('usher schema ' || current_schema(), 0))`); err != nil {
			return err
		}
		version, err := schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		steps := migrations()
		if version > len(steps) {
			return fmt.Errorf("its tables are of a newer usher (version %d, this one knows %d); update usher", version, len(steps))
		}
		for i := version; i < len(steps); i++ {
			if _, err := tx.Exec(ctx, steps[i]); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `insert into usher_schema values ($1)`, i+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prepare the journal's tables in PostgreSQL: %w", err)
	}
	return nil
}

// schemaVersion makes the table of versions where there is none. A role that may make no tables can still read it.
func schemaVersion(ctx context.Context, tx pgx.Tx) (version int, err error) {
	var missing bool
	if err := tx.QueryRow(ctx, `select to_regclass('usher_schema') is null`).Scan(&missing); err != nil {
		return 0, err
	}
	if missing {
		_, err := tx.Exec(ctx, `create table usher_schema (version integer not null)`)
		return 0, err
	}
	err = tx.QueryRow(ctx, `select coalesce(max(version), 0) from usher_schema`).Scan(&version)
	return version, err
}

// storable is a text that PostgreSQL can keep; the line itself has such characters escaped.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

// columns are what of an entry can be searched for in SQL. They say what the line says; a check compares them.
type columns struct {
	step, id, operator, email, target, actions string
	status                                     int
}

func columnsOf(e Entry) columns {
	actions := make([]string, len(e.Actions))
	for i, a := range e.Actions {
		actions[i] = strings.ReplaceAll(storable(a), ",", " ")
	}
	return columns{
		step: e.Step, id: storable(e.ID), operator: storable(e.Subject), email: storable(e.Email), target: storable(e.Target),
		actions: strings.Join(actions, ","), status: e.Status,
	}
}

// queueLines adds the statements that keep lines and the list of changes under way.
func queueLines(b *pgx.Batch, gateway string, lines []sealed) {
	n := len(lines)
	seqs, times, statuses := make([]int64, n), make([]time.Time, n), make([]int32, n)
	var steps, ids, operators, emails, targets, actions, texts []string
	var openSeqs []int64
	var openIDs, ended []string
	for i, l := range lines {
		e, err := decode(l.line)
		if err != nil { // a line that was just encoded decodes
			e = l.entry
		}
		c := columnsOf(e)
		seqs[i], times[i], statuses[i] = int64(e.Seq), e.Time, int32(c.status) //nolint:gosec // a line's number, an HTTP status
		steps, ids, operators, emails = append(steps, c.step), append(ids, c.id), append(operators, c.operator), append(emails, c.email)
		targets, actions = append(targets, c.target), append(actions, c.actions)
		texts = append(texts, string(l.line[:len(l.line)-1]))
		switch {
		case e.Step == StepIntent:
			openSeqs, openIDs = append(openSeqs, seqs[i]), append(openIDs, c.id)
		case e.ID != "" && (e.Step == StepOutcome || e.Step == StepNote):
			ended = append(ended, c.id)
		}
	}
	b.Queue(`insert into usher_journal (gateway, seq, at, step, id, operator, email, target, actions, status, line)
		select $1, s, t, st, i, o, e, ta, string_to_array(a, ','), sta, l
		from unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::text[])
			as x (s, t, st, i, o, e, ta, a, sta, l)`,
		gateway, seqs, times, steps, ids, operators, emails, targets, actions, statuses, texts)
	if len(openIDs) > 0 {
		b.Queue(`insert into usher_journal_open (gateway, seq, id) select $1, s, i from unnest($2::bigint[], $3::text[]) as x (s, i)`, gateway, openSeqs, openIDs)
	}
	if len(ended) > 0 {
		b.Queue(`delete from usher_journal_open where gateway = $1 and id = any($2)`, gateway, ended)
	}
}
