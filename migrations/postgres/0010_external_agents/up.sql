-- Whoever takes tasks without being a worker is an agent as well: by the name of its principal.
ALTER TABLE agents DROP CONSTRAINT agents_kind;
ALTER TABLE agents ADD CONSTRAINT agents_kind CHECK (kind IN ('worker', 'executor', 'adapter', 'external'));
