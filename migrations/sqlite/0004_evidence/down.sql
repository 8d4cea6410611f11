ALTER TABLE workers DROP COLUMN isolation;
ALTER TABLE task_leases DROP COLUMN isolation;
DROP INDEX task_ready_run_at;
ALTER TABLE task_ready DROP COLUMN isolation;
CREATE INDEX task_ready_run_at ON task_ready (run_at, task_id);
DROP TABLE cwom_review_decisions;
DROP TABLE cwom_evidence_packs;
