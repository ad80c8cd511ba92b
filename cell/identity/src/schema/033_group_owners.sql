-- Who answers for a group: people and groups of the same org, told apart by their ids. It gives them nothing.
CREATE TABLE group_owners (
    org_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, group_id, owner_id)
);
CREATE INDEX group_owners_by_owner ON group_owners (org_id, owner_id);
