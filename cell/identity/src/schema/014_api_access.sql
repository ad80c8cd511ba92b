-- What an app may do at the management API: scopes, and roles of its own. It needs both.
CREATE TABLE app_api_grants (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    granted_by TEXT NOT NULL,
    PRIMARY KEY (org_id, app_id, id)
);
CREATE UNIQUE INDEX app_api_grants_by_scope ON app_api_grants (org_id, app_id, scope);

CREATE TABLE app_roles (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    role TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id, role)
);
