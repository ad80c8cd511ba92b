-- People and groups are walked by id, name and time, each page from where the last one ended.
DROP INDEX users_by_email;
CREATE INDEX users_by_email ON users (org_id, email_key, id);
CREATE INDEX users_by_creation ON users (org_id, created_at, id);
CREATE INDEX users_by_update ON users (org_id, updated_at, id);
-- When somebody was last added to a group or taken out of it; 0 for one that only an older release has seen.
ALTER TABLE groups ADD COLUMN members_changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE groups SET members_changed_at = created_at;
CREATE INDEX groups_by_update ON groups (org_id, updated_at, id);
CREATE INDEX groups_by_member_change ON groups (org_id, members_changed_at, id);
