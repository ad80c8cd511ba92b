-- The token by which a token was made: it ends with that one.
ALTER TABLE api_tokens ADD COLUMN made_by TEXT;
CREATE INDEX api_tokens_made_by ON api_tokens (org_id, made_by) WHERE made_by IS NOT NULL;
