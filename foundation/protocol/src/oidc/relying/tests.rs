//! What a relying party takes, and what it refuses: one row for each thing that can be wrong.

use super::{
    AnswerError, Expectation, IdTokenError, PersonClaims, check_id_token, complete,
    parse_bearer_answer, parse_error_code, parse_token_answer, parse_token_error, parse_userinfo,
};
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::jwks::Jwks;
use crate::jose::jws::TokenType;
use crate::jose::jws::encode::CompactEncoder;
use crate::jose::jws::verify::JwsError;
use crate::jose::signing_key::SigningKey;
use crate::jwt::ClaimsError;
use crate::oidc::id_token::render_at_hash;
use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example";
const CLIENT: &str = "us";
const NONCE: &str = "n-0S6_WzA2Mj";
const ACCESS: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const NOW: i64 = 1_795_465_901;
const LEFT: i64 = NOW - 120;

fn expected() -> Expectation<'static> {
    Expectation {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: NONCE,
        access_token: ACCESS,
        left_at_secs: LEFT,
        leeway_secs: 60,
        is_fresh: false,
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "248289761001", "aud": CLIENT, "nonce": NONCE,
        "iat": NOW - 1, "exp": NOW + 300, "auth_time": NOW - 30,
        "email": "ada@example.com", "email_verified": true,
        "given_name": "Ada", "family_name": "Lovelace",
    })
}

struct Provider {
    key: SigningKey,
    keys: Jwks,
}

impl Provider {
    fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let keys = Jwks::from_keys(vec![key.public_jwk("k1").unwrap()]).unwrap();
        Self { key, keys }
    }

    fn sign(&self, kid: &str, claims: &Value) -> String {
        let encoder = CompactEncoder::new(self.key.algorithm(), kid, TokenType::Jwt);
        encoder.encode(claims, &self.key).unwrap()
    }
}

#[test]
fn a_token_of_each_algorithm_is_read() {
    for algorithm in Algorithm::ALL {
        let provider = Provider::new(algorithm);
        let mut said = claims();
        said["at_hash"] = json!(render_at_hash(algorithm, ACCESS));
        let token = provider.sign("k1", &said);
        let person = check_id_token(&token, &provider.keys, &expected(), NOW).unwrap();
        assert_eq!(person.subject, "248289761001");
        assert_eq!(person.email.as_deref(), Some("ada@example.com"));
        assert_eq!(person.email_verified, Some(true));
        assert_eq!(person.given_name.as_deref(), Some("Ada"));
        assert_eq!(person.auth_time_secs, Some(NOW - 30));
    }
}

#[test]
fn whatever_is_wrong_with_a_claim_refuses_the_token() {
    let provider = Provider::new(Algorithm::Es256);
    let claim = IdTokenError::Claims;
    let table: [(&str, Value, IdTokenError); 33] = [
        (
            "iss",
            json!("https://evil.example"),
            claim(ClaimsError::Issuer),
        ),
        (
            "iss",
            json!("https://idp.example/"),
            claim(ClaimsError::Issuer),
        ),
        ("iss", json!(1), claim(ClaimsError::Malformed("iss"))),
        ("iss", Value::Null, claim(ClaimsError::Malformed("iss"))),
        ("aud", json!("somebody"), claim(ClaimsError::Audience)),
        ("aud", json!(["somebody"]), claim(ClaimsError::Audience)),
        ("aud", json!([]), claim(ClaimsError::Malformed("aud"))),
        (
            "aud",
            json!([CLIENT, "somebody"]),
            IdTokenError::AuthorizedParty,
        ),
        ("azp", json!("somebody"), IdTokenError::AuthorizedParty),
        ("azp", json!(7), claim(ClaimsError::Malformed("azp"))),
        ("exp", json!(NOW - 60), claim(ClaimsError::Expired)),
        ("exp", json!("soon"), claim(ClaimsError::Malformed("exp"))),
        ("exp", json!(-1), claim(ClaimsError::Malformed("exp"))),
        ("iat", json!(NOW + 61), claim(ClaimsError::NotYet)),
        ("iat", json!(LEFT - 61), IdTokenError::Early),
        ("nbf", json!(NOW + 61), claim(ClaimsError::NotYet)),
        ("nonce", json!("another"), IdTokenError::Nonce),
        ("nonce", json!(""), claim(ClaimsError::Malformed("nonce"))),
        (
            "nonce",
            json!([NONCE]),
            claim(ClaimsError::Malformed("nonce")),
        ),
        (
            "at_hash",
            json!("77QmUPtjPfzWtF2AnpK9RQ_"),
            IdTokenError::AccessTokenHash,
        ),
        (
            "at_hash",
            json!(true),
            claim(ClaimsError::Malformed("at_hash")),
        ),
        ("sub", json!(""), claim(ClaimsError::Malformed("sub"))),
        (
            "sub",
            json!("1\u{202e}2"),
            claim(ClaimsError::Malformed("sub")),
        ),
        (
            "sub",
            json!(248_289_761_001_i64),
            claim(ClaimsError::Malformed("sub")),
        ),
        (
            "sub",
            json!("x".repeat(256)),
            claim(ClaimsError::Malformed("sub")),
        ),
        (
            "sub",
            json!("a\u{0}b"),
            claim(ClaimsError::Malformed("sub")),
        ),
        (
            "email",
            json!("x".repeat(255)),
            claim(ClaimsError::Malformed("email")),
        ),
        (
            "email",
            json!("a@b\r\nBcc: c@d"),
            claim(ClaimsError::Malformed("email")),
        ),
        (
            "email",
            json!(["a@b"]),
            claim(ClaimsError::Malformed("email")),
        ),
        (
            "email_verified",
            json!(1),
            claim(ClaimsError::Malformed("email_verified")),
        ),
        (
            "given_name",
            json!({}),
            claim(ClaimsError::Malformed("given_name")),
        ),
        (
            "family_name",
            json!("a\nb"),
            claim(ClaimsError::Malformed("family_name")),
        ),
        (
            "auth_time",
            json!("now"),
            claim(ClaimsError::Malformed("auth_time")),
        ),
    ];
    for (name, value, error) in table {
        let mut said = claims();
        said[name] = value.clone();
        let token = provider.sign("k1", &said);
        let checked = check_id_token(&token, &provider.keys, &expected(), NOW);
        assert_eq!(checked, Err(error), "{name}: {value}");
    }
    for (name, error) in [
        ("iss", claim(ClaimsError::Missing("iss"))),
        ("aud", claim(ClaimsError::Missing("aud"))),
        ("exp", claim(ClaimsError::Missing("exp"))),
        ("iat", claim(ClaimsError::Missing("iat"))),
        ("sub", claim(ClaimsError::Missing("sub"))),
        ("nonce", IdTokenError::Nonce),
    ] {
        let mut said = claims();
        said.as_object_mut().unwrap().remove(name);
        let token = provider.sign("k1", &said);
        let checked = check_id_token(&token, &provider.keys, &expected(), NOW);
        assert_eq!(checked, Err(error), "without {name}");
    }
}

#[test]
fn only_the_providers_own_signature_counts() {
    let provider = Provider::new(Algorithm::Es256);
    let stranger = Provider::new(Algorithm::Es256);
    let check = |token: &str, keys: &Jwks| check_id_token(token, keys, &expected(), NOW);
    let token = provider.sign("k1", &claims());
    assert!(check(&token, &provider.keys).is_ok());
    let forged = stranger.sign("k1", &claims());
    let wrong = Err(IdTokenError::Token(JwsError::Signature));
    assert_eq!(check(&forged, &provider.keys), wrong);
    let unknown = provider.sign("k2", &claims());
    let no_key = Err(IdTokenError::Token(JwsError::NoKey));
    assert_eq!(check(&unknown, &provider.keys), no_key);
    assert_eq!(check(&token, &Jwks::default()), no_key);
    // One claim changed under the same signature.
    let mut parts = token.split('.');
    let (header, signature) = (parts.next().unwrap(), parts.nth(1).unwrap());
    let mut said = claims();
    said["sub"] = json!("somebody else");
    let payload = base64url::render(said.to_string().as_bytes());
    let changed = format!("{header}.{payload}.{signature}");
    assert_eq!(check(&changed, &provider.keys), wrong);
    // Neither no signature, nor one by a secret that everybody knows, is one.
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS256", "kid": "k1" }),
        json!({ "alg": "HS512" }),
    ] {
        let header = base64url::render(header.to_string().as_bytes());
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{payload}.{signature}");
            let refused = check(&token, &provider.keys);
            assert!(matches!(refused, Err(IdTokenError::Token(_))), "{token}");
        }
    }
}

#[test]
fn proof_that_was_to_be_given_anew_was_given_after_the_browser_left() {
    let provider = Provider::new(Algorithm::EdDsa);
    let fresh = Expectation {
        is_fresh: true,
        ..expected()
    };
    for (auth_time, is_taken) in [
        (json!(NOW - 30), true),
        // However far the clock may be off: that is for the token.
        (json!(LEFT - 30), true),
        (json!(LEFT - 31), false),
        (Value::Null, false),
    ] {
        let mut said = claims();
        said["auth_time"] = auth_time.clone();
        let token = provider.sign("k1", &said);
        let checked = check_id_token(&token, &provider.keys, &fresh, NOW);
        assert_eq!(checked.is_ok(), is_taken, "{auth_time}");
        assert!(check_id_token(&token, &provider.keys, &expected(), NOW).is_ok());
    }
}

#[test]
fn answers_of_a_token_endpoint_are_strict() {
    let good = json!({ "access_token": "a", "id_token": "b.c.d", "token_type": "Bearer", "x": 1 });
    let read = parse_token_answer(good.to_string().as_bytes())
        .ok()
        .unwrap();
    assert_eq!(read.id_token, "b.c.d");
    assert_eq!(read.access_token.expose(), "a");
    for (name, value) in [
        ("access_token", Value::Null),
        ("access_token", json!("a b")),
        ("access_token", json!("a\r\nX: y")),
        ("access_token", json!("x".repeat(16 * 1024 + 1))),
        ("id_token", json!("")),
        ("id_token", json!(1)),
        ("token_type", json!("mac")),
        ("token_type", Value::Null),
    ] {
        let mut bad = good.clone();
        bad[name] = value.clone();
        let error = parse_token_answer(bad.to_string().as_bytes()).err();
        assert_eq!(error, Some(AnswerError::Member(name)), "{value}");
    }
    for bad in [
        "",
        "[]",
        "<html>",
        "{} {}",
        "{\"id_token\":1,\"id_token\":2}",
    ] {
        assert_eq!(
            parse_token_answer(bad.as_bytes()).err(),
            Some(AnswerError::Malformed)
        );
    }
    let error = br#"{"error":"invalid_grant","error_description":"<script>"}"#;
    assert_eq!(parse_token_error(error).as_deref(), Some("invalid_grant"));
    assert_eq!(parse_token_error(br#"{"error":"<script>"}"#), None);
    assert_eq!(parse_error_code("access_denied"), Some("access_denied"));
    for bad in ["", "a b", "<b>", "a\nb", &"x".repeat(61)] {
        assert_eq!(parse_error_code(bad), None);
    }
}

#[test]
fn a_token_for_ourselves_needs_no_other_and_its_lifetime_is_a_whole_number() {
    let good = json!({ "access_token": "a", "token_type": "bearer" });
    for (said, expected) in [
        (Value::Null, None),
        (json!(3_600), Some(3_600)),
        (json!(0), Some(0)),
        (json!(u64::MAX), Some(u32::MAX)),
        (json!(-1), None),
        (json!(1.5), None),
        (json!(1e300), None),
        (json!("3600"), Some(3_600)),
        (json!(""), None),
        (json!("+3600"), None),
        (json!("3600 "), None),
        (json!("9".repeat(30)), None),
        (json!([3_600]), None),
    ] {
        let mut answer = good.clone();
        answer["expires_in"] = said.clone();
        let read = parse_bearer_answer(answer.to_string().as_bytes());
        let read = read.ok().unwrap();
        assert_eq!(read.access_token.expose(), "a");
        assert_eq!(read.lifetime_secs, expected, "{said}");
    }
    for (name, value) in [
        ("token_type", json!("mac")),
        ("access_token", json!("a\r\nX: y")),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let error = parse_bearer_answer(bad.to_string().as_bytes()).err();
        assert_eq!(error, Some(AnswerError::Member(name)));
    }
    let error = parse_bearer_answer(b"<html>").err();
    assert_eq!(error, Some(AnswerError::Malformed));
}

#[test]
fn userinfo_is_about_the_same_subject_or_nothing() {
    let said = json!({ "sub": "1", "email": "a@b.example", "email_verified": "true" });
    let bytes = said.to_string();
    let read = parse_userinfo(bytes.as_bytes(), "1").unwrap();
    assert_eq!(read.email_verified, Some(true));
    assert_eq!(
        parse_userinfo(bytes.as_bytes(), "2"),
        Err(AnswerError::Subject)
    );
    assert_eq!(parse_userinfo(b"{}", "1"), Err(AnswerError::Member("sub")));
    assert_eq!(parse_userinfo(b"eyJ", "1"), Err(AnswerError::Malformed));
    let word = |text: &str| {
        let said = json!({ "sub": "1", "email_verified": text }).to_string();
        parse_userinfo(said.as_bytes(), "1").unwrap().email_verified
    };
    assert_eq!(
        (word("false"), word("TRUE"), word("1")),
        (Some(false), Some(false), Some(false))
    );
}

#[test]
fn neither_source_vouches_for_the_others_address() {
    let of = |email: Option<&str>, email_verified| PersonClaims {
        subject: "1".into(),
        email: email.map(str::to_owned),
        email_verified,
        ..PersonClaims::default()
    };
    let (mine, other) = (Some("a@x.example"), Some("b@x.example"));
    for (token, userinfo, expected) in [
        ((mine, Some(true)), (other, Some(true)), (mine, Some(true))),
        ((mine, Some(false)), (mine, Some(true)), (mine, Some(false))),
        ((mine, None), (other, Some(true)), (mine, None)),
        ((mine, None), (mine, Some(true)), (mine, Some(true))),
        ((None, Some(true)), (other, None), (other, None)),
        ((None, None), (other, Some(true)), (other, Some(true))),
    ] {
        let whole = complete(of(token.0, token.1), of(userinfo.0, userinfo.1));
        assert_eq!((whole.email.as_deref(), whole.email_verified), expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_within_bounds(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        prop_assert!(crate::properties::check_provider_answer(&bytes).is_ok());
        let said = json!({ "sub": text, "email": text, "given_name": text }).to_string();
        prop_assert!(crate::properties::check_provider_answer(said.as_bytes()).is_ok());
    }
}
