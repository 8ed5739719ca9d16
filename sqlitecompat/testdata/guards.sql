CREATE TRIGGER tidemark_guard_connectors_insert BEFORE INSERT ON connectors
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, NEW.connector_id
  WHERE NOT EXISTS (SELECT 1 FROM connectors e WHERE e.connector_id = NEW.connector_id AND e.connector_id IS NEW.connector_id AND e.display_name IS NEW.display_name AND e.manifest IS NEW.manifest)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS NEW.connector_id);
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, e.connector_id FROM connectors e
  WHERE e.connector_id = NEW.connector_id
    AND NOT (e.connector_id = NEW.connector_id AND e.connector_id IS NEW.connector_id AND e.display_name IS NEW.display_name AND e.manifest IS NEW.manifest)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS e.connector_id);
END;

CREATE TRIGGER tidemark_guard_connectors_update AFTER UPDATE OF connector_id, display_name, manifest ON connectors
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, OLD.connector_id
  WHERE NOT (OLD.connector_id IS NEW.connector_id AND OLD.display_name IS NEW.display_name AND OLD.manifest IS NEW.manifest)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS OLD.connector_id);
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, NEW.connector_id
  WHERE NOT (OLD.connector_id IS NEW.connector_id AND OLD.display_name IS NEW.display_name AND OLD.manifest IS NEW.manifest)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS NEW.connector_id);
END;

CREATE TRIGGER tidemark_guard_connectors_replace BEFORE UPDATE OF connector_id ON connectors
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, e.connector_id FROM connectors e
  WHERE e.connector_id = NEW.connector_id
    AND NOT (e.connector_id = OLD.connector_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS e.connector_id);
END;

CREATE TRIGGER tidemark_guard_connectors_delete AFTER DELETE ON connectors
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_id)
  SELECT 'connector', 'manifest', 1, OLD.connector_id
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connector' AND component = 'manifest' AND recount = 1 AND connector_id IS OLD.connector_id);
END;

CREATE TRIGGER tidemark_guard_connector_instances_insert BEFORE INSERT ON connector_instances
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, NEW.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM connector_instances e WHERE e.connector_instance_id = NEW.connector_instance_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.owner_subject_id IS NEW.owner_subject_id AND e.connector_id IS NEW.connector_id AND e.display_name IS NEW.display_name AND e.status IS NEW.status AND e.source_kind IS NEW.source_kind AND e.browser_profile_key IS NEW.browser_profile_key AND e.created_at IS NEW.created_at AND e.revoked_at IS NEW.revoked_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, NEW.browser_profile_key
  WHERE (NEW.browser_profile_key IS NOT NULL) IS NOT 0
    AND NOT EXISTS (SELECT 1 FROM connector_instances e WHERE e.connector_instance_id = NEW.connector_instance_id AND (e.browser_profile_key IS NOT NULL) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.connector_id IS NEW.connector_id AND e.browser_profile_key IS NEW.browser_profile_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS NEW.browser_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, e.connector_instance_id FROM connector_instances e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.owner_subject_id IS NEW.owner_subject_id AND e.connector_id IS NEW.connector_id AND e.display_name IS NEW.display_name AND e.status IS NEW.status AND e.source_kind IS NEW.source_kind AND e.browser_profile_key IS NEW.browser_profile_key AND e.created_at IS NEW.created_at AND e.revoked_at IS NEW.revoked_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, e.browser_profile_key FROM connector_instances e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND (e.browser_profile_key IS NOT NULL) IS 1
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND (NEW.browser_profile_key IS NOT NULL) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.connector_id IS NEW.connector_id AND e.browser_profile_key IS NEW.browser_profile_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS e.browser_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, e.connector_instance_id FROM connector_instances e
  WHERE e.owner_subject_id = NEW.owner_subject_id AND e.connector_id = NEW.connector_id AND e.source_kind = coalesce(NEW.source_kind, 'account') AND e.source_binding_key = NEW.source_binding_key
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.owner_subject_id IS NEW.owner_subject_id AND e.connector_id IS NEW.connector_id AND e.display_name IS NEW.display_name AND e.status IS NEW.status AND e.source_kind IS NEW.source_kind AND e.browser_profile_key IS NEW.browser_profile_key AND e.created_at IS NEW.created_at AND e.revoked_at IS NEW.revoked_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, e.browser_profile_key FROM connector_instances e
  WHERE e.owner_subject_id = NEW.owner_subject_id AND e.connector_id = NEW.connector_id AND e.source_kind = coalesce(NEW.source_kind, 'account') AND e.source_binding_key = NEW.source_binding_key
    AND (e.browser_profile_key IS NOT NULL) IS 1
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND (NEW.browser_profile_key IS NOT NULL) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.connector_id IS NEW.connector_id AND e.browser_profile_key IS NEW.browser_profile_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS e.browser_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_instances_update AFTER UPDATE OF connector_id, connector_instance_id, created_at, display_name, owner_subject_id, revoked_at, source_binding, source_binding_key, source_kind, status ON connector_instances
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, OLD.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.owner_subject_id IS NEW.owner_subject_id AND OLD.connector_id IS NEW.connector_id AND OLD.display_name IS NEW.display_name AND OLD.status IS NEW.status AND OLD.source_kind IS NEW.source_kind AND OLD.browser_profile_key IS NEW.browser_profile_key AND OLD.created_at IS NEW.created_at AND OLD.revoked_at IS NEW.revoked_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, NEW.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.owner_subject_id IS NEW.owner_subject_id AND OLD.connector_id IS NEW.connector_id AND OLD.display_name IS NEW.display_name AND OLD.status IS NEW.status AND OLD.source_kind IS NEW.source_kind AND OLD.browser_profile_key IS NEW.browser_profile_key AND OLD.created_at IS NEW.created_at AND OLD.revoked_at IS NEW.revoked_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, OLD.browser_profile_key
  WHERE (OLD.browser_profile_key IS NOT NULL) IS 1
    AND NOT ((NEW.browser_profile_key IS NOT NULL) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.connector_id IS NEW.connector_id AND OLD.browser_profile_key IS NEW.browser_profile_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS OLD.browser_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, NEW.browser_profile_key
  WHERE (NEW.browser_profile_key IS NOT NULL) IS 1
    AND NOT ((OLD.browser_profile_key IS NOT NULL) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.connector_id IS NEW.connector_id AND OLD.browser_profile_key IS NEW.browser_profile_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS NEW.browser_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_instances_replace BEFORE UPDATE OF connector_id, connector_instance_id, owner_subject_id, source_binding_key, source_kind ON connector_instances
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, e.connector_instance_id FROM connector_instances e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND NOT (e.connector_instance_id = OLD.connector_instance_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, e.browser_profile_key FROM connector_instances e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND (e.browser_profile_key IS NOT NULL) IS 1
    AND NOT (e.connector_instance_id = OLD.connector_instance_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS e.browser_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, e.connector_instance_id FROM connector_instances e
  WHERE e.owner_subject_id = NEW.owner_subject_id AND e.connector_id = NEW.connector_id AND e.source_kind = coalesce(NEW.source_kind, 'account') AND e.source_binding_key = NEW.source_binding_key
    AND NOT (e.connector_instance_id = OLD.connector_instance_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, e.browser_profile_key FROM connector_instances e
  WHERE e.owner_subject_id = NEW.owner_subject_id AND e.connector_id = NEW.connector_id AND e.source_kind = coalesce(NEW.source_kind, 'account') AND e.source_binding_key = NEW.source_binding_key
    AND (e.browser_profile_key IS NOT NULL) IS 1
    AND NOT (e.connector_instance_id = OLD.connector_instance_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS e.browser_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_instances_delete AFTER DELETE ON connector_instances
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'identity', 1, OLD.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'identity' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, profile_key)
  SELECT 'run', 'runs', 1, OLD.browser_profile_key
  WHERE (OLD.browser_profile_key IS NOT NULL) IS 1
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NULL AND stream IS NULL AND run_id IS NULL AND profile_key IS OLD.browser_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_records_insert BEFORE INSERT ON records
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, NEW.connector_instance_id, NEW.stream
  WHERE (NEW.deleted = 0) IS NOT 0
    AND NOT EXISTS (SELECT 1 FROM records e WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND (e.deleted = 0) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.record_bytes IS NEW.record_bytes AND e.emitted_at IS NEW.emitted_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, e.connector_instance_id, e.stream FROM records e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key
    AND (e.deleted = 0) IS 1
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND (NEW.deleted = 0) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.record_bytes IS NEW.record_bytes AND e.emitted_at IS NEW.emitted_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_records_update AFTER UPDATE OF connector_instance_id, deleted, emitted_at, record_json, record_key, stream ON records
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, OLD.connector_instance_id, OLD.stream
  WHERE (OLD.deleted = 0) IS 1
    AND NOT ((NEW.deleted = 0) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.record_bytes IS NEW.record_bytes AND OLD.emitted_at IS NEW.emitted_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, NEW.connector_instance_id, NEW.stream
  WHERE (NEW.deleted = 0) IS 1
    AND NOT ((OLD.deleted = 0) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.record_bytes IS NEW.record_bytes AND OLD.emitted_at IS NEW.emitted_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
END;

CREATE TRIGGER tidemark_guard_records_replace BEFORE UPDATE OF connector_instance_id, record_key, stream ON records
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, e.connector_instance_id, e.stream FROM records e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key
    AND (e.deleted = 0) IS 1
    AND NOT (e.connector_instance_id = OLD.connector_instance_id AND e.stream = OLD.stream AND e.record_key = OLD.record_key)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_records_delete AFTER DELETE ON records
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'records', 1, OLD.connector_instance_id, OLD.stream
  WHERE (OLD.deleted = 0) IS 1
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'records' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
END;

CREATE TRIGGER tidemark_guard_record_changes_insert BEFORE INSERT ON record_changes
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, NEW.connector_instance_id, NEW.stream
  WHERE NOT EXISTS (SELECT 1 FROM record_changes e WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND e.version = NEW.version AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.record_bytes IS NEW.record_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, e.connector_instance_id, e.stream FROM record_changes e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND e.version = NEW.version
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND e.version = NEW.version AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.record_bytes IS NEW.record_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_record_changes_update AFTER UPDATE OF connector_instance_id, record_json, record_key, stream, version ON record_changes
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, OLD.connector_instance_id, OLD.stream
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.record_bytes IS NEW.record_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, NEW.connector_instance_id, NEW.stream
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.record_bytes IS NEW.record_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
END;

CREATE TRIGGER tidemark_guard_record_changes_replace BEFORE UPDATE OF connector_instance_id, record_key, stream, version ON record_changes
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, e.connector_instance_id, e.stream FROM record_changes e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.stream = NEW.stream AND e.record_key = NEW.record_key AND e.version = NEW.version
    AND NOT (e.connector_instance_id = OLD.connector_instance_id AND e.stream = OLD.stream AND e.record_key = OLD.record_key AND e.version = OLD.version)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_record_changes_delete AFTER DELETE ON record_changes
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, OLD.connector_instance_id, OLD.stream
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
END;

CREATE TRIGGER tidemark_guard_blobs_insert BEFORE INSERT ON blobs
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, NEW.connector_instance_id, NEW.stream
  WHERE NOT EXISTS (SELECT 1 FROM blobs e WHERE e.blob_id = NEW.blob_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.size_bytes IS NEW.size_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, e.connector_instance_id, e.stream FROM blobs e
  WHERE e.blob_id = NEW.blob_id
    AND NOT (e.blob_id = NEW.blob_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.stream IS NEW.stream AND e.size_bytes IS NEW.size_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_blobs_update AFTER UPDATE OF blob_id, connector_instance_id, size_bytes, stream ON blobs
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, OLD.connector_instance_id, OLD.stream
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.size_bytes IS NEW.size_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, NEW.connector_instance_id, NEW.stream
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.stream IS NEW.stream AND OLD.size_bytes IS NEW.size_bytes)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NEW.stream);
END;

CREATE TRIGGER tidemark_guard_blobs_replace BEFORE UPDATE OF blob_id ON blobs
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, e.connector_instance_id, e.stream FROM blobs e
  WHERE e.blob_id = NEW.blob_id
    AND NOT (e.blob_id = OLD.blob_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS e.stream);
END;

CREATE TRIGGER tidemark_guard_blobs_delete AFTER DELETE ON blobs
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, stream)
  SELECT 'connection', 'retained_bytes', 1, OLD.connector_instance_id, OLD.stream
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'retained_bytes' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS OLD.stream);
END;

CREATE TRIGGER tidemark_guard_spine_events_insert BEFORE INSERT ON spine_events
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, NEW.connector_instance_id, NEW.run_id, NEW.browser_surface_profile_key
  WHERE (NEW.run_id IS NOT NULL) IS NOT 0
    AND NOT EXISTS (SELECT 1 FROM spine_events e WHERE e.event_seq = NEW.event_seq AND NEW.event_seq <> -1 AND (e.run_id IS NOT NULL) IS 1 AND e.event_seq IS NEW.event_seq AND e.run_id IS NEW.run_id AND e.browser_surface_profile_key IS NEW.browser_surface_profile_key AND e.connector_instance_id IS NEW.connector_instance_id AND e.occurred_at IS NEW.occurred_at AND e.source_id IS NEW.source_id AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR e.event_type = 'run.started' THEN e.event_type END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR NEW.event_type = 'run.started' THEN NEW.event_type END AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN e.data END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN NEW.data END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL AND run_id IS NEW.run_id AND profile_key IS NEW.browser_surface_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, e.connector_instance_id, e.run_id, e.browser_surface_profile_key FROM spine_events e
  WHERE e.event_seq = NEW.event_seq
    AND (e.run_id IS NOT NULL) IS 1
    AND NOT (e.event_seq = NEW.event_seq AND (NEW.run_id IS NOT NULL) IS 1 AND e.event_seq IS NEW.event_seq AND e.run_id IS NEW.run_id AND e.browser_surface_profile_key IS NEW.browser_surface_profile_key AND e.connector_instance_id IS NEW.connector_instance_id AND e.occurred_at IS NEW.occurred_at AND e.source_id IS NEW.source_id AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR e.event_type = 'run.started' THEN e.event_type END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR NEW.event_type = 'run.started' THEN NEW.event_type END AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN e.data END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN NEW.data END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL AND run_id IS e.run_id AND profile_key IS e.browser_surface_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, e.connector_instance_id, e.run_id, e.browser_surface_profile_key FROM spine_events e
  WHERE e.event_id = NEW.event_id
    AND (e.run_id IS NOT NULL) IS 1
    AND NOT (e.event_seq = NEW.event_seq AND (NEW.run_id IS NOT NULL) IS 1 AND e.event_seq IS NEW.event_seq AND e.run_id IS NEW.run_id AND e.browser_surface_profile_key IS NEW.browser_surface_profile_key AND e.connector_instance_id IS NEW.connector_instance_id AND e.occurred_at IS NEW.occurred_at AND e.source_id IS NEW.source_id AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR e.event_type = 'run.started' THEN e.event_type END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR NEW.event_type = 'run.started' THEN NEW.event_type END AND CASE WHEN e.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN e.data END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN NEW.data END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL AND run_id IS e.run_id AND profile_key IS e.browser_surface_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_spine_events_update AFTER UPDATE ON spine_events
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, OLD.connector_instance_id, OLD.run_id, OLD.browser_surface_profile_key
  WHERE (OLD.run_id IS NOT NULL) IS 1
    AND NOT ((NEW.run_id IS NOT NULL) IS 1 AND OLD.event_seq IS NEW.event_seq AND OLD.run_id IS NEW.run_id AND OLD.browser_surface_profile_key IS NEW.browser_surface_profile_key AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.occurred_at IS NEW.occurred_at AND OLD.source_id IS NEW.source_id AND CASE WHEN OLD.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR OLD.event_type = 'run.started' THEN OLD.event_type END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR NEW.event_type = 'run.started' THEN NEW.event_type END AND CASE WHEN OLD.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN OLD.data END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN NEW.data END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL AND run_id IS OLD.run_id AND profile_key IS OLD.browser_surface_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, NEW.connector_instance_id, NEW.run_id, NEW.browser_surface_profile_key
  WHERE (NEW.run_id IS NOT NULL) IS 1
    AND NOT ((OLD.run_id IS NOT NULL) IS 1 AND OLD.event_seq IS NEW.event_seq AND OLD.run_id IS NEW.run_id AND OLD.browser_surface_profile_key IS NEW.browser_surface_profile_key AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.occurred_at IS NEW.occurred_at AND OLD.source_id IS NEW.source_id AND CASE WHEN OLD.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR OLD.event_type = 'run.started' THEN OLD.event_type END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') OR NEW.event_type = 'run.started' THEN NEW.event_type END AND CASE WHEN OLD.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN OLD.data END IS CASE WHEN NEW.event_type IN ('run.abandoned', 'run.cancelled', 'run.completed', 'run.failed', 'surface.failed') THEN NEW.data END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL AND run_id IS NEW.run_id AND profile_key IS NEW.browser_surface_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_spine_events_replace BEFORE UPDATE ON spine_events
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, e.connector_instance_id, e.run_id, e.browser_surface_profile_key FROM spine_events e
  WHERE e.event_seq = NEW.event_seq
    AND (e.run_id IS NOT NULL) IS 1
    AND NOT (e.event_seq = OLD.event_seq)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL AND run_id IS e.run_id AND profile_key IS e.browser_surface_profile_key AND connector_id IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, e.connector_instance_id, e.run_id, e.browser_surface_profile_key FROM spine_events e
  WHERE e.event_id = NEW.event_id
    AND (e.run_id IS NOT NULL) IS 1
    AND NOT (e.event_seq = OLD.event_seq)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL AND run_id IS e.run_id AND profile_key IS e.browser_surface_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_spine_events_delete AFTER DELETE ON spine_events
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id, run_id, profile_key)
  SELECT 'run', 'runs', 1, OLD.connector_instance_id, OLD.run_id, OLD.browser_surface_profile_key
  WHERE (OLD.run_id IS NOT NULL) IS 1
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'run' AND component = 'runs' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL AND run_id IS OLD.run_id AND profile_key IS OLD.browser_surface_profile_key AND connector_id IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_schedules_insert BEFORE INSERT ON connector_schedules
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, NEW.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM connector_schedules e WHERE e.connector_instance_id = NEW.connector_instance_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.interval_seconds IS NEW.interval_seconds AND e.jitter_seconds IS NEW.jitter_seconds AND e.enabled IS NEW.enabled AND e.created_at IS NEW.created_at AND e.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, e.connector_instance_id FROM connector_schedules e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.interval_seconds IS NEW.interval_seconds AND e.jitter_seconds IS NEW.jitter_seconds AND e.enabled IS NEW.enabled AND e.created_at IS NEW.created_at AND e.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_schedules_update AFTER UPDATE OF connector_instance_id, created_at, enabled, interval_seconds, jitter_seconds, updated_at ON connector_schedules
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, OLD.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.interval_seconds IS NEW.interval_seconds AND OLD.jitter_seconds IS NEW.jitter_seconds AND OLD.enabled IS NEW.enabled AND OLD.created_at IS NEW.created_at AND OLD.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, NEW.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.interval_seconds IS NEW.interval_seconds AND OLD.jitter_seconds IS NEW.jitter_seconds AND OLD.enabled IS NEW.enabled AND OLD.created_at IS NEW.created_at AND OLD.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_schedules_replace BEFORE UPDATE OF connector_instance_id ON connector_schedules
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, e.connector_instance_id FROM connector_schedules e
  WHERE e.connector_instance_id = NEW.connector_instance_id
    AND NOT (e.connector_instance_id = OLD.connector_instance_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_schedules_delete AFTER DELETE ON connector_schedules
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'schedule', 1, OLD.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'schedule' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_detail_gaps_insert BEFORE INSERT ON connector_detail_gaps
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, NEW.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM connector_detail_gaps e WHERE e.gap_id = NEW.gap_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.status IS NEW.status AND CASE WHEN e.status IN ('pending', 'in_progress') OR e.status = 'terminal' THEN e.stream END IS CASE WHEN NEW.status IN ('pending', 'in_progress') OR NEW.status = 'terminal' THEN NEW.stream END AND CASE WHEN e.status IN ('pending', 'in_progress') THEN e.attempt_count END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.attempt_count END AND CASE WHEN e.status IN ('pending', 'in_progress') THEN e.next_attempt_after END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.next_attempt_after END AND CASE WHEN e.status = 'terminal' THEN e.updated_at END IS CASE WHEN NEW.status = 'terminal' THEN NEW.updated_at END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, e.connector_instance_id FROM connector_detail_gaps e
  WHERE e.gap_id = NEW.gap_id
    AND NOT (e.gap_id = NEW.gap_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.status IS NEW.status AND CASE WHEN e.status IN ('pending', 'in_progress') OR e.status = 'terminal' THEN e.stream END IS CASE WHEN NEW.status IN ('pending', 'in_progress') OR NEW.status = 'terminal' THEN NEW.stream END AND CASE WHEN e.status IN ('pending', 'in_progress') THEN e.attempt_count END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.attempt_count END AND CASE WHEN e.status IN ('pending', 'in_progress') THEN e.next_attempt_after END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.next_attempt_after END AND CASE WHEN e.status = 'terminal' THEN e.updated_at END IS CASE WHEN NEW.status = 'terminal' THEN NEW.updated_at END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_detail_gaps_update AFTER UPDATE OF attempt_count, connector_instance_id, gap_id, next_attempt_after, status, stream, updated_at ON connector_detail_gaps
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, OLD.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.status IS NEW.status AND CASE WHEN OLD.status IN ('pending', 'in_progress') OR OLD.status = 'terminal' THEN OLD.stream END IS CASE WHEN NEW.status IN ('pending', 'in_progress') OR NEW.status = 'terminal' THEN NEW.stream END AND CASE WHEN OLD.status IN ('pending', 'in_progress') THEN OLD.attempt_count END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.attempt_count END AND CASE WHEN OLD.status IN ('pending', 'in_progress') THEN OLD.next_attempt_after END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.next_attempt_after END AND CASE WHEN OLD.status = 'terminal' THEN OLD.updated_at END IS CASE WHEN NEW.status = 'terminal' THEN NEW.updated_at END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, NEW.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.status IS NEW.status AND CASE WHEN OLD.status IN ('pending', 'in_progress') OR OLD.status = 'terminal' THEN OLD.stream END IS CASE WHEN NEW.status IN ('pending', 'in_progress') OR NEW.status = 'terminal' THEN NEW.stream END AND CASE WHEN OLD.status IN ('pending', 'in_progress') THEN OLD.attempt_count END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.attempt_count END AND CASE WHEN OLD.status IN ('pending', 'in_progress') THEN OLD.next_attempt_after END IS CASE WHEN NEW.status IN ('pending', 'in_progress') THEN NEW.next_attempt_after END AND CASE WHEN OLD.status = 'terminal' THEN OLD.updated_at END IS CASE WHEN NEW.status = 'terminal' THEN NEW.updated_at END)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_detail_gaps_replace BEFORE UPDATE OF gap_id ON connector_detail_gaps
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, e.connector_instance_id FROM connector_detail_gaps e
  WHERE e.gap_id = NEW.gap_id
    AND NOT (e.gap_id = OLD.gap_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_detail_gaps_delete AFTER DELETE ON connector_detail_gaps
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'gaps', 1, OLD.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'gaps' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_attention_insert BEFORE INSERT ON connector_attention
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, NEW.connector_instance_id
  WHERE (NEW.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS NOT 0
    AND NOT EXISTS (SELECT 1 FROM connector_attention e WHERE e.attention_id = NEW.attention_id AND (e.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.attention_id IS NEW.attention_id AND e.run_id IS NEW.run_id AND e.reason_code IS NEW.reason_code AND e.owner_action IS NEW.owner_action AND e.lifecycle IS NEW.lifecycle AND e.expires_at IS NEW.expires_at AND e.created_at IS NEW.created_at AND e.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, e.connector_instance_id FROM connector_attention e
  WHERE e.attention_id = NEW.attention_id
    AND (e.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1
    AND NOT (e.attention_id = NEW.attention_id AND (NEW.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1 AND e.connector_instance_id IS NEW.connector_instance_id AND e.attention_id IS NEW.attention_id AND e.run_id IS NEW.run_id AND e.reason_code IS NEW.reason_code AND e.owner_action IS NEW.owner_action AND e.lifecycle IS NEW.lifecycle AND e.expires_at IS NEW.expires_at AND e.created_at IS NEW.created_at AND e.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_attention_update AFTER UPDATE OF attention_id, connector_instance_id, created_at, expires_at, lifecycle, owner_action, reason_code, run_id, updated_at ON connector_attention
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, OLD.connector_instance_id
  WHERE (OLD.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1
    AND NOT ((NEW.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.attention_id IS NEW.attention_id AND OLD.run_id IS NEW.run_id AND OLD.reason_code IS NEW.reason_code AND OLD.owner_action IS NEW.owner_action AND OLD.lifecycle IS NEW.lifecycle AND OLD.expires_at IS NEW.expires_at AND OLD.created_at IS NEW.created_at AND OLD.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, NEW.connector_instance_id
  WHERE (NEW.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1
    AND NOT ((OLD.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1 AND OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.attention_id IS NEW.attention_id AND OLD.run_id IS NEW.run_id AND OLD.reason_code IS NEW.reason_code AND OLD.owner_action IS NEW.owner_action AND OLD.lifecycle IS NEW.lifecycle AND OLD.expires_at IS NEW.expires_at AND OLD.created_at IS NEW.created_at AND OLD.updated_at IS NEW.updated_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_attention_replace BEFORE UPDATE OF attention_id ON connector_attention
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, e.connector_instance_id FROM connector_attention e
  WHERE e.attention_id = NEW.attention_id
    AND (e.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1
    AND NOT (e.attention_id = OLD.attention_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_connector_attention_delete AFTER DELETE ON connector_attention
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'attention', 1, OLD.connector_instance_id
  WHERE (OLD.lifecycle IN ('open', 'acknowledged', 'in_progress')) IS 1
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'attention' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_device_heartbeats_insert BEFORE INSERT ON device_heartbeats
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, NEW.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM device_heartbeats e WHERE e.connector_instance_id = NEW.connector_instance_id AND e.device_id = NEW.device_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.device_id IS NEW.device_id AND e.last_heartbeat_at IS NEW.last_heartbeat_at AND e.status IS NEW.status AND e.records_pending IS NEW.records_pending AND e.dead_letters IS NEW.dead_letters AND e.last_ingest_at IS NEW.last_ingest_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, e.connector_instance_id FROM device_heartbeats e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.device_id = NEW.device_id
    AND NOT (e.connector_instance_id = NEW.connector_instance_id AND e.device_id = NEW.device_id AND e.connector_instance_id IS NEW.connector_instance_id AND e.device_id IS NEW.device_id AND e.last_heartbeat_at IS NEW.last_heartbeat_at AND e.status IS NEW.status AND e.records_pending IS NEW.records_pending AND e.dead_letters IS NEW.dead_letters AND e.last_ingest_at IS NEW.last_ingest_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_device_heartbeats_update AFTER UPDATE OF connector_instance_id, dead_letters, device_id, last_heartbeat_at, last_ingest_at, records_pending, status ON device_heartbeats
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, OLD.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.device_id IS NEW.device_id AND OLD.last_heartbeat_at IS NEW.last_heartbeat_at AND OLD.status IS NEW.status AND OLD.records_pending IS NEW.records_pending AND OLD.dead_letters IS NEW.dead_letters AND OLD.last_ingest_at IS NEW.last_ingest_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, NEW.connector_instance_id
  WHERE NOT (OLD.connector_instance_id IS NEW.connector_instance_id AND OLD.device_id IS NEW.device_id AND OLD.last_heartbeat_at IS NEW.last_heartbeat_at AND OLD.status IS NEW.status AND OLD.records_pending IS NEW.records_pending AND OLD.dead_letters IS NEW.dead_letters AND OLD.last_ingest_at IS NEW.last_ingest_at)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS NEW.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_device_heartbeats_replace BEFORE UPDATE OF connector_instance_id, device_id ON device_heartbeats
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, e.connector_instance_id FROM device_heartbeats e
  WHERE e.connector_instance_id = NEW.connector_instance_id AND e.device_id = NEW.device_id
    AND NOT (e.connector_instance_id = OLD.connector_instance_id AND e.device_id = OLD.device_id)
    AND NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS e.connector_instance_id AND stream IS NULL);
END;

CREATE TRIGGER tidemark_guard_device_heartbeats_delete AFTER DELETE ON device_heartbeats
WHEN NOT EXISTS (SELECT 1 FROM hooked)
BEGIN
  INSERT INTO marks (scope, component, recount, connector_instance_id)
  SELECT 'connection', 'device', 1, OLD.connector_instance_id
  WHERE NOT EXISTS (SELECT 1 FROM marks WHERE scope = 'connection' AND component = 'device' AND recount = 1 AND connector_instance_id IS OLD.connector_instance_id AND stream IS NULL);
END;

