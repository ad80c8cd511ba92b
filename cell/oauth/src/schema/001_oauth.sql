-- Codes, refresh families, opaque access tokens, device grants. Tokens are stored as hashes alone.
CREATE TABLE authorization_codes (
    org_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    server_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_epoch BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    grant_document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    family_id TEXT,
    access_token_id TEXT,
    access_token_expires_at BIGINT,
    PRIMARY KEY (org_id, code_hash)
);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);

-- The latest token of a family is stored as its hash. The salt makes its successor reproducible for whoever
-- presents the previous token again, and for nobody else.
CREATE TABLE refresh_families (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_epoch BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    grant_document TEXT NOT NULL,
    member_hash TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    previous_hash TEXT,
    salt TEXT NOT NULL,
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX refresh_families_by_user ON refresh_families (org_id, user_id, app_id);
CREATE INDEX refresh_families_by_session ON refresh_families (org_id, session_id);
CREATE INDEX refresh_families_by_end ON refresh_families (expires_at);

CREATE TABLE access_tokens (
    org_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    server_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    claims TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, token_hash)
);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);

-- Ids of access tokens that were revoked before their end, and of client assertions that were seen.
CREATE TABLE spent_token_ids (
    org_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    token_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, token_id)
);
CREATE INDEX spent_token_ids_by_end ON spent_token_ids (expires_at);

CREATE TABLE device_grants (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    device_hash TEXT NOT NULL,
    user_code_hash TEXT NOT NULL,
    server_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    status TEXT NOT NULL,
    user_id TEXT,
    user_epoch BIGINT,
    session_id TEXT,
    grant_document TEXT,
    address TEXT NOT NULL,
    interval_secs BIGINT NOT NULL,
    last_poll_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, device_hash),
    UNIQUE (org_id, user_code_hash)
);
CREATE INDEX device_grants_by_end ON device_grants (expires_at);

-- Which apps were signed in to in a session: whom back-channel logout tells.
CREATE TABLE session_apps (
    org_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, session_id, app_id, server_id)
);
CREATE INDEX session_apps_by_age ON session_apps (signed_in_at);
