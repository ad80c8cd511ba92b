-- By which rules of what is sent (`walked_by`) everybody of a connection (032) was looked at last. What newer rules say of people who did not
-- change stands in no row of the log.
ALTER TABLE provisioning_connections ADD COLUMN walked_by BIGINT NOT NULL DEFAULT 0;
