-- Apps are walked by state and by whether they are open to everybody, each page from where the last one ended.
CREATE INDEX apps_by_status ON apps (org_id, status, id);
CREATE INDEX apps_by_openness ON apps (org_id, open_to_all, id);

-- When a secret of an app was last switched on again; none for one that never was off.
ALTER TABLE app_secrets ADD COLUMN activated_at BIGINT;

-- Secrets of apps that are switched off. They stand in a table of their own, so that a release that knows nothing of it
-- accepts none of them.
CREATE TABLE inactive_app_secrets (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deactivated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, id)
);
