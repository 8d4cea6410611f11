-- Workflows: what is defined, each version as it was handed in, and runs as the facts that they are made of.

CREATE TABLE workflows (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT workflows_name UNIQUE,
    is_active INTEGER NOT NULL CONSTRAINT workflows_is_active CHECK (is_active IN (0, 1)),
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    -- Whoever defined it: runs that events start are theirs.
    owner_kind TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    runs_started INTEGER NOT NULL,
    last_run_id TEXT REFERENCES workflow_runs (id) DEFERRABLE INITIALLY DEFERRED,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL
) STRICT;

CREATE TABLE workflow_versions (
    workflow_id TEXT NOT NULL REFERENCES workflows (id),
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, version)
) STRICT;

-- The row of a run is written with every step and stays narrow. `look_at` is when it has to be looked at though nothing
-- happens; a run that is over is never looked at. The lease is that of whoever drives it.
CREATE TABLE workflow_runs (
    id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL REFERENCES workflows (id),
    version INTEGER NOT NULL,
    status TEXT NOT NULL CONSTRAINT workflow_runs_status
        CHECK (status IN ('running', 'stopping', 'succeeded', 'failed', 'cancelled')),
    event_id TEXT,
    forked_from TEXT REFERENCES workflow_runs (id),
    fork_step TEXT,
    depth INTEGER NOT NULL,
    started_by_kind TEXT NOT NULL,
    started_by_name TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    finished_at INTEGER,
    result TEXT,
    error TEXT,
    cancel_requested_at INTEGER,
    cancel_requested_by TEXT,
    facts INTEGER NOT NULL,
    look_at INTEGER,
    epoch INTEGER,
    generation INTEGER NOT NULL,
    holder TEXT,
    expires_at INTEGER,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT workflow_runs_finished
        CHECK ((finished_at IS NULL) = (status IN ('running', 'stopping')) AND (finished_at IS NULL OR look_at IS NULL)),
    CONSTRAINT workflow_runs_lease
        CHECK ((holder IS NULL) = (expires_at IS NULL) AND (holder IS NULL) = (epoch IS NULL)),
    CONSTRAINT workflow_runs_fork CHECK ((forked_from IS NULL) = (fork_step IS NULL)),
    FOREIGN KEY (workflow_id, version) REFERENCES workflow_versions (workflow_id, version)
) STRICT;
CREATE INDEX workflow_runs_workflow ON workflow_runs (workflow_id, id);
CREATE INDEX workflow_runs_look_at ON workflow_runs (look_at) WHERE look_at IS NOT NULL;
-- An event starts a workflow once, however often it is processed.
CREATE UNIQUE INDEX workflow_runs_event ON workflow_runs (event_id, workflow_id)
    WHERE event_id IS NOT NULL AND forked_from IS NULL;

-- What a run was begun with: what started it, as its expressions see it, and the steps that a fork keeps.
CREATE TABLE workflow_inputs (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES workflow_runs (id),
    event TEXT NOT NULL,
    kept TEXT
) STRICT;

CREATE TABLE workflow_facts (
    run_id TEXT NOT NULL REFERENCES workflow_runs (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    fact TEXT NOT NULL,
    -- For people: why a step was refused, or came to no task.
    detail TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT;

-- From a run to the tasks of its steps. One row is open until the run has taken note of how its task ended.
CREATE TABLE workflow_steps (
    run_id TEXT NOT NULL REFERENCES workflow_runs (id),
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    enqueued_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    cancelled_at INTEGER,
    closed_at INTEGER,
    PRIMARY KEY (run_id, step, attempt)
) STRICT;
CREATE INDEX workflow_steps_open ON workflow_steps (run_id, task_id) WHERE closed_at IS NULL;
CREATE INDEX workflow_steps_task ON workflow_steps (task_id);

CREATE TRIGGER workflow_versions_no_update BEFORE UPDATE ON workflow_versions
    BEGIN SELECT RAISE(ABORT, 'a version of a workflow never changes'); END;
CREATE TRIGGER workflow_versions_no_delete BEFORE DELETE ON workflow_versions
    BEGIN SELECT RAISE(ABORT, 'a version of a workflow never changes'); END;
CREATE TRIGGER workflow_inputs_no_update BEFORE UPDATE ON workflow_inputs
    BEGIN SELECT RAISE(ABORT, 'what a run was begun with never changes'); END;
CREATE TRIGGER workflow_inputs_no_delete BEFORE DELETE ON workflow_inputs
    BEGIN SELECT RAISE(ABORT, 'what a run was begun with never changes'); END;
CREATE TRIGGER workflow_facts_no_update BEFORE UPDATE ON workflow_facts
    BEGIN SELECT RAISE(ABORT, 'a fact never changes'); END;
CREATE TRIGGER workflow_facts_no_delete BEFORE DELETE ON workflow_facts
    BEGIN SELECT RAISE(ABORT, 'a fact never changes'); END;
