//! Tables of client authentication.

use super::{
    ClientAuthError, ClientAuthMethod, ClientCredentials, ClientProof, JWT_BEARER, parse_basic,
    parse_client_credentials,
};
use crate::http_auth::parse_value;
use crate::jose::algorithm::Algorithm;
use crate::jose::jws::TokenType;
use crate::jose::jws::encode::CompactEncoder;
use crate::jose::jws::verify::JwsError;
use crate::jose::signing_key::SigningKey;
use crate::oauth::error::{ErrorCode, WireError as _};
use crate::oauth::form::{Form, render_form};
use crate::oauth::parameter::ParameterError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::{any, prop, prop_assert, proptest};

fn parse(header: Option<&str>, body: &str) -> Result<ClientCredentials, ClientAuthError> {
    let authorization = header.map(|value| parse_value(value.as_bytes()).ok().unwrap());
    parse_client_credentials(authorization, &Form::parse(body.as_bytes()).ok().unwrap())
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

fn assertion(claims: &serde_json::Value) -> String {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    CompactEncoder::new(Algorithm::EdDsa, "k", TokenType::Jwt)
        .encode(claims, &key)
        .unwrap()
}

fn shown(result: Result<ClientCredentials, ClientAuthError>) -> (String, ClientAuthMethod, String) {
    let credentials = result.ok().unwrap();
    let method = credentials.proof.method();
    let secret = match credentials.proof {
        ClientProof::None => String::new(),
        ClientProof::SecretBasic(secret)
        | ClientProof::SecretPost(secret)
        | ClientProof::PrivateKeyJwt(secret) => secret.expose().clone(),
    };
    (credentials.client_id, method, secret)
}

#[test]
fn reads_each_method() {
    // RFC 6749 section 2.3.1.
    let header = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3";
    let read = (
        "s6BhdRkqt3".to_owned(),
        ClientAuthMethod::SecretBasic,
        "7Fjfp0ZBr1KtDRbnfVdmIw".to_owned(),
    );
    assert_eq!(
        shown(parse(Some(header), "grant_type=client_credentials")),
        read
    );
    assert_eq!(shown(parse(Some(header), "client_id=s6BhdRkqt3")), read);
    let read = (
        "s6BhdRkqt3".to_owned(),
        ClientAuthMethod::SecretPost,
        "7Fjfp0ZBr1KtDRbnfVdmIw".to_owned(),
    );
    assert_eq!(
        shown(parse(
            None,
            "client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"
        )),
        read
    );
    let read = (
        "s6BhdRkqt3".to_owned(),
        ClientAuthMethod::None,
        String::new(),
    );
    assert_eq!(
        shown(parse(None, "client_id=s6BhdRkqt3&client_secret=")),
        read
    );
    assert_eq!(shown(parse(Some(&basic("s6BhdRkqt3:")), "")), read);
    assert_eq!(shown(parse(Some(&basic("s6BhdRkqt3")), "")), read);
}

#[test]
fn reads_assertions_with_and_without_a_client_id() {
    let token = assertion(&serde_json::json!({ "iss": "c1", "sub": "c1" }));
    let body = render_form(&[
        ("client_assertion", &token),
        ("client_assertion_type", JWT_BEARER),
    ]);
    let read = (
        "c1".to_owned(),
        ClientAuthMethod::PrivateKeyJwt,
        token.clone(),
    );
    assert_eq!(shown(parse(None, &body)), read);
    assert_eq!(shown(parse(None, &format!("{body}&client_id=c1"))), read);
    assert_eq!(
        parse(None, &format!("{body}&client_id=c2")).err(),
        Some(ClientAuthError::OtherClient)
    );
    let only_type = render_form(&[("client_assertion_type", JWT_BEARER)]);
    assert_eq!(
        parse(None, &only_type).err(),
        Some(ParameterError::Missing("client_assertion").into())
    );
    let only_token = render_form(&[("client_assertion", &token)]);
    assert_eq!(
        parse(None, &only_token).err(),
        Some(ParameterError::Missing("client_assertion_type").into())
    );
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let saml = render_form(&[
        ("client_assertion", &token),
        ("client_assertion_type", saml),
    ]);
    assert_eq!(
        parse(None, &saml).err(),
        Some(ClientAuthError::AssertionType)
    );
    for bad in [
        "x.y.z".to_owned(),
        assertion(&serde_json::json!({ "iss": "c1" })),
    ] {
        let body = render_form(&[
            ("client_assertion", &bad),
            ("client_assertion_type", JWT_BEARER),
        ]);
        assert_eq!(
            parse(None, &body).err(),
            Some(ClientAuthError::Assertion(JwsError::Malformed))
        );
    }
}

#[test]
fn refuses_more_than_one_method() {
    let header = basic("c1:s");
    let assertion = "client_assertion=x.y.z&client_assertion_type=t";
    for (header, body) in [
        (Some(header.as_str()), "client_secret=s".to_owned()),
        (Some(header.as_str()), assertion.to_owned()),
        (Some(header.as_str()), "client_assertion_type=t".to_owned()),
        (None, format!("client_id=c1&client_secret=s&{assertion}")),
        (
            Some("Bearer abc"),
            "client_id=c1&client_secret=s".to_owned(),
        ),
    ] {
        let error = parse(header, &body).err().unwrap();
        assert_eq!(
            (error, error.code()),
            (ClientAuthError::SeveralMethods, ErrorCode::InvalidRequest),
            "{body}"
        );
    }
}

#[test]
fn refuses_broken_authentication() {
    let raw = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
    let table: Vec<(Option<String>, &str, ClientAuthError, ErrorCode)> = vec![
        (None, "", ClientAuthError::Absent, ErrorCode::InvalidClient),
        (
            None,
            "client_secret=s",
            ClientAuthError::Absent,
            ErrorCode::InvalidClient,
        ),
        (
            None,
            "client_id=%0A",
            ParameterError::Malformed("client_id").into(),
            ErrorCode::InvalidRequest,
        ),
        (
            Some("Bearer abc".into()),
            "client_id=c",
            ClientAuthError::Scheme,
            ErrorCode::InvalidClient,
        ),
        (
            Some("DPoP abc".into()),
            "client_id=c",
            ClientAuthError::Scheme,
            ErrorCode::InvalidClient,
        ),
        (
            Some(basic("c1:s")),
            "client_id=c2",
            ClientAuthError::OtherClient,
            ErrorCode::InvalidRequest,
        ),
        (
            Some(basic(":s")),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some(basic("c%zz:s")),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some(basic("c:%00")),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some(raw(b"c\xff:s")),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some(basic(&format!("c:{}", "s".repeat(513)))),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some(format!("Basic {}", "YTpi".repeat(1025))),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some("Basic YTpi=".into()),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some("Basic YT pi".into()),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
        (
            Some("Basic !".into()),
            "",
            ClientAuthError::Basic,
            ErrorCode::InvalidClient,
        ),
    ];
    for (header, body, error, code) in table {
        let found = parse(header.as_deref(), body).err().unwrap();
        assert_eq!((found, found.code()), (error, code), "{header:?} {body}");
    }
}

#[test]
fn decodes_basic_credentials_as_forms() {
    // RFC 6749 section 2.3.1: id and secret are form-encoded first. A colon inside the secret is its own.
    let read = |text: &str| shown(parse_basic(&STANDARD.encode(text)));
    assert_eq!(
        read("c%3A1:s%25+%2B:x"),
        (
            "c:1".to_owned(),
            ClientAuthMethod::SecretBasic,
            "s% +:x".to_owned()
        )
    );
}

#[test]
fn names_round_trip() {
    for method in ClientAuthMethod::ALL {
        assert_eq!(ClientAuthMethod::parse(method.name()), Some(method));
        assert_eq!(serde_json::to_value(method).unwrap(), method.name());
    }
    assert_eq!(ClientAuthMethod::parse("client_secret_jwt"), None);
}

proptest! {
    #[test]
    fn holds_its_properties(bytes in prop::collection::vec(any::<u8>(), 0..100), id in "[ -~]{0,20}", secret in "[ -~]{0,20}") {
        prop_assert!(crate::properties::check_basic(&bytes).is_ok());
        prop_assert!(crate::properties::check_basic(STANDARD.encode(&bytes).as_bytes()).is_ok());
        let encoded = STANDARD.encode(format!("{id}:{secret}"));
        prop_assert!(crate::properties::check_basic(encoded.as_bytes()).is_ok());
    }
}
