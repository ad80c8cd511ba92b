//! How surely a session knows its person, in the words of tokens (`acr`, `amr`).

use identity::session::Session;
use identity::sign_on::AuthenticatorKind;
use identity::sign_on::authenticator::{AuthenticationContext, amr_of};
use identity::sign_on::means::UntakenMeans;
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

/// What a session proved, of what the org takes. A session in which nothing is proved counts as the weakest.
#[must_use]
pub fn assurance_of(session: &Session, untaken: &UntakenMeans) -> Assurance {
    let counted = untaken.counted(&session.authenticators);
    let kinds: Vec<AuthenticatorKind> = counted.iter().map(|proved| proved.kind).collect();
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
    use super::{assurance_of, decide_wanted};
    use identity::session::Session;
    use identity::sign_on::authenticator::AuthenticationContext as Context;
    use identity::sign_on::means::{Means, UntakenMeans};
    use identity::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, SessionId, UserId};
    use vocab::time::Timestamp;

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

    fn session(proved: &[AuthenticatorKind]) -> Session {
        let (entropy, now) = (SeededEntropy::new(1), Timestamp::from_seconds(1));
        Session {
            org_id: OrgId::generate(&entropy),
            id: SessionId::generate(&entropy),
            user_id: UserId::generate(&entropy),
            user_epoch: 0,
            authenticators: proved
                .iter()
                .map(|kind| ProvedAuthenticator {
                    kind: *kind,
                    at: now,
                })
                .collect(),
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now,
            expires_at: now,
            address: String::new(),
            user_agent: String::new(),
        }
    }

    #[test]
    fn what_the_org_takes_no_more_assures_nobody() {
        use AuthenticatorKind::{Passkey, Password, Totp};
        let bound = Passkey(PasskeyStorage::DeviceBound);
        let two: &[_] = &[Password, Totp];
        for (proved, untaken, context, methods) in [
            (two, &[][..], Context::TwoFactors, 3),
            (two, &[Means::Totp], Context::OneFactor, 1),
            (two, &[Means::Passkey], Context::TwoFactors, 3),
            (&[Password, bound], &[Means::Passkey], Context::OneFactor, 1),
            (&[bound], &[Means::Passkey], Context::OneFactor, 0),
        ] {
            let off: Vec<(Means, bool)> = untaken.iter().map(|means| (*means, false)).collect();
            let untaken = UntakenMeans::default().with(&off);
            let assurance = assurance_of(&session(proved), &untaken);
            assert_eq!(assurance.context, context, "{proved:?} {off:?}");
            assert_eq!(assurance.amr.len(), methods, "{proved:?} {off:?}");
        }
    }
}
