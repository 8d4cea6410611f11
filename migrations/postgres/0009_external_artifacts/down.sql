DROP TRIGGER job_artifacts_no_change ON job_artifacts;
DELETE FROM job_artifacts WHERE worker_id IS NULL;
CREATE TRIGGER job_artifacts_no_change BEFORE UPDATE OR DELETE ON job_artifacts
    FOR EACH ROW EXECUTE FUNCTION refuse_change('an artifact of a job never changes');
ALTER TABLE job_artifacts DROP CONSTRAINT job_artifacts_from;
ALTER TABLE job_artifacts DROP COLUMN principal;
ALTER TABLE job_artifacts ALTER COLUMN worker_id SET NOT NULL;
