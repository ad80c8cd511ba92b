-- A policy that rests is evaluated for nobody, and no app can name it; and the apps that a policy governs, by id.
ALTER TABLE policies ADD COLUMN active BIGINT NOT NULL DEFAULT 1;
CREATE INDEX apps_by_policy ON apps (org_id, policy_id, id);
