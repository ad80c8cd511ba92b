-- Org keys wrapped by roots of trust, and signing keys sealed under org keys.

-- One row per version of an org's key and root of trust: any one root that is there suffices.
CREATE TABLE org_keys (
    org_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    root_id TEXT NOT NULL,
    wrapped BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, version, root_id)
);
CREATE INDEX org_keys_by_root ON org_keys (root_id, org_id, version);

-- The generation counts the keys of one server and algorithm: two that rotate at once draw the same number, and one
-- of them is told so. due_at is when the rotation must look at the key again.
CREATE TABLE signing_keys (
    org_id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    generation BIGINT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    signs_until BIGINT NOT NULL,
    published_until BIGINT NOT NULL,
    revoked_at BIGINT,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, server_id, kid),
    UNIQUE (org_id, server_id, algorithm, generation)
);
CREATE INDEX signing_keys_by_due ON signing_keys (due_at, org_id, server_id, algorithm);
