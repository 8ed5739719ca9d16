package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/summary"
)

const tokenColumns = `token_id, coalesce(owner_subject_id, ''), operator, scopes, created_at, expires_at, revoked_at`

func scanToken(row pgx.CollectableRow) (t summary.Token, err error) {
	err = row.Scan(&t.TokenID, &t.Owner, &t.Operator, &t.Scopes, &t.CreatedAt, &t.ExpiresAt, &t.RevokedAt)
	return t, err
}

// Token implements server.Store.
func (d *DB) Token(ctx context.Context, sha256 [32]byte) (summary.Token, error) {
	rows, err := d.pool.Query(ctx, `SELECT `+tokenColumns+` FROM tidemark.tokens WHERE token_sha256 = $1`, sha256[:])
	if err != nil {
		return summary.Token{}, fmt.Errorf("look up token: %w", unreachable(err))
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanToken)
	if errors.Is(err, pgx.ErrNoRows) {
		return summary.Token{}, summary.ErrNoToken
	}
	if err != nil {
		return summary.Token{}, fmt.Errorf("look up token: %w", unreachable(err))
	}
	return t, nil
}

// CreateToken stores a token under the hash of its secret. TokenID must be new.
func (d *DB) CreateToken(ctx context.Context, t summary.Token, sha256 [32]byte) error {
	var owner *string
	if !t.Operator {
		owner = &t.Owner
	}
	_, err := d.pool.Exec(ctx, `
		INSERT INTO tidemark.tokens (token_id, token_sha256, owner_subject_id, operator, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.TokenID, sha256[:], owner, t.Operator, t.Scopes, t.CreatedAt.Time(), timestamptz(t.ExpiresAt))
	if err != nil {
		return fmt.Errorf("store token: %w", unreachable(err))
	}
	return nil
}

// Tokens lists the tokens of one owner, or all if owner is empty, the oldest first.
func (d *DB) Tokens(ctx context.Context, owner string) ([]summary.Token, error) {
	rows, err := d.pool.Query(ctx, `SELECT `+tokenColumns+` FROM tidemark.tokens
		WHERE $1 = '' OR owner_subject_id = $1 ORDER BY created_at, token_id`, owner)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", unreachable(err))
	}
	out, err := pgx.CollectRows(rows, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", unreachable(err))
	}
	return out, nil
}

// RevokeToken revokes a token at once; revoking it again changes nothing. summary.ErrNoToken if there is none.
func (d *DB) RevokeToken(ctx context.Context, tokenID string) error {
	tag, err := d.pool.Exec(ctx, `
		UPDATE tidemark.tokens SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE token_id = $1`, tokenID)
	if err != nil {
		return fmt.Errorf("revoke token: %w", unreachable(err))
	}
	if tag.RowsAffected() == 0 {
		return summary.ErrNoToken
	}
	return nil
}
