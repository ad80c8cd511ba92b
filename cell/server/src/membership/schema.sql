-- Which orgs a cell of a fleet serves, and since which epoch of their placement.
CREATE TABLE placements (
    org_id TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    placed_at BIGINT NOT NULL
);
