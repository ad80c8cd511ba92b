-- Roles that an org made itself: names of what they permit, nothing of which counts until the role is bound to a set.
CREATE TABLE custom_roles (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, label_key)
);

CREATE TABLE custom_role_permissions (
    org_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, role_id, permission)
);

CREATE TABLE resource_sets (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    label_key TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, label_key)
);

-- What is in a set. The target is the id of the one thing that is meant, and empty where all of the kind are.
CREATE TABLE resource_set_resources (
    org_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, set_id, id),
    UNIQUE (org_id, set_id, kind, target)
);
CREATE INDEX resource_set_resources_by_target ON resource_set_resources (org_id, target);

-- Who holds which role over which set: a person, or whoever is in a group.
CREATE TABLE role_bindings (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    member_kind TEXT NOT NULL,
    member_id TEXT NOT NULL,
    bound_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, member_kind, member_id, role_id, set_id)
);
CREATE INDEX role_bindings_by_set ON role_bindings (org_id, set_id, role_id, id);
CREATE INDEX role_bindings_by_role ON role_bindings (org_id, role_id);

-- Standard roles of groups: each counts for whoever is in the group.
CREATE TABLE group_roles (
    org_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    role TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, group_id, role)
);
