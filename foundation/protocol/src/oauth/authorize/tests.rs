//! Tables of authorization requests.

use super::{
    AuthorizeError, AuthorizeRequest, Prompts, ResponseMode, parse_authorize_request,
    parse_envelope,
};
use crate::oauth::error::{ErrorCode, WireError as _};
use crate::oauth::form::Form;
use crate::oauth::parameter::ParameterError;
use proptest::prelude::{any, prop, prop_assert, proptest};

const BASE: &str = "response_type=code&client_id=s6BhdRkqt3";

fn parse(text: &str) -> Result<AuthorizeRequest, AuthorizeError> {
    parse_authorize_request(&Form::parse(text.as_bytes()).ok().unwrap())
}

#[test]
fn reads_the_example_of_openid_connect_core() {
    // OpenID Connect Core section 3.1.2.1, with everything else that a request may say.
    let request = parse(
        "response_type=code&scope=openid%20profile%20email&client_id=s6BhdRkqt3&state=af0ifjsldkj\
         &redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb&nonce=n-0S6_WzA2Mj&prompt=login+consent&max_age=0\
         &login_hint=ada%40example.com&id_token_hint=x.y.z&acr_values=phr+mfa&ui_locales=de-AT+en&response_mode=form_post\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&unknown=1&claims=%7B%7D",
    );
    let request = request.unwrap();
    assert_eq!(request.client_id, "s6BhdRkqt3");
    assert_eq!(
        request.redirect_uri.as_deref(),
        Some("https://client.example.org/cb")
    );
    assert_eq!(request.scope.render(), "openid profile email");
    assert_eq!(
        (request.state.as_deref(), request.nonce.as_deref()),
        (Some("af0ifjsldkj"), Some("n-0S6_WzA2Mj"))
    );
    assert_eq!(
        request.prompts,
        Prompts {
            login: true,
            consent: true,
            ..Prompts::default()
        }
    );
    assert_eq!(request.max_age_secs, Some(0));
    assert_eq!(request.login_hint.as_deref(), Some("ada@example.com"));
    assert_eq!(request.id_token_hint.as_deref(), Some("x.y.z"));
    assert_eq!(
        (request.acr_values, request.ui_locales),
        (
            vec!["phr".into(), "mfa".into()],
            vec!["de-AT".into(), "en".into()]
        )
    );
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert!(request.code_challenge.is_some());
}

#[test]
fn needs_little() {
    let request = parse(BASE).unwrap();
    assert_eq!(request.response_mode, ResponseMode::Query);
    assert!(request.scope.is_empty() && request.redirect_uri.is_none() && request.state.is_none());
    assert_eq!(request.prompts, Prompts::default());
    assert!(parse(&format!("{BASE}&prompt=none")).unwrap().prompts.none);
    assert!(
        parse(&format!("{BASE}&prompt=select_account"))
            .unwrap()
            .prompts
            .select_account
    );
}

#[test]
fn refuses_in_the_protocols_words() {
    let missing = |name| AuthorizeError::Parameter(ParameterError::Missing(name));
    let malformed = |name| AuthorizeError::Parameter(ParameterError::Malformed(name));
    let long = |name| AuthorizeError::Parameter(ParameterError::TooLong(name));
    let client = "client_id=s6BhdRkqt3";
    let with = |tail: &str| format!("{BASE}&{tail}");
    let table: Vec<(String, AuthorizeError, ErrorCode)> = vec![
        (
            "response_type=code".into(),
            missing("client_id"),
            ErrorCode::InvalidRequest,
        ),
        (
            client.into(),
            missing("response_type"),
            ErrorCode::InvalidRequest,
        ),
        (
            format!("{client}&response_type=token"),
            AuthorizeError::ResponseType,
            ErrorCode::UnsupportedResponseType,
        ),
        (
            format!("{client}&response_type=code+id_token"),
            AuthorizeError::ResponseType,
            ErrorCode::UnsupportedResponseType,
        ),
        (
            format!("{client}&response_type=none"),
            AuthorizeError::ResponseType,
            ErrorCode::UnsupportedResponseType,
        ),
        (
            with("response_mode=fragment"),
            AuthorizeError::ResponseMode,
            ErrorCode::InvalidRequest,
        ),
        (
            with("response_mode=Query"),
            AuthorizeError::ResponseMode,
            ErrorCode::InvalidRequest,
        ),
        (
            with("scope=a%22"),
            AuthorizeError::Scope(crate::oauth::scope::ScopeError),
            ErrorCode::InvalidScope,
        ),
        (
            with("prompt=none+login"),
            AuthorizeError::PromptNone,
            ErrorCode::InvalidRequest,
        ),
        (
            with("prompt=create"),
            AuthorizeError::Prompt,
            ErrorCode::InvalidRequest,
        ),
        (
            with("prompt=LOGIN"),
            AuthorizeError::Prompt,
            ErrorCode::InvalidRequest,
        ),
        (
            with("max_age=-1"),
            malformed("max_age"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("max_age=%2B1"),
            malformed("max_age"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("max_age=1.5"),
            malformed("max_age"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("max_age=99999999999999999999"),
            malformed("max_age"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("max_age=9999999999"),
            malformed("max_age"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("state=a%0Ab"),
            malformed("state"),
            ErrorCode::InvalidRequest,
        ),
        (
            with(&format!("state={}", "a".repeat(2049))),
            long("state"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("nonce=%1B"),
            malformed("nonce"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("code_challenge=abc"),
            missing("code_challenge_method"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("code_challenge=abc&code_challenge_method=plain"),
            malformed("code_challenge_method"),
            ErrorCode::InvalidRequest,
        ),
        (
            with("request=x.y.z"),
            AuthorizeError::Request,
            ErrorCode::RequestNotSupported,
        ),
        (
            with("request_uri=https%3A%2F%2Fa.example"),
            AuthorizeError::RequestUri,
            ErrorCode::RequestUriNotSupported,
        ),
        (
            "request_uri=urn:x&client_id=c".into(),
            AuthorizeError::RequestUri,
            ErrorCode::RequestUriNotSupported,
        ),
        (
            with("registration=%7B%7D"),
            AuthorizeError::Registration,
            ErrorCode::RegistrationNotSupported,
        ),
        (
            with(&format!(
                "redirect_uri=https://a.example/{}",
                "a".repeat(2048)
            )),
            long("redirect_uri"),
            ErrorCode::InvalidRequest,
        ),
    ];
    for (text, error, code) in table {
        assert_eq!(parse(&text), Err(error), "{text}");
        assert_eq!(error.code(), code, "{text}");
        assert!(error.description().contains("parameter"), "{error}");
    }
}

#[test]
fn reads_the_envelope_of_a_bad_request() {
    let envelope = |text: &str| parse_envelope(&Form::parse(text.as_bytes()).ok().unwrap());
    let read = envelope(
        "client_id=c&redirect_uri=https://a.example/&state=s&response_mode=form_post&prompt=bad",
    )
    .unwrap();
    assert_eq!(
        (read.client_id.as_str(), read.redirect_uri.as_deref()),
        ("c", Some("https://a.example/"))
    );
    assert_eq!(
        (read.state.as_deref(), read.response_mode),
        (Some("s"), ResponseMode::FormPost)
    );
    let read = envelope("client_id=c&state=%0A&response_mode=web_message").unwrap();
    assert_eq!(
        (read.state, read.response_mode),
        (None, ResponseMode::Query)
    );
    assert_eq!(
        envelope("state=s"),
        Err(ParameterError::Missing("client_id"))
    );
    assert_eq!(
        envelope("client_id=c%0D"),
        Err(ParameterError::Malformed("client_id"))
    );
    assert_eq!(
        envelope("client_id=c&redirect_uri=https://a.example/%0D%0A"),
        Err(ParameterError::Malformed("redirect_uri"))
    );
}

proptest! {
    #[test]
    fn holds_its_properties(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        pairs in prop::collection::vec(("(scope|state|nonce|prompt|max_age|response_mode|redirect_uri|code_challenge|code_challenge_method|ui_locales)", "[ -~]{0,12}|none|login consent|[0-9]{1,12}|S256|query|[A-Za-z0-9_-]{43}"), 0..8),
    ) {
        prop_assert!(crate::properties::check_authorize(&bytes).is_ok());
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let text = format!("{BASE}&{}", crate::oauth::form::render_form(&pairs));
        prop_assert!(crate::properties::check_authorize(text.as_bytes()).is_ok());
    }
}
