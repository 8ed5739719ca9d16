-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'schedule'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT n.connector_instance_id
        FROM new_rows n
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
REVOKE ALL ON FUNCTION tidemark.connector_schedules_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.connector_schedules REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_schedules_insert();
ALTER TABLE public.connector_schedules ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'schedule'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, o.connector_instance_id, o.interval_seconds, o.jitter_seconds, o.enabled, o.created_at,
                       o.updated_at
                FROM old_rows o
                UNION ALL
                SELECT 1 AS sign, n.connector_instance_id, n.interval_seconds, n.jitter_seconds, n.enabled, n.created_at,
                       n.updated_at
                FROM new_rows n
            ) c
            GROUP BY c.connector_instance_id, c.interval_seconds, c.jitter_seconds, c.enabled, c.created_at, c.updated_at
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
REVOKE ALL ON FUNCTION tidemark.connector_schedules_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.connector_schedules REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_schedules_update();
ALTER TABLE public.connector_schedules ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'schedule'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT o.connector_instance_id
        FROM old_rows o
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
REVOKE ALL ON FUNCTION tidemark.connector_schedules_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.connector_schedules REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_schedules_delete();
ALTER TABLE public.connector_schedules ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'schedule'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_schedules_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.connector_schedules FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_schedules_truncate();
ALTER TABLE public.connector_schedules ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'schedule'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, OLD.connector_instance_id, OLD.interval_seconds, OLD.jitter_seconds, OLD.enabled, OLD.created_at,
                       OLD.updated_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT'
                UNION ALL
                SELECT 1 AS sign, NEW.connector_instance_id, NEW.interval_seconds, NEW.jitter_seconds, NEW.enabled, NEW.created_at,
                       NEW.updated_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE'
            ) c
            GROUP BY c.connector_instance_id, c.interval_seconds, c.jitter_seconds, c.enabled, c.created_at, c.updated_at
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
REVOKE ALL ON FUNCTION tidemark.connector_schedules_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.connector_schedules FOR EACH ROW EXECUTE FUNCTION tidemark.connector_schedules_replica();
ALTER TABLE public.connector_schedules ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.connector_schedules_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'schedule'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT r.connector_instance_id
        FROM (
            SELECT OLD.connector_instance_id
            UNION ALL
            SELECT NEW.connector_instance_id
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
REVOKE ALL ON FUNCTION tidemark.connector_schedules_move() FROM PUBLIC;
