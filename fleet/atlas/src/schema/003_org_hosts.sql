-- Where the adding or removing of a host name stands: 'adding', 'serving' or 'removing'. Edges know of those that serve.
ALTER TABLE org_hosts ADD COLUMN state TEXT NOT NULL DEFAULT 'serving';
CREATE INDEX org_hosts_under_way ON org_hosts (host) WHERE state <> 'serving';
