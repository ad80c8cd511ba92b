-- Organisations, people, groups, apps, credentials, sessions, policies. Every row carries its org.
CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    ordinal BIGINT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE org_hosts (
    host TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id)
);
CREATE INDEX org_hosts_by_org ON org_hosts (org_id);

CREATE TABLE org_logos (
    org_id TEXT PRIMARY KEY REFERENCES orgs (id),
    mark TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes BYTES NOT NULL
);

CREATE TABLE users (
    org_id TEXT NOT NULL REFERENCES orgs (id),
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    email_verified BIGINT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    profile TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    activated_at BIGINT,
    status_changed_at BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, login_key)
);
CREATE INDEX users_by_email ON users (org_id, email_key);
CREATE INDEX users_by_status ON users (org_id, status, login_key);

-- One row per searchable word of a person, lower case: login, mail address, names.
CREATE TABLE user_terms (
    org_id TEXT NOT NULL,
    term TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, term, user_id)
);
CREATE INDEX user_terms_by_user ON user_terms (org_id, user_id);

CREATE TABLE administrators (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, role)
);

CREATE TABLE groups (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);

CREATE TABLE group_members (
    org_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (org_id, user_id, group_id);

CREATE TABLE apps (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    settings TEXT NOT NULL,
    open_to_all BIGINT NOT NULL,
    policy_id TEXT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, label_key)
);

CREATE TABLE app_secrets (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (org_id, app_id, id)
);

CREATE TABLE app_users (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, user_id)
);
CREATE INDEX app_users_by_user ON app_users (org_id, user_id, app_id);

CREATE TABLE app_groups (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, group_id)
);
CREATE INDEX app_groups_by_group ON app_groups (org_id, group_id, app_id);

-- Scopes, claims, access policies and rules of a server are one JSON document: small, read whole, versioned.
CREATE TABLE authorization_servers (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);

CREATE TABLE policies (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    document TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);

CREATE TABLE zones (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    ranges TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);

CREATE TABLE api_tokens (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, token_hash)
);

CREATE TABLE passwords (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);

CREATE TABLE password_history (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    replaced_at BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, replaced_at)
);

CREATE TABLE passkeys (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    rp_id TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    device_bound BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    -- The model of the authenticator, where a verified statement proved it.
    attested_aaguid TEXT,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, credential_id)
);
CREATE INDEX passkeys_by_user ON passkeys (org_id, user_id);

CREATE TABLE totp_factors (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed_seed BYTES NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX totp_factors_by_user ON totp_factors (org_id, user_id);

CREATE TABLE recovery_codes (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (org_id, user_id, code_hash)
);

-- Links and codes that went out by mail or were printed once: set-up, invitation, recovery, mail code.
CREATE TABLE one_time_codes (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT,
    purpose TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    bound_to TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX one_time_codes_by_secret ON one_time_codes (org_id, purpose, secret_hash);
CREATE INDEX one_time_codes_by_user ON one_time_codes (org_id, user_id, purpose);
CREATE INDEX one_time_codes_by_end ON one_time_codes (expires_at);

-- A sign-in that is under way: what has been proved so far, bound to a cookie.
CREATE TABLE sign_in_flows (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, secret_hash)
);
CREATE INDEX sign_in_flows_by_end ON sign_in_flows (expires_at);

CREATE TABLE sessions (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    user_epoch BIGINT NOT NULL,
    authenticators TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, secret_hash)
);
CREATE INDEX sessions_by_user ON sessions (org_id, user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Sessions that ended before their time, until whoever must hear of it has been told. Written by whatever ends one, in
-- the same transaction.
CREATE TABLE ended_sessions (
    org_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, session_id)
);

CREATE TABLE consents (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, app_id, server_id)
);
