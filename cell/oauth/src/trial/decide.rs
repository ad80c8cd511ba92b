//! Whose trial a ticket is for. Pure.
//!
//! A ticket is the `state` of a trial's authorization request, sealed under the org's key. It alone permits an address
//! that the app has not registered: the console's own, for one app, one administrator, a few minutes and one answer.
//! The secret behind its hash is in that administrator's browser; without it the code that comes back is worth nothing.

use aws_lc_rs::digest::{SHA256, digest};
use protocol::jose::base64url;
use serde::{Deserialize, Serialize};
use vocab::id::{AppId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// What a sealed ticket says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The app that is tried.
    pub app: AppId,
    /// The administrator who tries it.
    pub user: UserId,
    /// The hash of the secret in the administrator's browser.
    pub secret_hash: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What the browser brings back.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The app of the address.
    pub app: &'a AppId,
    /// Who is signed in.
    pub user: &'a UserId,
    /// The secret of the cookie.
    pub secret: &'a str,
}

/// Whether a ticket is this app's and alive.
#[must_use]
pub fn is_for(ticket: &Ticket, app: &AppId, now: Timestamp) -> bool {
    ticket.app == *app && now < ticket.expires_at
}

/// Whether what came back belongs to the ticket.
#[must_use]
pub fn is_presented_by(ticket: &Ticket, presented: Presented<'_>, now: Timestamp) -> bool {
    is_for(ticket, presented.app, now)
        && ticket.user == *presented.user
        && ticket.secret_hash == SecretHash::of(presented.secret).to_hex()
}

/// The `code_verifier` and the `nonce` that follow from the secret, so that neither is stored anywhere.
#[must_use]
pub fn render_verifier(secret: &str) -> String {
    SecretHash::of(&format!("testudo trial verifier/{secret}")).to_hex()
}

/// The `nonce`.
#[must_use]
pub fn render_nonce(secret: &str) -> String {
    SecretHash::of(&format!("testudo trial nonce/{secret}")).to_hex()
}

/// The `code_challenge` of a verifier (RFC 7636 section 4.2).
#[must_use]
pub fn render_challenge(verifier: &str) -> String {
    base64url::render(digest(&SHA256, verifier.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::{Presented, Ticket, is_for, is_presented_by, render_challenge, render_verifier};
    use protocol::oauth::pkce::{Challenge, Verifier};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, UserId};
    use vocab::secret::SecretHash;
    use vocab::time::Timestamp;

    #[test]
    fn a_ticket_is_good_for_one_app_one_person_one_browser_and_a_while() {
        let entropy = SeededEntropy::new(11);
        let (app, other_app) = (AppId::generate(&entropy), AppId::generate(&entropy));
        let (user, other_user) = (UserId::generate(&entropy), UserId::generate(&entropy));
        let now = Timestamp::from_seconds(1_000);
        let ticket = Ticket {
            app: app.clone(),
            user: user.clone(),
            secret_hash: SecretHash::of("s").to_hex(),
            expires_at: now.plus_secs(60),
        };
        let ask =
            |app, user, secret, at| is_presented_by(&ticket, Presented { app, user, secret }, at);
        assert!(ask(&app, &user, "s", now));
        assert!(!ask(&other_app, &user, "s", now));
        assert!(!ask(&app, &other_user, "s", now));
        assert!(!ask(&app, &user, "t", now));
        assert!(!ask(&app, &user, "s", now.plus_secs(60)));
        assert!(is_for(&ticket, &app, now) && !is_for(&ticket, &other_app, now));
    }

    #[test]
    fn the_verifier_follows_from_the_secret_and_fits_its_challenge() {
        let verifier = render_verifier("s");
        assert_ne!(verifier, render_verifier("t"));
        let challenge = Challenge::parse(&render_challenge(&verifier)).unwrap();
        assert!(challenge.is_met_by(&Verifier::parse(&verifier).ok().unwrap()));
    }
}
