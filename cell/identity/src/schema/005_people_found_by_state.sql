-- People of one state are found by a word without a walk over the people of the others.
ALTER TABLE user_terms ADD COLUMN status TEXT NOT NULL DEFAULT '';
UPDATE user_terms SET status = (SELECT u.status FROM users u WHERE u.org_id = user_terms.org_id AND u.id = user_terms.user_id);
CREATE INDEX user_terms_by_status ON user_terms (org_id, status, term, user_id);

-- The words of one person are compared without a look at the rows.
DROP INDEX user_terms_by_user;
CREATE INDEX user_terms_by_user ON user_terms (org_id, user_id, term);
