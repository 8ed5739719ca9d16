-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.spine_events_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, run_id, profile_key, connector_instance_id, connector_id)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true,
           a.run_id, a.profile_key, a.connector_instance_id, a.connector_id
    FROM (
        SELECT DISTINCT n.run_id, n.browser_surface_profile_key AS profile_key, n.connector_instance_id, n.source_id AS connector_id
        FROM new_rows n
        WHERE n.run_id IS NOT NULL
    ) a;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.spine_events REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.spine_events_insert();
ALTER TABLE public.spine_events ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.spine_events_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, run_id, profile_key, connector_instance_id, connector_id)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true,
           a.run_id, a.profile_key, a.connector_instance_id, a.connector_id
    FROM (
        SELECT DISTINCT d.run_id, d.profile_key, d.connector_instance_id, d.connector_id
        FROM (
            SELECT c.run_id, c.profile_key, c.connector_instance_id, c.connector_id
            FROM (
                SELECT -1 AS sign, o.run_id, o.browser_surface_profile_key AS profile_key, o.connector_instance_id,
                       o.source_id AS connector_id, o.event_seq, o.occurred_at,
                       CASE WHEN o.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed', 'run.started']) THEN o.event_type END AS event_type,
                       CASE WHEN o.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed']) THEN o.data::pg_catalog.text END AS data
                FROM old_rows o
                WHERE o.run_id IS NOT NULL
                UNION ALL
                SELECT 1 AS sign, n.run_id, n.browser_surface_profile_key AS profile_key, n.connector_instance_id,
                       n.source_id AS connector_id, n.event_seq, n.occurred_at,
                       CASE WHEN n.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed', 'run.started']) THEN n.event_type END AS event_type,
                       CASE WHEN n.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed']) THEN n.data::pg_catalog.text END AS data
                FROM new_rows n
                WHERE n.run_id IS NOT NULL
            ) c
            GROUP BY c.run_id, c.profile_key, c.connector_instance_id, c.connector_id, c.event_seq, c.occurred_at, c.event_type, c.data
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.spine_events REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.spine_events_update();
ALTER TABLE public.spine_events ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.spine_events_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, run_id, profile_key, connector_instance_id, connector_id)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true,
           a.run_id, a.profile_key, a.connector_instance_id, a.connector_id
    FROM (
        SELECT DISTINCT o.run_id, o.browser_surface_profile_key AS profile_key, o.connector_instance_id, o.source_id AS connector_id
        FROM old_rows o
        WHERE o.run_id IS NOT NULL
    ) a;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.spine_events REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.spine_events_delete();
ALTER TABLE public.spine_events ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.spine_events_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'runs'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.spine_events FOR EACH STATEMENT EXECUTE FUNCTION tidemark.spine_events_truncate();
ALTER TABLE public.spine_events ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.spine_events_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, run_id, profile_key, connector_instance_id, connector_id)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true,
           a.run_id, a.profile_key, a.connector_instance_id, a.connector_id
    FROM (
        SELECT DISTINCT d.run_id, d.profile_key, d.connector_instance_id, d.connector_id
        FROM (
            SELECT c.run_id, c.profile_key, c.connector_instance_id, c.connector_id
            FROM (
                SELECT -1 AS sign, OLD.run_id, OLD.browser_surface_profile_key AS profile_key, OLD.connector_instance_id,
                       OLD.source_id AS connector_id, OLD.event_seq, OLD.occurred_at,
                       CASE WHEN OLD.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed', 'run.started']) THEN OLD.event_type END AS event_type,
                       CASE WHEN OLD.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed']) THEN OLD.data::pg_catalog.text END AS data
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT' AND OLD.run_id IS NOT NULL
                UNION ALL
                SELECT 1 AS sign, NEW.run_id, NEW.browser_surface_profile_key AS profile_key, NEW.connector_instance_id,
                       NEW.source_id AS connector_id, NEW.event_seq, NEW.occurred_at,
                       CASE WHEN NEW.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed', 'run.started']) THEN NEW.event_type END AS event_type,
                       CASE WHEN NEW.event_type OPERATOR(pg_catalog.=) ANY (ARRAY['run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed']) THEN NEW.data::pg_catalog.text END AS data
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE' AND NEW.run_id IS NOT NULL
            ) c
            GROUP BY c.run_id, c.profile_key, c.connector_instance_id, c.connector_id, c.event_seq, c.occurred_at, c.event_type, c.data
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.spine_events FOR EACH ROW EXECUTE FUNCTION tidemark.spine_events_replica();
ALTER TABLE public.spine_events ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.spine_events_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, run_id, profile_key, connector_instance_id, connector_id)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true,
           a.run_id, a.profile_key, a.connector_instance_id, a.connector_id
    FROM (
        SELECT DISTINCT r.run_id, r.profile_key, r.connector_instance_id, r.connector_id
        FROM (
            SELECT OLD.run_id, OLD.data OPERATOR(pg_catalog.->>) 'browser_surface_profile_key' AS profile_key,
                   COALESCE(OLD.data OPERATOR(pg_catalog.->>) 'connector_instance_id', OLD.data OPERATOR(pg_catalog.->>) 'connection_id') AS connector_instance_id,
                   OLD.source_id AS connector_id
            WHERE OLD.run_id IS NOT NULL
            UNION ALL
            SELECT NEW.run_id, NEW.data OPERATOR(pg_catalog.->>) 'browser_surface_profile_key' AS profile_key,
                   COALESCE(NEW.data OPERATOR(pg_catalog.->>) 'connector_instance_id', NEW.data OPERATOR(pg_catalog.->>) 'connection_id') AS connector_instance_id,
                   NEW.source_id AS connector_id
            WHERE NEW.run_id IS NOT NULL
        ) r
    ) a;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NEW;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.spine_events_move() FROM PUBLIC;
