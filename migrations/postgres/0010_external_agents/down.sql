DELETE FROM agents WHERE kind = 'external';
ALTER TABLE agents DROP CONSTRAINT agents_kind;
ALTER TABLE agents ADD CONSTRAINT agents_kind CHECK (kind IN ('worker', 'executor', 'adapter'));
