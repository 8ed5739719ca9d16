-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'device'::tidemark.component, true, a.connector_instance_id
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
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.device_heartbeats REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.device_heartbeats_insert();
ALTER TABLE public.device_heartbeats ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'device'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, o.connector_instance_id, o.device_id, o.last_heartbeat_at, o.status, o.records_pending,
                       o.dead_letters, o.last_ingest_at
                FROM old_rows o
                UNION ALL
                SELECT 1 AS sign, n.connector_instance_id, n.device_id, n.last_heartbeat_at, n.status, n.records_pending,
                       n.dead_letters, n.last_ingest_at
                FROM new_rows n
            ) c
            GROUP BY c.connector_instance_id, c.device_id, c.last_heartbeat_at, c.status, c.records_pending, c.dead_letters, c.last_ingest_at
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
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.device_heartbeats REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.device_heartbeats_update();
ALTER TABLE public.device_heartbeats ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'device'::tidemark.component, true, a.connector_instance_id
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
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.device_heartbeats REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.device_heartbeats_delete();
ALTER TABLE public.device_heartbeats ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'device'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.device_heartbeats FOR EACH STATEMENT EXECUTE FUNCTION tidemark.device_heartbeats_truncate();
ALTER TABLE public.device_heartbeats ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'device'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, OLD.connector_instance_id, OLD.device_id, OLD.last_heartbeat_at, OLD.status, OLD.records_pending,
                       OLD.dead_letters, OLD.last_ingest_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT'
                UNION ALL
                SELECT 1 AS sign, NEW.connector_instance_id, NEW.device_id, NEW.last_heartbeat_at, NEW.status, NEW.records_pending,
                       NEW.dead_letters, NEW.last_ingest_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE'
            ) c
            GROUP BY c.connector_instance_id, c.device_id, c.last_heartbeat_at, c.status, c.records_pending, c.dead_letters, c.last_ingest_at
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
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.device_heartbeats FOR EACH ROW EXECUTE FUNCTION tidemark.device_heartbeats_replica();
ALTER TABLE public.device_heartbeats ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.device_heartbeats_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'device'::tidemark.component, true, a.connector_instance_id
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
REVOKE ALL ON FUNCTION tidemark.device_heartbeats_move() FROM PUBLIC;
