-- What somebody wants held or stopped, and the agents that can be: workers, executors and adapters by their names.

-- The agent that an `agent` task names; a control or a limit may be about it. Absent for other executors.
ALTER TABLE tasks ADD COLUMN agent TEXT;
UPDATE tasks SET agent = json_extract(spec, '$.inputs.agent')
    WHERE executor = 'agent' AND json_type(spec, '$.inputs.agent') = 'text';

-- A control is in force until it is lifted, and never goes.
CREATE TABLE controls (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL CONSTRAINT controls_scope CHECK (scope IN ('all', 'repo', 'operation', 'agent', 'policy')),
    value TEXT,
    mode TEXT NOT NULL CONSTRAINT controls_mode CHECK (mode IN ('hold', 'kill')),
    reason TEXT NOT NULL,
    created_by_kind TEXT NOT NULL CONSTRAINT controls_created_by_kind
        CHECK (created_by_kind IN ('human', 'agent', 'system')),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    lifted_by TEXT,
    lifted_at INTEGER,
    CONSTRAINT controls_value CHECK ((scope = 'all') = (value IS NULL)),
    CONSTRAINT controls_lifted CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
) STRICT;
-- Every claim asks whether there are any.
CREATE INDEX controls_active ON controls (scope, value) WHERE lifted_at IS NULL;
CREATE INDEX controls_lifted_at ON controls (lifted_at);

-- Whoever can do work, by name. What it did is read off the attempts: a counter here would be a row that every end of an
-- attempt waits for.
CREATE TABLE agents (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CONSTRAINT agents_kind CHECK (kind IN ('worker', 'executor', 'adapter')),
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
-- Every claim asks whether there are any.
CREATE INDEX agents_limited ON agents (kind, own_name) WHERE max_concurrent_tasks IS NOT NULL;

-- The adapters that a worker process has, separated by a space.
ALTER TABLE workers ADD COLUMN adapters TEXT NOT NULL DEFAULT '';
