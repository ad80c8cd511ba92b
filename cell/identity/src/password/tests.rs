//! The text form of hashes, and the product's own hash.

use proptest::prelude::{any, proptest};

use super::argon2id::{SALT_BYTES, WorkMemory, hash_password};
use super::foreign::parse_foreign;
use super::phc::{PhcError, parse_decimal, parse_phc, render_phc};

#[test]
fn own_hash_is_the_reference_implementations() {
    let mut memory = WorkMemory::default();
    // Computed with the reference implementation of Argon2.
    let expected = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0";
    let text = hash_password(
        b"correct horse battery staple",
        b"0123456789abcdef",
        &mut memory,
    )
    .unwrap();
    assert_eq!(text, expected);
    let stored = parse_foreign(&text).unwrap();
    assert!(stored.is_own());
    assert!(stored.verify(b"correct horse battery staple", &mut memory));
    assert!(!stored.verify(b"correct horse battery stapler", &mut memory));
}

#[test]
fn memory_is_reused_and_given_back_without_changing_the_hash() {
    let mut memory = WorkMemory::default();
    let first = hash_password(b"one", &[7; SALT_BYTES], &mut memory).unwrap();
    hash_password(b"two", &[8; SALT_BYTES], &mut memory).unwrap();
    memory.trim();
    assert_eq!(
        hash_password(b"one", &[7; SALT_BYTES], &mut memory).unwrap(),
        first
    );
    memory.release();
    assert_eq!(
        hash_password(b"one", &[7; SALT_BYTES], &mut memory).unwrap(),
        first
    );
}

#[test]
fn shapes_of_the_text_form() {
    let table = [
        ("argon2id$v=19$m=8$c2FsdA$aGFzaA", PhcError::Shape),
        ("$Argon$v=19$m=8$c2FsdA$aGFzaA", PhcError::Shape),
        ("$argon2id", PhcError::Shape),
        ("$argon2id$v=19", PhcError::Shape),
        ("$argon2id$v=19$m=8$c2FsdA", PhcError::Shape),
        ("$argon2id$v=19$m=8$c2FsdA$aGFzaA$more", PhcError::Shape),
        ("$argon2id$v=+19$m=8$c2FsdA$aGFzaA", PhcError::Parameter),
        ("$argon2id$v=19$m=08$c2FsdA$aGFzaA", PhcError::Parameter),
        ("$argon2id$v=19$m=8,m=9$c2FsdA$aGFzaA", PhcError::Parameter),
        (
            "$argon2id$v=19$m=99999999999$c2FsdA$aGFzaA",
            PhcError::Parameter,
        ),
        (
            "$a$a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1$c2FsdA$aGFzaA",
            PhcError::Parameter,
        ),
        ("$argon2id$v=19$m=8$c2FsdA=$aGFzaA", PhcError::Encoding),
        ("$argon2id$v=19$m=8$c2FsdB$aGFzaA", PhcError::Encoding),
    ];
    for (text, expected) in table {
        assert_eq!(parse_phc(text).err(), Some(expected), "{text}");
    }
    assert_eq!(parse_phc(&"$".repeat(600)).err(), Some(PhcError::TooLong));
}

#[test]
fn decimals_have_one_spelling() {
    assert_eq!(parse_decimal("0"), Some(0));
    assert_eq!(parse_decimal("4294967295"), Some(u32::MAX));
    for text in [
        "",
        "00",
        "01",
        "+1",
        "-1",
        " 1",
        "1 ",
        "4294967296",
        "１",
        "1e3",
    ] {
        assert_eq!(parse_decimal(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        let _ = parse_phc(&text);
    }

    #[test]
    fn what_is_rendered_is_parsed_back(
        version in proptest::option::of(any::<u32>()),
        values in proptest::collection::vec(any::<u32>(), 0..4),
        salt in proptest::collection::vec(any::<u8>(), 1..64),
        hash in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let parameters: Vec<(&str, u32)> = ["m", "t", "p"].into_iter().zip(values).collect();
        let text = render_phc("name", version, &parameters, &salt, &hash);
        let parsed = parse_phc(&text).unwrap();
        assert_eq!((parsed.version, parsed.parameters), (version, parameters));
        assert_eq!((parsed.salt, parsed.hash), (salt, hash));
    }
}
