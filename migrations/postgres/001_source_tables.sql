-- The canonical source tables (SPEC section 3). Any program may write them with plain SQL.
-- Text is ordered by bytes everywhere, so every identifier is COLLATE "C"; JSON is type json, which keeps the
-- bytes exactly as received, so that sizes agree with SQLite's.

-- Limits that every row is held to are domains and not CHECK constraints of the table: PostgreSQL parses a table's
-- constraints anew in every statement, which cost a one-row INSERT as much as the triggers do (7 to 18 µs against 0.5).
-- They live in public, like the tables: dropping schema tidemark must not take columns with it.
DO $$
BEGIN
    IF to_regtype('public.tidemark_id') IS NULL THEN
        CREATE DOMAIN public.tidemark_id AS text COLLATE "C" CONSTRAINT octets_1_to_256 CHECK (octet_length(VALUE) BETWEEN 1 AND 256);
    END IF;
    IF to_regtype('public.tidemark_record_key') IS NULL THEN
        CREATE DOMAIN public.tidemark_record_key AS text COLLATE "C" CONSTRAINT octets_1_to_1024 CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
    END IF;
    IF to_regtype('public.tidemark_name') IS NULL THEN
        CREATE DOMAIN public.tidemark_name AS text COLLATE "C" CONSTRAINT octets_up_to_1024 CHECK (octet_length(VALUE) <= 1024);
    END IF;
    IF to_regtype('public.tidemark_time') IS NULL THEN
        CREATE DOMAIN public.tidemark_time AS timestamptz CONSTRAINT years_0001_to_9999 CHECK (VALUE >= '0001-01-01Z' AND VALUE < '10000-01-01Z');
    END IF;
    IF to_regtype('public.tidemark_count') IS NULL THEN -- up to 2^53 - 1, the largest exact JSON integer
        CREATE DOMAIN public.tidemark_count AS bigint CONSTRAINT from_0_to_2_53 CHECK (VALUE BETWEEN 0 AND 9007199254740991);
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS public.connectors (
    connector_id public.tidemark_id PRIMARY KEY,
    display_name public.tidemark_name,
    manifest     json,
    created_at   public.tidemark_time NOT NULL DEFAULT now(),
    updated_at   public.tidemark_time NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.connector_instances (
    connector_instance_id public.tidemark_id PRIMARY KEY,
    owner_subject_id      public.tidemark_id NOT NULL,
    connector_id          public.tidemark_id NOT NULL REFERENCES public.connectors (connector_id),
    display_name          public.tidemark_name,
    status                text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'revoked', 'draft')),
    source_kind           text COLLATE "C" NOT NULL DEFAULT 'account'
        CHECK (source_kind IN ('account', 'local_device', 'browser_collector', 'manual')),
    source_binding_key    public.tidemark_record_key,
    source_binding        json NOT NULL DEFAULT '{}',
    created_at            public.tidemark_time NOT NULL DEFAULT now(),
    updated_at            public.tidemark_time NOT NULL DEFAULT now(),
    revoked_at            public.tidemark_time,
    UNIQUE (owner_subject_id, connector_id, source_kind, source_binding_key),
    CONSTRAINT connector_instances_source_binding_check CHECK (
        json_typeof(source_binding) = 'object' AND position('\u0000' IN source_binding::text) = 0
        AND coalesce(json_typeof(source_binding -> 'browser_profile_key'), 'null') IN ('string', 'null')
        AND octet_length(source_binding ->> 'browser_profile_key') BETWEEN 1 AND 256)
);

CREATE TABLE IF NOT EXISTS public.records (
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_id NOT NULL,
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
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_id NOT NULL,
    record_key            public.tidemark_record_key NOT NULL,
    version               bigint NOT NULL,
    record_json           json, -- null for a deletion
    record_bytes          integer NOT NULL GENERATED ALWAYS AS (coalesce(octet_length(record_json::text), 0)) STORED,
    emitted_at            public.tidemark_time NOT NULL DEFAULT now(),
    deleted               boolean NOT NULL DEFAULT false,
    PRIMARY KEY (connector_instance_id, stream, record_key, version)
);

CREATE TABLE IF NOT EXISTS public.blobs (
    blob_id               public.tidemark_id PRIMARY KEY,
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_id NOT NULL,
    record_key            public.tidemark_record_key,
    mime_type             text COLLATE "C",
    size_bytes            public.tidemark_count NOT NULL,
    sha256                text COLLATE "C",
    data                  bytea
);

CREATE TABLE IF NOT EXISTS public.spine_events (
    event_seq     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    event_id      public.tidemark_id NOT NULL UNIQUE DEFAULT gen_random_uuid()::text,
    event_type    public.tidemark_id NOT NULL,
    occurred_at   public.tidemark_time NOT NULL DEFAULT now(),
    recorded_at   public.tidemark_time NOT NULL DEFAULT now(),
    run_id        public.tidemark_id,
    source_kind   public.tidemark_id,
    source_id     public.tidemark_id, -- the connector; no foreign key: events outlive it
    status        text COLLATE "C",
    data          json NOT NULL DEFAULT '{}',
    connector_instance_id public.tidemark_id
        GENERATED ALWAYS AS (coalesce(data ->> 'connector_instance_id', data ->> 'connection_id')) STORED,
    browser_surface_profile_key public.tidemark_id
        GENERATED ALWAYS AS (data ->> 'browser_surface_profile_key') STORED,
    CONSTRAINT spine_events_data_check CHECK (
        json_typeof(data) = 'object' AND position('\u0000' IN data::text) = 0
        AND coalesce(json_typeof(data -> 'connector_instance_id'), 'null') IN ('string', 'null')
        AND coalesce(json_typeof(data -> 'connection_id'), 'null') IN ('string', 'null')
        AND coalesce(json_typeof(data -> 'browser_surface_profile_key'), 'null') IN ('string', 'null'))
);

CREATE TABLE IF NOT EXISTS public.connector_schedules (
    connector_instance_id public.tidemark_id PRIMARY KEY REFERENCES public.connector_instances ON DELETE CASCADE,
    interval_seconds      bigint NOT NULL CHECK (interval_seconds BETWEEN 1 AND 3155760000), -- a century
    jitter_seconds        bigint NOT NULL DEFAULT 0 CHECK (jitter_seconds BETWEEN 0 AND 3155760000),
    enabled               boolean NOT NULL DEFAULT true,
    created_at            public.tidemark_time NOT NULL DEFAULT now(),
    updated_at            public.tidemark_time NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.connector_detail_gaps (
    gap_id                public.tidemark_id PRIMARY KEY,
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    stream                public.tidemark_id,
    record_key            public.tidemark_record_key,
    reason                text COLLATE "C",
    status                text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'recovered', 'terminal')),
    attempt_count         public.tidemark_count NOT NULL DEFAULT 0,
    next_attempt_after    public.tidemark_time,
    created_at            public.tidemark_time NOT NULL DEFAULT now(),
    updated_at            public.tidemark_time NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.connector_attention (
    attention_id          public.tidemark_id PRIMARY KEY,
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    run_id                public.tidemark_id,
    reason_code           text COLLATE "C",
    owner_action          text COLLATE "C",
    lifecycle             text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (lifecycle IN
        ('open', 'acknowledged', 'in_progress', 'resolved', 'expired', 'cancelled', 'superseded')),
    expires_at            public.tidemark_time,
    created_at            public.tidemark_time NOT NULL DEFAULT now(),
    updated_at            public.tidemark_time NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.device_heartbeats (
    connector_instance_id public.tidemark_id NOT NULL REFERENCES public.connector_instances ON DELETE CASCADE,
    device_id             public.tidemark_id NOT NULL,
    last_heartbeat_at     public.tidemark_time,
    status                text COLLATE "C",
    records_pending       public.tidemark_count NOT NULL DEFAULT 0,
    dead_letters          public.tidemark_count NOT NULL DEFAULT 0,
    last_ingest_at        public.tidemark_time,
    PRIMARY KEY (connector_instance_id, device_id)
);

-- Indexes that the reads need. None on records beyond its key: each would cost every writer on every insert, and
-- recounts walk one stream by the key's prefix.
CREATE INDEX IF NOT EXISTS connector_instances_page ON public.connector_instances
    (owner_subject_id, connector_id, created_at, connector_instance_id);
CREATE INDEX IF NOT EXISTS connector_instances_connector ON public.connector_instances (connector_id);
CREATE INDEX IF NOT EXISTS connector_instances_profile ON public.connector_instances
    ((source_binding ->> 'browser_profile_key'), connector_id) WHERE source_binding ->> 'browser_profile_key' IS NOT NULL;
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
