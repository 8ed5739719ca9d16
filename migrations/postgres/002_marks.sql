-- Marks, the drain's cursor and the wake-up flag. The protocol and why it is right: db/DESIGN.md.

CREATE TYPE tidemark.mark_scope AS ENUM (
    'connection', -- connector_instance_id names the one connection that it covers
    'run',        -- run_id, profile_key and connector_instance_id as the event gave them; resolved by who reads it
    'connector',  -- connector_id's manifest or name changed; makes no connection dirty
    'all'         -- every connection: TRUNCATE, mark_all()
);
CREATE TYPE tidemark.component AS ENUM (
    'identity', 'records', 'retained_bytes', 'runs', 'schedule', 'gaps', 'attention', 'device', 'manifest',
    'all' -- only in marks that ask for a recount of everything
);

-- Append-only. No identity and no other index: each costs every writer. A mark of component records or retained_bytes
-- either has deltas or asks for a recount; every other component is always recomputed whole.
CREATE TABLE tidemark.marks (
    xid       xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    marked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    scope     tidemark.mark_scope NOT NULL DEFAULT 'connection',
    component tidemark.component NOT NULL,
    recount   boolean NOT NULL DEFAULT false,
    connector_instance_id text COLLATE "C",
    stream    text COLLATE "C",       -- null: every stream
    records_delta      bigint,        -- live records
    record_bytes_delta bigint,
    changes_delta      bigint,        -- record_changes
    change_bytes_delta bigint,
    blobs_delta        bigint,
    blob_bytes_delta   bigint,
    newest_gained timestamptz,        -- newest emitted_at among the live records that came
    newest_lost   timestamptz,        -- newest emitted_at among the live records that went
    run_id       text COLLATE "C",
    profile_key  text COLLATE "C",
    connector_id text COLLATE "C"
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 2000000000);
CREATE INDEX marks_xid ON tidemark.marks (xid);

-- Marks moved here unfolded when there are more than a page can scan, and marks of connections whose recompute failed.
CREATE TABLE tidemark.marks_backlog (LIKE tidemark.marks INCLUDING DEFAULTS);
CREATE INDEX marks_backlog_connection ON tidemark.marks_backlog (connector_instance_id, marked_at);
CREATE INDEX marks_backlog_profile ON tidemark.marks_backlog (profile_key) WHERE profile_key IS NOT NULL;
CREATE INDEX marks_backlog_run ON tidemark.marks_backlog (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX marks_backlog_broad ON tidemark.marks_backlog (scope) WHERE scope <> 'connection';
CREATE TABLE tidemark.marks_parked (LIKE tidemark.marks INCLUDING DEFAULTS);
CREATE INDEX marks_parked_connection ON tidemark.marks_parked (connector_instance_id, marked_at);
-- Without a key, a publication FOR ALL TABLES would make every drain fail; with wal_level below logical it costs nothing.
ALTER TABLE tidemark.marks REPLICA IDENTITY FULL;
ALTER TABLE tidemark.marks_backlog REPLICA IDENTITY FULL;
ALTER TABLE tidemark.marks_parked REPLICA IDENTITY FULL;

-- The connections whose last recompute failed: their marks are parked until retry_at.
CREATE TABLE tidemark.failures (
    connector_instance_id text COLLATE "C" PRIMARY KEY,
    reason_code text COLLATE "C" NOT NULL,
    attempts    integer NOT NULL,
    failed_at   timestamptz NOT NULL,
    retry_at    timestamptz NOT NULL
);

-- The cursor is a snapshot: pending are the marks that it does not see as finished (view pending_marks).
CREATE TABLE tidemark.drain_cursor (
    seq               bigint PRIMARY KEY,
    snap              pg_snapshot NOT NULL,
    system_identifier bigint NOT NULL,
    drained_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    marks_taken       bigint NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO tidemark.drain_cursor (seq, snap, system_identifier)
SELECT 0, '1:1:', system_identifier FROM pg_catalog.pg_control_system();

-- The drain lock is a lock on this empty table: LOCK TABLE takes no snapshot, so a REPEATABLE READ drain that locks it
-- first reads what the drain before it wrote; and it ends with the transaction, whatever pooler lies between.
CREATE TABLE tidemark.drain_lock ();

-- The wake-up flag: last_value 2 is up, 1 is down. A sequence, because setval is not transactional: a REPEATABLE READ
-- writer would read an old flag from a table.
CREATE SEQUENCE tidemark.wake_flag MINVALUE 1 MAXVALUE 2 START 1;

-- One counter for evidence, deletions and manifest changes; only nextval under the drain lock.
CREATE SEQUENCE tidemark.evidence_version;

-- The current cursor. One stored under another cluster's system identifier, or none at all, makes everything pending:
-- transaction ids do not survive dump and restore.
CREATE VIEW tidemark.current_cursor AS
SELECT coalesce((SELECT c.snap FROM tidemark.drain_cursor c
                 WHERE c.system_identifier = (SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)
                   AND c.seq = (SELECT d.seq FROM tidemark.drain_cursor d ORDER BY d.seq DESC LIMIT 1)), '1:1:'::pg_snapshot) AS snap;

-- Every mark that is not folded into evidence yet. held: 'no' in tidemark.marks, 'backlog' or 'parked'.
CREATE VIEW tidemark.pending_marks AS
SELECT m.*, 'no'::text AS held FROM tidemark.marks m
WHERE m.xid >= (SELECT pg_snapshot_xmax(snap) FROM tidemark.current_cursor)
   OR m.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snap) FROM tidemark.current_cursor))
UNION ALL SELECT b.*, 'backlog' FROM tidemark.marks_backlog b
UNION ALL SELECT p.*, 'parked' FROM tidemark.marks_parked p;

-- For whoever knows that something changed behind the triggers' back. Both leave recount marks and wake the listener.
CREATE FUNCTION tidemark.wake() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A transaction that has notified cannot be prepared, and fails if the queue is full.
    IF (SELECT last_value FROM tidemark.wake_flag) = 2 AND current_setting('max_prepared_transactions') = '0'
        AND pg_notification_queue_usage() < 0.1 THEN
        PERFORM pg_notify('tidemark_dirty', '');
    END IF;
END $$;

CREATE FUNCTION tidemark.mark(connection text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF connection IS NULL THEN
        RAISE EXCEPTION 'tidemark.mark: connection is null; use tidemark.mark_all() for every connection' USING ERRCODE = '22004';
    END IF;
    INSERT INTO tidemark.marks (component, recount, connector_instance_id) VALUES ('all', true, connection);
    PERFORM tidemark.wake();
END $$;

CREATE FUNCTION tidemark.mark_all() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount) VALUES ('all', 'all', true);
    PERFORM tidemark.wake();
END $$;
REVOKE ALL ON FUNCTION tidemark.wake(), tidemark.mark(text), tidemark.mark_all() FROM PUBLIC;
