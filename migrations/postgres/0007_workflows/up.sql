-- Workflows: what is defined, each version as it was handed in, and runs as the facts that they are made of.

CREATE TABLE workflows (
    id UUID PRIMARY KEY,
    -- In the order of its bytes, as SQLite has it.
    name TEXT COLLATE "C" NOT NULL CONSTRAINT workflows_name UNIQUE,
    is_active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    -- Whoever defined it: runs that events start are theirs.
    owner_kind TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    runs_started BIGINT NOT NULL,
    last_run_id UUID,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);

CREATE TABLE workflow_versions (
    workflow_id UUID NOT NULL REFERENCES workflows (id),
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workflow_id, version)
);

-- The row of a run is written with every step and stays narrow. `look_at` is when it has to be looked at though nothing
-- happens; a run that is over is never looked at. The lease is that of whoever drives it.
CREATE TABLE workflow_runs (
    id UUID PRIMARY KEY,
    workflow_id UUID NOT NULL REFERENCES workflows (id),
    version BIGINT NOT NULL,
    status TEXT NOT NULL CONSTRAINT workflow_runs_status
        CHECK (status IN ('running', 'stopping', 'succeeded', 'failed', 'cancelled')),
    event_id UUID,
    forked_from UUID REFERENCES workflow_runs (id),
    fork_step TEXT,
    depth BIGINT NOT NULL,
    started_by_kind TEXT NOT NULL,
    started_by_name TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    finished_at BIGINT,
    result TEXT,
    error TEXT,
    cancel_requested_at BIGINT,
    cancel_requested_by TEXT,
    facts BIGINT NOT NULL,
    look_at BIGINT,
    epoch BIGINT,
    generation BIGINT NOT NULL,
    holder UUID,
    expires_at BIGINT,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT workflow_runs_finished
        CHECK ((finished_at IS NULL) = (status IN ('running', 'stopping')) AND (finished_at IS NULL OR look_at IS NULL)),
    CONSTRAINT workflow_runs_lease
        CHECK ((holder IS NULL) = (expires_at IS NULL) AND (holder IS NULL) = (epoch IS NULL)),
    CONSTRAINT workflow_runs_fork CHECK ((forked_from IS NULL) = (fork_step IS NULL)),
    FOREIGN KEY (workflow_id, version) REFERENCES workflow_versions (workflow_id, version)
) WITH (fillfactor = 80);
ALTER TABLE workflows ADD FOREIGN KEY (last_run_id) REFERENCES workflow_runs (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX workflow_runs_workflow ON workflow_runs (workflow_id, id);
CREATE INDEX workflow_runs_look_at ON workflow_runs (look_at) WHERE look_at IS NOT NULL;
-- An event starts a workflow once, however often it is processed.
CREATE UNIQUE INDEX workflow_runs_event ON workflow_runs (event_id, workflow_id)
    WHERE event_id IS NOT NULL AND forked_from IS NULL;

-- What a run was begun with: what started it, as its expressions see it, and the steps that a fork keeps.
CREATE TABLE workflow_inputs (
    run_id UUID PRIMARY KEY REFERENCES workflow_runs (id),
    event TEXT NOT NULL,
    kept TEXT
);

CREATE TABLE workflow_facts (
    run_id UUID NOT NULL REFERENCES workflow_runs (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    fact TEXT NOT NULL,
    -- For people: why a step was refused, or came to no task.
    detail TEXT,
    PRIMARY KEY (run_id, seq)
);

-- From a run to the tasks of its steps. One row is open until the run has taken note of how its task ended.
CREATE TABLE workflow_steps (
    run_id UUID NOT NULL REFERENCES workflow_runs (id),
    step TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    task_id UUID NOT NULL REFERENCES tasks (id),
    enqueued_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    closed_at BIGINT,
    PRIMARY KEY (run_id, step, attempt)
);
CREATE INDEX workflow_steps_open ON workflow_steps (run_id, task_id) WHERE closed_at IS NULL;
CREATE INDEX workflow_steps_task ON workflow_steps (task_id);

CREATE TRIGGER workflow_versions_no_change BEFORE UPDATE OR DELETE ON workflow_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a version of a workflow never changes');
CREATE TRIGGER workflow_versions_no_truncate BEFORE TRUNCATE ON workflow_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a version of a workflow never changes');
CREATE TRIGGER workflow_inputs_no_change BEFORE UPDATE OR DELETE ON workflow_inputs
    FOR EACH ROW EXECUTE FUNCTION refuse_change('what a run was begun with never changes');
CREATE TRIGGER workflow_inputs_no_truncate BEFORE TRUNCATE ON workflow_inputs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('what a run was begun with never changes');
CREATE TRIGGER workflow_facts_no_change BEFORE UPDATE OR DELETE ON workflow_facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a fact never changes');
CREATE TRIGGER workflow_facts_no_truncate BEFORE TRUNCATE ON workflow_facts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a fact never changes');
