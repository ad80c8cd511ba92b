-- The state to which somebody returns who is kept out or has left: one that asks for another password, which no way back in forgets.
-- Nothing stands here for anybody else.
ALTER TABLE users ADD COLUMN returns_to TEXT;
