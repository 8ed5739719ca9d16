-- Marks, and what the hook layer and the drain keep for themselves. The protocol and why it is right: sqlitecompat/DESIGN.md.

-- Append-only; a drain deletes what it takes. A mark of component records or retained_bytes either has deltas or asks for a
-- recount; every other component is always recomputed whole. scope tells what a mark covers:
--   connection  the one connection that connector_instance_id names
--   run         run_id, profile_key and connector_instance_id as the event gave them; resolved by who reads it
--   connector   connector_id's manifest or name changed; makes no connection dirty
--   all         every connection
CREATE TABLE marks (
    mark_id   INTEGER PRIMARY KEY,
    marked_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    scope     TEXT NOT NULL DEFAULT 'connection' CHECK (scope IN ('connection', 'run', 'connector', 'all')),
    component TEXT NOT NULL CHECK (component IN
        ('identity', 'records', 'retained_bytes', 'runs', 'schedule', 'gaps', 'attention', 'device', 'manifest', 'all')),
    recount   INTEGER NOT NULL DEFAULT 0 CHECK (recount IN (0, 1)),
    connector_instance_id TEXT,
    stream    TEXT, -- null: every stream
    records_delta INTEGER, -- live records
    record_bytes_delta INTEGER,
    changes_delta INTEGER, -- record_changes
    change_bytes_delta INTEGER,
    blobs_delta INTEGER,
    blob_bytes_delta INTEGER,
    newest_gained TEXT, -- newest emitted_at among the live records that came
    newest_lost TEXT, -- newest emitted_at among the live records that went
    run_id TEXT,
    profile_key TEXT,
    connector_id TEXT
) STRICT;
CREATE INDEX marks_connection ON marks (connector_instance_id, component, stream);
CREATE INDEX marks_run ON marks (run_id, profile_key) WHERE scope = 'run';
CREATE INDEX marks_profile ON marks (profile_key) WHERE scope = 'run';
CREATE INDEX marks_connector ON marks (connector_id) WHERE scope = 'connector';
CREATE INDEX marks_identity ON marks (connector_instance_id) WHERE scope = 'connection' AND component IN ('identity', 'all');
CREATE INDEX marks_all ON marks (component) WHERE scope = 'all';

-- Marks of connections whose recompute failed.
CREATE TABLE marks_parked (
    mark_id   INTEGER PRIMARY KEY,
    marked_at TEXT NOT NULL,
    component TEXT NOT NULL,
    recount   INTEGER NOT NULL,
    connector_instance_id TEXT NOT NULL,
    stream    TEXT,
    records_delta INTEGER,
    record_bytes_delta INTEGER,
    changes_delta INTEGER,
    change_bytes_delta INTEGER,
    blobs_delta INTEGER,
    blob_bytes_delta INTEGER,
    newest_gained TEXT,
    newest_lost TEXT
) STRICT;
CREATE INDEX marks_parked_connection ON marks_parked (connector_instance_id);

-- The connections whose last recompute failed: their marks are parked until retry_at.
CREATE TABLE failures (
    connector_instance_id TEXT NOT NULL PRIMARY KEY,
    reason_code TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    failed_at   TEXT NOT NULL,
    retry_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Holds a row only inside a transaction of the hook layer, which deletes it before it commits: nobody else ever sees it.
-- While it is empty the guard triggers act. Without a rowid, so that raising it does not change last_insert_rowid().
CREATE TABLE hooked (
    up INTEGER NOT NULL PRIMARY KEY CHECK (up = 1)
) STRICT, WITHOUT ROWID;

-- One counter for evidence, deletions and manifest changes, and when the last drain took marks.
CREATE TABLE drain_status (
    one         INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version     INTEGER NOT NULL DEFAULT 0, -- the last that was given
    drained_at  TEXT,
    marks_taken INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO drain_status (one) VALUES (1);
