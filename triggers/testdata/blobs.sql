-- Rendered from sources.go; `go test ./triggers -run Golden -update` writes it anew.

CREATE OR REPLACE FUNCTION tidemark.blobs_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM new_rows OFFSET 1) THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta, recount)
        SELECT 'retained_bytes'::tidemark.component, g.connector_instance_id, g.stream,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.rows END,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.bytes END,
               NOT (pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807)
        FROM (
            SELECT n.connector_instance_id, n.stream, pg_catalog.count(*) AS rows, pg_catalog.sum(n.size_bytes) AS bytes
            FROM new_rows n
            GROUP BY n.connector_instance_id, n.stream
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta)
        SELECT 'retained_bytes'::tidemark.component, n.connector_instance_id, n.stream, 1, n.size_bytes
        FROM new_rows n;
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
REVOKE ALL ON FUNCTION tidemark.blobs_insert() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_insert AFTER INSERT ON public.blobs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.blobs_insert();
ALTER TABLE public.blobs ENABLE TRIGGER tidemark_insert;

CREATE OR REPLACE FUNCTION tidemark.blobs_update()
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
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta, recount)
        SELECT 'retained_bytes'::tidemark.component, g.connector_instance_id, g.stream,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.rows END,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.bytes END,
               NOT (pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807)
        FROM (
            SELECT c.connector_instance_id, c.stream, pg_catalog.sum(c.sign) AS rows, pg_catalog.sum(c.bytes) AS bytes
            FROM (
                SELECT -1 AS sign, OPERATOR(pg_catalog.-) o.size_bytes AS bytes, o.connector_instance_id, o.stream
                FROM old_rows o
                UNION ALL
                SELECT 1 AS sign, n.size_bytes AS bytes, n.connector_instance_id, n.stream
                FROM new_rows n
            ) c
            GROUP BY c.connector_instance_id, c.stream
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(c.bytes) OPERATOR(pg_catalog.<>) 0
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta)
        SELECT 'retained_bytes'::tidemark.component, n.connector_instance_id, n.stream, 0,
               n.size_bytes OPERATOR(pg_catalog.-) o.size_bytes
        FROM old_rows o, new_rows n
        WHERE o.size_bytes OPERATOR(pg_catalog.<>) n.size_bytes;
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
REVOKE ALL ON FUNCTION tidemark.blobs_update() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_update AFTER UPDATE ON public.blobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.blobs_update();
ALTER TABLE public.blobs ENABLE TRIGGER tidemark_update;

CREATE OR REPLACE FUNCTION tidemark.blobs_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM old_rows OFFSET 1) THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta, recount)
        SELECT 'retained_bytes'::tidemark.component, g.connector_instance_id, g.stream,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.rows END,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.bytes END,
               NOT (pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807)
        FROM (
            SELECT o.connector_instance_id, o.stream, OPERATOR(pg_catalog.-) pg_catalog.count(*) AS rows,
                   OPERATOR(pg_catalog.-) pg_catalog.sum(o.size_bytes) AS bytes
            FROM old_rows o
            GROUP BY o.connector_instance_id, o.stream
        ) g;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta)
        SELECT 'retained_bytes'::tidemark.component, o.connector_instance_id, o.stream, -1,
               OPERATOR(pg_catalog.-) o.size_bytes
        FROM old_rows o;
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
REVOKE ALL ON FUNCTION tidemark.blobs_delete() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON public.blobs REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tidemark.blobs_delete();
ALTER TABLE public.blobs ENABLE TRIGGER tidemark_delete;

CREATE OR REPLACE FUNCTION tidemark.blobs_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    INSERT INTO tidemark.marks (scope, component, recount)
    VALUES ('all'::tidemark.mark_scope, 'retained_bytes'::tidemark.component, true);
    IF pg_catalog.pg_sequence_last_value('tidemark.wake_flag') OPERATOR(pg_catalog.=) 2
        AND pg_catalog.current_setting('max_prepared_transactions') OPERATOR(pg_catalog.=) '0'
        AND pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.1::pg_catalog.float8 THEN
        PERFORM pg_catalog.pg_notify('tidemark_dirty', '');
    END IF;
    RETURN NULL;
END
$function$
;
REVOKE ALL ON FUNCTION tidemark.blobs_truncate() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_truncate AFTER TRUNCATE ON public.blobs FOR EACH STATEMENT EXECUTE FUNCTION tidemark.blobs_truncate();
ALTER TABLE public.blobs ENABLE ALWAYS TRIGGER tidemark_truncate;

CREATE OR REPLACE FUNCTION tidemark.blobs_replica()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.<>) 'replica' THEN
        RETURN NULL;
    END IF;
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta)
        SELECT 'retained_bytes'::tidemark.component, NEW.connector_instance_id, NEW.stream, 1, NEW.size_bytes;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta)
        SELECT 'retained_bytes'::tidemark.component, OLD.connector_instance_id, OLD.stream, -1,
               OPERATOR(pg_catalog.-) OLD.size_bytes;
    ELSE
        INSERT INTO tidemark.marks (component, connector_instance_id, stream, blobs_delta, blob_bytes_delta, recount)
        SELECT 'retained_bytes'::tidemark.component, g.connector_instance_id, g.stream,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.rows END,
               CASE WHEN pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807 THEN g.bytes END,
               NOT (pg_catalog.abs(g.bytes) OPERATOR(pg_catalog.<=) 9223372036854775807)
        FROM (
            SELECT c.connector_instance_id, c.stream, pg_catalog.sum(c.sign) AS rows, pg_catalog.sum(c.bytes) AS bytes
            FROM (
                SELECT -1 AS sign, OPERATOR(pg_catalog.-) OLD.size_bytes AS bytes, OLD.connector_instance_id, OLD.stream
                UNION ALL
                SELECT 1 AS sign, NEW.size_bytes AS bytes, NEW.connector_instance_id, NEW.stream
            ) c
            GROUP BY c.connector_instance_id, c.stream
            HAVING pg_catalog.sum(c.sign) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(c.bytes) OPERATOR(pg_catalog.<>) 0
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
REVOKE ALL ON FUNCTION tidemark.blobs_replica() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tidemark_replica AFTER INSERT OR DELETE OR UPDATE ON public.blobs FOR EACH ROW EXECUTE FUNCTION tidemark.blobs_replica();
ALTER TABLE public.blobs ENABLE REPLICA TRIGGER tidemark_replica;

CREATE OR REPLACE FUNCTION tidemark.blobs_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
BEGIN
    IF pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica' THEN
        RETURN NEW;
    END IF;
    INSERT INTO tidemark.marks (scope, component, recount, connector_instance_id, stream)
    SELECT 'connection'::tidemark.mark_scope, 'retained_bytes'::tidemark.component, true,
           a.connector_instance_id, a.stream
    FROM (
        SELECT DISTINCT r.connector_instance_id, r.stream
        FROM (
            SELECT OLD.connector_instance_id, OLD.stream
            UNION ALL
            SELECT NEW.connector_instance_id, NEW.stream
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
REVOKE ALL ON FUNCTION tidemark.blobs_move() FROM PUBLIC;
