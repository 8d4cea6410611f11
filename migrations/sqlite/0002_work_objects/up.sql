-- The work-object model: what is wanted, what was known, which limits and rules held, what ran, what came of it.
-- A document is the canonical JSON of everything in an object that is neither a link nor a state; what lists are
-- filtered by stands in a column as well. Links are rows with foreign keys. A position orders the links of one object:
-- a larger one was made later, and gaps mean nothing. audit_seq and audit_hash are the end of the object's chain in the
-- audit log; what never changes has a chain of one entry.

CREATE TABLE cwom_repos (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL CONSTRAINT cwom_repos_slug UNIQUE,
    visibility TEXT NOT NULL CONSTRAINT cwom_repos_visibility CHECK (visibility IN ('public', 'private', 'internal')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL
) STRICT;

CREATE TABLE cwom_doctrine_refs (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    doctrine_type TEXT NOT NULL CONSTRAINT cwom_doctrine_refs_doctrine_type
        CHECK (doctrine_type IN ('principle', 'policy', 'procedure', 'heuristic', 'pattern')),
    priority TEXT NOT NULL CONSTRAINT cwom_doctrine_refs_priority CHECK (priority IN ('must', 'should', 'may')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT cwom_doctrine_refs_version UNIQUE (namespace, name, version)
) STRICT;

CREATE TABLE cwom_constraint_snapshots (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL CONSTRAINT cwom_constraint_snapshots_scope
        CHECK (scope IN ('personal', 'repo', 'org', 'system', 'run')),
    owner_id TEXT NOT NULL,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cwom_constraint_snapshots_scope ON cwom_constraint_snapshots (scope, id);
CREATE INDEX cwom_constraint_snapshots_owner ON cwom_constraint_snapshots (owner_id, id);

CREATE TABLE cwom_issues (
    id TEXT PRIMARY KEY,
    repo_id TEXT NOT NULL REFERENCES cwom_repos (id),
    repo_role TEXT,
    status TEXT NOT NULL CONSTRAINT cwom_issues_status
        CHECK (status IN ('planned', 'ready', 'running', 'blocked', 'under_review', 'done', 'failed', 'canceled')),
    issue_type TEXT NOT NULL CONSTRAINT cwom_issues_issue_type
        CHECK (issue_type IN ('feature', 'bug', 'chore', 'research', 'ops', 'doc', 'incident')),
    priority TEXT NOT NULL CONSTRAINT cwom_issues_priority CHECK (priority IN ('P0', 'P1', 'P2', 'P3', 'P4')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL
) STRICT;
CREATE INDEX cwom_issues_repo ON cwom_issues (repo_id, id);
CREATE INDEX cwom_issues_status ON cwom_issues (status, id);
CREATE INDEX cwom_issues_issue_type ON cwom_issues (issue_type, id);
CREATE INDEX cwom_issues_priority ON cwom_issues (priority, id);

CREATE TABLE cwom_context_packets (
    id TEXT PRIMARY KEY,
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    version TEXT NOT NULL,
    constraint_snapshot_id TEXT REFERENCES cwom_constraint_snapshots (id),
    constraint_snapshot_role TEXT,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT cwom_context_packets_version UNIQUE (issue_id, version)
) STRICT;

-- The position is the place among the runs of the issue.
CREATE TABLE cwom_runs (
    id TEXT PRIMARY KEY,
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    repo_id TEXT NOT NULL REFERENCES cwom_repos (id),
    repo_role TEXT,
    constraint_snapshot_id TEXT REFERENCES cwom_constraint_snapshots (id),
    constraint_snapshot_role TEXT,
    position INTEGER NOT NULL,
    mode TEXT NOT NULL CONSTRAINT cwom_runs_mode CHECK (mode IN ('human', 'agent', 'hybrid', 'system')),
    status TEXT NOT NULL CONSTRAINT cwom_runs_status
        CHECK (status IN ('planned', 'ready', 'running', 'blocked', 'under_review', 'done', 'failed', 'canceled')),
    artifact_root_uri TEXT,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL
) STRICT;
CREATE INDEX cwom_runs_issue ON cwom_runs (issue_id, id);
CREATE INDEX cwom_runs_repo ON cwom_runs (repo_id, id);
CREATE INDEX cwom_runs_status ON cwom_runs (status, id);
CREATE INDEX cwom_runs_mode ON cwom_runs (mode, id);

-- The position is the place among the artifacts of the run.
CREATE TABLE cwom_artifacts (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES cwom_runs (id),
    run_role TEXT,
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    position INTEGER NOT NULL,
    artifact_type TEXT NOT NULL CONSTRAINT cwom_artifacts_artifact_type
        CHECK (artifact_type IN ('code_patch', 'commit', 'pr', 'build', 'container_image', 'doc', 'report',
            'dataset', 'log', 'trace', 'binary', 'link')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    audit_seq INTEGER NOT NULL,
    audit_hash TEXT NOT NULL
) STRICT;
CREATE INDEX cwom_artifacts_run ON cwom_artifacts (run_id, id);
CREATE INDEX cwom_artifacts_issue ON cwom_artifacts (issue_id, id);
CREATE INDEX cwom_artifacts_artifact_type ON cwom_artifacts (artifact_type, id);

CREATE TABLE cwom_issue_context_packets (
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    context_packet_id TEXT NOT NULL REFERENCES cwom_context_packets (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issue_id, context_packet_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cwom_issue_doctrine_refs (
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    doctrine_ref_id TEXT NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issue_id, doctrine_ref_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cwom_issue_constraint_snapshots (
    issue_id TEXT NOT NULL REFERENCES cwom_issues (id),
    constraint_snapshot_id TEXT NOT NULL REFERENCES cwom_constraint_snapshots (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issue_id, constraint_snapshot_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cwom_run_context_packets (
    run_id TEXT NOT NULL REFERENCES cwom_runs (id),
    context_packet_id TEXT NOT NULL REFERENCES cwom_context_packets (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, context_packet_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cwom_run_doctrine_refs (
    run_id TEXT NOT NULL REFERENCES cwom_runs (id),
    doctrine_ref_id TEXT NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, doctrine_ref_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cwom_context_packet_doctrine_refs (
    context_packet_id TEXT NOT NULL REFERENCES cwom_context_packets (id),
    doctrine_ref_id TEXT NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (context_packet_id, doctrine_ref_id)
) STRICT, WITHOUT ROWID;

-- Checked at the end of the transaction: the task comes first, since its idempotency key decides whether there is to be
-- an issue.
ALTER TABLE tasks ADD COLUMN cwom_issue_id TEXT REFERENCES cwom_issues (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX tasks_cwom_issue ON tasks (cwom_issue_id) WHERE cwom_issue_id IS NOT NULL;
-- The run of an attempt. The lease carries it too, without a key of its own: it comes and goes with its attempt.
ALTER TABLE attempts ADD COLUMN run_id TEXT REFERENCES cwom_runs (id);
ALTER TABLE task_leases ADD COLUMN run_id TEXT;

-- What must never change does not, whoever asks. Against the owner of the database it is no more than a seat belt: that
-- is what the hashes of the audit log are for.
CREATE TRIGGER cwom_context_packets_no_update BEFORE UPDATE ON cwom_context_packets
    BEGIN SELECT RAISE(ABORT, 'a context packet never changes'); END;
CREATE TRIGGER cwom_context_packets_no_delete BEFORE DELETE ON cwom_context_packets
    BEGIN SELECT RAISE(ABORT, 'a context packet never changes'); END;
CREATE TRIGGER cwom_context_packet_doctrine_refs_no_update BEFORE UPDATE ON cwom_context_packet_doctrine_refs
    BEGIN SELECT RAISE(ABORT, 'a context packet never changes'); END;
CREATE TRIGGER cwom_context_packet_doctrine_refs_no_delete BEFORE DELETE ON cwom_context_packet_doctrine_refs
    BEGIN SELECT RAISE(ABORT, 'a context packet never changes'); END;
CREATE TRIGGER cwom_constraint_snapshots_no_update BEFORE UPDATE ON cwom_constraint_snapshots
    BEGIN SELECT RAISE(ABORT, 'a constraint snapshot never changes'); END;
CREATE TRIGGER cwom_constraint_snapshots_no_delete BEFORE DELETE ON cwom_constraint_snapshots
    BEGIN SELECT RAISE(ABORT, 'a constraint snapshot never changes'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
