-- Asking again for a run under the same key starts none. The digest is that of what was asked for.
ALTER TABLE workflow_runs ADD COLUMN idempotency_key TEXT;
ALTER TABLE workflow_runs ADD COLUMN idempotency_digest TEXT CONSTRAINT workflow_runs_idempotency
    CHECK ((idempotency_key IS NULL) = (idempotency_digest IS NULL));
CREATE UNIQUE INDEX workflow_runs_key ON workflow_runs (workflow_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
