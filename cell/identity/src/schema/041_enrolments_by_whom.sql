-- Who began the enrolment of an authenticator app (001): a session, a sign-in, a token or an app. Its seed is shown to nobody else. What began
-- before this step is nobody's, and is drawn anew.
ALTER TABLE totp_factors ADD COLUMN begun_by TEXT;
