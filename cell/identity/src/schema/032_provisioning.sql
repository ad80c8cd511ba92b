-- The SCIM server of an app, and how far its people are known there. `followed` is the number of the last row of the org's log that
-- was looked at; `walk_at` is the place of a walk over everybody that is under way, and empty where there is none. Whoever sends holds the
-- connection for a while; a sender that dies leaves a hold that runs out.
CREATE TABLE provisioning_connections (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    config TEXT NOT NULL,
    active BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    followed BIGINT NOT NULL,
    walk_at TEXT NOT NULL,
    walk_again BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    replaces BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    trouble TEXT,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id)
);
CREATE INDEX provisioning_connections_active ON provisioning_connections (org_id, app_id) WHERE active = 1;

-- Who somebody is at such a server, and what is still to be done there. A row waits while it has a `due_at`; `version` rises with each
-- change of the person, so that a change during a request is not taken for done. `begun` says that an account may have been made whose
-- id is not known, or what was last sent was not confirmed; `leaving`, that the person may have to be let in no more, and comes first.
CREATE TABLE provisioning_accounts (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    login TEXT NOT NULL,
    peer_id TEXT,
    sent TEXT NOT NULL,
    sent_names TEXT NOT NULL,
    peer_active BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    leaving BIGINT NOT NULL,
    version BIGINT NOT NULL,
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    trouble TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, user_id)
);
CREATE INDEX provisioning_accounts_due ON provisioning_accounts (org_id, app_id, due_at, user_id) WHERE due_at IS NOT NULL;
CREATE INDEX provisioning_accounts_leaving ON provisioning_accounts (org_id, app_id, due_at, user_id) WHERE leaving = 1;
CREATE INDEX provisioning_accounts_troubled ON provisioning_accounts (org_id, app_id, user_id) WHERE trouble IS NOT NULL;
CREATE UNIQUE INDEX provisioning_accounts_by_peer ON provisioning_accounts (org_id, app_id, peer_id) WHERE peer_id IS NOT NULL;

-- Groups that are pushed. `removing` says that the group at the peer is to be removed, and then the row.
CREATE TABLE provisioning_groups (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    peer_id TEXT,
    name TEXT NOT NULL,
    follows_name BIGINT NOT NULL,
    sent_name TEXT NOT NULL,
    active BIGINT NOT NULL,
    removing BIGINT NOT NULL,
    walk_at TEXT NOT NULL,
    version BIGINT NOT NULL,
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    trouble TEXT,
    pushed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, id),
    UNIQUE (org_id, app_id, group_id)
);
CREATE INDEX provisioning_groups_due ON provisioning_groups (org_id, app_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX provisioning_groups_by_peer ON provisioning_groups (org_id, app_id, peer_id) WHERE peer_id IS NOT NULL;
CREATE INDEX provisioning_groups_by_group ON provisioning_groups (org_id, group_id);

-- Who was put into a pushed group at the peer, by the id that was sent; and of whom that is to be looked at again.
CREATE TABLE provisioning_members (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    push_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    peer_id TEXT,
    version BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, push_id, user_id)
);
CREATE INDEX provisioning_members_due ON provisioning_members (org_id, app_id, push_id, user_id) WHERE due = 1;
CREATE INDEX provisioning_members_by_user ON provisioning_members (org_id, app_id, user_id);

-- What was sent to a peer, the newest thousand requests of each app. No body is kept, and nothing secret.
CREATE TABLE provisioning_requests (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status BIGINT,
    took_ms BIGINT NOT NULL,
    trouble TEXT,
    answer TEXT,
    PRIMARY KEY (org_id, app_id, number)
);
CREATE INDEX provisioning_requests_by_time ON provisioning_requests (at, org_id, app_id, number);

-- The import of an app that is under way, or the last one.
CREATE TABLE provisioning_imports (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    next_index BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    trouble TEXT,
    PRIMARY KEY (org_id, app_id)
);

-- Who it found, and who they are here.
CREATE TABLE provisioning_import_rows (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    peer_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    email TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    active BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    user_id TEXT,
    PRIMARY KEY (org_id, app_id, peer_id)
);
CREATE INDEX provisioning_import_rows_by_user ON provisioning_import_rows (org_id, app_id, user_id) WHERE user_id IS NOT NULL;
