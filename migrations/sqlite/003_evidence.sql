-- Evidence: durable facts per connection, never a verdict, label or wording. No foreign key to a source table. A drain
-- replaces rows in place; version is the counter's value at which a row last changed.

CREATE TABLE retained_size_stream (
    connector_instance_id TEXT NOT NULL,
    stream             TEXT NOT NULL,
    version            INTEGER NOT NULL,
    record_count       INTEGER NOT NULL, -- live
    record_bytes       INTEGER NOT NULL,
    change_count       INTEGER NOT NULL,
    change_bytes       INTEGER NOT NULL,
    blob_count         INTEGER NOT NULL,
    blob_bytes         INTEGER NOT NULL,
    newest_emitted_at  TEXT, -- newest live emitted_at
    PRIMARY KEY (connector_instance_id, stream)
) STRICT, WITHOUT ROWID;

-- One row per run_id: what its spine events say, whoever it belongs to. Which connection a run belongs to is decided when
-- it is read (SPEC section 9), so a changed binding rewrites nothing here. The lists are JSON arrays, sorted by bytes;
-- profile_key, source_id and connection_id are their member where there is exactly one.
CREATE TABLE run_evidence (
    run_id         TEXT NOT NULL PRIMARY KEY,
    version        INTEGER NOT NULL,
    first_seq      INTEGER NOT NULL,
    status         TEXT NOT NULL,
    profile_keys   TEXT NOT NULL,
    connection_ids TEXT NOT NULL,
    source_ids     TEXT NOT NULL,
    profile_key    TEXT,
    source_id      TEXT,
    connection_id  TEXT,
    run_json       TEXT NOT NULL
) STRICT;
-- The runs that a profile key, or a run without one a connection id, can attribute.
CREATE INDEX run_evidence_profile ON run_evidence (profile_key, source_id, status, first_seq)
    WHERE profile_key IS NOT NULL AND source_id IS NOT NULL;
CREATE INDEX run_evidence_connection ON run_evidence (connection_id, status, first_seq)
    WHERE connection_id IS NOT NULL AND profile_keys = '[]';
-- What any run named, for recounts of one connection.
CREATE TABLE run_names (
    kind   TEXT NOT NULL CHECK (kind IN ('profile', 'connection')),
    name   TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (kind, name, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_names_run ON run_names (run_id);

-- By what runs are attributed that belong to nobody (SPEC section 9 rule 1): their one profile key, else the one connection that they
-- name, else nothing but themselves; once per connector that they name. A scoped read finds a connector's unattributed runs
-- here, however many others the connector has. As of the marks that drains have taken; see sqlitecompat/DESIGN.md.
CREATE TABLE unattributed (
    connector_id TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('profile', 'connection', 'run')),
    name         TEXT NOT NULL,
    PRIMARY KEY (connector_id, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX unattributed_name ON unattributed (name, kind);

-- A connection's expected profile key as far as it attributes runs: null if a sibling expects it, too.
CREATE VIEW run_owners AS
SELECT c.connector_instance_id, c.connector_id,
       CASE WHEN NOT EXISTS (
           SELECT 1 FROM connector_instances o
           WHERE o.browser_profile_key = c.browser_profile_key AND o.connector_id = c.connector_id
             AND o.connector_instance_id <> c.connector_instance_id)
       THEN c.browser_profile_key END AS profile_key
FROM connector_instances c;

CREATE TABLE connector_summary_evidence (
    connector_instance_id  TEXT NOT NULL PRIMARY KEY,
    version                INTEGER NOT NULL,
    connector_id           TEXT NOT NULL,
    owner_subject_id       TEXT NOT NULL,
    display_name           TEXT,
    status                 TEXT NOT NULL,
    source_kind            TEXT NOT NULL,
    browser_profile_key    TEXT,
    created_at             TEXT NOT NULL,
    revoked_at             TEXT,
    total_records          INTEGER NOT NULL,
    stream_count           INTEGER NOT NULL,
    last_record_updated_at TEXT,
    stream_records_json    TEXT NOT NULL,
    retained_bytes_json    TEXT NOT NULL,
    total_retained_bytes   INTEGER NOT NULL,
    last_run_json            TEXT,
    last_successful_run_json TEXT,
    last_finished_run_json   TEXT, -- neither running nor cancelled
    open_runs_json           TEXT NOT NULL,
    consecutive_failures     INTEGER NOT NULL,
    schedule_json          TEXT,
    gaps_json              TEXT NOT NULL,
    attention_json         TEXT NOT NULL,
    device_json            TEXT,
    computed_at            TEXT NOT NULL,
    state                  TEXT NOT NULL CHECK (state IN ('current', 'failed')),
    last_error             TEXT
) STRICT;
CREATE INDEX connector_summary_evidence_version ON connector_summary_evidence (version);

-- What a returning client must be told: deletions of the last hour, and the last manifest change of each connector.
CREATE TABLE evidence_deletions (
    version               INTEGER NOT NULL PRIMARY KEY,
    owner_subject_id      TEXT NOT NULL,
    connector_instance_id TEXT NOT NULL,
    deleted_at            TEXT NOT NULL
) STRICT;
CREATE TABLE manifest_versions (
    connector_id TEXT NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_versions_version ON manifest_versions (version);

-- Per source table: whether capture is trusted, since when, why not, and which components must be recounted (JSON array).
CREATE TABLE capture_state (
    table_name  TEXT NOT NULL PRIMARY KEY,
    trusted     INTEGER NOT NULL CHECK (trusted IN (0, 1)),
    since       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    reason_code TEXT,
    detail      TEXT,
    recount     TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

-- The guard triggers that programs have installed, so that an old and a new one can run side by side: the set of the
-- highest version counts, and is put back from here.
CREATE TABLE trigger_sets (
    set_version INTEGER NOT NULL,
    object_name TEXT NOT NULL,
    table_name  TEXT NOT NULL,
    definition  TEXT NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    PRIMARY KEY (set_version, object_name)
) STRICT, WITHOUT ROWID;

-- A rebuild that was cut off goes on after the last connection that it committed.
CREATE TABLE rebuilds (
    rebuild_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    components  TEXT NOT NULL DEFAULT '', -- that it recounts, in order; empty: everything
    started_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    phase       TEXT NOT NULL DEFAULT 'runs' CHECK (phase IN ('runs', 'connections')),
    after_id    TEXT NOT NULL DEFAULT '',
    done        INTEGER NOT NULL DEFAULT 0,
    total       INTEGER NOT NULL,
    finished_at TEXT
) STRICT;
CREATE UNIQUE INDEX rebuilds_one_open ON rebuilds (components) WHERE finished_at IS NULL;

-- Where the scrub is, and its last full round: one row. A scrub goes on there after a restart.
CREATE TABLE scrub (
    one           INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    phase         TEXT NOT NULL DEFAULT 'connections' CHECK (phase IN ('connections', 'runs')),
    after_id      TEXT NOT NULL DEFAULT '',
    began_at      TEXT, -- of the round under way
    checked       INTEGER NOT NULL DEFAULT 0,
    found         INTEGER NOT NULL DEFAULT 0,
    last_began_at TEXT,
    last_ended_at TEXT,
    last_checked  INTEGER NOT NULL DEFAULT 0,
    last_found    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO scrub (one) VALUES (1);
-- What scrubs have found and repaired.
CREATE TABLE scrub_findings (
    cause                 TEXT NOT NULL PRIMARY KEY,
    found                 INTEGER NOT NULL,
    last_at               TEXT NOT NULL,
    connector_instance_id TEXT NOT NULL -- the last one; empty for a run that names none
) STRICT, WITHOUT ROWID;
