-- What is called unusual of a sign-in, and from how many earlier ones that is told.
CREATE TABLE behaviors (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    events_max BIGINT NOT NULL,
    events_min BIGINT NOT NULL,
    active BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);

-- Where people got in: one row for each session at each address and device, a bounded number for each person. `address` and `device`
-- are marks that mean nothing beside another person. `proved` is what was proved there from `since` on.
CREATE TABLE sign_in_places (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    address TEXT NOT NULL,
    device TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    proved TEXT NOT NULL,
    since BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, session_id, address, device)
);
