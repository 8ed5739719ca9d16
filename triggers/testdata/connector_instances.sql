-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.connector_instances_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    marked pg_catalog.bool := false;
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'identity'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT n.connector_instance_id
        FROM new_rows n
    ) a;
    marked := marked OR FOUND;
    INSERT INTO tidemark.marks (scope, component, recount, profile_key)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true, a.profile_key
    FROM (
        SELECT DISTINCT n.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
        FROM new_rows n
        WHERE n.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
    ) a;
    marked := marked OR FOUND;
    IF marked AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.connector_instances REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_instances_insert();
ALTER TABLE public.connector_instances ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.connector_instances_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    marked pg_catalog.bool := false;
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'identity'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, o.connector_instance_id, o.owner_subject_id, o.connector_id, o.display_name, o.status,
                       o.source_kind, o.created_at, o.revoked_at,
                       o.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
                FROM old_rows o
                UNION ALL
                SELECT 1 AS sign, n.connector_instance_id, n.owner_subject_id, n.connector_id, n.display_name, n.status,
                       n.source_kind, n.created_at, n.revoked_at,
                       n.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
                FROM new_rows n
            ) c
            GROUP BY c.connector_instance_id, c.owner_subject_id, c.connector_id, c.display_name, c.status, c.source_kind, c.created_at, c.revoked_at, c.profile_key
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    marked := marked OR FOUND;
    INSERT INTO tidemark.marks (scope, component, recount, profile_key)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true, a.profile_key
    FROM (
        SELECT DISTINCT d.profile_key
        FROM (
            SELECT c.profile_key
            FROM (
                SELECT -1 AS sign, o.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key,
                       o.connector_instance_id, o.connector_id
                FROM old_rows o
                WHERE o.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
                UNION ALL
                SELECT 1 AS sign, n.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key,
                       n.connector_instance_id, n.connector_id
                FROM new_rows n
                WHERE n.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
            ) c
            GROUP BY c.profile_key, c.connector_instance_id, c.connector_id
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    marked := marked OR FOUND;
    IF marked AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.connector_instances REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_instances_update();
ALTER TABLE public.connector_instances ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.connector_instances_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    marked pg_catalog.bool := false;
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'identity'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT o.connector_instance_id
        FROM old_rows o
    ) a;
    marked := marked OR FOUND;
    INSERT INTO tidemark.marks (scope, component, recount, profile_key)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true, a.profile_key
    FROM (
        SELECT DISTINCT o.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
        FROM old_rows o
        WHERE o.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
    ) a;
    marked := marked OR FOUND;
    IF marked AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.connector_instances REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_instances_delete();
ALTER TABLE public.connector_instances ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.connector_instances_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'identity'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.connector_instances FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_instances_truncate();
ALTER TABLE public.connector_instances ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.connector_instances_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    marked pg_catalog.bool := false;
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'identity'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, OLD.connector_instance_id, OLD.owner_subject_id, OLD.connector_id, OLD.display_name, OLD.status,
                       OLD.source_kind, OLD.created_at, OLD.revoked_at,
                       OLD.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT'
                UNION ALL
                SELECT 1 AS sign, NEW.connector_instance_id, NEW.owner_subject_id, NEW.connector_id, NEW.display_name, NEW.status,
                       NEW.source_kind, NEW.created_at, NEW.revoked_at,
                       NEW.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE'
            ) c
            GROUP BY c.connector_instance_id, c.owner_subject_id, c.connector_id, c.display_name, c.status, c.source_kind, c.created_at, c.revoked_at, c.profile_key
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    marked := marked OR FOUND;
    INSERT INTO tidemark.marks (scope, component, recount, profile_key)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true, a.profile_key
    FROM (
        SELECT DISTINCT d.profile_key
        FROM (
            SELECT c.profile_key
            FROM (
                SELECT -1 AS sign, OLD.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key,
                       OLD.connector_instance_id, OLD.connector_id
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT' AND OLD.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
                UNION ALL
                SELECT 1 AS sign, NEW.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key,
                       NEW.connector_instance_id, NEW.connector_id
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE' AND NEW.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
            ) c
            GROUP BY c.profile_key, c.connector_instance_id, c.connector_id
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0
        ) d
    ) a;
    marked := marked OR FOUND;
    IF marked AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.connector_instances FOR EACH ROW EXECUTE FUNCTION tidemark.connector_instances_replica();
ALTER TABLE public.connector_instances ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.connector_instances_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    marked pg_catalog.bool := false;
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'identity'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT r.connector_instance_id
        FROM (
            SELECT OLD.connector_instance_id
            UNION ALL
            SELECT NEW.connector_instance_id
        ) r
    ) a;
    marked := marked OR FOUND;
    INSERT INTO tidemark.marks (scope, component, recount, profile_key)
    SELECT 'run'::tidemark.mark_scope, 'runs'::tidemark.component, true, a.profile_key
    FROM (
        SELECT DISTINCT r.profile_key
        FROM (
            SELECT OLD.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
            WHERE OLD.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
            UNION ALL
            SELECT NEW.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' AS profile_key
            WHERE NEW.source_binding OPERATOR(pg_catalog.->>) 'browser_profile_key' IS NOT NULL
        ) r
    ) a;
    marked := marked OR FOUND;
    IF marked AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NEW;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_instances_move() FROM PUBLIC;
