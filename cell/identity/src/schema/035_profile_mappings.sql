-- What people have in an app because of what their profiles say: one row for each app of which something is mapped.
CREATE TABLE profile_mappings (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    properties TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id)
);
