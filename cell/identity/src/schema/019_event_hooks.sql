-- Who is told what happens in an org, and how far each has followed the log. `followed` is the number of the last row
-- that was looked at; it goes on in the transaction that puts the deliveries into the outbox.
CREATE TABLE event_hooks (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    active BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    followed BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
-- Orgs without hooks are not in it: nobody looks at their logs.
CREATE INDEX event_hooks_following ON event_hooks (org_id, id) WHERE active = 1 AND verified = 1;

CREATE TABLE event_hook_types (
    org_id TEXT NOT NULL,
    hook_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    PRIMARY KEY (org_id, hook_id, event_type)
);

-- Each delivery with what came of it. The events stay in the log and are named by their numbers.
CREATE TABLE event_hook_deliveries (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    hook_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    log_rows TEXT NOT NULL,
    event_type TEXT NOT NULL,
    events BIGINT NOT NULL,
    state TEXT NOT NULL,
    repeats BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    attempted_at BIGINT,
    took_ms BIGINT,
    status BIGINT,
    trouble TEXT,
    answer TEXT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX event_hook_deliveries_by_number ON event_hook_deliveries (org_id, hook_id, number);
CREATE INDEX event_hook_deliveries_waiting ON event_hook_deliveries (org_id, hook_id) WHERE state = 'WAITING';
CREATE INDEX event_hook_deliveries_by_age ON event_hook_deliveries (created_at, org_id, id);
