DROP TABLE workflow_steps;
DROP TABLE workflow_facts;
DROP TABLE workflow_inputs;
ALTER TABLE workflows DROP COLUMN last_run_id;
DROP TABLE workflow_runs;
DROP TABLE workflow_versions;
DROP TABLE workflows;
