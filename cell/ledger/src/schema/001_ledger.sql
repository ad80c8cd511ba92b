-- The system log, hash-chained per org, and the outbox.

-- One row per org: the newest row of its chain. Taking it is taking the org's place in the log.
CREATE TABLE log_heads (
    org_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    published_at BIGINT NOT NULL
);

-- The body is the event as it was hashed, byte for byte; the columns beside it repeat parts of it for the indexes.
CREATE TABLE log_events (
    org_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX log_events_by_type ON log_events (org_id, event_type, seq);
CREATE INDEX log_events_by_actor ON log_events (org_id, actor_id, seq);
CREATE INDEX log_events_by_time ON log_events (org_id, published_at, seq);
CREATE INDEX log_events_by_outcome ON log_events (org_id, outcome, seq) WHERE outcome <> 'SUCCESS';

CREATE TABLE log_targets (
    org_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    target_id TEXT NOT NULL,
    PRIMARY KEY (org_id, seq, target_id)
) WITHOUT ROWID;
CREATE INDEX log_targets_by_target ON log_targets (org_id, target_id, seq);

-- What leaves the cell: mail, later hooks and signals. due_at is NULL once a row is done or given up.
CREATE TABLE outbox (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    payload BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    done BIGINT NOT NULL,
    failed_at BIGINT,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, kind, idempotency_key),
    CHECK (length(payload) <= 524288),
    CHECK (length(idempotency_key) BETWEEN 1 AND 200)
);
CREATE INDEX outbox_by_due ON outbox (kind, due_at, org_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_done ON outbox (created_at, org_id, id) WHERE done = 1;
CREATE INDEX outbox_by_failed ON outbox (org_id, failed_at, id) WHERE failed_at IS NOT NULL;
