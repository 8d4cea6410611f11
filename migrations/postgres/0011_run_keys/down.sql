DROP INDEX workflow_runs_key;
ALTER TABLE workflow_runs DROP COLUMN idempotency_digest;
ALTER TABLE workflow_runs DROP COLUMN idempotency_key;
