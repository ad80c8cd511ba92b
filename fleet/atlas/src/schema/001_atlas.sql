-- The register of cells and orgs. Its log is also the feed that edges follow.
CREATE TABLE register_head (
    id BIGINT PRIMARY KEY,
    cursor BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO register_head (id, cursor, hash) VALUES (1, 0, '');

-- The body is the change as it was hashed, byte for byte; each hash covers the one before it.
CREATE TABLE changes (
    cursor BIGINT PRIMARY KEY,
    body TEXT NOT NULL,
    routes TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE cells (
    name TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    cloud TEXT NOT NULL,
    regimes TEXT NOT NULL,
    size TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    orgs BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    pin TEXT NOT NULL,
    cell TEXT NOT NULL REFERENCES cells (name),
    epoch BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX orgs_by_cell ON orgs (cell, slug);
CREATE INDEX orgs_being_created ON orgs (created_at) WHERE state = 'creating';

CREATE TABLE org_hosts (
    host TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id)
);
CREATE INDEX org_hosts_by_org ON org_hosts (org_id);
