-- What a provisioning client calls people and groups: at most one thing of an org has a name of theirs.
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_by_external_id ON users (org_id, external_id);
ALTER TABLE groups ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX groups_by_external_id ON groups (org_id, external_id);
