package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgApprovals keeps approvals in PostgreSQL, for all gateways that use it.
type pgApprovals struct {
	pool *pgxpool.Pool
	now  func() time.Time
}

// PutApproval implements [Approvals].
func (p pgApprovals) PutApproval(ctx context.Context, a Approval) error {
	if err := fitToKeep(a); err != nil {
		return err
	}
	request, err := json.Marshal(newStored(a))
	if err != nil {
		return fmt.Errorf("encode an approval: %w", err)
	}
	// What is long over may hold a password still, sealed: it goes, as in files.
	if _, err := p.pool.Exec(ctx, `delete from usher_approvals where expires_at < $1`, p.now().Add(-keepDecided)); err != nil {
		return fmt.Errorf("keep an approval in PostgreSQL: %w", err)
	}
	_, err = p.pool.Exec(ctx, `insert into usher_approvals (id, state, requested_at, expires_at, request) values ($1, $2, $3, $4, $5)`,
		a.ID, a.State, a.RequestedAt, a.ExpiresAt, string(request))
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" { // unique_violation
		return fmt.Errorf("there is an approval %q already", a.ID)
	}
	if err != nil {
		return fmt.Errorf("keep an approval in PostgreSQL: %w", err)
	}
	return nil
}

const approvalColumns = `request, state, decided_by, decided_by_email, decided_at`

func scanApproval(row pgx.CollectableRow) (Approval, error) {
	var request, state, by, byEmail string
	var at *time.Time
	if err := row.Scan(&request, &state, &by, &byEmail, &at); err != nil {
		return Approval{}, err
	}
	var s stored
	if err := json.Unmarshal([]byte(request), &s); err != nil {
		return Approval{}, fmt.Errorf("decode an approval: %w", err)
	}
	a := s.approval()
	a.State, a.DecidedBy, a.DecidedByEmail = state, by, byEmail
	if at != nil {
		a.DecidedAt = at.UTC()
	}
	return a, nil
}

// Approvals implements [Approvals].
func (p pgApprovals) Approvals(ctx context.Context) ([]Approval, error) {
	now := p.now()
	rows, err := p.pool.Query(ctx, `select `+approvalColumns+` from usher_approvals where expires_at >= $1`, now.Add(-keepDecided))
	if err != nil {
		return nil, fmt.Errorf("read the approvals: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanApproval)
	if err != nil {
		return nil, fmt.Errorf("read the approvals: %w", err)
	}
	return listed(list, now), nil
}

// MoveApproval implements [Approvals].
func (p pgApprovals) MoveApproval(ctx context.Context, id string, m ApprovalMove) (a Approval, err error) {
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+approvalColumns+` from usher_approvals where id = $1 for update`, id)
		if err != nil {
			return err
		}
		a, err = pgx.CollectExactlyOneRow(rows, scanApproval)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoApproval
		}
		if err != nil {
			return err
		}
		if a, err = a.Moved(m); err != nil {
			return err
		}
		request, err := json.Marshal(newStored(a))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update usher_approvals set state = $2, decided_by = $3, decided_by_email = $4, decided_at = $5, request = $6 where id = $1`,
			id, a.State, storable(a.DecidedBy), storable(a.DecidedByEmail), a.DecidedAt, string(request))
		return err
	})
	switch {
	case errors.Is(err, ErrNoApproval), errors.Is(err, ErrDecided):
		return Approval{}, err
	case err != nil:
		return Approval{}, fmt.Errorf("decide an approval: %w", err)
	}
	return a, nil
}
