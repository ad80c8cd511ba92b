-- Sites that an org trusts: whose scripts may read the answers of its API, and to which browsers may be sent on.
CREATE TABLE trusted_origins (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    origin TEXT NOT NULL,
    cors BIGINT NOT NULL,
    redirect BIGINT NOT NULL,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key),
    UNIQUE (org_id, origin)
);

-- A zone that rests contains nobody.
ALTER TABLE zones ADD COLUMN active BIGINT NOT NULL DEFAULT 1;
