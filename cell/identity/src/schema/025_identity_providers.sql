-- Providers at which people of other organisations prove who they are. The secret in the configuration is sealed.
CREATE TABLE identity_providers (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    active BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

-- Who somebody at a provider is here. A subject is one person's, and a person has one subject at a provider. `own_proof` says that
-- the person proved by means of their own, at the moment of the link, that it is theirs.
CREATE TABLE identity_provider_links (
    org_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    account TEXT NOT NULL,
    own_proof BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (org_id, provider_id, subject)
);
CREATE UNIQUE INDEX identity_provider_links_by_user ON identity_provider_links (org_id, user_id, provider_id);
CREATE INDEX identity_provider_links_in_order ON identity_provider_links (org_id, provider_id, user_id);

-- Browsers that left for a provider. An answer counts once, in the sign-in that left.
CREATE TABLE identity_provider_departures (
    org_id TEXT NOT NULL,
    state_hash TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    provider_revision BIGINT NOT NULL,
    flow_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    fresh BIGINT NOT NULL,
    left_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (org_id, state_hash)
);
CREATE INDEX identity_provider_departures_by_flow ON identity_provider_departures (org_id, flow_id);
CREATE INDEX identity_provider_departures_by_end ON identity_provider_departures (expires_at);
