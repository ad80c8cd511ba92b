//! What a person granted to an app, as it is stored with codes, refresh families and device grants.

use crate::assurance::Assurance;
use identity::fault::Fault;
use identity::session::SignedIn;
use protocol::oauth::scope::ScopeSet;
use protocol::oidc::amr::Amr;
use protocol::oidc::claims::OFFLINE_ACCESS;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use vocab::id::{SessionId, UserId};
use vocab::time::Timestamp;

/// The stored facts of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantDocument {
    /// The scopes, separated by spaces.
    pub scope: String,
    /// Where the code went; it must be named again (RFC 6749 section 4.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// Whether the request itself named the address, so that redemption must too.
    #[serde(default)]
    pub redirect_uri_was_named: bool,
    /// `code_challenge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// `nonce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
    /// By which methods.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub acr: String,
}

impl GrantDocument {
    /// A grant of these scopes in that session.
    #[must_use]
    pub fn new(scopes: &ScopeSet, signed_in: &SignedIn, assurance: &Assurance) -> Self {
        Self {
            scope: scopes.render(),
            redirect_uri: None,
            redirect_uri_was_named: false,
            code_challenge: None,
            nonce: None,
            authenticated_at: signed_in.session.authenticated_at,
            amr: assurance.amr.clone(),
            acr: assurance.acr.to_owned(),
        }
    }

    /// The scopes.
    ///
    /// # Errors
    /// [`Fault::Stored`] if they cannot be read.
    pub fn scopes(&self) -> Result<ScopeSet, Fault> {
        ScopeSet::parse(&self.scope).map_err(|error| Fault::stored("scopes of a grant", &error))
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Fault::Stored`] if it cannot be JSON.
    pub fn render(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|error| Fault::stored("grant", &error))
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// [`Fault::Stored`] if it is none.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(|error| Fault::stored("grant", &error))
    }
}

/// Whose grant it is: the person, as of an epoch, in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grantor {
    /// The person.
    pub user: UserId,
    /// The person's epoch when it was granted.
    pub epoch: i64,
    /// The session in which it was granted.
    pub session: SessionId,
}

/// How long refresh tokens may live in relation to the session (OpenID Connect Core section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    /// The person asked for access while away: independent of the session.
    Offline,
    /// Only while the session lives.
    WhileSignedIn,
}

/// What a stored grant says about the session's end, without reading the rest of it.
///
/// # Errors
/// [`Fault::Stored`] if it is none.
pub fn parse_attendance(text: &str) -> Result<Attendance, Fault> {
    #[derive(Deserialize)]
    struct Scopes<'t> {
        #[serde(borrow)]
        scope: Cow<'t, str>,
    }
    let grant: Scopes<'_> =
        serde_json::from_str(text).map_err(|error| Fault::stored("grant", &error))?;
    Ok(
        if grant.scope.split(' ').any(|scope| scope == OFFLINE_ACCESS) {
            Attendance::Offline
        } else {
            Attendance::WhileSignedIn
        },
    )
}

/// What the scopes say about the session's end.
#[must_use]
pub fn decide_attendance(scopes: &ScopeSet) -> Attendance {
    if scopes.contains(OFFLINE_ACCESS) {
        Attendance::Offline
    } else {
        Attendance::WhileSignedIn
    }
}

#[cfg(test)]
mod tests {
    use super::{Attendance, GrantDocument, decide_attendance, parse_attendance};
    use vocab::time::Timestamp;

    #[test]
    fn a_stored_grant_says_the_same_as_its_scopes() {
        for (scope, expected) in [
            ("openid", Attendance::WhileSignedIn),
            ("openid offline_access", Attendance::Offline),
            ("openid offline_access_not", Attendance::WhileSignedIn),
        ] {
            let grant = GrantDocument {
                scope: scope.to_owned(),
                redirect_uri: Some("https://a.example/\"".to_owned()),
                redirect_uri_was_named: true,
                code_challenge: None,
                nonce: None,
                authenticated_at: Timestamp::from_seconds(1),
                amr: Vec::new(),
                acr: "1".to_owned(),
            };
            let stored = grant.render().unwrap();
            assert_eq!(parse_attendance(&stored).unwrap(), expected, "{scope}");
            assert_eq!(decide_attendance(&grant.scopes().unwrap()), expected);
        }
        assert!(parse_attendance("{}").is_err());
    }
}
