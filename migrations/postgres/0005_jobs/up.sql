-- Jobs: what a task is beside a task of the V1 contract, the lanes in which all of them wait, the workers that come over
-- HTTP and what they hand in, and the registry of manifests.

-- Without capabilities of its own a task needs the one that is named like its executor. A manifest is named by what was
-- asked for, and found by its digest; no foreign key, or every run would lock the one row of the content.
ALTER TABLE tasks ADD COLUMN job_type TEXT NOT NULL DEFAULT 'task' CONSTRAINT tasks_job_type
    CHECK (job_type IN ('task', 'manifest', 'codex_exec', 'codex_skill'));
ALTER TABLE tasks ADD COLUMN priority BIGINT NOT NULL DEFAULT 0 CONSTRAINT tasks_priority
    CHECK (priority BETWEEN -1000 AND 1000);
ALTER TABLE tasks ADD COLUMN capabilities TEXT;
ALTER TABLE tasks ADD COLUMN affinity_key TEXT;
ALTER TABLE tasks ADD COLUMN manifest_name TEXT;
ALTER TABLE tasks ADD COLUMN manifest_hash TEXT CONSTRAINT tasks_manifest_hash
    CHECK ((manifest_hash IS NULL) = (manifest_name IS NULL));
-- Whether it is a run of the registry's entry, and not of a manifest that only bears its name.
ALTER TABLE tasks ADD COLUMN manifest_registered BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX tasks_job_type_id ON tasks (job_type, id) WHERE job_type <> 'task';
CREATE INDEX tasks_manifest_id ON tasks (manifest_name, id) WHERE manifest_name IS NOT NULL;
CREATE INDEX task_outcomes_dead_letter ON task_outcomes (task_id) WHERE reason = 'RETRIES_EXHAUSTED';

-- A lane is what a claim takes or leaves as a whole: tasks of one type that need the same and are equally urgent. The
-- capabilities are sorted and separated by a space. The id is a part of the digest of the key, so that whoever adds a
-- task knows the lane without a look. Rows are added with the first task of a lane and never change or go.
CREATE TABLE queue_lanes (
    id BIGINT PRIMARY KEY,
    key TEXT NOT NULL CONSTRAINT queue_lanes_key UNIQUE,
    job_type TEXT NOT NULL CONSTRAINT queue_lanes_job_type
        CHECK (job_type IN ('task', 'manifest', 'codex_exec', 'codex_skill')),
    isolation TEXT NOT NULL CONSTRAINT queue_lanes_isolation CHECK (isolation IN ('L0', 'L1', 'L2', 'L3')),
    capabilities TEXT NOT NULL,
    priority BIGINT NOT NULL,
    -- Whether its tasks have an affinity key: a claim may pass over those, and only those.
    keyed BOOLEAN NOT NULL
);

-- No foreign key to the lane: every enqueue would lock its one row. Both are written together.
DROP INDEX task_ready_run_at;
ALTER TABLE task_ready ADD COLUMN lane_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE task_ready ADD COLUMN affinity_key TEXT;
ALTER TABLE task_leases ADD COLUMN lane_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE task_leases ADD COLUMN affinity_key TEXT;
-- Why somebody asked to cancel.
ALTER TABLE task_leases ADD COLUMN cancel_note TEXT;
-- Lanes of tasks from before there were lanes; their ids are none that a digest gives.
INSERT INTO queue_lanes (id, key, job_type, isolation, capabilities, priority, keyed)
    SELECT -row_number() OVER (ORDER BY isolation, executor), 'before ' || isolation || ' ' || executor, 'task', isolation,
        executor, 0, FALSE
    FROM (SELECT isolation, executor FROM task_ready UNION SELECT isolation, executor FROM task_leases) AS waiting;
UPDATE task_ready SET lane_id = lane.id FROM queue_lanes AS lane
    WHERE lane.isolation = task_ready.isolation AND lane.capabilities = task_ready.executor;
UPDATE task_leases SET lane_id = lane.id FROM queue_lanes AS lane
    WHERE lane.isolation = task_leases.isolation AND lane.capabilities = task_leases.executor;
ALTER TABLE task_ready DROP COLUMN isolation;
ALTER TABLE task_leases DROP COLUMN isolation;
CREATE INDEX task_ready_lane ON task_ready (lane_id, run_at, task_id);

-- The worker that jobs with this key are left to, until a while after it had the last of them.
CREATE TABLE queue_affinities (
    affinity_key TEXT PRIMARY KEY,
    worker_id UUID NOT NULL,
    held_until BIGINT NOT NULL
);
CREATE INDEX queue_affinities_held_until ON queue_affinities (held_until);

ALTER TABLE workers ADD COLUMN capabilities TEXT NOT NULL DEFAULT '';

-- Lists are separated by a space; one that is absent limits nothing.
CREATE TABLE worker_tokens (
    id UUID PRIMARY KEY,
    worker_name TEXT NOT NULL,
    description TEXT,
    token_sha256 TEXT NOT NULL CONSTRAINT worker_tokens_token UNIQUE,
    job_types TEXT,
    repositories TEXT,
    capabilities TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);

-- Files that workers handed in over HTTP, by their digest; the files themselves lie outside.
CREATE TABLE job_artifacts (
    id UUID PRIMARY KEY,
    task_id UUID NOT NULL REFERENCES tasks (id),
    attempt BIGINT NOT NULL,
    worker_id UUID NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT job_artifacts_name UNIQUE (task_id, name)
);

-- The bytes of manifests by their digest, once, for the registry and for what runs without it.
CREATE TABLE manifest_contents (
    hash TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The registry. What the last run came to is read off its task. An entry that was deleted stays, for its history.
CREATE TABLE manifests (
    -- In the order of its bytes, as SQLite has it.
    name TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    hash TEXT NOT NULL REFERENCES manifest_contents (hash),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    last_task_id UUID REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED,
    state TEXT,
    state_updated_at BIGINT,
    CONSTRAINT manifests_state CHECK ((state IS NULL) = (state_updated_at IS NULL))
) WITH (fillfactor = 80);

CREATE TABLE manifest_versions (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    hash TEXT NOT NULL REFERENCES manifest_contents (hash),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE INDEX manifest_versions_hash ON manifest_versions (name, hash);

CREATE TRIGGER job_artifacts_no_change BEFORE UPDATE OR DELETE ON job_artifacts
    FOR EACH ROW EXECUTE FUNCTION refuse_change('an artifact of a job never changes');
CREATE TRIGGER job_artifacts_no_truncate BEFORE TRUNCATE ON job_artifacts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('an artifact of a job never changes');
CREATE TRIGGER manifest_contents_no_change BEFORE UPDATE OR DELETE ON manifest_contents
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the content of a manifest never changes');
CREATE TRIGGER manifest_contents_no_truncate BEFORE TRUNCATE ON manifest_contents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the content of a manifest never changes');
CREATE TRIGGER manifest_versions_no_change BEFORE UPDATE OR DELETE ON manifest_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a version of a manifest never changes');
CREATE TRIGGER manifest_versions_no_truncate BEFORE TRUNCATE ON manifest_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a version of a manifest never changes');
