package sqlitecompat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tidemark/summary"
)

const tokenColumns = `token_id, coalesce(owner_subject_id, ''), operator, scopes, created_at, expires_at, revoked_at`

func scanToken(scan func(...any) error) (t summary.Token, err error) {
	var scopes string
	if err = scan(&t.TokenID, &t.Owner, &t.Operator, &scopes, &t.CreatedAt, &t.ExpiresAt, &t.RevokedAt); err != nil {
		return t, err
	}
	if err = json.Unmarshal([]byte(scopes), &t.Scopes); err != nil {
		return t, fmt.Errorf("decode scopes of token %s: %w", t.TokenID, err)
	}
	return t, nil
}

// Token implements server.Store.
func (d *DB) Token(ctx context.Context, sha256 [32]byte) (summary.Token, error) {
	t, err := scanToken(d.reader.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE token_sha256 = ?`, sha256[:]).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return summary.Token{}, summary.ErrNoToken
	}
	if err != nil {
		return summary.Token{}, fmt.Errorf("look up token: %w", unreachable(err))
	}
	return t, nil
}

// CreateToken stores a token under the hash of its secret. TokenID must be new.
func (d *DB) CreateToken(ctx context.Context, t summary.Token, sha256 [32]byte) error {
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return fmt.Errorf("encode scopes: %w", err)
	}
	owner := sql.NullString{String: t.Owner, Valid: !t.Operator}
	_, err = d.writer.ExecContext(ctx, `
		INSERT INTO tokens (token_id, token_sha256, owner_subject_id, operator, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.TokenID, sha256[:], owner, t.Operator, string(scopes), t.CreatedAt, t.ExpiresAt)
	if err != nil {
		return fmt.Errorf("store token: %w", unreachable(err))
	}
	return nil
}

// Tokens lists the tokens of one owner, or all if owner is empty, the oldest first.
func (d *DB) Tokens(ctx context.Context, owner string) ([]summary.Token, error) {
	out := []summary.Token{}
	err := source{q: d.reader}.each(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE ?1 = '' OR owner_subject_id = ?1 ORDER BY created_at, token_id`,
		[]any{owner}, func(rows *sql.Rows) error {
			t, err := scanToken(rows.Scan)
			out = append(out, t)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", unreachable(err))
	}
	return out, nil
}

// RevokeToken revokes a token at once; revoking it again changes nothing. summary.ErrNoToken if there is none.
func (d *DB) RevokeToken(ctx context.Context, tokenID string) error {
	result, err := d.writer.ExecContext(ctx, `UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE token_id = ?`, d.instant(), tokenID)
	if err != nil {
		return fmt.Errorf("revoke token: %w", unreachable(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return summary.ErrNoToken
	}
	return nil
}
