-- A move is over for its org before the cell that does not serve it has removed what it kept of it.
ALTER TABLE org_moves ADD COLUMN left_behind BIGINT NOT NULL DEFAULT 0;
CREATE INDEX org_moves_left_behind ON org_moves (taker, id) WHERE left_behind = 1;
CREATE INDEX org_moves_left_behind_of_org ON org_moves (org_id, taker) WHERE left_behind = 1;
-- Whether the cell that it was switched to is given up for lost.
ALTER TABLE org_moves ADD COLUMN abandoned BIGINT NOT NULL DEFAULT 0;

-- How much time the register has counted, in microseconds; 0 before it began to. The times until which moves can be taken
-- back are in counted time.
CREATE TABLE register_clock (
    id BIGINT PRIMARY KEY,
    counted_at BIGINT NOT NULL
);
INSERT INTO register_clock (id, counted_at) VALUES (1, 0);
