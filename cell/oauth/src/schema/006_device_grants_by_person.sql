-- What a person said yes to is found without a look at the grants of others.
CREATE INDEX device_grants_by_user ON device_grants (org_id, user_id) WHERE user_id IS NOT NULL;
