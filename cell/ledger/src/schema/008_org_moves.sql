-- What a cell notes of an org that is moving. It lies here, below every table of an org, because whatever walks over the
-- rows of all orgs must pass over those that are not this cell's alone to change.

-- An org without a row is not moving. 'open': everybody writes, and what is written is noted. 'closed': nobody but the move
-- itself writes. 'pass': the move writes; set and taken back within its transaction, and seen by nobody else.
CREATE TABLE org_fences (
    org_id TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    CHECK (mode IN ('open', 'closed', 'pass'))
);

-- Rows that were written since their org began to move. A row waits to be shipped while its version is higher than the
-- one that was; a parcel under way notes its number and the version that it carries.
CREATE TABLE org_changes (
    org_id TEXT NOT NULL,
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,
    version BIGINT NOT NULL,
    shipped BIGINT NOT NULL,
    offered BIGINT NOT NULL,
    parcel BIGINT NOT NULL,
    PRIMARY KEY (org_id, table_name, row_key)
);
CREATE INDEX org_changes_waiting ON org_changes (org_id, table_name, row_key) WHERE version > shipped;
CREATE INDEX org_changes_by_parcel ON org_changes (org_id, parcel);
