-- Whoever took a task without being a worker hands files in as well: under the name of its principal.
CREATE TABLE job_artifacts_wider (
    id TEXT NOT NULL PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    attempt INTEGER NOT NULL,
    worker_id TEXT,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    principal TEXT,
    CONSTRAINT job_artifacts_name UNIQUE (task_id, name),
    CONSTRAINT job_artifacts_from CHECK ((worker_id IS NULL) <> (principal IS NULL))
) STRICT;
INSERT INTO job_artifacts_wider
    SELECT id, task_id, attempt, worker_id, name, content_type, size_bytes, digest, created_at, NULL FROM job_artifacts;
DROP TABLE job_artifacts;
ALTER TABLE job_artifacts_wider RENAME TO job_artifacts;

CREATE TRIGGER job_artifacts_no_update BEFORE UPDATE ON job_artifacts
    BEGIN SELECT RAISE(ABORT, 'an artifact of a job never changes'); END;
CREATE TRIGGER job_artifacts_no_delete BEFORE DELETE ON job_artifacts
    BEGIN SELECT RAISE(ABORT, 'an artifact of a job never changes'); END;
