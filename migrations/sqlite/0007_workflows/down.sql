DROP TABLE workflow_steps;
DROP TABLE workflow_facts;
DROP TABLE workflow_inputs;
UPDATE workflows SET last_run_id = NULL;
DROP TABLE workflow_runs;
DROP TABLE workflow_versions;
DROP TABLE workflows;
