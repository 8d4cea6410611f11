-- The work-object model: what is wanted, what was known, which limits and rules held, what ran, what came of it.
-- A document is the canonical JSON of everything in an object that is neither a link nor a state; what lists are
-- filtered by stands in a column as well. Links are rows with foreign keys. A position orders the links of one object:
-- a larger one was made later, and gaps mean nothing. audit_seq and audit_hash are the end of the object's chain in the
-- audit log; what never changes has a chain of one entry.

CREATE TABLE cwom_repos (
    id UUID PRIMARY KEY,
    slug TEXT NOT NULL CONSTRAINT cwom_repos_slug UNIQUE,
    visibility TEXT NOT NULL CONSTRAINT cwom_repos_visibility CHECK (visibility IN ('public', 'private', 'internal')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);

CREATE TABLE cwom_doctrine_refs (
    id UUID PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    doctrine_type TEXT NOT NULL CONSTRAINT cwom_doctrine_refs_doctrine_type
        CHECK (doctrine_type IN ('principle', 'policy', 'procedure', 'heuristic', 'pattern')),
    priority TEXT NOT NULL CONSTRAINT cwom_doctrine_refs_priority CHECK (priority IN ('must', 'should', 'may')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    CONSTRAINT cwom_doctrine_refs_version UNIQUE (namespace, name, version)
);

CREATE TABLE cwom_constraint_snapshots (
    id UUID PRIMARY KEY,
    scope TEXT NOT NULL CONSTRAINT cwom_constraint_snapshots_scope
        CHECK (scope IN ('personal', 'repo', 'org', 'system', 'run')),
    owner_id TEXT NOT NULL,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX cwom_constraint_snapshots_scope ON cwom_constraint_snapshots (scope, id);
CREATE INDEX cwom_constraint_snapshots_owner ON cwom_constraint_snapshots (owner_id, id);

CREATE TABLE cwom_issues (
    id UUID PRIMARY KEY,
    repo_id UUID NOT NULL REFERENCES cwom_repos (id),
    repo_role TEXT,
    status TEXT NOT NULL CONSTRAINT cwom_issues_status
        CHECK (status IN ('planned', 'ready', 'running', 'blocked', 'under_review', 'done', 'failed', 'canceled')),
    issue_type TEXT NOT NULL CONSTRAINT cwom_issues_issue_type
        CHECK (issue_type IN ('feature', 'bug', 'chore', 'research', 'ops', 'doc', 'incident')),
    priority TEXT NOT NULL CONSTRAINT cwom_issues_priority CHECK (priority IN ('P0', 'P1', 'P2', 'P3', 'P4')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);
CREATE INDEX cwom_issues_repo ON cwom_issues (repo_id, id);
CREATE INDEX cwom_issues_status ON cwom_issues (status, id);
CREATE INDEX cwom_issues_issue_type ON cwom_issues (issue_type, id);
CREATE INDEX cwom_issues_priority ON cwom_issues (priority, id);

CREATE TABLE cwom_context_packets (
    id UUID PRIMARY KEY,
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    version TEXT NOT NULL,
    constraint_snapshot_id UUID REFERENCES cwom_constraint_snapshots (id),
    constraint_snapshot_role TEXT,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT cwom_context_packets_version UNIQUE (issue_id, version)
);

-- The position is the place among the runs of the issue.
CREATE TABLE cwom_runs (
    id UUID PRIMARY KEY,
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    repo_id UUID NOT NULL REFERENCES cwom_repos (id),
    repo_role TEXT,
    constraint_snapshot_id UUID REFERENCES cwom_constraint_snapshots (id),
    constraint_snapshot_role TEXT,
    position BIGINT NOT NULL,
    mode TEXT NOT NULL CONSTRAINT cwom_runs_mode CHECK (mode IN ('human', 'agent', 'hybrid', 'system')),
    status TEXT NOT NULL CONSTRAINT cwom_runs_status
        CHECK (status IN ('planned', 'ready', 'running', 'blocked', 'under_review', 'done', 'failed', 'canceled')),
    artifact_root_uri TEXT,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);
CREATE INDEX cwom_runs_issue ON cwom_runs (issue_id, id);
CREATE INDEX cwom_runs_repo ON cwom_runs (repo_id, id);
CREATE INDEX cwom_runs_status ON cwom_runs (status, id);
CREATE INDEX cwom_runs_mode ON cwom_runs (mode, id);

-- The position is the place among the artifacts of the run.
CREATE TABLE cwom_artifacts (
    id UUID PRIMARY KEY,
    run_id UUID NOT NULL REFERENCES cwom_runs (id),
    run_role TEXT,
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    position BIGINT NOT NULL,
    artifact_type TEXT NOT NULL CONSTRAINT cwom_artifacts_artifact_type
        CHECK (artifact_type IN ('code_patch', 'commit', 'pr', 'build', 'container_image', 'doc', 'report',
            'dataset', 'log', 'trace', 'binary', 'link')),
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL
);
CREATE INDEX cwom_artifacts_run ON cwom_artifacts (run_id, id);
CREATE INDEX cwom_artifacts_issue ON cwom_artifacts (issue_id, id);
CREATE INDEX cwom_artifacts_artifact_type ON cwom_artifacts (artifact_type, id);

CREATE TABLE cwom_issue_context_packets (
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    context_packet_id UUID NOT NULL REFERENCES cwom_context_packets (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issue_id, context_packet_id)
);

CREATE TABLE cwom_issue_doctrine_refs (
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    doctrine_ref_id UUID NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issue_id, doctrine_ref_id)
);

CREATE TABLE cwom_issue_constraint_snapshots (
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    constraint_snapshot_id UUID NOT NULL REFERENCES cwom_constraint_snapshots (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issue_id, constraint_snapshot_id)
);

CREATE TABLE cwom_run_context_packets (
    run_id UUID NOT NULL REFERENCES cwom_runs (id),
    context_packet_id UUID NOT NULL REFERENCES cwom_context_packets (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, context_packet_id)
);

CREATE TABLE cwom_run_doctrine_refs (
    run_id UUID NOT NULL REFERENCES cwom_runs (id),
    doctrine_ref_id UUID NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, doctrine_ref_id)
);

CREATE TABLE cwom_context_packet_doctrine_refs (
    context_packet_id UUID NOT NULL REFERENCES cwom_context_packets (id),
    doctrine_ref_id UUID NOT NULL REFERENCES cwom_doctrine_refs (id),
    role TEXT,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (context_packet_id, doctrine_ref_id)
);

-- Checked at the end of the transaction: the task comes first, since its idempotency key decides whether there is to be
-- an issue.
ALTER TABLE tasks ADD COLUMN cwom_issue_id UUID REFERENCES cwom_issues (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX tasks_cwom_issue ON tasks (cwom_issue_id) WHERE cwom_issue_id IS NOT NULL;
-- The run of an attempt. The lease carries it too, without a key of its own: it comes and goes with its attempt.
ALTER TABLE attempts ADD COLUMN run_id UUID REFERENCES cwom_runs (id);
ALTER TABLE task_leases ADD COLUMN run_id UUID;

-- What must never change does not, whoever asks. Against the owner of the database it is no more than a seat belt: that
-- is what the hashes of the audit log are for.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;
CREATE TRIGGER cwom_context_packets_no_change BEFORE UPDATE OR DELETE ON cwom_context_packets
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a context packet never changes');
CREATE TRIGGER cwom_context_packets_no_truncate BEFORE TRUNCATE ON cwom_context_packets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a context packet never changes');
CREATE TRIGGER cwom_context_packet_doctrine_refs_no_change BEFORE UPDATE OR DELETE ON cwom_context_packet_doctrine_refs
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a context packet never changes');
CREATE TRIGGER cwom_context_packet_doctrine_refs_no_truncate BEFORE TRUNCATE ON cwom_context_packet_doctrine_refs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a context packet never changes');
CREATE TRIGGER cwom_constraint_snapshots_no_change BEFORE UPDATE OR DELETE ON cwom_constraint_snapshots
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a constraint snapshot never changes');
CREATE TRIGGER cwom_constraint_snapshots_no_truncate BEFORE TRUNCATE ON cwom_constraint_snapshots
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a constraint snapshot never changes');
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the audit log only grows');
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the audit log only grows');
