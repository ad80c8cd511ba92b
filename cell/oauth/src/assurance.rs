//! How surely a session knows its person, in the words of tokens (`acr`, `amr`).

use identity::session::Session;
use identity::sign_on::AuthenticatorKind;
use identity::sign_on::authenticator::{AuthenticationContext, amr_of};
use protocol::oidc::amr::Amr;
use serde_json::Value;

/// What a session proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// How strongly.
    pub context: AuthenticationContext,
    /// The same as the value of the claim.
    pub acr: &'static str,
    /// By which methods.
    pub amr: Vec<Amr>,
}

/// What a session proved. A session in which nothing is proved counts as the weakest.
#[must_use]
pub fn assurance_of(session: &Session) -> Assurance {
    let kinds: Vec<AuthenticatorKind> = session
        .authenticators
        .iter()
        .map(|proved| proved.kind)
        .collect();
    let context = AuthenticationContext::of(&kinds).unwrap_or(AuthenticationContext::OneFactor);
    let amr = amr_of(&kinds)
        .into_iter()
        .filter_map(|name| serde_json::from_value(Value::from(name)).ok())
        .collect();
    Assurance {
        context,
        acr: context.as_str(),
        amr,
    }
}

/// Whether the session reaches one of the contexts that a request asks for. Values that are not known cannot be
/// reached and are passed over; with none that is known nothing is asked for.
#[must_use]
pub fn reaches(assurance: &Assurance, acr_values: &[String]) -> bool {
    let mut known = acr_values
        .iter()
        .filter_map(|word| AuthenticationContext::from_word(word))
        .peekable();
    known.peek().is_none() || known.any(|wanted| assurance.context >= wanted)
}
