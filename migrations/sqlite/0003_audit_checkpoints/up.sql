-- Seals over the audit log: which keys sign them, and what each one says. A copy of both lies outside the database.

-- Names this database, and every copy of it, in what is signed.
INSERT INTO database_meta (name, value) VALUES ('audit_origin', lower(hex(randomblob(16))));

-- The keys in the order in which they were in force. Each but the first was introduced by the one before, in a signed
-- text.
CREATE TABLE audit_keys (
    number INTEGER NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL CONSTRAINT audit_keys_key_id UNIQUE,
    public_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    rotation TEXT,
    CONSTRAINT audit_keys_rotation CHECK ((number = 1) = (rotation IS NULL))
) STRICT;

-- What is signed, as text, and the leaves under its root. The other columns repeat what the text says.
CREATE TABLE audit_checkpoints (
    number INTEGER NOT NULL PRIMARY KEY,
    sealed_at INTEGER NOT NULL,
    through INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    leaves TEXT NOT NULL,
    statement TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_keys_no_update BEFORE UPDATE ON audit_keys
    BEGIN SELECT RAISE(ABORT, 'the keys of the audit log only grow'); END;
CREATE TRIGGER audit_keys_no_delete BEFORE DELETE ON audit_keys
    BEGIN SELECT RAISE(ABORT, 'the keys of the audit log only grow'); END;
CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints
    BEGIN SELECT RAISE(ABORT, 'the checkpoints of the audit log only grow'); END;
CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints
    BEGIN SELECT RAISE(ABORT, 'the checkpoints of the audit log only grow'); END;
