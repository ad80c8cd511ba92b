-- Standard roles that are held over some groups or apps alone. Such a role stands in none of the tables of roles that are held
-- over everything: whoever does not know this one takes it for no role at all, and a role of which every target is gone reaches nothing.
CREATE TABLE narrowed_roles (
    org_id TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    role TEXT NOT NULL,
    holder_kind TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, holder_id, role)
);
CREATE INDEX narrowed_roles_by_kind ON narrowed_roles (org_id, holder_kind, holder_id, role);

-- What each is narrowed to.
CREATE TABLE narrowed_role_targets (
    org_id TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, holder_id, role, kind, target)
);
CREATE INDEX narrowed_role_targets_by_target ON narrowed_role_targets (org_id, target);
