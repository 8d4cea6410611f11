CREATE TABLE job_artifacts_narrower (
    id TEXT NOT NULL PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    attempt INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT job_artifacts_name UNIQUE (task_id, name)
) STRICT;
INSERT INTO job_artifacts_narrower
    SELECT id, task_id, attempt, worker_id, name, content_type, size_bytes, digest, created_at FROM job_artifacts
    WHERE worker_id IS NOT NULL;
DROP TABLE job_artifacts;
ALTER TABLE job_artifacts_narrower RENAME TO job_artifacts;

CREATE TRIGGER job_artifacts_no_update BEFORE UPDATE ON job_artifacts
    BEGIN SELECT RAISE(ABORT, 'an artifact of a job never changes'); END;
CREATE TRIGGER job_artifacts_no_delete BEFORE DELETE ON job_artifacts
    BEGIN SELECT RAISE(ABORT, 'an artifact of a job never changes'); END;
