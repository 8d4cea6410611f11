-- Whoever takes tasks without being a worker is an agent as well: by the name of its principal.
CREATE TABLE agents_wider (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CONSTRAINT agents_kind CHECK (kind IN ('worker', 'executor', 'adapter', 'external')),
    -- The name without the kind, which stands before it if something of another kind had the name first.
    own_name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Separated by a space.
    capabilities TEXT NOT NULL,
    config TEXT NOT NULL,
    max_concurrent_tasks INTEGER CONSTRAINT agents_max_concurrent_tasks CHECK (max_concurrent_tasks >= 1),
    created_at INTEGER NOT NULL,
    CONSTRAINT agents_kind_own_name UNIQUE (kind, own_name)
) STRICT;
INSERT INTO agents_wider
    SELECT name, kind, own_name, description, capabilities, config, max_concurrent_tasks, created_at FROM agents;
DROP TABLE agents;
ALTER TABLE agents_wider RENAME TO agents;
-- Every claim asks whether there are any.
CREATE INDEX agents_limited ON agents (kind, own_name) WHERE max_concurrent_tasks IS NOT NULL;
