-- What a process writes and removes again every few seconds, to know that the store takes writes.
CREATE TABLE pulses (
    id TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
