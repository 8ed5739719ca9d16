-- Tokens: random, shown once, stored hashed, revocable, with expiry. An operator token names no owner.
CREATE TABLE tidemark.tokens (
    token_id         text COLLATE "C" PRIMARY KEY,
    token_sha256     bytea NOT NULL UNIQUE,
    owner_subject_id text COLLATE "C",
    operator         boolean NOT NULL DEFAULT false,
    scopes           text[] COLLATE "C" NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    expires_at       timestamptz,
    revoked_at       timestamptz,
    CHECK (operator = (owner_subject_id IS NULL))
);
CREATE INDEX tokens_owner ON tidemark.tokens (owner_subject_id);
