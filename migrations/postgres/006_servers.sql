-- What each running server says of itself, for `tidemark status`: another process cannot know why a server polls, or what it
-- failed at. A server that cannot reach the database cannot say so, either: then seen_at grows old.
CREATE TABLE tidemark.servers (
    server_id  text COLLATE "C" PRIMARY KEY, -- new with each start
    name       text COLLATE "C" NOT NULL,    -- host and process
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    state      json NOT NULL -- drain.ServerState, as far as it is not above
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
