-- Moves of orgs between cells. An org is moved by one of them at a time.
CREATE TABLE org_moves (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    slug TEXT NOT NULL,
    source TEXT NOT NULL REFERENCES cells (name),
    target TEXT NOT NULL REFERENCES cells (name),
    giver TEXT NOT NULL,
    taker TEXT NOT NULL,
    leg BIGINT NOT NULL,
    phase TEXT NOT NULL,
    revision BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    is_returning BIGINT NOT NULL,
    reason TEXT,
    rows_total BIGINT NOT NULL,
    keep_secs BIGINT NOT NULL,
    until_at BIGINT,
    fenced_at BIGINT,
    pause_micros BIGINT,
    requested_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX org_moves_under_way ON org_moves (org_id) WHERE phase NOT IN ('done', 'undone');
CREATE INDEX org_moves_by_slug ON org_moves (slug, created_at);
CREATE INDEX org_moves_by_age ON org_moves (created_at, id);
