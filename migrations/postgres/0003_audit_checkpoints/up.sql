-- Seals over the audit log: which keys sign them, and what each one says. A copy of both lies outside the database.

-- Names this database, and every copy of it, in what is signed.
INSERT INTO database_meta (name, value) VALUES ('audit_origin', replace(gen_random_uuid()::text, '-', ''));

-- The keys in the order in which they were in force. Each but the first was introduced by the one before, in a signed
-- text.
CREATE TABLE audit_keys (
    number BIGINT PRIMARY KEY,
    key_id TEXT NOT NULL CONSTRAINT audit_keys_key_id UNIQUE,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    rotation TEXT,
    CONSTRAINT audit_keys_rotation CHECK ((number = 1) = (rotation IS NULL))
);

-- What is signed, as text, and the leaves under its root. The other columns repeat what the text says.
CREATE TABLE audit_checkpoints (
    number BIGINT PRIMARY KEY,
    sealed_at BIGINT NOT NULL,
    through BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    leaves TEXT NOT NULL,
    statement TEXT NOT NULL,
    digest TEXT NOT NULL
);

CREATE TRIGGER audit_keys_no_change BEFORE UPDATE OR DELETE ON audit_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the keys of the audit log only grow');
CREATE TRIGGER audit_keys_no_truncate BEFORE TRUNCATE ON audit_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the keys of the audit log only grow');
CREATE TRIGGER audit_checkpoints_no_change BEFORE UPDATE OR DELETE ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_change('the checkpoints of the audit log only grow');
CREATE TRIGGER audit_checkpoints_no_truncate BEFORE TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the checkpoints of the audit log only grow');
