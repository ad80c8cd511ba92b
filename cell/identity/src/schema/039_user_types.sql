-- Types of people. The one that every org has is not stored until its words are changed: its id and its name follow from the org.
-- The attributes of the others stand in attribute_schemas (031), under the id of the type.
CREATE TABLE user_types (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_by TEXT,
    updated_by TEXT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name)
);
-- Nothing stands here for whoever is of the type that every org has, and nothing of them in the index.
ALTER TABLE users ADD COLUMN type_id TEXT;
CREATE INDEX users_by_type ON users (org_id, type_id, login_key) WHERE type_id IS NOT NULL;
-- For the people of which types an attribute (021) is unique; nothing where it is so for the type that every org has alone.
ALTER TABLE user_unique_attributes ADD COLUMN types TEXT;
