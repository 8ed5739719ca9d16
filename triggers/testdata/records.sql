-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.records_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM new_rows OFFSET 1) THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained)
        SELECT 'records'::tidemark.component, g.connector_instance_id, g.stream, g.rows, g.bytes, g.newest_gained
        FROM (
            SELECT n.connector_instance_id, n.stream, pg_catalog.count(*) AS rows, pg_catalog.sum(n.record_bytes) AS bytes,
                   pg_catalog.max(n.emitted_at) AS newest_gained
            FROM new_rows n
            WHERE NOT n.deleted
            GROUP BY n.connector_instance_id, n.stream
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained)
        SELECT 'records'::tidemark.component, n.connector_instance_id, n.stream, 1, n.record_bytes, n.emitted_at
        FROM new_rows n
        WHERE NOT n.deleted;
    END IF;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.records_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.records_insert();
ALTER TABLE public.records ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.records_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM new_rows OFFSET 1) OR EXISTS (
        SELECT FROM old_rows o, new_rows n
        WHERE NOT (o.connector_instance_id OPERATOR(pg_catalog.=) n.connector_instance_id AND o.stream OPERATOR(pg_catalog.=) n.stream)
    ) THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained, newest_lost)
        SELECT 'records'::tidemark.component, g.connector_instance_id, g.stream, g.rows, g.bytes, g.newest_gained,
               g.newest_lost
        FROM (
            SELECT t.connector_instance_id, t.stream, pg_catalog.sum(t.rows) AS rows, pg_catalog.sum(t.bytes) AS bytes,
                   pg_catalog.max(t.emitted_at) FILTER (WHERE t.rows OPERATOR(pg_catalog.>) 0) AS newest_gained,
                   pg_catalog.max(t.emitted_at) FILTER (WHERE t.rows OPERATOR(pg_catalog.<) 0) AS newest_lost
            FROM (
                SELECT c.connector_instance_id, c.stream, c.emitted_at, pg_catalog.sum(c.sign) AS rows, pg_catalog.sum(c.bytes) AS bytes
                FROM (
                    SELECT -1 AS sign, OPERATOR(pg_catalog.-) o.record_bytes AS bytes, o.connector_instance_id, o.stream, o.emitted_at
                    FROM old_rows o
                    WHERE NOT o.deleted
                    UNION ALL
                    SELECT 1 AS sign, n.record_bytes AS bytes, n.connector_instance_id, n.stream, n.emitted_at
                    FROM new_rows n
                    WHERE NOT n.deleted
                ) c
                GROUP BY c.connector_instance_id, c.stream, c.emitted_at
                HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(c.bytes) OPERATOR(pg_catalog.<>) 0
            ) t
            GROUP BY t.connector_instance_id, t.stream
            HAVING pg_catalog.sum(t.bytes) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.bool_or(t.rows OPERATOR(pg_catalog.<>) 0)
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained, newest_lost)
        SELECT 'records'::tidemark.component, n.connector_instance_id, n.stream,
               CASE WHEN NOT n.deleted THEN 1 ELSE 0 END OPERATOR(pg_catalog.-) CASE WHEN NOT o.deleted THEN 1 ELSE 0 END,
               CASE WHEN NOT n.deleted THEN n.record_bytes ELSE 0 END OPERATOR(pg_catalog.-) CASE WHEN NOT o.deleted THEN o.record_bytes ELSE 0 END,
               CASE WHEN NOT n.deleted AND ((NOT o.deleted) OPERATOR(pg_catalog.<>) (NOT n.deleted) OR o.emitted_at OPERATOR(pg_catalog.<>) n.emitted_at) THEN n.emitted_at END,
               CASE WHEN NOT o.deleted AND ((NOT o.deleted) OPERATOR(pg_catalog.<>) (NOT n.deleted) OR o.emitted_at OPERATOR(pg_catalog.<>) n.emitted_at) THEN o.emitted_at END
        FROM old_rows o, new_rows n
        WHERE (NOT o.deleted OR NOT n.deleted) AND ((NOT o.deleted) OPERATOR(pg_catalog.<>) (NOT n.deleted) OR o.emitted_at OPERATOR(pg_catalog.<>) n.emitted_at OR o.record_bytes OPERATOR(pg_catalog.<>) n.record_bytes);
    END IF;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.records_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.records_update();
ALTER TABLE public.records ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.records_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM old_rows OFFSET 1) THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_lost)
        SELECT 'records'::tidemark.component, g.connector_instance_id, g.stream, g.rows, g.bytes, g.newest_lost
        FROM (
            SELECT o.connector_instance_id, o.stream, OPERATOR(pg_catalog.-) pg_catalog.count(*) AS rows,
                   OPERATOR(pg_catalog.-) pg_catalog.sum(o.record_bytes) AS bytes, pg_catalog.max(o.emitted_at) AS newest_lost
            FROM old_rows o
            WHERE NOT o.deleted
            GROUP BY o.connector_instance_id, o.stream
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_lost)
        SELECT 'records'::tidemark.component, o.connector_instance_id, o.stream, -1, OPERATOR(pg_catalog.-) o.record_bytes,
               o.emitted_at
        FROM old_rows o
        WHERE NOT o.deleted;
    END IF;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.records_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.records_delete();
ALTER TABLE public.records ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.records_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'records'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.records_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.records FOR EACH STATEMENT EXECUTE FUNCTION tidemark.records_truncate();
ALTER TABLE public.records ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.records_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained)
        SELECT 'records'::tidemark.component, NEW.connector_instance_id, NEW.stream, 1, NEW.record_bytes, NEW.emitted_at
        WHERE NOT NEW.deleted;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_lost)
        SELECT 'records'::tidemark.component, OLD.connector_instance_id, OLD.stream, -1,
               OPERATOR(pg_catalog.-) OLD.record_bytes, OLD.emitted_at
        WHERE NOT OLD.deleted;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, records_delta, record_bytes_delta, newest_gained, newest_lost)
        SELECT 'records'::tidemark.component, g.connector_instance_id, g.stream, g.rows, g.bytes, g.newest_gained,
               g.newest_lost
        FROM (
            SELECT t.connector_instance_id, t.stream, pg_catalog.sum(t.rows) AS rows, pg_catalog.sum(t.bytes) AS bytes,
                   pg_catalog.max(t.emitted_at) FILTER (WHERE t.rows OPERATOR(pg_catalog.>) 0) AS newest_gained,
                   pg_catalog.max(t.emitted_at) FILTER (WHERE t.rows OPERATOR(pg_catalog.<) 0) AS newest_lost
            FROM (
                SELECT c.connector_instance_id, c.stream, c.emitted_at, pg_catalog.sum(c.sign) AS rows, pg_catalog.sum(c.bytes) AS bytes
                FROM (
                    SELECT -1 AS sign, OPERATOR(pg_catalog.-) OLD.record_bytes AS bytes, OLD.connector_instance_id, OLD.stream,
                           OLD.emitted_at
                    WHERE NOT OLD.deleted
                    UNION ALL
                    SELECT 1 AS sign, NEW.record_bytes AS bytes, NEW.connector_instance_id, NEW.stream, NEW.emitted_at
                    WHERE NOT NEW.deleted
                ) c
                GROUP BY c.connector_instance_id, c.stream, c.emitted_at
                HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(c.bytes) OPERATOR(pg_catalog.<>) 0
            ) t
            GROUP BY t.connector_instance_id, t.stream
            HAVING pg_catalog.sum(t.bytes) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.bool_or(t.rows OPERATOR(pg_catalog.<>) 0)
        ) g;
    END IF;
    IF FOUND AND pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.records_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.records FOR EACH ROW EXECUTE FUNCTION tidemark.records_replica();
ALTER TABLE public.records ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.records_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id, stream)
    SELECT 'connection'::tidemark.mark_scope, 'records'::tidemark.component, true, a.connector_instance_id, a.stream
    FROM (
        SELECT DISTINCT r.connector_instance_id, r.stream
        FROM (
            SELECT OLD.connector_instance_id, OLD.stream
            WHERE NOT OLD.deleted
            UNION ALL
            SELECT NEW.connector_instance_id, NEW.stream
            WHERE NOT NEW.deleted
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
REVOKE ALL ON FUNCTION tidemark.records_move() FROM PUBLIC;
