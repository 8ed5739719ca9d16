-- The canonical source tables (SPEC section 3). Any program may write them with plain SQL, SQLite 3.40 or later.
--
-- STRICT gives every column its type; what STRICT cannot say, CHECK does, with the acceptance of the Postgres tables: octets,
-- no NUL, times as YYYY-MM-DDTHH:MM:SS.ffffffZ that exist in the calendar (so text order is time order), years 0001 to 9999: date()
-- knows the ranges of the parts and, told to add nothing, puts a day that does not exist into the next month.
-- WITHOUT ROWID, so that a row has no unique key beyond the ones written here: INSERT OR REPLACE could name a rowid, too.
-- What the pre-update hook reads comes first: it reads the first n columns of a row (sqlitecompat/DESIGN.md).

CREATE TABLE IF NOT EXISTS connectors (
    connector_id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT connectors_connector_id_check CHECK (length(CAST(connector_id AS BLOB)) BETWEEN 1 AND 256 AND instr(connector_id, char(0)) = 0),
    display_name TEXT
        CONSTRAINT connectors_display_name_check CHECK (length(CAST(display_name AS BLOB)) <= 1024 AND instr(display_name, char(0)) = 0),
    manifest TEXT
        CONSTRAINT connectors_manifest_check CHECK (manifest IS NULL OR json_valid(manifest) AND instr(manifest, char(0)) = 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connectors_created_at_check CHECK ((length(CAST(created_at AS BLOB)) = 27 AND created_at >= '0001'
            AND created_at GLOB date(substr(created_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connectors_updated_at_check CHECK ((length(CAST(updated_at AS BLOB)) = 27 AND updated_at >= '0001'
            AND updated_at GLOB date(substr(updated_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1)
) STRICT, WITHOUT ROWID;

-- Where JSON is read, it is read as Postgres does, of two members of one name the last: SQLite's json_extract takes the first, and
-- json_patch the last only in newer versions. Three are refused. A name spelled with escapes is one that SQLite before 3.45
-- does not recognize; there, and only there, escaped letters are refused.
CREATE TABLE IF NOT EXISTS connector_instances (
    connector_instance_id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT connector_instances_connector_instance_id_check CHECK (length(CAST(connector_instance_id AS BLOB)) BETWEEN 1 AND 256 AND instr(connector_instance_id, char(0)) = 0),
    owner_subject_id TEXT NOT NULL
        CONSTRAINT connector_instances_owner_subject_id_check CHECK (length(CAST(owner_subject_id AS BLOB)) BETWEEN 1 AND 256 AND instr(owner_subject_id, char(0)) = 0),
    connector_id TEXT NOT NULL REFERENCES connectors (connector_id),
    display_name TEXT
        CONSTRAINT connector_instances_display_name_check CHECK (length(CAST(display_name AS BLOB)) <= 1024 AND instr(display_name, char(0)) = 0),
    status TEXT NOT NULL DEFAULT 'active'
        CONSTRAINT connector_instances_status_check CHECK (status IN ('active', 'paused', 'revoked', 'draft')),
    source_kind TEXT NOT NULL DEFAULT 'account'
        CONSTRAINT connector_instances_source_kind_check CHECK (source_kind IN ('account', 'local_device', 'browser_collector', 'manual')),
    browser_profile_key TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(source_binding) THEN
        json_extract(CASE WHEN json_type(json_remove(source_binding, '$.browser_profile_key'), '$.browser_profile_key') IS NULL THEN source_binding ELSE json_remove(source_binding, '$.browser_profile_key') END, '$.browser_profile_key') END) STORED
        CONSTRAINT connector_instances_browser_profile_key_check CHECK (length(CAST(browser_profile_key AS BLOB)) BETWEEN 1 AND 256 AND instr(browser_profile_key, char(0)) = 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_instances_created_at_check CHECK ((length(CAST(created_at AS BLOB)) = 27 AND created_at >= '0001'
            AND created_at GLOB date(substr(created_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    revoked_at TEXT
        CONSTRAINT connector_instances_revoked_at_check CHECK (revoked_at IS NULL OR (length(CAST(revoked_at AS BLOB)) = 27 AND revoked_at >= '0001'
            AND revoked_at GLOB date(substr(revoked_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    source_binding_key TEXT
        CONSTRAINT connector_instances_source_binding_key_check CHECK (length(CAST(source_binding_key AS BLOB)) BETWEEN 1 AND 1024 AND instr(source_binding_key, char(0)) = 0),
    source_binding TEXT NOT NULL DEFAULT '{}',
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_instances_updated_at_check CHECK ((length(CAST(updated_at AS BLOB)) = 27 AND updated_at >= '0001'
            AND updated_at GLOB date(substr(updated_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    UNIQUE (owner_subject_id, connector_id, source_kind, source_binding_key),
    CONSTRAINT connector_instances_source_binding_check CHECK (
        json_valid(source_binding) AND instr(source_binding, char(0)) = 0 AND json_type(source_binding) = 'object'
        AND instr(source_binding, '\u0000') = 0
        AND coalesce(json_type(CASE WHEN json_type(json_remove(source_binding, '$.browser_profile_key'), '$.browser_profile_key') IS NULL THEN source_binding ELSE json_remove(source_binding, '$.browser_profile_key') END, '$.browser_profile_key'), 'null') IN ('text', 'null')
        AND json_type(json_remove(json_remove(source_binding, '$.browser_profile_key'), '$.browser_profile_key'), '$.browser_profile_key') IS NULL
        AND (json_extract('{"\u0061":1}', '$.a') IS 1
             OR source_binding NOT GLOB '*\u00[67][0-9a-fA-F]*' AND source_binding NOT GLOB '*\u005[fF]*'))
) STRICT, WITHOUT ROWID;

-- printf stops at a NUL: the cheapest test for one in a long text. json_valid of NULL is 0 before SQLite 3.42.
CREATE TABLE IF NOT EXISTS records (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    stream TEXT NOT NULL
        CONSTRAINT records_stream_check CHECK (length(CAST(stream AS BLOB)) BETWEEN 1 AND 256 AND instr(stream, char(0)) = 0),
    record_bytes INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(length(CAST(record_json AS BLOB)), 0)) STORED,
    emitted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT records_emitted_at_check CHECK ((length(CAST(emitted_at AS BLOB)) = 27 AND emitted_at >= '0001'
            AND emitted_at GLOB date(substr(emitted_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    deleted INTEGER NOT NULL DEFAULT 0
        CONSTRAINT records_deleted_check CHECK (deleted IN (0, 1)),
    record_key TEXT NOT NULL
        CONSTRAINT records_record_key_check CHECK (length(CAST(record_key AS BLOB)) BETWEEN 1 AND 1024 AND instr(record_key, char(0)) = 0),
    version INTEGER NOT NULL DEFAULT 1,
    deleted_at TEXT
        CONSTRAINT records_deleted_at_check CHECK (deleted_at IS NULL OR (length(CAST(deleted_at AS BLOB)) = 27 AND deleted_at >= '0001'
            AND deleted_at GLOB date(substr(deleted_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    record_json TEXT,
    PRIMARY KEY (connector_instance_id, stream, record_key),
    CONSTRAINT records_record_json_check CHECK (record_json IS NULL OR json_valid(record_json)
        AND length(CAST(printf('%s', record_json) AS BLOB)) = record_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS record_changes (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    stream TEXT NOT NULL
        CONSTRAINT record_changes_stream_check CHECK (length(CAST(stream AS BLOB)) BETWEEN 1 AND 256 AND instr(stream, char(0)) = 0),
    record_bytes INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(length(CAST(record_json AS BLOB)), 0)) STORED,
    record_key TEXT NOT NULL
        CONSTRAINT record_changes_record_key_check CHECK (length(CAST(record_key AS BLOB)) BETWEEN 1 AND 1024 AND instr(record_key, char(0)) = 0),
    version INTEGER NOT NULL,
    emitted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT record_changes_emitted_at_check CHECK ((length(CAST(emitted_at AS BLOB)) = 27 AND emitted_at >= '0001'
            AND emitted_at GLOB date(substr(emitted_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    deleted INTEGER NOT NULL DEFAULT 0
        CONSTRAINT record_changes_deleted_check CHECK (deleted IN (0, 1)),
    record_json TEXT, -- null for a deletion
    PRIMARY KEY (connector_instance_id, stream, record_key, version),
    CONSTRAINT record_changes_record_json_check CHECK (record_json IS NULL OR json_valid(record_json)
        AND length(CAST(printf('%s', record_json) AS BLOB)) = record_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS blobs (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    stream TEXT NOT NULL
        CONSTRAINT blobs_stream_check CHECK (length(CAST(stream AS BLOB)) BETWEEN 1 AND 256 AND instr(stream, char(0)) = 0),
    size_bytes INTEGER NOT NULL
        CONSTRAINT blobs_size_bytes_check CHECK (size_bytes BETWEEN 0 AND 9007199254740991),
    blob_id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT blobs_blob_id_check CHECK (length(CAST(blob_id AS BLOB)) BETWEEN 1 AND 256 AND instr(blob_id, char(0)) = 0),
    record_key TEXT
        CONSTRAINT blobs_record_key_check CHECK (length(CAST(record_key AS BLOB)) BETWEEN 1 AND 1024 AND instr(record_key, char(0)) = 0),
    mime_type TEXT
        CONSTRAINT blobs_mime_type_check CHECK (instr(mime_type, char(0)) = 0),
    sha256 TEXT
        CONSTRAINT blobs_sha256_check CHECK (instr(sha256, char(0)) = 0),
    data BLOB
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never given twice, as on Postgres; runs are ordered by it.
CREATE TABLE IF NOT EXISTS spine_events (
    event_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT
        CONSTRAINT spine_events_run_id_check CHECK (length(CAST(run_id AS BLOB)) BETWEEN 1 AND 256 AND instr(run_id, char(0)) = 0),
    connector_instance_id TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(data) THEN coalesce(
        json_extract(CASE WHEN json_type(json_remove(data, '$.connector_instance_id'), '$.connector_instance_id') IS NULL THEN data ELSE json_remove(data, '$.connector_instance_id') END, '$.connector_instance_id'),
        json_extract(CASE WHEN json_type(json_remove(data, '$.connection_id'), '$.connection_id') IS NULL THEN data ELSE json_remove(data, '$.connection_id') END, '$.connection_id')) END) STORED
        CONSTRAINT spine_events_connector_instance_id_check CHECK (length(CAST(connector_instance_id AS BLOB)) BETWEEN 1 AND 256 AND instr(connector_instance_id, char(0)) = 0),
    browser_surface_profile_key TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(data) THEN
        json_extract(CASE WHEN json_type(json_remove(data, '$.browser_surface_profile_key'), '$.browser_surface_profile_key') IS NULL THEN data ELSE json_remove(data, '$.browser_surface_profile_key') END, '$.browser_surface_profile_key') END) STORED
        CONSTRAINT spine_events_browser_surface_profile_key_check CHECK (length(CAST(browser_surface_profile_key AS BLOB)) BETWEEN 1 AND 256 AND instr(browser_surface_profile_key, char(0)) = 0),
    event_type TEXT NOT NULL
        CONSTRAINT spine_events_event_type_check CHECK (length(CAST(event_type AS BLOB)) BETWEEN 1 AND 256 AND instr(event_type, char(0)) = 0),
    occurred_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT spine_events_occurred_at_check CHECK ((length(CAST(occurred_at AS BLOB)) = 27 AND occurred_at >= '0001'
            AND occurred_at GLOB date(substr(occurred_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    -- source_id is the connector; no foreign key: events outlive it
    source_id TEXT
        CONSTRAINT spine_events_source_id_check CHECK (length(CAST(source_id AS BLOB)) BETWEEN 1 AND 256 AND instr(source_id, char(0)) = 0),
    data TEXT NOT NULL DEFAULT '{}',
    event_id TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%s-%s-4%s-%s%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2),
        substr('89AB', 1 + (random() & 3), 1), substr(hex(randomblob(2)), 2), hex(randomblob(6)))))
        CONSTRAINT spine_events_event_id_check CHECK (length(CAST(event_id AS BLOB)) BETWEEN 1 AND 256 AND instr(event_id, char(0)) = 0),
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT spine_events_recorded_at_check CHECK ((length(CAST(recorded_at AS BLOB)) = 27 AND recorded_at >= '0001'
            AND recorded_at GLOB date(substr(recorded_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    source_kind TEXT
        CONSTRAINT spine_events_source_kind_check CHECK (length(CAST(source_kind AS BLOB)) BETWEEN 1 AND 256 AND instr(source_kind, char(0)) = 0),
    status TEXT
        CONSTRAINT spine_events_status_check CHECK (instr(status, char(0)) = 0),
    CONSTRAINT spine_events_data_check CHECK (
        json_valid(data) AND instr(data, char(0)) = 0 AND json_type(data) = 'object' AND instr(data, '\u0000') = 0
        AND coalesce(json_type(CASE WHEN json_type(json_remove(data, '$.connector_instance_id'), '$.connector_instance_id') IS NULL THEN data ELSE json_remove(data, '$.connector_instance_id') END, '$.connector_instance_id'), 'null') IN ('text', 'null')
        AND json_type(json_remove(json_remove(data, '$.connector_instance_id'), '$.connector_instance_id'), '$.connector_instance_id') IS NULL
        AND coalesce(json_type(CASE WHEN json_type(json_remove(data, '$.connection_id'), '$.connection_id') IS NULL THEN data ELSE json_remove(data, '$.connection_id') END, '$.connection_id'), 'null') IN ('text', 'null')
        AND json_type(json_remove(json_remove(data, '$.connection_id'), '$.connection_id'), '$.connection_id') IS NULL
        AND coalesce(json_type(CASE WHEN json_type(json_remove(data, '$.browser_surface_profile_key'), '$.browser_surface_profile_key') IS NULL THEN data ELSE json_remove(data, '$.browser_surface_profile_key') END, '$.browser_surface_profile_key'), 'null') IN ('text', 'null')
        AND json_type(json_remove(json_remove(data, '$.browser_surface_profile_key'), '$.browser_surface_profile_key'), '$.browser_surface_profile_key') IS NULL
        AND (json_extract('{"\u0061":1}', '$.a') IS 1
             OR data NOT GLOB '*\u00[67][0-9a-fA-F]*' AND data NOT GLOB '*\u005[fF]*'))
) STRICT;

CREATE TABLE IF NOT EXISTS connector_schedules (
    connector_instance_id TEXT NOT NULL PRIMARY KEY REFERENCES connector_instances ON DELETE CASCADE,
    interval_seconds INTEGER NOT NULL
        CONSTRAINT connector_schedules_interval_seconds_check CHECK (interval_seconds BETWEEN 1 AND 3155760000), -- a century
    jitter_seconds INTEGER NOT NULL DEFAULT 0
        CONSTRAINT connector_schedules_jitter_seconds_check CHECK (jitter_seconds BETWEEN 0 AND 3155760000),
    enabled INTEGER NOT NULL DEFAULT 1
        CONSTRAINT connector_schedules_enabled_check CHECK (enabled IN (0, 1)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_schedules_created_at_check CHECK ((length(CAST(created_at AS BLOB)) = 27 AND created_at >= '0001'
            AND created_at GLOB date(substr(created_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_schedules_updated_at_check CHECK ((length(CAST(updated_at AS BLOB)) = 27 AND updated_at >= '0001'
            AND updated_at GLOB date(substr(updated_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS connector_detail_gaps (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    stream TEXT
        CONSTRAINT connector_detail_gaps_stream_check CHECK (length(CAST(stream AS BLOB)) BETWEEN 1 AND 256 AND instr(stream, char(0)) = 0),
    status TEXT NOT NULL DEFAULT 'pending'
        CONSTRAINT connector_detail_gaps_status_check CHECK (status IN ('pending', 'in_progress', 'recovered', 'terminal')),
    attempt_count INTEGER NOT NULL DEFAULT 0
        CONSTRAINT connector_detail_gaps_attempt_count_check CHECK (attempt_count BETWEEN 0 AND 9007199254740991),
    next_attempt_after TEXT
        CONSTRAINT connector_detail_gaps_next_attempt_after_check CHECK (next_attempt_after IS NULL OR (length(CAST(next_attempt_after AS BLOB)) = 27 AND next_attempt_after >= '0001'
            AND next_attempt_after GLOB date(substr(next_attempt_after, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_detail_gaps_updated_at_check CHECK ((length(CAST(updated_at AS BLOB)) = 27 AND updated_at >= '0001'
            AND updated_at GLOB date(substr(updated_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    gap_id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT connector_detail_gaps_gap_id_check CHECK (length(CAST(gap_id AS BLOB)) BETWEEN 1 AND 256 AND instr(gap_id, char(0)) = 0),
    record_key TEXT
        CONSTRAINT connector_detail_gaps_record_key_check CHECK (length(CAST(record_key AS BLOB)) BETWEEN 1 AND 1024 AND instr(record_key, char(0)) = 0),
    reason TEXT
        CONSTRAINT connector_detail_gaps_reason_check CHECK (instr(reason, char(0)) = 0),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_detail_gaps_created_at_check CHECK ((length(CAST(created_at AS BLOB)) = 27 AND created_at >= '0001'
            AND created_at GLOB date(substr(created_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS connector_attention (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    attention_id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT connector_attention_attention_id_check CHECK (length(CAST(attention_id AS BLOB)) BETWEEN 1 AND 256 AND instr(attention_id, char(0)) = 0),
    run_id TEXT
        CONSTRAINT connector_attention_run_id_check CHECK (length(CAST(run_id AS BLOB)) BETWEEN 1 AND 256 AND instr(run_id, char(0)) = 0),
    reason_code TEXT
        CONSTRAINT connector_attention_reason_code_check CHECK (instr(reason_code, char(0)) = 0),
    owner_action TEXT
        CONSTRAINT connector_attention_owner_action_check CHECK (instr(owner_action, char(0)) = 0),
    lifecycle TEXT NOT NULL DEFAULT 'open'
        CONSTRAINT connector_attention_lifecycle_check CHECK (lifecycle IN ('open', 'acknowledged', 'in_progress', 'resolved', 'expired', 'cancelled', 'superseded')),
    expires_at TEXT
        CONSTRAINT connector_attention_expires_at_check CHECK (expires_at IS NULL OR (length(CAST(expires_at AS BLOB)) = 27 AND expires_at >= '0001'
            AND expires_at GLOB date(substr(expires_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_attention_created_at_check CHECK ((length(CAST(created_at AS BLOB)) = 27 AND created_at >= '0001'
            AND created_at GLOB date(substr(created_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT connector_attention_updated_at_check CHECK ((length(CAST(updated_at AS BLOB)) = 27 AND updated_at >= '0001'
            AND updated_at GLOB date(substr(updated_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS device_heartbeats (
    connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE,
    device_id TEXT NOT NULL
        CONSTRAINT device_heartbeats_device_id_check CHECK (length(CAST(device_id AS BLOB)) BETWEEN 1 AND 256 AND instr(device_id, char(0)) = 0),
    last_heartbeat_at TEXT
        CONSTRAINT device_heartbeats_last_heartbeat_at_check CHECK (last_heartbeat_at IS NULL OR (length(CAST(last_heartbeat_at AS BLOB)) = 27 AND last_heartbeat_at >= '0001'
            AND last_heartbeat_at GLOB date(substr(last_heartbeat_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    status TEXT
        CONSTRAINT device_heartbeats_status_check CHECK (instr(status, char(0)) = 0),
    records_pending INTEGER NOT NULL DEFAULT 0
        CONSTRAINT device_heartbeats_records_pending_check CHECK (records_pending BETWEEN 0 AND 9007199254740991),
    dead_letters INTEGER NOT NULL DEFAULT 0
        CONSTRAINT device_heartbeats_dead_letters_check CHECK (dead_letters BETWEEN 0 AND 9007199254740991),
    last_ingest_at TEXT
        CONSTRAINT device_heartbeats_last_ingest_at_check CHECK (last_ingest_at IS NULL OR (length(CAST(last_ingest_at AS BLOB)) = 27 AND last_ingest_at >= '0001'
            AND last_ingest_at GLOB date(substr(last_ingest_at, 1, 19), '+0 days') || 'T??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]Z') IS 1),
    PRIMARY KEY (connector_instance_id, device_id)
) STRICT, WITHOUT ROWID;

-- Indexes that the reads need. None on records beyond its key: each would cost every writer on every insert, and
-- recounts walk one stream by the key's prefix.
CREATE INDEX IF NOT EXISTS connector_instances_page ON connector_instances (owner_subject_id, connector_id, created_at, connector_instance_id);
CREATE INDEX IF NOT EXISTS connector_instances_connector ON connector_instances (connector_id, owner_subject_id);
CREATE INDEX IF NOT EXISTS connector_instances_profile ON connector_instances (browser_profile_key, connector_id, owner_subject_id)
    WHERE browser_profile_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS blobs_connection ON blobs (connector_instance_id, stream, size_bytes);
CREATE INDEX IF NOT EXISTS connector_detail_gaps_connection ON connector_detail_gaps
    (connector_instance_id, status, stream, updated_at, next_attempt_after, attempt_count);
CREATE INDEX IF NOT EXISTS connector_attention_connection ON connector_attention (connector_instance_id, lifecycle);
-- Source-scoped run grouping as an index-only scan (SPEC section 3; the seed's decision 8).
CREATE INDEX IF NOT EXISTS spine_events_source_run ON spine_events (source_kind, source_id, run_id, occurred_at DESC) WHERE run_id IS NOT NULL;
-- One run's facts, and the runs that name a connection or a browser profile.
CREATE INDEX IF NOT EXISTS spine_events_run ON spine_events
    (run_id, event_seq, event_type, occurred_at, source_id, connector_instance_id, browser_surface_profile_key)
    WHERE run_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS spine_events_connection ON spine_events (connector_instance_id, run_id) WHERE connector_instance_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS spine_events_profile ON spine_events (browser_surface_profile_key, run_id)
    WHERE browser_surface_profile_key IS NOT NULL;
