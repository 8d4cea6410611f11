ALTER TABLE workers DROP COLUMN adapters;
DROP TABLE agents;
DROP TABLE controls;
ALTER TABLE tasks DROP COLUMN agent;
