-- Evidence: durable facts per connection, never a verdict, label or wording. No foreign key to a source table (it would
-- lock writers). Keyed by version so that a pinned snapshot does not make readers walk a chain of dead rows: a drain
-- inserts the new row and deletes the old one; in any snapshot there is one row per connection, read newest first.

CREATE TABLE tidemark.retained_size_stream (
    connector_instance_id text COLLATE "C" NOT NULL,
    stream             text COLLATE "C" NOT NULL,
    version            bigint NOT NULL,
    record_count       bigint NOT NULL, -- live
    record_bytes       bigint NOT NULL,
    change_count       bigint NOT NULL,
    change_bytes       bigint NOT NULL,
    blob_count         bigint NOT NULL,
    blob_bytes         bigint NOT NULL,
    newest_emitted_at  timestamptz,     -- newest live emitted_at
    PRIMARY KEY (connector_instance_id, stream, version)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

-- One row per run_id in any snapshot: what its spine events say, whoever it belongs to. Which connection a run belongs
-- to is decided when it is read (SPEC section 9), so a changed binding rewrites nothing here.
CREATE TABLE tidemark.run_evidence (
    run_id         text COLLATE "C" NOT NULL,
    version        bigint NOT NULL,
    first_seq      bigint NOT NULL,
    status         text COLLATE "C" NOT NULL,
    profile_keys   text[] COLLATE "C" NOT NULL, -- all that its events carry, sorted by bytes
    connection_ids text[] COLLATE "C" NOT NULL, -- all that its events name
    source_ids     text[] COLLATE "C" NOT NULL,
    run_json       json NOT NULL,
    PRIMARY KEY (run_id, version)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
-- The runs that a profile key, or a run without one a connection id, can attribute: exactly one of each. version comes
-- last so that the newest row of a run is met before its dead ones.
CREATE INDEX run_evidence_profile ON tidemark.run_evidence ((profile_keys[1]), (source_ids[1]), first_seq DESC, version DESC)
    WHERE cardinality(profile_keys) = 1 AND cardinality(source_ids) = 1;
CREATE INDEX run_evidence_connection ON tidemark.run_evidence ((connection_ids[1]), first_seq DESC, version DESC)
    WHERE cardinality(profile_keys) = 0 AND cardinality(connection_ids) = 1;
-- The few runs that are still open, among any number that ended.
CREATE INDEX run_evidence_profile_open ON tidemark.run_evidence ((profile_keys[1]), (source_ids[1]))
    WHERE status = 'running' AND cardinality(profile_keys) = 1 AND cardinality(source_ids) = 1;
CREATE INDEX run_evidence_connection_open ON tidemark.run_evidence ((connection_ids[1]))
    WHERE status = 'running' AND cardinality(profile_keys) = 0 AND cardinality(connection_ids) = 1;
-- What any run named, for recounts of one connection.
CREATE INDEX run_evidence_named ON tidemark.run_evidence USING gin (profile_keys, connection_ids);

-- By what each run is attributed (SPEC section 9 rule 1), once per connector that it names: its one profile key (then it names one
-- connector), else the one connection that it names, else nothing but itself.
CREATE VIEW tidemark.run_attributions AS
SELECT r.source_ids[1] AS connector_id, 'profile'::text COLLATE "C" AS kind, r.profile_keys[1] AS name,
       r.run_id, r.profile_keys, r.connection_ids, r.source_ids
FROM tidemark.run_evidence r WHERE cardinality(r.profile_keys) = 1 AND cardinality(r.source_ids) = 1
UNION ALL
SELECT s.connector_id, 'connection', r.connection_ids[1], r.run_id, r.profile_keys, r.connection_ids, r.source_ids
FROM tidemark.run_evidence r CROSS JOIN LATERAL unnest(r.source_ids) s (connector_id)
WHERE cardinality(r.profile_keys) = 0 AND cardinality(r.connection_ids) = 1
UNION ALL
SELECT s.connector_id, 'run', r.run_id, r.run_id, r.profile_keys, r.connection_ids, r.source_ids
FROM tidemark.run_evidence r CROSS JOIN LATERAL unnest(r.source_ids) s (connector_id)
WHERE NOT (cardinality(r.profile_keys) = 1 AND cardinality(r.source_ids) = 1
           OR cardinality(r.profile_keys) = 0 AND cardinality(r.connection_ids) = 1);

-- The attributions of runs that belong to nobody: no connection, or more than one, is named so. A scoped read finds a connector's
-- unattributed runs here, however many others the connector has. As of the marks that drains have taken; see db/DESIGN.md.
CREATE TABLE tidemark.unattributed (
    connector_id text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('profile', 'connection', 'run')),
    name         text COLLATE "C" NOT NULL,
    PRIMARY KEY (connector_id, kind, name)
);
CREATE INDEX unattributed_name ON tidemark.unattributed (name, kind);

-- The runs that belong to one connection (SPEC section 9 rule 1). profile_key is the connection's expected key, null if it has
-- none or if another connection of the connector expects the same. Inlined, so LIMIT walks the two indexes above.
CREATE FUNCTION tidemark.runs_of(profile_key text, connector_id text, connection_id text)
RETURNS TABLE (run_id text, first_seq bigint, status text, run_json json) LANGUAGE sql STABLE AS $$
    SELECT r.run_id, r.first_seq, r.status, r.run_json FROM tidemark.run_evidence r
    WHERE pg_catalog.cardinality(r.profile_keys) = 1 AND pg_catalog.cardinality(r.source_ids) = 1
      AND r.profile_keys[1] = $1 AND r.source_ids[1] = $2
    UNION ALL
    SELECT r.run_id, r.first_seq, r.status, r.run_json FROM tidemark.run_evidence r
    WHERE pg_catalog.cardinality(r.profile_keys) = 0 AND pg_catalog.cardinality(r.connection_ids) = 1
      AND r.connection_ids[1] = $3
$$;

-- A connection's expected profile key as far as it attributes runs: null if a sibling expects it, too.
CREATE VIEW tidemark.run_owners AS
SELECT c.connector_instance_id, c.connector_id,
       CASE WHEN NOT EXISTS (
           SELECT FROM public.connector_instances o
           WHERE o.source_binding ->> 'browser_profile_key' = c.source_binding ->> 'browser_profile_key'
             AND o.connector_id = c.connector_id AND o.connector_instance_id <> c.connector_instance_id)
       THEN c.source_binding ->> 'browser_profile_key' END AS profile_key
FROM public.connector_instances c;

CREATE TABLE tidemark.connector_summary_evidence (
    connector_instance_id  text COLLATE "C" NOT NULL,
    version                bigint NOT NULL,
    connector_id           text COLLATE "C" NOT NULL,
    owner_subject_id       text COLLATE "C" NOT NULL,
    display_name           text COLLATE "C",
    status                 text COLLATE "C" NOT NULL,
    source_kind            text COLLATE "C" NOT NULL,
    browser_profile_key    text COLLATE "C",
    created_at             timestamptz NOT NULL,
    revoked_at             timestamptz,
    total_records          bigint NOT NULL,
    stream_count           bigint NOT NULL,
    last_record_updated_at timestamptz,
    stream_records_json    json NOT NULL,
    retained_bytes_json    json NOT NULL,
    total_retained_bytes   bigint NOT NULL,
    last_run_json            json,
    last_successful_run_json json,
    last_finished_run_json   json,  -- neither running nor cancelled
    open_runs_json           json NOT NULL,
    consecutive_failures     bigint NOT NULL,
    schedule_json          json,
    gaps_json              json NOT NULL,
    attention_json         json NOT NULL,
    device_json            json,
    computed_at            timestamptz NOT NULL,
    state                  text COLLATE "C" NOT NULL CHECK (state IN ('current', 'failed')),
    last_error             text COLLATE "C",
    PRIMARY KEY (connector_instance_id, version)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX connector_summary_evidence_version ON tidemark.connector_summary_evidence (version);

-- What a returning client must be told: deletions of the last hour, and the last manifest change of each connector.
CREATE TABLE tidemark.evidence_deletions (
    version               bigint PRIMARY KEY,
    owner_subject_id      text COLLATE "C" NOT NULL,
    connector_instance_id text COLLATE "C" NOT NULL,
    deleted_at            timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE TABLE tidemark.manifest_versions (
    connector_id text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    PRIMARY KEY (connector_id, version)
);
CREATE INDEX manifest_versions_version ON tidemark.manifest_versions (version);

-- Per source table: whether capture is trusted, since when, why not, and which components must be recounted.
CREATE TABLE tidemark.capture_state (
    table_name  text COLLATE "C" PRIMARY KEY,
    trusted     boolean NOT NULL,
    since       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    reason_code text COLLATE "C",
    detail      text COLLATE "C",
    recount     tidemark.component[] NOT NULL DEFAULT '{}',
    components  tidemark.component[] NOT NULL -- all that rests on the table; an installation narrows it down
        DEFAULT '{identity,records,retained_bytes,runs,schedule,gaps,attention,device,manifest}'
);
CREATE VIEW tidemark.source_tables AS
SELECT t::text COLLATE "C" AS table_name
FROM unnest(ARRAY['connectors', 'connector_instances', 'records', 'record_changes', 'blobs', 'spine_events', 'connector_schedules',
                  'connector_detail_gaps', 'connector_attention', 'device_heartbeats']) t;
-- Until its triggers are installed nothing of a table is captured.
INSERT INTO tidemark.capture_state (table_name, trusted, reason_code, detail, recount)
SELECT t.table_name, false, 'triggers_not_installed', 'the triggers have not been installed yet',
       '{identity,records,retained_bytes,runs,schedule,gaps,attention,device,manifest}'
FROM tidemark.source_tables t;

-- The trigger sets that migrations have recorded, so that an old and a new server can run side by side: one row per
-- trigger or function, with its definition as the catalog prints it after installation.
CREATE TABLE tidemark.trigger_sets (
    set_version  integer NOT NULL,
    object_kind  text COLLATE "C" NOT NULL CHECK (object_kind IN ('function', 'trigger')),
    object_name  text COLLATE "C" NOT NULL,
    table_name   text COLLATE "C" NOT NULL,
    definition   text COLLATE "C" NOT NULL,
    enabled      text COLLATE "C",
    recorded_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (set_version, object_kind, object_name, table_name)
);

-- What an installation left in the catalog. The stamp changes whenever anybody touches the object, even if it is put back as it was
-- before the next inventory: DISABLE TRIGGER, a load, ENABLE TRIGGER.
CREATE TABLE tidemark.capture_seen (
    table_name  text COLLATE "C" NOT NULL, -- the source table
    object_kind text COLLATE "C" NOT NULL, -- table, column, unlogged, partition (or table that inherits), trigger, function
    relation    oid NOT NULL,              -- 0: the source table itself, a column of it, a function
    object_name text COLLATE "C" NOT NULL, -- of columns, triggers and functions
    stamp       text COLLATE "C" NOT NULL,
    shown       text COLLATE "C" NOT NULL, -- for people
    PRIMARY KEY (table_name, object_kind, relation, object_name)
);
-- What is there now. A trigger counts wherever it is, if it calls one of our functions.
CREATE VIEW tidemark.capture_objects AS
WITH RECURSIVE tree AS (
    SELECT s.table_name, c.oid AS relation, 0::oid AS parent, '' AS stamp
    FROM tidemark.source_tables s JOIN pg_catalog.pg_class c ON c.relname = s.table_name AND c.relkind IN ('r', 'p')
    WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public')
    UNION
    SELECT t.table_name, i.inhrelid, i.inhparent, i.inhparent || '/' || i.xmin
    FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.relation AND NOT i.inhdetachpending
),
sets AS (
    SELECT t.table_name, p.oid, p.proname, p.oid || '/' || p.xmin AS stamp
    FROM tidemark.trigger_sets t
    JOIN pg_catalog.pg_proc p ON p.proname = t.object_name AND p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype AND p.pronargs = 0
    WHERE t.object_kind = 'function' AND t.set_version = (SELECT max(m.set_version) FROM tidemark.trigger_sets m)
      AND p.pronamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'tidemark')
)
SELECT t.table_name, 'table'::text COLLATE "C" AS object_kind, 0::oid AS relation, ''::text COLLATE "C" AS object_name,
       t.relation::text COLLATE "C" AS stamp, ('table public.' || t.table_name)::text COLLATE "C" AS shown
FROM tree t WHERE t.parent = 0
UNION ALL -- ALTER COLUMN … TYPE … USING gives every row another value, and fires no trigger
SELECT t.table_name, 'column', 0, a.attname, t.relation || '/' || a.xmin, format('column %I of public.%I', a.attname, t.table_name)
FROM tree t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
WHERE t.parent = 0
UNION ALL -- a crash empties an UNLOGGED table, one of our own as well, and leaves no mark
SELECT u.table_name, 'unlogged', c.oid, '', c.oid::text, (SELECT format('table %I.%I', n.nspname, c.relname) FROM pg_catalog.pg_namespace n WHERE n.oid = c.relnamespace)
FROM (
    SELECT t.table_name, t.relation FROM tree t
    UNION
    SELECT s.table_name, c.oid FROM tidemark.source_tables s, pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'tidemark')
) u JOIN pg_catalog.pg_class c ON c.oid = u.relation AND c.relkind = 'r' AND c.relpersistence = 'u'
UNION ALL
SELECT t.table_name, 'partition', t.relation, '', string_agg(t.stamp, ' ' ORDER BY t.parent),
       'partition ' || (SELECT format('%I.%I', n.nspname, c.relname)
                        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = t.relation)
FROM tree t WHERE t.parent <> 0 GROUP BY t.table_name, t.relation
UNION ALL
SELECT s.table_name, 'function', 0, s.proname, s.stamp, 'function tidemark.' || s.proname FROM sets s
UNION ALL
SELECT s.table_name, 'trigger', g.tgrelid, g.tgname, g.oid || '/' || g.xmin, format('trigger %I on %I.%I', g.tgname, n.nspname, c.relname)
FROM sets s
JOIN pg_catalog.pg_trigger g ON g.tgfoid = s.oid
JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;
-- What somebody has touched since, and why that costs trust.
CREATE VIEW tidemark.capture_differs AS
SELECT table_name, object_kind, relation, object_name, coalesce(n.shown, s.shown) AS shown,
       CASE object_kind
           WHEN 'table' THEN CASE WHEN n.stamp IS NULL THEN 'table_missing' ELSE 'table_replaced' END
           WHEN 'column' THEN 'column_altered'
           WHEN 'unlogged' THEN 'table_unlogged'
           WHEN 'partition' THEN CASE WHEN n.stamp IS NULL THEN 'partition_detached' ELSE 'partition_attached' END
           WHEN 'function' THEN CASE WHEN n.stamp IS NULL THEN 'function_missing' ELSE 'function_touched' END
           ELSE CASE WHEN n.stamp IS NULL THEN 'trigger_missing' WHEN s.stamp IS NULL THEN 'trigger_stray' ELSE 'trigger_touched' END
       END AS reason_code
FROM tidemark.capture_objects n
FULL JOIN tidemark.capture_seen s USING (table_name, object_kind, relation, object_name)
WHERE n.stamp IS DISTINCT FROM s.stamp
  AND (object_kind <> 'column' OR s.stamp IS NOT NULL); -- no evidence rests on a column that is new

-- What the event triggers saw, written in the transaction of the DDL. Append-only, like marks: no DDL waits here for another.
CREATE TABLE tidemark.capture_touched (
    xid         xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    touched_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    table_name  text COLLATE "C" NOT NULL,
    reason_code text COLLATE "C" NOT NULL,
    detail      text COLLATE "C" NOT NULL
);
ALTER TABLE tidemark.capture_touched REPLICA IDENTITY FULL; -- as marks: it has no key
-- For the event triggers, which an installation creates where it may. Whatever goes wrong here, the DDL goes on: the inventory
-- sees the same a moment later. It says nothing twice that no installation has answered yet.
CREATE FUNCTION tidemark.watch_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
BEGIN
    IF TG_EVENT = 'sql_drop' THEN
        IF NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary) THEN
            RETURN;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c WHERE c.schema_name IS DISTINCT FROM 'pg_temp') THEN
        RETURN;
    END IF;
    INSERT INTO tidemark.capture_touched (table_name, reason_code, detail)
    SELECT d.table_name, (array_agg(d.reason_code ORDER BY d.object_kind <> 'partition', d.object_kind = 'column', d.object_kind, d.shown))[1],
           left(TG_TAG || ' touched ' || string_agg(d.shown, ', ' ORDER BY d.shown), 500)
    FROM tidemark.capture_differs d
    WHERE NOT EXISTS (SELECT FROM tidemark.capture_touched t WHERE t.table_name = d.table_name)
    GROUP BY d.table_name;
EXCEPTION WHEN OTHERS THEN
    NULL;
END $$;
REVOKE ALL ON FUNCTION tidemark.watch_ddl() FROM PUBLIC;

-- Per source table, whether capture is trusted: capture_state, and what no installation has answered yet. Every read looks here. A row that
-- is missing is no trust: if somebody has made capture_state UNLOGGED, the server lost it when it started after a crash.
CREATE VIEW tidemark.capture AS
SELECT n.table_name, s.trusted IS TRUE AND t.touched_at IS NULL AS trusted,
       greatest(coalesce(s.since, pg_catalog.pg_postmaster_start_time()), t.touched_at) AS since,
       CASE WHEN s.trusted THEN t.reason_code WHEN s.trusted IS NULL THEN 'capture_forgotten' ELSE s.reason_code END AS reason_code,
       CASE WHEN s.trusted THEN t.detail WHEN s.trusted IS NULL THEN 'nothing is on record of it' ELSE s.detail END AS detail,
       CASE WHEN s.trusted IS NULL THEN enum_range('identity'::tidemark.component, 'manifest'::tidemark.component)
            WHEN s.trusted AND t.touched_at IS NOT NULL THEN s.components ELSE s.recount END AS recount
FROM tidemark.source_tables n
LEFT JOIN tidemark.capture_state s USING (table_name)
LEFT JOIN (
    SELECT DISTINCT ON (table_name) table_name, touched_at, reason_code, detail
    FROM tidemark.capture_touched ORDER BY table_name, touched_at DESC
) t USING (table_name);

-- A rebuild that was cut off goes on after the last connection that it committed.
CREATE TABLE tidemark.rebuilds (
    rebuild_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    components  text COLLATE "C" NOT NULL DEFAULT '', -- that it recounts, in order; empty: everything
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    phase       text COLLATE "C" NOT NULL DEFAULT 'runs' CHECK (phase IN ('runs', 'connections')),
    after_id    text COLLATE "C" NOT NULL DEFAULT '',
    done        bigint NOT NULL DEFAULT 0,
    total       bigint NOT NULL,
    finished_at timestamptz
);
CREATE UNIQUE INDEX rebuilds_one_open ON tidemark.rebuilds (components) WHERE finished_at IS NULL;

-- Where the scrub is, and its last full round: one row. A scrub goes on there after a restart, on whichever server drains.
CREATE TABLE tidemark.scrub (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    phase         text COLLATE "C" NOT NULL DEFAULT 'connections' CHECK (phase IN ('connections', 'runs')),
    after_id      text COLLATE "C" NOT NULL DEFAULT '',
    began_at      timestamptz, -- of the round under way
    checked       bigint NOT NULL DEFAULT 0,
    found         bigint NOT NULL DEFAULT 0,
    last_began_at timestamptz,
    last_ended_at timestamptz,
    last_checked  bigint NOT NULL DEFAULT 0,
    last_found    bigint NOT NULL DEFAULT 0
);
INSERT INTO tidemark.scrub DEFAULT VALUES;
-- The auditor's last slot, and what it has found: changes of source tables that went past the triggers. suspect_xid may
-- have changed any row of the table, and is still to be looked into.
CREATE TABLE tidemark.audit (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    slot         text COLLATE "C" NOT NULL DEFAULT '',
    began_at     timestamptz,
    verified_at  timestamptz, -- when what was changed before the slot began had been verified
    verify_found bigint NOT NULL DEFAULT 0
);
INSERT INTO tidemark.audit DEFAULT VALUES;
CREATE TABLE tidemark.audit_tables (
    table_name            text COLLATE "C" PRIMARY KEY,
    found                 bigint NOT NULL DEFAULT 0,
    last_at               timestamptz,
    last_xid              bigint,
    connector_instance_id text COLLATE "C" NOT NULL DEFAULT '', -- the last one; empty for a whole table, or a run
    suspect_xid           bigint
);
-- What scrubs have found and repaired.
CREATE TABLE tidemark.scrub_findings (
    cause                 text COLLATE "C" PRIMARY KEY,
    found                 bigint NOT NULL,
    last_at               timestamptz NOT NULL,
    connector_instance_id text COLLATE "C" NOT NULL -- the last one; empty for a run that names none
);
