-- In which rows of a log which words stand. It is made behind whoever writes, out of the rows alone: without it a search looks at
-- them directly, and finds the same.

-- Up to which row: of the rows to `blocks_to` each 256 have a block, of those to `stretches_to` each 16,384 have shelves instead.
CREATE TABLE log_word_places (
    org_id TEXT NOT NULL PRIMARY KEY,
    blocks_to BIGINT NOT NULL,
    stretches_to BIGINT NOT NULL
);

-- The words of the rows from `first_seq` on, in the form that the crate's `words::list` says: of a stretch those whose mark
-- begins with the number of the shelf (0 to 255), of a block all (256).
CREATE TABLE log_words (
    org_id TEXT NOT NULL,
    shelf BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    words BYTES NOT NULL,
    PRIMARY KEY (org_id, shelf, first_seq)
);
