-- What groups have beyond name and description, and people in an app beyond their own profile. The owner is the id of the app, or
-- `groups`.
CREATE TABLE attribute_schemas (
    org_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    attributes TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, owner)
);
ALTER TABLE groups ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE app_users ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';

-- Relations between people, each with a name for either end: two rows. A name is one end's alone.
CREATE TABLE linked_object_ends (
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    relation_id TEXT NOT NULL,
    side TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, name),
    UNIQUE (org_id, relation_id, side)
);

-- Who is the primary of whom. Somebody has one primary in a relation.
CREATE TABLE linked_people (
    org_id TEXT NOT NULL,
    relation_id TEXT NOT NULL,
    associated_id TEXT NOT NULL,
    primary_id TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, relation_id, associated_id)
);
CREATE INDEX linked_people_of_associated ON linked_people (org_id, associated_id);
CREATE INDEX linked_people_of_primary ON linked_people (org_id, primary_id, relation_id, associated_id);
-- Relations that were removed, and people who were somebody's primary: nobody is linked by them any more, and the rows go in portions.
CREATE TABLE linked_people_endings (
    org_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    ended_id TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, ended_id)
);
CREATE INDEX linked_people_endings_by_time ON linked_people_endings (kind, ended_at);
