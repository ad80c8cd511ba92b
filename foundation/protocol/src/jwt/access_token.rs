//! The claims of access tokens that are JWTs (RFC 9068), laid out for one pass of the serialiser.

use serde::Serialize;

use crate::oidc::claims::ExtraClaims;

/// The payload of a JWT access token. Absent options are left out of the JSON.
#[derive(Debug, Clone, Serialize)]
pub struct AccessTokenClaims<'c> {
    /// The version of this layout, which verifiers in the field look for.
    pub ver: u8,
    /// The issuer (RFC 9068 section 2.2, as are the next ones).
    pub iss: &'c str,
    /// The resource that the token is for.
    pub aud: &'c str,
    /// The person, or the client itself when no person is involved.
    pub sub: &'c str,
    /// The client.
    pub client_id: &'c str,
    /// The client again, under the name that field verifiers read.
    pub cid: &'c str,
    /// The person's id, when there is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'c str>,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Its id.
    pub jti: &'c str,
    /// The scopes, separated by spaces (RFC 9068 section 2.2.3).
    #[serde(skip_serializing_if = "str::is_empty")]
    pub scope: &'c str,
    /// The scopes as a list, the form that field verifiers read.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub scp: &'c [&'c str],
    /// When the person proved who they are (RFC 9068 section 2.2.1), in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strongly (RFC 9068 section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'c str>,
    /// Claims that the server's configuration adds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub extra: Option<&'c ExtraClaims>,
}
