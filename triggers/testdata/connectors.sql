-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.connectors_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_id)
    SELECT 'connector'::tidemark.mark_scope, 'manifest'::tidemark.component, true, a.connector_id
    FROM (
        SELECT DISTINCT n.connector_id
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
REVOKE ALL ON FUNCTION tidemark.connectors_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.connectors REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connectors_insert();
ALTER TABLE public.connectors ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.connectors_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_id)
    SELECT 'connector'::tidemark.mark_scope, 'manifest'::tidemark.component, true, a.connector_id
    FROM (
        SELECT DISTINCT d.connector_id
        FROM (
            SELECT c.connector_id
            FROM (
                SELECT -1 AS sign, o.connector_id, o.display_name, o.manifest::pg_catalog.text AS manifest
                FROM old_rows o
                UNION ALL
                SELECT 1 AS sign, n.connector_id, n.display_name, n.manifest::pg_catalog.text AS manifest
                FROM new_rows n
            ) c
            GROUP BY c.connector_id, c.display_name, c.manifest
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
REVOKE ALL ON FUNCTION tidemark.connectors_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.connectors REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connectors_update();
ALTER TABLE public.connectors ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.connectors_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_id)
    SELECT 'connector'::tidemark.mark_scope, 'manifest'::tidemark.component, true, a.connector_id
    FROM (
        SELECT DISTINCT o.connector_id
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
REVOKE ALL ON FUNCTION tidemark.connectors_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.connectors REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connectors_delete();
ALTER TABLE public.connectors ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.connectors_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'manifest'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connectors_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.connectors FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connectors_truncate();
ALTER TABLE public.connectors ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.connectors_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_id)
    SELECT 'connector'::tidemark.mark_scope, 'manifest'::tidemark.component, true, a.connector_id
    FROM (
        SELECT DISTINCT d.connector_id
        FROM (
            SELECT c.connector_id
            FROM (
                SELECT -1 AS sign, OLD.connector_id, OLD.display_name, OLD.manifest::pg_catalog.text AS manifest
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT'
                UNION ALL
                SELECT 1 AS sign, NEW.connector_id, NEW.display_name, NEW.manifest::pg_catalog.text AS manifest
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE'
            ) c
            GROUP BY c.connector_id, c.display_name, c.manifest
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
REVOKE ALL ON FUNCTION tidemark.connectors_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.connectors FOR EACH ROW EXECUTE FUNCTION tidemark.connectors_replica();
ALTER TABLE public.connectors ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.connectors_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_id)
    SELECT 'connector'::tidemark.mark_scope, 'manifest'::tidemark.component, true, a.connector_id
    FROM (
        SELECT DISTINCT r.connector_id
        FROM (
            SELECT OLD.connector_id
            UNION ALL
            SELECT NEW.connector_id
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
REVOKE ALL ON FUNCTION tidemark.connectors_move() FROM PUBLIC;
