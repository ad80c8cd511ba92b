//! The claims of ID tokens (OpenID Connect Core section 2), laid out for one pass of the serialiser.

use serde::Serialize;

use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::oidc::amr::Amr;
use crate::oidc::claims::ExtraClaims;

/// The payload of an ID token. Absent options are left out of the JSON.
#[derive(Debug, Clone, Serialize)]
pub struct IdTokenClaims<'c> {
    /// The version of this layout, which verifiers in the field look for.
    pub ver: u8,
    /// The issuer.
    pub iss: &'c str,
    /// The person.
    pub sub: &'c str,
    /// The client.
    pub aud: &'c str,
    /// The client again, where a verifier wants it named (OpenID Connect Core section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<&'c str>,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Its id.
    pub jti: &'c str,
    /// When the person proved who they are, in seconds; required when `max_age` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The nonce of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'c str>,
    /// How strongly the person proved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'c str>,
    /// By which methods.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub amr: &'c [Amr],
    /// The access token that came with it, see [`render_at_hash`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<&'c str>,
    /// The session, for logout (OpenID Connect Back-Channel Logout section 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'c str>,
    /// The identity provider that signed the person in, which verifiers in the field look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp: Option<&'c str>,
    /// Claims about the person, and those that the server's configuration adds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub extra: Option<&'c ExtraClaims>,
}

/// `at_hash`: the left half of the hash of the access token, by the ID token's algorithm (OpenID Connect Core
/// section 3.1.3.6).
#[must_use]
pub fn render_at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let digest = algorithm.digest(access_token.as_bytes());
    let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    base64url::render(left)
}

#[cfg(test)]
mod tests {
    use super::{IdTokenClaims, render_at_hash};
    use crate::jose::algorithm::Algorithm;
    use crate::oidc::amr::Amr;
    use crate::oidc::claims::ExtraClaims;

    fn claims<'c>() -> IdTokenClaims<'c> {
        IdTokenClaims {
            ver: 1,
            iss: "https://id.example",
            sub: "00u1",
            aud: "0oa1",
            azp: None,
            iat: 1,
            exp: 2,
            jti: "ID.1",
            auth_time: None,
            nonce: None,
            acr: None,
            amr: &[],
            at_hash: None,
            sid: None,
            idp: None,
            extra: None,
        }
    }

    #[test]
    fn leaves_out_what_is_absent() {
        assert_eq!(
            serde_json::to_string(&claims()).unwrap(),
            r#"{"ver":1,"iss":"https://id.example","sub":"00u1","aud":"0oa1","iat":1,"exp":2,"jti":"ID.1"}"#
        );
    }

    #[test]
    fn holds_methods_and_claims_about_the_person() {
        let mut extra = ExtraClaims::default();
        extra.insert("name", "Ada".into()).unwrap();
        let full = IdTokenClaims {
            amr: &[Amr::Pwd, Amr::Mfa],
            nonce: Some("n"),
            extra: Some(&extra),
            ..claims()
        };
        let value = serde_json::to_value(&full).unwrap();
        assert_eq!(value["amr"], serde_json::json!(["pwd", "mfa"]));
        assert_eq!(
            (&value["name"], &value["nonce"]),
            (&"Ada".into(), &"n".into())
        );
    }

    #[test]
    fn hashes_by_the_examples_of_openid_connect_core() {
        // OpenID Connect Core appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(
            render_at_hash(Algorithm::Rs256, token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(
            render_at_hash(Algorithm::Es256, token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        // Half of SHA-512 for Ed25519.
        assert_eq!(render_at_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
