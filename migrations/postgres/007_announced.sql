-- What clients were last told of each connector: no evidence holds its name and manifest, so only this tells whether one has
-- changed without a mark. What is there when this table is made counts as told.
CREATE FUNCTION tidemark.manifest_digest(display_name text, manifest json) RETURNS bytea LANGUAGE sql STABLE
RETURN pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.json_build_array(display_name, manifest::text)::text, 'UTF8'));
CREATE TABLE tidemark.announced_manifests (
    connector_id text COLLATE "C" PRIMARY KEY,
    digest       bytea NOT NULL
);
INSERT INTO tidemark.announced_manifests SELECT connector_id, tidemark.manifest_digest(display_name, manifest) FROM public.connectors;
