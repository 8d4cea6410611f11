DROP TABLE audit_checkpoints;
DROP TABLE audit_keys;
DELETE FROM database_meta WHERE name = 'audit_origin';
