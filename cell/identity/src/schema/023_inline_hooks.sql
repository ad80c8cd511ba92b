-- Whom an org asks before it answers: about tokens, and about passwords that another system keeps.
CREATE TABLE inline_hooks (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    config TEXT NOT NULL,
    active BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

-- People whose password another system knows: at their first sign-in it is taken over, and the row goes. Whoever has a row here
-- has none in passwords.
CREATE TABLE password_imports (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    declared_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
