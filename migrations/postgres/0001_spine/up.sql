-- The spine: what was asked for (immutable), where it stands (small, hot), what came of it (insert only).
-- A task is in exactly one of task_holds, task_ready, task_leases and task_outcomes; that table is its status.
-- Times are microseconds since the epoch, UTC. Hashed documents are text, so that a digest can be recomputed.

CREATE TABLE database_meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
-- Raised when a backup is restored, so that every fence handed out before is refused.
INSERT INTO database_meta (name, value) VALUES ('epoch', '1');

CREATE TABLE policies (
    digest TEXT PRIMARY KEY,
    canonical TEXT NOT NULL,
    first_used_at BIGINT NOT NULL
);

CREATE TABLE tasks (
    id UUID PRIMARY KEY,
    idempotency_key TEXT,
    spec_digest TEXT NOT NULL,
    spec TEXT NOT NULL,
    requester_kind TEXT NOT NULL CONSTRAINT tasks_requester_kind CHECK (requester_kind IN ('human', 'agent', 'system')),
    operation TEXT NOT NULL CONSTRAINT tasks_operation CHECK (operation IN ('code_change', 'docs', 'analysis', 'ops')),
    target_repo TEXT NOT NULL,
    executor TEXT NOT NULL,
    time_budget_seconds BIGINT NOT NULL,
    trace_id TEXT NOT NULL,
    submitter_kind TEXT NOT NULL CONSTRAINT tasks_submitter_kind CHECK (submitter_kind IN ('human', 'agent', 'system')),
    submitter TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tasks_idempotency_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX tasks_operation_id ON tasks (operation, id);
CREATE INDEX tasks_requester_kind_id ON tasks (requester_kind, id);
CREATE INDEX tasks_target_repo_id ON tasks (target_repo, id);

-- Which policy, over which exact input, let the task in. Everything a worker can see hangs on this row.
CREATE TABLE admissions (
    task_id UUID PRIMARY KEY REFERENCES tasks (id),
    decision_id UUID NOT NULL,
    -- No foreign key: every enqueue would lock the one row of the policy in force. Both are written together.
    policy_digest TEXT NOT NULL,
    input_digest TEXT NOT NULL,
    admitted_at BIGINT NOT NULL
);

CREATE TABLE task_holds (
    task_id UUID PRIMARY KEY REFERENCES admissions (task_id),
    max_attempts BIGINT NOT NULL,
    held_at BIGINT NOT NULL,
    trace_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);

CREATE TABLE task_ready (
    task_id UUID PRIMARY KEY REFERENCES admissions (task_id),
    run_at BIGINT NOT NULL,
    executor TEXT NOT NULL,
    generation BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    updated_at BIGINT NOT NULL,
    last_reason TEXT,
    trace_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX task_ready_run_at ON task_ready (run_at, task_id);

-- A heartbeat moves expires_at, so no index may hold it: the update stays within the page.
CREATE TABLE task_leases (
    task_id UUID PRIMARY KEY REFERENCES admissions (task_id),
    epoch BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    executor TEXT NOT NULL,
    holder_kind TEXT NOT NULL CONSTRAINT task_leases_holder_kind CHECK (holder_kind IN ('worker', 'external')),
    worker_id UUID,
    holder TEXT NOT NULL,
    assigned_to TEXT,
    acquired_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    cancel_requested_at BIGINT,
    cancel_requested_by TEXT,
    trace_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT task_leases_worker CHECK ((holder_kind = 'worker') = (worker_id IS NOT NULL))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);

CREATE TABLE task_outcomes (
    task_id UUID PRIMARY KEY REFERENCES tasks (id),
    status TEXT NOT NULL CONSTRAINT task_outcomes_status CHECK (status IN ('completed', 'failed', 'cancelled')),
    reason TEXT NOT NULL,
    result TEXT,
    error TEXT,
    attempt BIGINT,
    assigned_to TEXT,
    trace_path TEXT,
    manifest_digest TEXT,
    queued_at BIGINT,
    started_at BIGINT,
    finished_at BIGINT NOT NULL,
    event_seq BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT task_outcomes_result_xor_error CHECK ((result IS NULL) <> (error IS NULL)),
    CONSTRAINT task_outcomes_completed_has_result CHECK ((status = 'completed') = (result IS NOT NULL)),
    CONSTRAINT task_outcomes_completed_ran CHECK (status <> 'completed' OR started_at IS NOT NULL)
);
CREATE INDEX task_outcomes_status_id ON task_outcomes (status, task_id);
CREATE INDEX task_outcomes_finished_at ON task_outcomes (finished_at);

-- One row an attempt, written when it starts and once more when it ends. It is also the receipt that answers a
-- repeated settlement: settle_digest is the digest of the accepted request.
CREATE TABLE attempts (
    task_id UUID NOT NULL REFERENCES tasks (id),
    ordinal BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    holder_kind TEXT NOT NULL CONSTRAINT attempts_holder_kind CHECK (holder_kind IN ('worker', 'external')),
    worker_id UUID,
    holder TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT,
    message TEXT,
    next_status TEXT,
    settle_digest TEXT,
    trace_path TEXT,
    manifest_digest TEXT,
    PRIMARY KEY (task_id, ordinal),
    CONSTRAINT attempts_ended CHECK ((ended_at IS NULL) = (reason IS NULL) AND (ended_at IS NULL) = (next_status IS NULL))
) WITH (fillfactor = 80);

CREATE INDEX attempts_lost ON attempts (task_id) WHERE reason = 'LEASE_LOST';

CREATE TABLE task_events (
    task_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    attempt BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (task_id, seq)
);

CREATE TABLE workers (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    executors TEXT NOT NULL,
    takes_any BOOLEAN NOT NULL,
    slots BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    stopped_at BIGINT
) WITH (fillfactor = 50);

CREATE TABLE queue_pauses (
    queue TEXT PRIMARY KEY,
    paused_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    paused_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT api_keys_name UNIQUE,
    kind TEXT NOT NULL CONSTRAINT api_keys_kind CHECK (kind IN ('human', 'agent', 'system')),
    scopes TEXT NOT NULL,
    key_sha256 TEXT NOT NULL CONSTRAINT api_keys_key UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- The entries of one entity are a chain: each has the hash of the one before it (64 hexadecimal digits; zeros before the
-- first). The position is the order of writing over all entities.
CREATE TABLE audit_log (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id UUID NOT NULL,
    ts BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CONSTRAINT audit_log_actor_kind CHECK (actor_kind IN ('human', 'agent', 'system')),
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    note TEXT,
    trace_id TEXT,
    seq BIGINT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_log_entity_seq UNIQUE (entity_kind, entity_id, seq)
);
-- Every change pays for each index. Lists by actor or action walk the positions instead, newest first.
CREATE INDEX audit_log_trace_id ON audit_log (trace_id);
CREATE INDEX audit_log_ts ON audit_log (ts);
CREATE INDEX audit_log_refusals ON audit_log (ts) WHERE action = 'stale_write_refused';
