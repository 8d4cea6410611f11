-- What was found out about a run by somebody who did not do it, and what somebody decided about it. Neither ever changes;
-- a run has at most one of each, and the chain in the audit log has one entry.

-- The digest is that of the whole pack as it was made; a review names it. The task and the attempt are those of the run.
CREATE TABLE cwom_evidence_packs (
    id UUID PRIMARY KEY,
    run_id UUID NOT NULL CONSTRAINT cwom_evidence_packs_run UNIQUE REFERENCES cwom_runs (id),
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    task_id UUID NOT NULL REFERENCES tasks (id),
    attempt BIGINT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT cwom_evidence_packs_verdict
        CHECK (verdict IN ('pass', 'fail', 'partial', 'pending')),
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX cwom_evidence_packs_issue ON cwom_evidence_packs (issue_id, id);
CREATE INDEX cwom_evidence_packs_verdict ON cwom_evidence_packs (verdict, id);

-- The document is what the reviewer handed in, the record what the tower added to it.
CREATE TABLE cwom_review_decisions (
    id UUID PRIMARY KEY,
    evidence_pack_id UUID NOT NULL CONSTRAINT cwom_review_decisions_evidence_pack UNIQUE
        REFERENCES cwom_evidence_packs (id),
    evidence_pack_role TEXT,
    run_id UUID NOT NULL REFERENCES cwom_runs (id),
    run_role TEXT,
    issue_id UUID NOT NULL REFERENCES cwom_issues (id),
    issue_role TEXT,
    decision TEXT NOT NULL CONSTRAINT cwom_review_decisions_decision
        CHECK (decision IN ('approved', 'rejected', 'needs_changes')),
    document TEXT NOT NULL,
    record TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX cwom_review_decisions_run ON cwom_review_decisions (run_id, id);
CREATE INDEX cwom_review_decisions_issue ON cwom_review_decisions (issue_id, id);
CREATE INDEX cwom_review_decisions_decision ON cwom_review_decisions (decision, id);

-- The isolation level that a task insists on, where it waits and while it is held; L0 is every level.
ALTER TABLE task_ready ADD COLUMN isolation TEXT NOT NULL DEFAULT 'L0' CONSTRAINT task_ready_isolation
    CHECK (isolation IN ('L0', 'L1', 'L2', 'L3'));
ALTER TABLE task_leases ADD COLUMN isolation TEXT NOT NULL DEFAULT 'L0' CONSTRAINT task_leases_isolation
    CHECK (isolation IN ('L0', 'L1', 'L2', 'L3'));
-- With the level in the index a claim passes over tasks that it may not take without a look at the table.
DROP INDEX task_ready_run_at;
CREATE INDEX task_ready_run_at ON task_ready (run_at, task_id, isolation);
-- The isolation level that a worker gives, if it says so.
ALTER TABLE workers ADD COLUMN isolation TEXT CONSTRAINT workers_isolation
    CHECK (isolation IN ('L0', 'L1', 'L2', 'L3'));

CREATE TRIGGER cwom_evidence_packs_no_change BEFORE UPDATE OR DELETE ON cwom_evidence_packs
    FOR EACH ROW EXECUTE FUNCTION refuse_change('an evidence pack never changes');
CREATE TRIGGER cwom_evidence_packs_no_truncate BEFORE TRUNCATE ON cwom_evidence_packs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('an evidence pack never changes');
CREATE TRIGGER cwom_review_decisions_no_change BEFORE UPDATE OR DELETE ON cwom_review_decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change('a review decision never changes');
CREATE TRIGGER cwom_review_decisions_no_truncate BEFORE TRUNCATE ON cwom_review_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a review decision never changes');
