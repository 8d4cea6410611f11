-- Whoever took a task without being a worker hands files in as well: under the name of its principal.
ALTER TABLE job_artifacts ALTER COLUMN worker_id DROP NOT NULL;
ALTER TABLE job_artifacts ADD COLUMN principal TEXT;
ALTER TABLE job_artifacts ADD CONSTRAINT job_artifacts_from CHECK ((worker_id IS NULL) <> (principal IS NULL));
