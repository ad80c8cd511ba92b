//! Tables of tokens: the vectors of the standards, the round trip, and the known attacks.

use super::TokenType;
use super::encode::{CompactEncoder, EncodeError};
use super::memo::{KeySetMark, VerifiedMemo};
use super::verify::{
    HEADER_BYTES_MAX, Header, JwsError, TOKEN_BYTES_MAX, parse_unverified, verify_remembering,
};
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::jwk::Jwk;
use crate::jose::jwks::Jwks;
use crate::jose::signing_key::SigningKey;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

/// RFC 7515 appendix A.2.
const RS256_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// RFC 7515 appendix A.3.
const ES256_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 8037 appendix A.4. Its payload is no JSON.
const EDDSA_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn standard_keys() -> Jwks {
    let keys = json!({ "keys": [
        { "kty": "RSA", "n": RS256_N, "e": "AQAB" },
        { "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
          "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
        { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
    ] });
    Jwks::parse(keys.to_string().as_bytes()).unwrap()
}

fn verify(token: &str, keys: &Jwks) -> Result<Value, JwsError> {
    let verified = parse_unverified(token)?.verify(keys, &Algorithm::ALL)?;
    Ok(Value::from(verified.into_members()))
}

fn token(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!(
        "{}.{}",
        base64url::render(header.as_bytes()),
        base64url::render(payload.as_bytes())
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::render(&signature))
}

#[test]
fn verifies_the_tokens_of_the_standards() {
    let keys = standard_keys();
    for token in [RS256_TOKEN, ES256_TOKEN] {
        let claims = verify(token, &keys).unwrap();
        assert_eq!(
            claims,
            json!({ "iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true })
        );
    }
    // The signature holds, and only then is the payload found to be no JSON.
    assert_eq!(verify(EDDSA_TOKEN, &keys), Err(JwsError::Malformed));
    let forged = EDDSA_TOKEN.replace("hgyY", "hgyZ");
    assert_eq!(verify(&forged, &keys), Err(JwsError::Signature));
}

#[test]
fn signs_as_rfc_8037_appendix_a_4() {
    // The seed of appendix A.1 as PKCS#8 (RFC 8410 section 7).
    let seed = base64url::parse("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let prefix = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, &[&prefix[..], &seed].concat()).unwrap();
    assert_eq!(
        token(r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing", &key),
        EDDSA_TOKEN
    );
    assert_eq!(
        key.thumbprint().unwrap(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn a_remembered_token_is_that_token_under_those_keys_alone() {
    let algorithm = Algorithm::Es256;
    let [key, other] = [(); 2].map(|()| SigningKey::generate(algorithm).unwrap());
    let published = |key: &SigningKey| Jwks::from_keys(vec![key.public_jwk("k").unwrap()]).unwrap();
    let (keys, others) = (published(&key), published(&other));
    let (mark, other_mark) = (KeySetMark::of(b"keys"), KeySetMark::of(b"others"));
    let issue = |number: usize| {
        let claims = json!({ "number": number });
        let encoder = CompactEncoder::new(algorithm, "k", TokenType::AccessToken);
        encoder.encode(&claims, &key).unwrap()
    };
    let memo = VerifiedMemo::new(64);
    let ask = |token: &str| verify_remembering(token, (&keys, &mark), &[algorithm], &memo);
    let number = |token: &str| ask(token).unwrap().members()["number"].clone();
    let first = issue(0);
    // As it was read, then by its signature alone, since later ones took its place.
    for later in [0, 1, 9] {
        assert_eq!(number(&first), 0);
        assert_eq!(
            verify_remembering(&first, (&keys, &mark), &[Algorithm::Rs256], &memo).err(),
            Some(JwsError::Algorithm)
        );
        for later in 1..=later {
            assert_eq!(number(&issue(later)), later);
        }
    }
    assert_eq!(
        verify_remembering(&first, (&others, &other_mark), &[algorithm], &memo).err(),
        Some(JwsError::Signature)
    );
    let (input, signature) = first.rsplit_once('.').unwrap();
    let mut forged = base64url::parse(signature).unwrap();
    forged[5] ^= 1;
    let forged = format!("{input}.{}", base64url::render(&forged));
    assert_eq!(ask(&forged).err(), Some(JwsError::Signature));
    let nameless = token(r#"{"alg":"ES256"}"#, "{}", &key);
    assert_eq!(ask(&nameless).err(), Some(JwsError::NoKey));
}

/// The signature is not computed again: keys of the same mark that could not have made it are not asked.
#[test]
fn what_was_verified_once_costs_no_signature_while_it_is_remembered() {
    let algorithm = Algorithm::Es256;
    let [key, other] = [(); 2].map(|()| SigningKey::generate(algorithm).unwrap());
    let published = |key: &SigningKey| Jwks::from_keys(vec![key.public_jwk("k").unwrap()]).unwrap();
    let mark = KeySetMark::of(b"keys");
    let memo = VerifiedMemo::new(64);
    let ask = |token: &str, keys: &Jwks| {
        verify_remembering(token, (keys, &mark), &[algorithm], &memo)
            .map(|read| read.members().len())
    };
    // Too long to be remembered as it was read.
    let long = json!({ "filling": "x".repeat(4_000) });
    let short = json!({ "filling": "x" });
    for claims in [long, short] {
        let encoder = CompactEncoder::new(algorithm, "k", TokenType::AccessToken);
        let token = encoder.encode(&claims, &key).unwrap();
        assert_eq!(ask(&token, &published(&other)), Err(JwsError::Signature));
        assert_eq!(ask(&token, &published(&key)), Ok(1));
        assert_eq!(ask(&token, &published(&other)), Ok(1));
    }
}

#[test]
fn writes_what_it_verifies() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let encoder = CompactEncoder::new(algorithm, "k\"1", TokenType::AccessToken);
        let claims = json!({ "sub": "00u1", "n": [1, 2, { "a": null }] });
        let token = encoder.encode(&claims, &key).unwrap();
        let keys = Jwks::from_keys(vec![key.public_jwk("k\"1").unwrap()]).unwrap();
        let verified = parse_unverified(&token)
            .unwrap()
            .verify(&keys, &[algorithm])
            .unwrap();
        assert_eq!(Value::from(verified.members().clone()), claims);
        assert_eq!(verified.header().kid.as_deref(), Some("k\"1"));
        assert!(verified.header().is_type(TokenType::AccessToken));
        let input = encoder.prepare(&claims).unwrap();
        assert!(token.as_bytes().starts_with(input.as_bytes()));
        let signature = key.sign(input.as_bytes()).unwrap();
        assert_eq!(verify(&input.attach(&signature), &keys).unwrap(), claims);
        let other = Algorithm::ALL
            .into_iter()
            .find(|other| *other != algorithm)
            .unwrap();
        let wrong = SigningKey::generate(other).unwrap();
        assert!(matches!(
            encoder.encode(&claims, &wrong),
            Err(EncodeError::WrongKey)
        ));
    }
}

#[test]
fn refuses_headers_that_confuse() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let keys = Jwks::from_keys(vec![key.public_jwk("k").unwrap()]).unwrap();
    let long = format!(
        r#"{{"alg":"EdDSA","x":"{}"}}"#,
        "a".repeat(HEADER_BYTES_MAX)
    );
    let table: &[(&str, JwsError)] = &[
        (r#"{"alg":"none"}"#, JwsError::Algorithm),
        (r#"{"alg":"HS256"}"#, JwsError::Algorithm),
        (r#"{"alg":"eddsa"}"#, JwsError::Algorithm),
        (r#"{"alg":"PS256"}"#, JwsError::Algorithm),
        (r#"{}"#, JwsError::Malformed),
        (r#"{"alg":null}"#, JwsError::Malformed),
        (r#"{"alg":["EdDSA"]}"#, JwsError::Malformed),
        (r#"["EdDSA"]"#, JwsError::Malformed),
        (r#"{"alg":"EdDSA","alg":"EdDSA"}"#, JwsError::Malformed),
        (r#"{"alg":"EdDSA","kid":7}"#, JwsError::Malformed),
        (r#"{"alg":"EdDSA","kid":""}"#, JwsError::Malformed),
        (r#"{"alg":"EdDSA","typ":7}"#, JwsError::Malformed),
        (
            r#"{"alg":"EdDSA","crit":["exp"],"exp":1}"#,
            JwsError::RefusedHeader("crit"),
        ),
        (
            r#"{"alg":"EdDSA","b64":false}"#,
            JwsError::RefusedHeader("b64"),
        ),
        (
            r#"{"alg":"EdDSA","zip":"DEF"}"#,
            JwsError::RefusedHeader("zip"),
        ),
        (
            r#"{"alg":"EdDSA","jwk":{"kty":"OKP"}}"#,
            JwsError::RefusedHeader("jwk"),
        ),
        (
            r#"{"alg":"EdDSA","jku":"https://evil.example"}"#,
            JwsError::RefusedHeader("jku"),
        ),
        (
            r#"{"alg":"EdDSA","x5u":"https://evil.example"}"#,
            JwsError::RefusedHeader("x5u"),
        ),
        (
            r#"{"alg":"EdDSA","x5c":[]}"#,
            JwsError::RefusedHeader("x5c"),
        ),
        (&long, JwsError::Malformed),
        // An Ed25519 key is none for these, whatever the header says (RFC 8725 section 2.1).
        (r#"{"alg":"ES256","kid":"k"}"#, JwsError::NoKey),
        (r#"{"alg":"RS256","kid":"k"}"#, JwsError::NoKey),
        (r#"{"alg":"EdDSA","kid":"other"}"#, JwsError::NoKey),
    ];
    for (header, error) in table {
        assert_eq!(
            verify(&token(header, "{}", &key), &keys),
            Err(*error),
            "{header}"
        );
    }
    for header in [
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"Ed25519","kid":"k"}"#,
        r#"{"alg":"EdDSA","x5t":"a","foo":[1]}"#,
    ] {
        assert_eq!(
            verify(&token(header, "{}", &key), &keys),
            Ok(json!({})),
            "{header}"
        );
    }
}

#[test]
fn refuses_shapes_that_are_no_token() {
    let keys = standard_keys();
    let two_parts = ES256_TOKEN.rsplit_once('.').unwrap().0;
    let huge = format!("{}.{}.AAAA", "A".repeat(TOKEN_BYTES_MAX), "A");
    let table: &[(&str, JwsError)] = &[
        ("", JwsError::Malformed),
        ("..", JwsError::Malformed),
        (two_parts, JwsError::Malformed),
        (&format!("{two_parts}."), JwsError::Malformed),
        (&format!("{ES256_TOKEN}."), JwsError::Malformed),
        (&format!("{ES256_TOKEN}.AAAA.AAAA"), JwsError::Malformed),
        (&format!("{ES256_TOKEN}="), JwsError::Malformed),
        (&format!(" {ES256_TOKEN}"), JwsError::Malformed),
        (&format!("{ES256_TOKEN}\n"), JwsError::Malformed),
        (
            &format!("{two_parts}.{}", "A".repeat(1400)),
            JwsError::Malformed,
        ),
        (&huge, JwsError::TooLarge),
        // The same signature with another last character: trailing bits (RFC 4648 section 3.5).
        (&ES256_TOKEN.replace("NU1Q", "NU1R"), JwsError::Malformed),
        (&ES256_TOKEN.replace(".DtEh", ".DtEi"), JwsError::Signature),
        (
            &ES256_TOKEN.replace("eyJpc3MiOiJqb2UiLA", "eyJpc3MiOiJqb2UiLB"),
            JwsError::Signature,
        ),
        // r and s of zero (RFC 8725 section 2.2 and the implementations that forgot).
        (
            &format!("{two_parts}.{}", base64url::render(&[0; 64])),
            JwsError::Signature,
        ),
        (
            &format!("{two_parts}.{}", base64url::render(&[0; 63])),
            JwsError::Signature,
        ),
    ];
    for (token, error) in table {
        assert_eq!(verify(token, &keys), Err(*error), "{token}");
    }
}

#[test]
fn verifies_only_with_the_allowed_and_matching() {
    let (one, two) = (
        SigningKey::generate(Algorithm::Es256).unwrap(),
        SigningKey::generate(Algorithm::Es256).unwrap(),
    );
    let keys = |kids: &[(&SigningKey, Option<&str>)]| {
        let keys = kids.iter().map(|(key, kid)| {
            let jwk = key.public_jwk(kid.unwrap_or("x")).unwrap();
            Jwk::from_material(kid.map(str::to_owned), jwk.material().clone()).unwrap()
        });
        Jwks::from_keys(keys.collect()).unwrap()
    };
    let named = token(r#"{"alg":"ES256","kid":"a"}"#, "{}", &one);
    let unnamed = token(r#"{"alg":"ES256"}"#, "{}", &one);
    let unverified = parse_unverified(&named).unwrap();
    assert_eq!(
        unverified
            .verify(&keys(&[(&one, Some("a"))]), &[Algorithm::Rs256])
            .unwrap_err(),
        JwsError::Algorithm
    );
    assert!(verify(&named, &keys(&[(&one, Some("a"))])).is_ok());
    assert!(verify(&named, &keys(&[(&two, Some("a")), (&one, Some("a"))])).is_ok());
    assert!(verify(&named, &keys(&[(&two, Some("b")), (&one, None)])).is_ok());
    assert_eq!(
        verify(&named, &keys(&[(&one, Some("b"))])),
        Err(JwsError::NoKey)
    );
    assert_eq!(
        verify(&named, &keys(&[(&two, Some("a")), (&one, Some("b"))])),
        Err(JwsError::Signature)
    );
    assert!(verify(&unnamed, &keys(&[(&two, Some("b")), (&one, Some("a"))])).is_ok());
    assert_eq!(verify(&unnamed, &Jwks::default()), Err(JwsError::NoKey));
}

#[test]
fn refuses_payloads_that_are_no_strict_object() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let keys = Jwks::from_keys(vec![key.public_jwk("k").unwrap()]).unwrap();
    for payload in [
        "",
        "[]",
        "7",
        r#"{"sub":"a","sub":"b"}"#,
        "{\"a\":[[[[[[[[[[]]]]]]]]]]}",
        "{} ",
    ] {
        let result = verify(&token(r#"{"alg":"EdDSA"}"#, payload, &key), &keys);
        assert_eq!(result.is_ok(), payload == "{} ", "{payload}");
    }
    let peek = |payload: &str| {
        let token = token(r#"{"alg":"EdDSA"}"#, payload, &key);
        parse_unverified(&token).unwrap().peek_unverified_subject()
    };
    assert_eq!(peek(r#"{"sub":"c"}"#).as_deref(), Some("c"));
    assert_eq!(
        (
            peek(r#"{"sub":1}"#),
            peek("{}"),
            peek(r#"{"sub":"a","sub":"b"}"#)
        ),
        (None, None, None)
    );
}

#[test]
fn compares_types_as_media_types() {
    let header = |typ: Option<&str>| Header {
        algorithm: Algorithm::Es256,
        kid: None,
        token_type: typ.map(str::to_owned),
    };
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert!(header(Some(typ)).is_type(TokenType::AccessToken), "{typ}");
    }
    for typ in [
        None,
        Some("JWT"),
        Some(""),
        Some("application/"),
        Some("at+jwt "),
        Some("\u{e9}pplication/at+jwt"),
    ] {
        assert!(!header(typ).is_type(TokenType::AccessToken), "{typ:?}");
    }
}

proptest! {
    #[test]
    fn holds_its_properties_for_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        payload in "[A-Za-z0-9_-]{0,20}",
        signature in "[A-Za-z0-9_.=-]{0,20}",
    ) {
        prop_assert!(crate::properties::check_compact_jws(&bytes).is_ok());
        let text = format!("eyJhbGciOiJFZERTQSJ9.{payload}.{signature}");
        prop_assert!(crate::properties::check_compact_jws(text.as_bytes()).is_ok());
    }

    #[test]
    fn any_change_to_a_token_is_noticed(place in 0..ES256_TOKEN.len(), byte in 0_u8..128) {
        let mut bytes = ES256_TOKEN.as_bytes().to_vec();
        bytes[place] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(verify(&changed, &standard_keys()).is_ok(), changed == ES256_TOKEN);
    }
}
