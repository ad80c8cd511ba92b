-- Key pairs by which inline hooks prove themselves at token endpoints. `public_jwk` is the half that is shown, `sealed` the other.
CREATE TABLE hook_keys (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kid TEXT NOT NULL,
    name TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    sealed BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, kid),
    UNIQUE (org_id, name)
);

-- How an inline hook comes to the token that it is asked with; nothing where a header stands for it.
ALTER TABLE inline_hooks ADD COLUMN oauth TEXT;
