-- The state to which somebody returns who is kept out or has left: one that asks for another password. It is kept until they have chosen
-- one. Nothing stands here for anybody else.
ALTER TABLE users ADD COLUMN returns_to TEXT;
