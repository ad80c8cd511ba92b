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

/// The context that satisfies a request: the weakest of those it names, since each of them will do. Values that are not
/// known cannot be reached and are passed over; with none that is known nothing is asked for.
#[must_use]
pub fn decide_wanted(acr_values: &[String]) -> Option<AuthenticationContext> {
    acr_values
        .iter()
        .filter_map(|word| AuthenticationContext::from_word(word))
        .min()
}

#[cfg(test)]
mod tests {
    use super::decide_wanted;
    use identity::sign_on::authenticator::AuthenticationContext as Context;

    #[test]
    fn any_known_value_will_do() {
        let table: [(&[&str], Option<Context>); 5] = [
            (&[], None),
            (&["urn:example:unknown"], None),
            (&["phr"], Some(Context::PhishingResistant)),
            (
                &["phrh", "urn:testudo:acr:2fa", "phr"],
                Some(Context::TwoFactors),
            ),
            (
                &["urn:example:unknown", "phrh"],
                Some(Context::PhishingResistantHardware),
            ),
        ];
        for (values, expected) in table {
            let values: Vec<String> = values.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(decide_wanted(&values), expected, "{values:?}");
        }
    }
}
