//! Tables of JWKs: the vectors of the standards, and everything that must be refused.

use super::{JWK_BYTES_MAX, Jwk, JwkError, KID_BYTES_MAX};
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::signing_key::SigningKey;
use proptest::prelude::{any, prop, prop_assert, proptest};
use serde_json::{Value, json};

/// RFC 7638 section 3.1.
pub const RFC_7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn rsa() -> Value {
    json!({ "kty": "RSA", "n": RFC_7638_N, "e": "AQAB" })
}

/// RFC 7515 appendix A.3.
fn p256() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// RFC 8037 appendix A.2.
fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn parse(value: &Value) -> Result<Jwk, JwkError> {
    Jwk::parse(value.to_string().as_bytes())
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

fn without(mut key: Value, name: &str) -> Value {
    key.as_object_mut().unwrap().remove(name);
    key
}

#[test]
fn thumbprints_follow_the_standards() {
    // RFC 7638 section 3.1 and RFC 8037 appendix A.3; other members do not matter.
    let key = with(
        with(rsa(), "kid", "2011-04-29".into()),
        "alg",
        "RS256".into(),
    );
    assert_eq!(
        parse(&key).unwrap().thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(
        parse(&ed25519()).unwrap().thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn reads_each_kind_with_its_one_algorithm() {
    for (key, algorithm) in [
        (rsa(), Algorithm::Rs256),
        (p256(), Algorithm::Es256),
        (ed25519(), Algorithm::EdDsa),
    ] {
        let parsed = parse(&key).unwrap();
        assert_eq!((parsed.algorithm(), parsed.kid()), (algorithm, None));
        let named = with(
            with(key, "alg", algorithm.name().into()),
            "use",
            "sig".into(),
        );
        assert_eq!(parsed.render(), named);
        let named = with(
            with(named, "kid", "k 1".into()),
            "key_ops",
            json!(["verify"]),
        );
        assert_eq!(parse(&named).unwrap().kid(), Some("k 1"));
        // Members that are not understood are passed over (RFC 7517 section 4).
        assert!(parse(&with(named, "x5t", "abc".into())).is_ok());
    }
    assert!(parse(&with(ed25519(), "alg", "Ed25519".into())).is_ok());
}

#[test]
fn refuses_private_members() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(
            parse(&with(rsa(), name, "AQAB".into())),
            Err(JwkError::Private),
            "{name}"
        );
        assert_eq!(
            parse(&with(p256(), name, Value::Null)),
            Err(JwkError::Private),
            "{name}"
        );
    }
    assert_eq!(
        parse(&json!({ "kty": "oct", "k": "AAAA" })),
        Err(JwkError::Private)
    );
}

#[test]
fn refuses_malformed_and_foreign_keys() {
    let x = |text: &str| with(p256(), "x", text.into());
    let table: Vec<(Value, JwkError)> = vec![
        (json!([]), JwkError::Malformed),
        (json!({}), JwkError::Member("kty")),
        (json!({ "kty": 1 }), JwkError::Member("kty")),
        (json!({ "kty": "oct" }), JwkError::Unsupported),
        (json!({ "kty": "EC" }), JwkError::Member("crv")),
        (with(p256(), "crv", 7.into()), JwkError::Member("crv")),
        (with(p256(), "crv", "P-384".into()), JwkError::Unsupported),
        (
            with(ed25519(), "crv", "X25519".into()),
            JwkError::Unsupported,
        ),
        (
            with(ed25519(), "crv", "P-256".into()),
            JwkError::Unsupported,
        ),
        (with(p256(), "alg", "RS256".into()), JwkError::Unsupported),
        (with(p256(), "alg", "none".into()), JwkError::Unsupported),
        (with(p256(), "alg", 1.into()), JwkError::Member("alg")),
        (with(p256(), "use", "enc".into()), JwkError::Unsupported),
        (with(p256(), "use", 1.into()), JwkError::Member("use")),
        (
            with(p256(), "key_ops", json!(["sign"])),
            JwkError::Unsupported,
        ),
        (
            with(p256(), "key_ops", "verify".into()),
            JwkError::Member("key_ops"),
        ),
        (with(p256(), "kid", 1.into()), JwkError::Member("kid")),
        (with(p256(), "kid", "".into()), JwkError::Member("kid")),
        (with(p256(), "kid", "a\n".into()), JwkError::Member("kid")),
        (
            with(p256(), "kid", "a".repeat(KID_BYTES_MAX + 1).into()),
            JwkError::Member("kid"),
        ),
        (without(p256(), "y"), JwkError::Member("y")),
        (
            x("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU="),
            JwkError::Member("x"),
        ),
        (
            x("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA"),
            JwkError::Member("x"),
        ),
        (
            x("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
            JwkError::NotOnCurve,
        ),
        (
            x("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            JwkError::NotOnCurve,
        ),
        (with(ed25519(), "x", "AAAA".into()), JwkError::Member("x")),
        (without(rsa(), "n"), JwkError::Member("n")),
        (with(rsa(), "n", "!".into()), JwkError::Member("n")),
        (
            with(rsa(), "x", "a".repeat(JWK_BYTES_MAX).into()),
            JwkError::Malformed,
        ),
    ];
    for (key, error) in table {
        assert_eq!(parse(&key), Err(error), "{key}");
    }
    assert_eq!(
        Jwk::parse(br#"{"kty":"RSA","kty":"EC"}"#),
        Err(JwkError::Malformed)
    );
}

#[test]
fn bounds_rsa_keys() {
    let modulus = |bytes: usize, first: u8, last: u8| {
        let mut octets = vec![0xff; bytes];
        octets[0] = first;
        octets[bytes - 1] = last;
        Value::from(base64url::render(&octets))
    };
    let table = [
        (modulus(256, 0x80, 0x01), "AQAB", true),
        (modulus(256, 0x7f, 0x01), "AQAB", false), // 2047 bits
        (modulus(128, 0xff, 0x01), "AQAB", false),
        (modulus(1024, 0xff, 0x01), "AQAB", true),
        (modulus(1025, 0x01, 0x01), "AQAB", false), // 8193 bits
        (modulus(257, 0x00, 0x01), "AQAB", false),  // leading zero
        (modulus(256, 0xff, 0x02), "AQAB", false),  // even
        (modulus(256, 0xff, 0x01), "Aw", true),     // 3
        (modulus(256, 0xff, 0x01), "AQ", false),    // 1
        (modulus(256, 0xff, 0x01), "Ag", false),    // 2
        (modulus(256, 0xff, 0x01), "", false),
        (modulus(256, 0xff, 0x01), "AAEAAQ", false), // leading zero
        (modulus(256, 0xff, 0x01), "AQAAAAE", false), // five bytes
    ];
    for (n, e, is_good) in table {
        let key = json!({ "kty": "RSA", "n": n, "e": e });
        match is_good {
            true => assert!(parse(&key).is_ok(), "{key}"),
            false => assert_eq!(parse(&key), Err(JwkError::RsaRange), "{key}"),
        }
    }
}

#[test]
fn holds_its_properties_for_good_keys() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm)
            .unwrap()
            .public_jwk("k")
            .unwrap();
        crate::properties::check_jwk(key.render().to_string().as_bytes()).unwrap();
    }
    for key in [rsa(), p256(), ed25519()] {
        crate::properties::check_jwk(key.to_string().as_bytes()).unwrap();
    }
}

proptest! {
    #[test]
    fn holds_its_properties_for_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        x in prop::collection::vec(any::<u8>(), 30..34),
        kid in "[ -~]{0,3}",
    ) {
        prop_assert!(crate::properties::check_jwk(&bytes).is_ok());
        let key = with(with(ed25519(), "x", base64url::render(&x).into()), "kid", kid.into());
        prop_assert!(crate::properties::check_jwk(key.to_string().as_bytes()).is_ok());
    }
}
