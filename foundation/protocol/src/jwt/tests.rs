//! Tables of claims against expectations.

use super::{Claims, ClaimsError, Expected, Expiry, check_claims};
use crate::jose::algorithm::Algorithm;
use crate::jose::jwks::Jwks;
use crate::jose::jws::TokenType;
use crate::jose::jws::encode::CompactEncoder;
use crate::jose::jws::verify::{Verified, parse_unverified};
use crate::jose::signing_key::SigningKey;
use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

const EXPECTED: Expected<'static> = Expected {
    issuer: Some("client"),
    subject: Some("client"),
    audiences: &["https://id.example/token", "https://id.example"],
    leeway_secs: 30,
    lifetime_secs_max: Some(3600),
    expiry: Expiry::Required,
};

fn verified(claims: &Value) -> Verified {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let token = CompactEncoder::new(Algorithm::EdDsa, "k", TokenType::Jwt)
        .encode(claims, &key)
        .unwrap();
    let keys = Jwks::from_keys(vec![key.public_jwk("k").unwrap()]).unwrap();
    parse_unverified(&token)
        .unwrap()
        .verify(&keys, &[Algorithm::EdDsa])
        .unwrap()
}

fn check(claims: &Value, expected: &Expected<'_>) -> Result<Claims, ClaimsError> {
    check_claims(verified(claims), expected, NOW)
}

fn good() -> Value {
    json!({ "iss": "client", "sub": "client", "aud": "https://id.example", "exp": NOW + 60, "iat": NOW, "jti": "j" })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn reads_good_claims() {
    let claims = check(&with("scope", "a b".into()), &EXPECTED).unwrap();
    assert_eq!(
        (claims.issuer.as_deref(), claims.subject.as_deref()),
        (Some("client"), Some("client"))
    );
    assert_eq!(claims.audiences, ["https://id.example"]);
    assert_eq!(
        (
            claims.expires_at_secs,
            claims.issued_at_secs,
            claims.not_before_secs
        ),
        (Some(NOW + 60), Some(NOW), None)
    );
    assert_eq!(claims.token_id.as_deref(), Some("j"));
    assert_eq!(claims.text("scope"), Ok(Some("a b")));
    assert_eq!(claims.text("exp"), Err(ClaimsError::Malformed("exp")));
    assert_eq!(claims.text("none"), Ok(None));
}

#[test]
fn holds_claims_to_what_is_expected() {
    let table: Vec<(Value, Option<ClaimsError>)> = vec![
        (with("iss", "other".into()), Some(ClaimsError::Issuer)),
        (without("iss"), Some(ClaimsError::Missing("iss"))),
        (
            with("iss", json!(["client"])),
            Some(ClaimsError::Malformed("iss")),
        ),
        (with("iss", "".into()), Some(ClaimsError::Malformed("iss"))),
        (
            with("iss", "a".repeat(2049).into()),
            Some(ClaimsError::Malformed("iss")),
        ),
        (with("sub", "other".into()), Some(ClaimsError::Subject)),
        (without("sub"), Some(ClaimsError::Missing("sub"))),
        (with("sub", 7.into()), Some(ClaimsError::Malformed("sub"))),
        (
            with("sub", Value::Null),
            Some(ClaimsError::Malformed("sub")),
        ),
        (with("jti", 7.into()), Some(ClaimsError::Malformed("jti"))),
        (without("jti"), None),
        (with("aud", json!(["x", "https://id.example/token"])), None),
        (with("aud", json!(["x"])), Some(ClaimsError::Audience)),
        (
            with("aud", "https://id.example/".into()),
            Some(ClaimsError::Audience),
        ),
        (without("aud"), Some(ClaimsError::Missing("aud"))),
        (with("aud", json!([])), Some(ClaimsError::Malformed("aud"))),
        (
            with("aud", json!(["https://id.example", 1])),
            Some(ClaimsError::Malformed("aud")),
        ),
        (with("aud", json!({})), Some(ClaimsError::Malformed("aud"))),
        (
            with("aud", json!(vec!["https://id.example"; 17])),
            Some(ClaimsError::Malformed("aud")),
        ),
    ];
    for (claims, error) in table {
        assert_eq!(check(&claims, &EXPECTED).err(), error, "{claims}");
    }
}

#[test]
fn holds_times_to_the_second() {
    let table: Vec<(Value, Option<ClaimsError>)> = vec![
        (with("exp", (NOW - 29).into()), None),
        (with("exp", (NOW - 30).into()), Some(ClaimsError::Expired)),
        (with("exp", (NOW + 3630).into()), None),
        (with("exp", (NOW + 3631).into()), Some(ClaimsError::TooLong)),
        (without("exp"), Some(ClaimsError::Missing("exp"))),
        (
            with("exp", "1900000000".into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (
            with("exp", Value::Null),
            Some(ClaimsError::Malformed("exp")),
        ),
        (
            with("exp", (-1).into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (
            with("exp", i64::MAX.into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (
            with("exp", u64::MAX.into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (
            with("exp", 1e300.into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (with("exp", 1_800_000_060.9.into()), None), // fractions are allowed (RFC 7519 section 2)
        (
            with("exp", (-0.5).into()),
            Some(ClaimsError::Malformed("exp")),
        ),
        (with("nbf", (NOW + 30).into()), None),
        (with("nbf", (NOW + 31).into()), Some(ClaimsError::NotYet)),
        (with("nbf", "0".into()), Some(ClaimsError::Malformed("nbf"))),
        (with("iat", (NOW + 31).into()), Some(ClaimsError::NotYet)),
        (
            with("iat", true.into()),
            Some(ClaimsError::Malformed("iat")),
        ),
        (without("iat"), None),
    ];
    for (claims, error) in table {
        assert_eq!(check(&claims, &EXPECTED).err(), error, "{claims}");
    }
}

#[test]
fn asks_for_no_more_than_is_expected() {
    let free = Expected {
        issuer: None,
        subject: None,
        audiences: &[],
        leeway_secs: i64::MAX,
        lifetime_secs_max: None,
        expiry: Expiry::Ignored,
    };
    assert!(check(&json!({}), &free).is_ok());
    assert!(check(&with("exp", 0.into()), &free).is_ok());
    // The leeway has a bound of its own.
    assert_eq!(
        check(&with("nbf", (NOW + 301).into()), &free).err(),
        Some(ClaimsError::NotYet)
    );
    let negative = Expected {
        leeway_secs: -5,
        ..EXPECTED
    };
    assert!(check(&with("exp", (NOW + 1).into()), &negative).is_ok());
}

proptest! {
    #[test]
    fn a_token_is_good_exactly_between_its_times(offset in -10_000_i64..10_000, leeway_secs in 0_i64..300, now in any::<i32>()) {
        let now = i64::from(now).abs() + 20_000;
        let expected = Expected { leeway_secs, lifetime_secs_max: None, ..EXPECTED };
        let claims = with("exp", (now + offset).into());
        let mut claims = verified(&claims);
        // `iat` is of another time here.
        claims = verified(&{
            let mut members = claims.into_members();
            members.remove("iat");
            Value::from(members)
        });
        prop_assert_eq!(check_claims(claims, &expected, now).is_ok(), offset + leeway_secs > 0);
    }
}
