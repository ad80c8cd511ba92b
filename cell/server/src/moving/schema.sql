-- Where an org stands in this cell: 'serving', 'parked' (for a moment nobody), 'incoming' (a copy that another cell keeps
-- up to date), 'gone' (another cell serves it; the row stays, so that nothing older is ever believed).
ALTER TABLE placements ADD COLUMN standing TEXT NOT NULL DEFAULT 'serving';

-- The moves that this cell takes part in. One that is over stays for a while, so that a late question does not begin it anew.
CREATE TABLE org_moves (
    move_id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    peer TEXT NOT NULL,
    role TEXT NOT NULL,
    leg BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    taken_seq BIGINT NOT NULL,
    place TEXT,
    copied BIGINT NOT NULL,
    transfer_key BYTES,
    fence_attempt BIGINT NOT NULL,
    unfenced_attempt BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK (role IN ('giving', 'taking', 'leaving'))
);
CREATE UNIQUE INDEX org_moves_of_org ON org_moves (org_id) WHERE ended_at IS NULL;
CREATE INDEX org_moves_by_end ON org_moves (ended_at) WHERE ended_at IS NOT NULL;
