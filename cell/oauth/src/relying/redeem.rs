//! What is asked of a provider's token and userinfo endpoints. Pure.

use crate::relying::RelyingRefusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::event_hook::envoy::{Answered, Letter, Method};
use identity::identity_provider::{ProviderConfig, SecretPlace};
use protocol::oauth::form::render_form;
use protocol::oidc::relying::{
    TOKEN_ANSWER_BYTES_MAX, TokenAnswer, USERINFO_BYTES_MAX, parse_token_answer, parse_token_error,
};
use vocab::secret::Secret;

const AUTHORIZATION: &str = "Authorization";

/// A code that came back, and what it is redeemed with.
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a str,
    /// The address at which it came, as the provider was told it.
    pub redirect_uri: &'a str,
    /// What proves that it was this browser that left (RFC 7636 section 4.5).
    pub verifier: &'a str,
    /// By what the provider knows us.
    pub secret: &'a Secret<String>,
}

/// The request of tokens (RFC 6749 section 4.1.3).
#[must_use]
pub fn render_redemption(config: &ProviderConfig, redemption: &Redemption<'_>) -> Letter {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", redemption.code),
        ("redirect_uri", redemption.redirect_uri),
        ("code_verifier", redemption.verifier),
    ];
    let mut headers = Vec::new();
    match config.secret_place {
        SecretPlace::Basic => {
            let basic = render_basic(&config.client_id, redemption.secret);
            headers.push((AUTHORIZATION.to_owned(), basic));
        }
        SecretPlace::Post => {
            pairs.push(("client_id", &config.client_id));
            pairs.push(("client_secret", redemption.secret.expose()));
        }
    }
    Letter {
        method: Method::PostForm,
        uri: config.token.clone(),
        headers,
        body: render_form(&pairs).into_bytes(),
        answer_bytes_max: TOKEN_ANSWER_BYTES_MAX + 1,
    }
}

/// Id and secret as a header; each is encoded as in a form first (RFC 6749 section 2.3.1).
fn render_basic(id: &str, secret: &Secret<String>) -> Secret<String> {
    let encoded = render_form(&[(id, secret.expose())]);
    let (id, secret) = encoded.split_once('=').unwrap_or((&encoded, ""));
    Secret::new(format!(
        "Basic {}",
        STANDARD.encode(format!("{id}:{secret}"))
    ))
}

/// What the token endpoint answered.
///
/// # Errors
/// [`RelyingRefusal`] for anything but tokens.
pub fn decide_tokens(answered: &Answered) -> Result<TokenAnswer, RelyingRefusal> {
    match answered.status {
        200 => parse_token_answer(&answered.body).map_err(RelyingRefusal::Answer),
        400 | 401 => match parse_token_error(&answered.body) {
            Some(code) => Err(RelyingRefusal::Redemption(code)),
            None => Err(RelyingRefusal::Status(answered.status)),
        },
        other => Err(RelyingRefusal::Status(other)),
    }
}

/// The question who somebody is (OpenID Connect Core section 5.3.1).
#[must_use]
pub fn render_userinfo(uri: &str, access_token: &Secret<String>) -> Letter {
    let bearer = Secret::new(format!("Bearer {}", access_token.expose()));
    Letter {
        method: Method::Get,
        uri: uri.to_owned(),
        headers: vec![(AUTHORIZATION.to_owned(), bearer)],
        body: Vec::new(),
        answer_bytes_max: USERINFO_BYTES_MAX + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{decide_tokens, render_basic};
    use crate::relying::RelyingRefusal;
    use identity::event_hook::envoy::Answered;
    use protocol::oauth::client_auth::parse_basic;
    use vocab::secret::Secret;

    #[test]
    fn id_and_secret_are_read_as_they_are_written() {
        for (id, secret) in [("us", "let me in"), ("a:b & c", "p%40=:+~"), ("x", ":")] {
            let header = render_basic(id, &Secret::new(secret.to_owned()));
            let (_, encoded) = header.expose().split_once(' ').unwrap();
            let read = parse_basic(encoded).ok().unwrap();
            assert_eq!(read.client_id, id);
        }
    }

    #[test]
    fn an_answer_without_tokens_says_in_one_word_what_went_wrong() {
        let of = |status, body: &str| {
            let body = body.as_bytes().to_vec();
            decide_tokens(&Answered::of(status, body)).err()
        };
        let tokens = r#"{"access_token":"a","id_token":"b.c.d","token_type":"Bearer"}"#;
        assert_eq!(of(200, tokens), None);
        assert_eq!(of(201, tokens), Some(RelyingRefusal::Status(201)));
        assert_eq!(of(302, tokens), Some(RelyingRefusal::Status(302)));
        let said = r#"{"error":"invalid_grant","error_description":"<b>used</b>"}"#;
        let expected = RelyingRefusal::Redemption("invalid_grant".into());
        assert_eq!(of(400, said), Some(expected));
        assert_eq!(of(400, "<html>"), Some(RelyingRefusal::Status(400)));
        assert_eq!(of(500, said), Some(RelyingRefusal::Status(500)));
        assert!(matches!(of(200, "{}"), Some(RelyingRefusal::Answer(_))));
    }
}
