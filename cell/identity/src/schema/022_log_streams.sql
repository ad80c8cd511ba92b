-- Where the log of an org flows to, and how far each stream has come: `followed` is the number of the last row that its
-- receiver has taken. Whoever sends holds the stream for a while; a sender that dies leaves a hold that runs out.
CREATE TABLE log_streams (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    filter TEXT NOT NULL,
    active BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    followed BIGINT NOT NULL,
    missed BIGINT NOT NULL,
    taken_at BIGINT,
    tried_at BIGINT,
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    alerted BIGINT NOT NULL,
    trouble TEXT,
    status BIGINT,
    next_at BIGINT NOT NULL,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
-- Orgs without streams are not in it: nobody looks at their logs.
CREATE INDEX log_streams_following ON log_streams (org_id, id) WHERE active = 1;
