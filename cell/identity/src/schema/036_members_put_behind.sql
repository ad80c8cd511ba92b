-- Of who was put into a pushed group (032), `due` is 0 where nothing is to be looked at, 1 where it was not tried yet, and more by one for
-- each time that the peer refused to let somebody go: those who were tried least come first.
DROP INDEX provisioning_members_due;
CREATE INDEX provisioning_members_due ON provisioning_members (org_id, app_id, push_id, due, user_id) WHERE due > 0;
