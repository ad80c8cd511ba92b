//! The `WWW-Authenticate` header of refusals (RFC 6750 section 3, RFC 6749 section 5.2, RFC 7617 section 2).

use crate::oauth::error::{ErrorCode, render_description};
use crate::oauth::scope::ScopeSet;

/// What to say about a refused bearer token.
#[derive(Debug, Clone, Copy)]
pub struct BearerRefusal<'r> {
    /// `error`.
    pub code: ErrorCode,
    /// `error_description`; characters that it may not have are replaced.
    pub description: &'r str,
    /// `scope`: what would have sufficed, with `insufficient_scope` (RFC 6750 section 3.1).
    pub scope: Option<&'r ScopeSet>,
}

/// The challenge for a bearer token; without a refusal when the request had no token at all (RFC 6750 section 3.1).
#[must_use]
pub fn render_bearer_challenge(realm: &str, refusal: Option<&BearerRefusal<'_>>) -> String {
    let mut challenge = format!("Bearer realm=\"{}\"", render_description(realm));
    if let Some(refusal) = refusal {
        let description = render_description(refusal.description);
        challenge.push_str(&format!(
            ", error=\"{}\", error_description=\"{description}\"",
            refusal.code
        ));
        // Scope tokens have no quotes or back slashes by their grammar.
        if let Some(scope) = refusal.scope.filter(|scope| !scope.is_empty()) {
            challenge.push_str(&format!(", scope=\"{}\"", scope.render()));
        }
    }
    challenge
}

/// The challenge for a client that tried the `Authorization` header (RFC 6749 section 5.2, `invalid_client`).
#[must_use]
pub fn render_basic_challenge(realm: &str) -> String {
    format!(
        "Basic realm=\"{}\", charset=\"UTF-8\"",
        render_description(realm)
    )
}

#[cfg(test)]
mod tests {
    use super::{BearerRefusal, render_basic_challenge, render_bearer_challenge};
    use crate::oauth::error::ErrorCode;
    use crate::oauth::scope::ScopeSet;

    #[test]
    fn follows_rfc_6750_section_3() {
        assert_eq!(
            render_bearer_challenge("example", None),
            r#"Bearer realm="example""#
        );
        let mut refusal = BearerRefusal {
            code: ErrorCode::InvalidToken,
            description: "The access token expired",
            scope: None,
        };
        assert_eq!(
            render_bearer_challenge("example", Some(&refusal)),
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#
        );
        let scope = ScopeSet::parse("openid profile").unwrap();
        refusal = BearerRefusal {
            code: ErrorCode::InsufficientScope,
            description: "",
            scope: Some(&scope),
        };
        assert!(
            render_bearer_challenge("e", Some(&refusal)).ends_with(r#", scope="openid profile""#)
        );
    }

    #[test]
    fn cannot_be_broken_out_of() {
        let header = render_bearer_challenge("a\", error=\"x\r\nSet-Cookie: a\\", None);
        assert_eq!(header, r#"Bearer realm="a', error='x??Set-Cookie: a/""#);
        assert_eq!(
            render_basic_challenge("a"),
            r#"Basic realm="a", charset="UTF-8""#
        );
    }
}
