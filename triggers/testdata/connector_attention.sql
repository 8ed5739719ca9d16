-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.connector_attention_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'attention'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT n.connector_instance_id
        FROM new_rows n
        WHERE n.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
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
REVOKE ALL ON FUNCTION tidemark.connector_attention_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.connector_attention REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_attention_insert();
ALTER TABLE public.connector_attention ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.connector_attention_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'attention'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, o.connector_instance_id, o.attention_id, o.run_id, o.reason_code, o.owner_action, o.lifecycle,
                       o.expires_at, o.created_at, o.updated_at
                FROM old_rows o
                WHERE o.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
                UNION ALL
                SELECT 1 AS sign, n.connector_instance_id, n.attention_id, n.run_id, n.reason_code, n.owner_action, n.lifecycle,
                       n.expires_at, n.created_at, n.updated_at
                FROM new_rows n
                WHERE n.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
            ) c
            GROUP BY c.connector_instance_id, c.attention_id, c.run_id, c.reason_code, c.owner_action, c.lifecycle, c.expires_at, c.created_at, c.updated_at
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
REVOKE ALL ON FUNCTION tidemark.connector_attention_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.connector_attention REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_attention_update();
ALTER TABLE public.connector_attention ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.connector_attention_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'attention'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT o.connector_instance_id
        FROM old_rows o
        WHERE o.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
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
REVOKE ALL ON FUNCTION tidemark.connector_attention_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.connector_attention REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_attention_delete();
ALTER TABLE public.connector_attention ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.connector_attention_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'attention'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.connector_attention_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.connector_attention FOR EACH STATEMENT EXECUTE FUNCTION tidemark.connector_attention_truncate();
ALTER TABLE public.connector_attention ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.connector_attention_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'attention'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT d.connector_instance_id
        FROM (
            SELECT c.connector_instance_id
            FROM (
                SELECT -1 AS sign, OLD.connector_instance_id, OLD.attention_id, OLD.run_id, OLD.reason_code, OLD.owner_action,
                       OLD.lifecycle, OLD.expires_at, OLD.created_at, OLD.updated_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'INSERT' AND OLD.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
                UNION ALL
                SELECT 1 AS sign, NEW.connector_instance_id, NEW.attention_id, NEW.run_id, NEW.reason_code, NEW.owner_action,
                       NEW.lifecycle, NEW.expires_at, NEW.created_at, NEW.updated_at
                WHERE TG_OP OPERATOR(pg_catalog.<>) 'DELETE' AND NEW.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
            ) c
            GROUP BY c.connector_instance_id, c.attention_id, c.run_id, c.reason_code, c.owner_action, c.lifecycle, c.expires_at, c.created_at, c.updated_at
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
REVOKE ALL ON FUNCTION tidemark.connector_attention_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.connector_attention FOR EACH ROW EXECUTE FUNCTION tidemark.connector_attention_replica();
ALTER TABLE public.connector_attention ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.connector_attention_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id)
    SELECT 'connection'::tidemark.mark_scope, 'attention'::tidemark.component, true, a.connector_instance_id
    FROM (
        SELECT DISTINCT r.connector_instance_id
        FROM (
            SELECT OLD.connector_instance_id
            WHERE OLD.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
            UNION ALL
            SELECT NEW.connector_instance_id
            WHERE NEW.lifecycle OPERATOR(pg_catalog.=) ANY (ARRAY['open', 'acknowledged', 'in_progress'])
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
REVOKE ALL ON FUNCTION tidemark.connector_attention_move() FROM PUBLIC;
