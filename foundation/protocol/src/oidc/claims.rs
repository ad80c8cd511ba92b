//! Claims about people: which scope asks for which (OpenID Connect Core section 5.4), and claims that a server's
//! configuration adds to tokens.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::oauth::scope::ScopeSet;

/// How many claims a configuration may add to a token.
pub const EXTRA_CLAIMS_MAX: usize = 64;
/// The longest name of an added claim.
pub const CLAIM_NAME_BYTES_MAX: usize = 128;

/// The scope that makes a request one of OpenID Connect (OpenID Connect Core section 3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that asks for a refresh token (OpenID Connect Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// Names that say who, for whom and how long: set by the code that issues tokens and by nothing else.
const RESERVED: [&str; 27] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "client_id",
    "cid",
    "uid",
    "scope",
    "scp",
    "ver",
    "cnf",
    "act",
    "may_act",
    "events",
    "idp",
];

/// The claims that a standard scope asks for (OpenID Connect Core section 5.4); none for other scopes.
#[must_use]
pub fn claims_of_scope(scope: &str) -> &'static [&'static str] {
    match scope {
        "profile" => PROFILE,
        "email" => &["email", "email_verified"],
        "address" => &["address"],
        "phone" => &["phone_number", "phone_number_verified"],
        _ => &[],
    }
}

/// The claims that a set of scopes asks for.
pub fn claims_of_scopes(scopes: &ScopeSet) -> impl Iterator<Item = &'static str> {
    scopes
        .iter()
        .flat_map(|scope| claims_of_scope(scope).iter().copied())
}

/// Whether a claim's name belongs to the protocol, so that no configuration may set it.
#[must_use]
pub fn is_reserved_claim(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Why a claim cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtraClaimError {
    /// The name belongs to the protocol.
    #[error("the claim's name belongs to the protocol")]
    Reserved,
    /// The name is empty, too long, or has control characters.
    #[error("the claim's name is empty, too long, or has control characters")]
    Name,
    /// Too many claims.
    #[error("too many claims are added to the token")]
    TooMany,
}

/// Claims that are added to a token; none of them can displace one of the protocol.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ExtraClaims {
    members: Map<String, Value>,
}

impl ExtraClaims {
    /// Adds or replaces a claim.
    ///
    /// # Errors
    /// [`ExtraClaimError`] when the name may not be used or there are too many.
    pub fn insert(&mut self, name: &str, value: Value) -> Result<(), ExtraClaimError> {
        if is_reserved_claim(name) {
            return Err(ExtraClaimError::Reserved);
        }
        if !(1..=CLAIM_NAME_BYTES_MAX).contains(&name.len()) || name.chars().any(char::is_control) {
            return Err(ExtraClaimError::Name);
        }
        if self.members.len() >= EXTRA_CLAIMS_MAX && !self.members.contains_key(name) {
            return Err(ExtraClaimError::TooMany);
        }
        self.members.insert(name.to_owned(), value);
        Ok(())
    }

    /// The claims.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{EXTRA_CLAIMS_MAX, ExtraClaimError, ExtraClaims, RESERVED, claims_of_scopes};
    use crate::oauth::scope::ScopeSet;
    use serde_json::Value;

    #[test]
    fn maps_scopes_by_openid_connect_core_section_5_4() {
        let claims =
            |scope: &str| claims_of_scopes(&ScopeSet::parse(scope).unwrap()).collect::<Vec<_>>();
        assert_eq!(claims("openid profile").len(), 14);
        assert_eq!(
            claims("email phone"),
            [
                "email",
                "email_verified",
                "phone_number",
                "phone_number_verified"
            ]
        );
        assert_eq!(claims("address custom"), ["address"]);
    }

    #[test]
    fn keeps_configuration_out_of_the_protocols_names() {
        let mut extra = ExtraClaims::default();
        for name in RESERVED {
            assert_eq!(
                extra.insert(name, Value::Null),
                Err(ExtraClaimError::Reserved)
            );
        }
        assert_eq!(extra.insert("", Value::Null), Err(ExtraClaimError::Name));
        assert_eq!(extra.insert("a\n", Value::Null), Err(ExtraClaimError::Name));
        for index in 0..EXTRA_CLAIMS_MAX {
            extra.insert(&format!("c{index}"), Value::Null).unwrap();
        }
        extra.insert("c0", true.into()).unwrap();
        assert_eq!(
            extra.insert("more", Value::Null),
            Err(ExtraClaimError::TooMany)
        );
    }
}
