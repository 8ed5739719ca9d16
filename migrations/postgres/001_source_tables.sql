-- The canonical source tables (SPEC section 3). Any program may write them with plain SQL.
-- Text is ordered by bytes everywhere, so every identifier is COLLATE "C"; JSON is type json, which keeps the
-- bytes exactly as received, so that sizes agree with SQLite's.

-- The limits of records and record_changes are domains, those of all other tables CHECK constraints: PostgreSQL parses a
-- table's constraints anew in every statement, which cost a one-row INSERT as much as the triggers do (7 to 18 µs against
-- 0.5). Elsewhere the plain types are worth more: a statement may use one parameter for two columns. The domains live in
-- public, like the tables: dropping schema tidemark must not take columns with it.
DO $$
BEGIN
    IF to_regtype('public.tidemark_stream') IS NULL THEN
        CREATE DOMAIN public.tidemark_stream AS text COLLATE "C" CONSTRAINT octets_1_to_256 CHECK (octet_length(VALUE) BETWEEN 1 AND 256);
    END IF;
    IF to_regtype('public.tidemark_record_key') IS NULL THEN
        CREATE DOMAIN public.tidemark_record_key AS text COLLATE "C" CONSTRAINT octets_1_to_1024 CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
    END IF;
    IF to_regtype('public.tidemark_time') IS NULL THEN
        CREATE DOMAIN public.tidemark_time AS timestamptz CONSTRAINT years_0001_to_9999 CHECK (VALUE >= '0001-01-01Z' AND VALUE < '10000-01-01Z');
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS public.connectors (
    connector_id text COLLATE "C" PRIMARY KEY CHECK (octet_length(connector_id) BETWEEN 1 AND 256),
    display_name text COLLATE "C" CHECK (octet_length(display_name) <= 1024),
    manifest     json,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT connectors_times_check CHECK (
        created_at >= '0001-01-01Z' AND created_at < '10000-01-01Z' AND updated_at >= '0001-01-01Z' AND updated_at < '10000-01-01Z')
);

CREATE TABLE IF NOT EXISTS public.connector_instances (
    connector_instance_id text COLLATE "C" PRIMARY KEY CHECK (octet_length(connector_instance_id) BETWEEN 1 AND 256),
    owner_subject_id      text COLLATE "C" NOT NULL CHECK (octet_length(owner_subject_id) BETWEEN 1 AND 256),
    connector_id          text COLLATE "C" NOT NULL REFERENCES public.connectors (connector_id),
    display_name          text COLLATE "C" CHECK (octet_length(display_name) <= 1024),
    status                text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'revoked', 'draft')),
    source_kind           text COLLATE "C" NOT NULL DEFAULT 'account'
        CHECK (source_kind IN ('account', 'local_device', 'browser_collector', 'manual')),
    source_binding_key    text COLLATE "C" CHECK (octet_length(source_binding_key) BETWEEN 1 AND 1024),
    source_binding        json NOT NULL DEFAULT '{}',
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    revoked_at            timestamptz,
    UNIQUE (owner_subject_id, connector_id, source_kind, source_binding_key),
    CONSTRAINT connector_instances_times_check CHECK (
        created_at >= '0001-01-01Z' AND created_at < '10000-01-01Z' AND updated_at >= '0001-01-01Z' AND updated_at < '10000-01-01Z'
        AND revoked_at >= '0001-01-01Z' AND revoked_at < '10000-01-01Z'),
    CONSTRAINT connector_instances_source_binding_check CHECK (
        json_typeof(source_binding) = 'object' AND position('\u0000' IN source_binding::text) = 0
        AND coalesce(json_typeof(source_binding -> 'browser_profile_key'), 'null') IN ('string', 'null')
        AND octet_length(source_binding ->> 'browser_profile_key') BETWEEN 1 AND 256)
);

CREATE TABLE IF NOT EXISTS public.records (
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_stream NOT NULL,
    record_key            public.tidemark_record_key NOT NULL,
    record_json           json,
    record_bytes          integer NOT NULL GENERATED ALWAYS AS (coalesce(octet_length(record_json::text), 0)) STORED,
    emitted_at            public.tidemark_time NOT NULL DEFAULT now(),
    version               bigint NOT NULL DEFAULT 1,
    deleted               boolean NOT NULL DEFAULT false,
    deleted_at            public.tidemark_time,
    PRIMARY KEY (connector_instance_id, stream, record_key)
);

CREATE TABLE IF NOT EXISTS public.record_changes (
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_stream NOT NULL,
    record_key            public.tidemark_record_key NOT NULL,
    version               bigint NOT NULL,
    record_json           json, -- null for a deletion
    record_bytes          integer NOT NULL GENERATED ALWAYS AS (coalesce(octet_length(record_json::text), 0)) STORED,
    emitted_at            public.tidemark_time NOT NULL DEFAULT now(),
    deleted               boolean NOT NULL DEFAULT false,
    PRIMARY KEY (connector_instance_id, stream, record_key, version)
);

CREATE TABLE IF NOT EXISTS public.blobs (
    blob_id               text COLLATE "C" PRIMARY KEY CHECK (octet_length(blob_id) BETWEEN 1 AND 256),
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                text COLLATE "C" NOT NULL CHECK (octet_length(stream) BETWEEN 1 AND 256),
    record_key            text COLLATE "C" CHECK (octet_length(record_key) BETWEEN 1 AND 1024),
    mime_type             text COLLATE "C",
    size_bytes            bigint NOT NULL CHECK (size_bytes BETWEEN 0 AND 9007199254740991), -- 2^53 - 1, the largest exact JSON integer
    sha256                text COLLATE "C",
    data                  bytea
);

CREATE TABLE IF NOT EXISTS public.spine_events (
    event_seq     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    event_id      text COLLATE "C" NOT NULL UNIQUE DEFAULT gen_random_uuid()::text CHECK (octet_length(event_id) BETWEEN 1 AND 256),
    event_type    text COLLATE "C" NOT NULL CHECK (octet_length(event_type) BETWEEN 1 AND 256),
    occurred_at   timestamptz NOT NULL DEFAULT now() CHECK (occurred_at >= '0001-01-01Z' AND occurred_at < '10000-01-01Z'),
    recorded_at   timestamptz NOT NULL DEFAULT now() CHECK (recorded_at >= '0001-01-01Z' AND recorded_at < '10000-01-01Z'),
    run_id        text COLLATE "C" CHECK (octet_length(run_id) BETWEEN 1 AND 256),
    source_kind   text COLLATE "C" CHECK (octet_length(source_kind) BETWEEN 1 AND 256),
    source_id     text COLLATE "C" CHECK (octet_length(source_id) BETWEEN 1 AND 256), -- the connector; no foreign key: events outlive it
    status        text COLLATE "C",
    data          json NOT NULL DEFAULT '{}',
    connector_instance_id text COLLATE "C"
        GENERATED ALWAYS AS (coalesce(data ->> 'connector_instance_id', data ->> 'connection_id')) STORED
        CHECK (octet_length(connector_instance_id) BETWEEN 1 AND 256),
    browser_surface_profile_key text COLLATE "C"
        GENERATED ALWAYS AS (data ->> 'browser_surface_profile_key') STORED
        CHECK (octet_length(browser_surface_profile_key) BETWEEN 1 AND 256),
    CONSTRAINT spine_events_data_check CHECK (
        json_typeof(data) = 'object' AND position('\u0000' IN data::text) = 0
        AND coalesce(json_typeof(data -> 'connector_instance_id'), 'null') IN ('string', 'null')
        AND coalesce(json_typeof(data -> 'connection_id'), 'null') IN ('string', 'null')
        AND coalesce(json_typeof(data -> 'browser_surface_profile_key'), 'null') IN ('string', 'null'))
);

CREATE TABLE IF NOT EXISTS public.connector_schedules (
    connector_instance_id text COLLATE "C" PRIMARY KEY REFERENCES public.connector_instances ON DELETE CASCADE,
    interval_seconds      bigint NOT NULL CHECK (interval_seconds BETWEEN 1 AND 3155760000), -- a century
    jitter_seconds        bigint NOT NULL DEFAULT 0 CHECK (jitter_seconds BETWEEN 0 AND 3155760000),
    enabled               boolean NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT now() CHECK (created_at >= '0001-01-01Z' AND created_at < '10000-01-01Z'),
    updated_at            timestamptz NOT NULL DEFAULT now() CHECK (updated_at >= '0001-01-01Z' AND updated_at < '10000-01-01Z')
);

CREATE TABLE IF NOT EXISTS public.connector_detail_gaps (
    gap_id                text COLLATE "C" PRIMARY KEY CHECK (octet_length(gap_id) BETWEEN 1 AND 256),
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                text COLLATE "C" CHECK (octet_length(stream) BETWEEN 1 AND 256),
    record_key            text COLLATE "C" CHECK (octet_length(record_key) BETWEEN 1 AND 1024),
    reason                text COLLATE "C",
    status                text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'recovered', 'terminal')),
    attempt_count         bigint NOT NULL DEFAULT 0 CHECK (attempt_count BETWEEN 0 AND 9007199254740991),
    next_attempt_after    timestamptz CHECK (next_attempt_after >= '0001-01-01Z' AND next_attempt_after < '10000-01-01Z'),
    created_at            timestamptz NOT NULL DEFAULT now() CHECK (created_at >= '0001-01-01Z' AND created_at < '10000-01-01Z'),
    updated_at            timestamptz NOT NULL DEFAULT now() CHECK (updated_at >= '0001-01-01Z' AND updated_at < '10000-01-01Z')
);

CREATE TABLE IF NOT EXISTS public.connector_attention (
    attention_id          text COLLATE "C" PRIMARY KEY CHECK (octet_length(attention_id) BETWEEN 1 AND 256),
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    run_id                text COLLATE "C" CHECK (octet_length(run_id) BETWEEN 1 AND 256),
    reason_code           text COLLATE "C",
    owner_action          text COLLATE "C",
    lifecycle             text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (lifecycle IN
        ('open', 'acknowledged', 'in_progress', 'resolved', 'expired', 'cancelled', 'superseded')),
    expires_at            timestamptz CHECK (expires_at >= '0001-01-01Z' AND expires_at < '10000-01-01Z'),
    created_at            timestamptz NOT NULL DEFAULT now() CHECK (created_at >= '0001-01-01Z' AND created_at < '10000-01-01Z'),
    updated_at            timestamptz NOT NULL DEFAULT now() CHECK (updated_at >= '0001-01-01Z' AND updated_at < '10000-01-01Z')
);

CREATE TABLE IF NOT EXISTS public.device_heartbeats (
    connector_instance_id text COLLATE "C" NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    device_id             text COLLATE "C" NOT NULL CHECK (octet_length(device_id) BETWEEN 1 AND 256),
    last_heartbeat_at     timestamptz CHECK (last_heartbeat_at >= '0001-01-01Z' AND last_heartbeat_at < '10000-01-01Z'),
    status                text COLLATE "C",
    records_pending       bigint NOT NULL DEFAULT 0 CHECK (records_pending BETWEEN 0 AND 9007199254740991),
    dead_letters          bigint NOT NULL DEFAULT 0 CHECK (dead_letters BETWEEN 0 AND 9007199254740991),
    last_ingest_at        timestamptz CHECK (last_ingest_at >= '0001-01-01Z' AND last_ingest_at < '10000-01-01Z'),
    PRIMARY KEY (connector_instance_id, device_id)
);

-- Indexes that the reads need. None on records beyond its key: each would cost every writer on every insert, and
-- recounts walk one stream by the key's prefix.
CREATE INDEX IF NOT EXISTS connector_instances_page ON public.connector_instances
    (owner_subject_id, connector_id, created_at, connector_instance_id);
CREATE INDEX IF NOT EXISTS connector_instances_connector ON public.connector_instances (connector_id, owner_subject_id);
CREATE INDEX IF NOT EXISTS connector_instances_profile ON public.connector_instances
    ((source_binding ->> 'browser_profile_key'), connector_id, owner_subject_id) WHERE source_binding ->> 'browser_profile_key' IS NOT NULL;
CREATE INDEX IF NOT EXISTS blobs_connection ON public.blobs (connector_instance_id, stream) INCLUDE (size_bytes);
CREATE INDEX IF NOT EXISTS connector_detail_gaps_connection ON public.connector_detail_gaps
    (connector_instance_id, status, stream) INCLUDE (updated_at, next_attempt_after, attempt_count);
CREATE INDEX IF NOT EXISTS connector_attention_connection ON public.connector_attention (connector_instance_id, lifecycle);
-- Source-scoped run grouping as an index-only scan (SPEC section 3; the seed's decision 8).
CREATE INDEX IF NOT EXISTS spine_events_source_run ON public.spine_events
    (source_kind, source_id, run_id, occurred_at DESC) WHERE run_id IS NOT NULL;
-- One run's facts, and the runs that name a connection or a browser profile.
CREATE INDEX IF NOT EXISTS spine_events_run ON public.spine_events
    (run_id, event_seq) INCLUDE (event_type, occurred_at, source_id, connector_instance_id, browser_surface_profile_key)
    WHERE run_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS spine_events_connection ON public.spine_events (connector_instance_id, run_id)
    WHERE connector_instance_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS spine_events_profile ON public.spine_events (browser_surface_profile_key, run_id)
    WHERE browser_surface_profile_key IS NOT NULL;
