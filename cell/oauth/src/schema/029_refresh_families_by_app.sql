-- Refresh tokens that were not ended, by app and by server: those of an app are walked without its people, and the apps of a
-- server without its tokens.
CREATE INDEX refresh_families_by_app ON refresh_families (org_id, app_id, server_id, id) WHERE revoked_at IS NULL;
CREATE INDEX refresh_families_by_server ON refresh_families (org_id, server_id, app_id) WHERE revoked_at IS NULL;
