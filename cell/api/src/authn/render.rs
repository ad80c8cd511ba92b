//! A sign-in as clients read it.

use crate::authn::Transaction;
use crate::authn::open::OpenCall;
use identity::person::Person;
use identity::sign_in::factors::SignInFactor;
use identity::sign_on::AuthenticatorKind;
use serde_json::{Map, Value, json};

/// How far a sign-in has come.
#[derive(Debug)]
pub enum Shown {
    /// Nothing more is needed.
    Success,
    /// One of these is needed.
    Required(Vec<SignInFactor>),
    /// One of these is being proved, and what its answer is about.
    Challenge(SignInFactor, Option<Value>),
    /// One of these must be enrolled.
    Enroll(Vec<AuthenticatorKind>),
    /// An authenticator app is being enrolled.
    Activate(Value),
    /// The password must be replaced.
    PasswordExpired,
}

impl Shown {
    const fn status(&self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Required(_) => "MFA_REQUIRED",
            Self::Challenge(..) => "MFA_CHALLENGE",
            Self::Enroll(_) => "MFA_ENROLL",
            Self::Activate(_) => "MFA_ENROLL_ACTIVATE",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
        }
    }
}

/// What the kinds are called on the wire: type and provider. Recovery codes and passwords are no second factor there.
#[must_use]
pub const fn wire_name(kind: AuthenticatorKind) -> Option<(&'static str, &'static str)> {
    match kind {
        AuthenticatorKind::Passkey(_) => Some(("webauthn", "FIDO")),
        AuthenticatorKind::Totp => Some(("token:software:totp", "GOOGLE")),
        AuthenticatorKind::EmailCode => Some(("email", "OKTA")),
        AuthenticatorKind::Password
        | AuthenticatorKind::IdentityProvider
        | AuthenticatorKind::RecoveryCode => None,
    }
}

/// The whole document.
pub(crate) fn render(
    call: &OpenCall,
    transaction: &Transaction,
    person: &Person,
    shown: &Shown,
) -> Value {
    let mut embedded = Map::new();
    embedded.insert(String::from("user"), render_user(person));
    let mut links = Map::new();
    let link = |path: &str| json!({ "href": call.href(path), "hints": { "allow": ["POST"] } });
    let token_field = match shown {
        Shown::Success => "sessionToken",
        _ => {
            links.insert(String::from("cancel"), link("/api/v1/authn/cancel"));
            "stateToken"
        }
    };
    match shown {
        Shown::Success => {}
        Shown::Required(factors) => {
            let factors = factors
                .iter()
                .filter_map(|factor| render_factor(call, person, factor));
            embedded.insert(String::from("factors"), factors.collect());
        }
        Shown::Challenge(factor, challenge) => {
            let mut factor = render_factor(call, person, factor).unwrap_or_default();
            if let (Some(challenge), Some(fields)) = (challenge, factor.as_object_mut()) {
                fields.insert(String::from("_embedded"), json!({ "challenge": challenge }));
            }
            let next = factor.pointer("/_links/verify").cloned();
            embedded.insert(String::from("factor"), factor);
            links.extend(next.map(|next| (String::from("next"), next)));
        }
        Shown::Enroll(kinds) => {
            let mut factors: Vec<Value> = Vec::new();
            for (kind, provider) in kinds.iter().filter_map(|kind| enrollable(*kind)) {
                factors.push(json!({
                    "factorType": kind,
                    "provider": provider,
                    "vendorName": provider,
                    "status": "NOT_SETUP",
                    "enrollment": "REQUIRED",
                    "_links": { "enroll": link("/api/v1/authn/factors") },
                }));
            }
            embedded.insert(String::from("factors"), factors.into());
        }
        Shown::Activate(factor) => {
            embedded.insert(String::from("factor"), factor.clone());
            let id = factor.get("id").and_then(Value::as_str).unwrap_or_default();
            let path = format!("/api/v1/authn/factors/{id}/lifecycle/activate");
            links.insert(String::from("next"), link(&path));
        }
        Shown::PasswordExpired => {
            let path = "/api/v1/authn/credentials/change_password";
            links.insert(String::from("next"), link(path));
        }
    }
    json!({
        (token_field): transaction.token.expose(),
        "expiresAt": transaction.flow.expires_at.to_rfc3339_millis(),
        "status": shown.status(),
        "_embedded": embedded,
        "_links": links,
    })
}

/// What can be enrolled by programs: a passkey is enrolled at our own pages, whose host it belongs to.
const fn enrollable(kind: AuthenticatorKind) -> Option<(&'static str, &'static str)> {
    match kind {
        AuthenticatorKind::Totp => wire_name(kind),
        _ => None,
    }
}

fn render_user(person: &Person) -> Value {
    json!({
        "id": person.id.as_str(),
        "profile": {
            "login": person.login,
            "firstName": person.first_name,
            "lastName": person.last_name,
        },
    })
}

fn render_factor(call: &OpenCall, person: &Person, factor: &SignInFactor) -> Option<Value> {
    let (kind, provider) = wire_name(factor.kind)?;
    let profile = match factor.kind {
        AuthenticatorKind::EmailCode => json!({ "email": mask(&person.email) }),
        AuthenticatorKind::Passkey(_) => json!({ "credentialId": factor.credential_id }),
        _ => json!({ "credentialId": person.login }),
    };
    let path = format!("/api/v1/authn/factors/{}/verify", factor.id);
    Some(json!({
        "id": factor.id,
        "factorType": kind,
        "provider": provider,
        "vendorName": provider,
        "profile": profile,
        "_links": { "verify": { "href": call.href(&path), "hints": { "allow": ["POST"] } } },
    }))
}

/// An address as somebody sees it who knows a password and no more: its beginning and its host.
fn mask(address: &str) -> String {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let shown: String = local.chars().take(1).collect();
    format!("{shown}...@{host}")
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn an_address_is_shown_in_part() {
        for (address, shown) in [
            ("ada@example.com", "a...@example.com"),
            ("a@example.com", "a...@example.com"),
            ("\"a@b\"@example.com", "\"...@example.com"),
            ("", "...@"),
        ] {
            assert_eq!(mask(address), shown);
        }
    }
}
