-- Attributes of profiles of which no two people of an org have the same value. Each has a mark for as long as it is so; one
-- that is no more is retired, and goes once its values are gone.
CREATE TABLE user_unique_attributes (
    org_id TEXT NOT NULL,
    mark TEXT NOT NULL,
    name TEXT NOT NULL,
    retired BIGINT NOT NULL,
    PRIMARY KEY (org_id, mark)
);
CREATE INDEX user_unique_attributes_in_force ON user_unique_attributes (org_id, name) WHERE retired = 0;
CREATE INDEX user_unique_attributes_retired ON user_unique_attributes (org_id, mark) WHERE retired = 1;

-- Who has which value, as a hash: an index takes no text of any length.
CREATE TABLE user_unique_values (
    org_id TEXT NOT NULL,
    mark TEXT NOT NULL,
    value_hash TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, mark, value_hash)
);
CREATE INDEX user_unique_values_by_user ON user_unique_values (org_id, user_id);
