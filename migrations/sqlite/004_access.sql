-- Tokens: random, shown once, stored hashed, revocable, with expiry. An operator token names no owner. scopes: JSON array.
CREATE TABLE tokens (
    token_id         TEXT NOT NULL PRIMARY KEY,
    token_sha256     BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    owner_subject_id TEXT,
    operator         INTEGER NOT NULL DEFAULT 0 CHECK (operator IN (0, 1)),
    scopes           TEXT NOT NULL CHECK (json_valid(scopes)),
    created_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    expires_at       TEXT,
    revoked_at       TEXT,
    CHECK (operator = (owner_subject_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_owner ON tokens (owner_subject_id);
