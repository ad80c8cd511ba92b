-- What only administrators read of an authorization server: ids of its scopes and claims, access rules in policies, and
-- what of them is at rest. What is in force stands in the settings. Empty until something is changed.
ALTER TABLE authorization_servers ADD COLUMN parts TEXT NOT NULL DEFAULT '';
-- The same of a sign-on policy: what it is for, and rules at rest.
ALTER TABLE policies ADD COLUMN aside TEXT NOT NULL DEFAULT '';
