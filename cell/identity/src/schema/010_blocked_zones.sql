-- Whether whoever comes from a zone is refused before anything else is looked at.
ALTER TABLE zones ADD COLUMN blocked BIGINT NOT NULL DEFAULT 0;
