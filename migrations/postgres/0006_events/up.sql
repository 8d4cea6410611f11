-- Events: what happened, what became of it, and who outside is told. Rows that are looked for again and again are narrow;
-- what an event says stands beside it.

-- The key is `source id`, or ` key` for an event whose source gave it no id: a source has no space in it. `rank` is the
-- priority as a number, since its name sorts wrongly. The next try is known exactly while an event is pending, and the end of
-- its lease exactly while it is being processed.
CREATE TABLE events (
    id UUID PRIMARY KEY,
    -- In the order of its bytes, as SQLite has it.
    event_type TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    event_key TEXT,
    digest TEXT NOT NULL,
    priority TEXT NOT NULL CONSTRAINT events_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    rank BIGINT NOT NULL CONSTRAINT events_rank CHECK (rank BETWEEN 0 AND 3),
    status TEXT NOT NULL CONSTRAINT events_status
        CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'dead')),
    created_by_kind TEXT NOT NULL CONSTRAINT events_created_by_kind
        CHECK (created_by_kind IN ('human', 'agent', 'system')),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- How many events stand between this one and one from outside, and what caused it.
    depth BIGINT NOT NULL,
    cause TEXT,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT,
    epoch BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    expires_at BIGINT,
    processed_at BIGINT,
    processed_by TEXT,
    result TEXT,
    error TEXT,
    CONSTRAINT events_pending CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT events_processing CHECK ((status = 'processing') = (expires_at IS NOT NULL)),
    CONSTRAINT events_completed CHECK ((status = 'completed') = (result IS NOT NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX events_event_key ON events (event_key) WHERE event_key IS NOT NULL;
CREATE INDEX events_due ON events (rank, next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX events_leased ON events (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX events_type_id ON events (event_type, id);
CREATE INDEX events_source_id ON events (source, id);
CREATE INDEX events_unwell ON events (status, id) WHERE status IN ('failed', 'dead');

CREATE TABLE event_documents (
    event_id UUID PRIMARY KEY REFERENCES events (id),
    document TEXT NOT NULL
);

-- An address that events are sent to. One that was deleted stays without its secrets, for what was sent to it. The secrets
-- are JSON: they sign, so that a digest would not do.
CREATE TABLE webhooks (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    -- Types and patterns of types, separated by a space.
    filter TEXT NOT NULL,
    secrets TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    disabled_reason TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX webhooks_name ON webhooks (name) WHERE deleted_at IS NULL;

-- One event on its way to one webhook; the id is the name of the message, the same for every try. No foreign key to the
-- webhook: every event would lock its one row, which is never deleted.
CREATE TABLE webhook_deliveries (
    id UUID PRIMARY KEY,
    webhook_id UUID NOT NULL,
    event_id UUID NOT NULL REFERENCES events (id),
    status TEXT NOT NULL CONSTRAINT webhook_deliveries_status
        CHECK (status IN ('pending', 'sending', 'delivered', 'failed')),
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT,
    epoch BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    expires_at BIGINT,
    last_attempt_at BIGINT,
    last_status BIGINT,
    last_error TEXT,
    finished_at BIGINT,
    CONSTRAINT webhook_deliveries_event UNIQUE (webhook_id, event_id),
    CONSTRAINT webhook_deliveries_pending CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_sending CHECK ((status = 'sending') = (expires_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_finished CHECK ((status IN ('delivered', 'failed')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at, id)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_event_id ON webhook_deliveries (event_id);

-- How far somebody has read the audit log. What was written before there were events is not told.
CREATE TABLE event_cursors (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL
);
INSERT INTO event_cursors (name, position, moved_at) SELECT 'audit', COALESCE(max(position), 0), 0 FROM audit_log;
