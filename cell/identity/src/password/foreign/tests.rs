//! Known hashes of every kind, made by the reference programs of their kind, and everything that must be refused.

use proptest::prelude::{any, prop, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

use super::{Family, ForeignError, OWN_WEIGHT, parse_foreign};
use crate::password::argon2id::WorkMemory;

const PASSWORD: &str = "correct horse battery staple";

/// Hashes of [`PASSWORD`], from the Argon2, bcrypt and scrypt reference libraries, from Django, Werkzeug and passlib, and
/// from plain PBKDF2 and SHA.
const KNOWN: [(Family, &str); 33] = [
    (
        Family::Argon2,
        "$argon2id$v=19$m=8192,t=1,p=4$MDEyMzQ1Njc4OWFiY2RlZg$aTRTZM6fs+M1KwtVj68F5HISVMIpWshVKvSUQ7mG1Bo",
    ),
    (
        Family::Argon2,
        "$argon2i$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$vtPRhkTK7LiStk3lLH1T1IG7vML5FB2VHvER7o0FbEI",
    ),
    (
        Family::Argon2,
        "$argon2d$v=19$m=1024,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$5VtMvYn3eCPhC+hLnS3hNUCqslV4OM/z",
    ),
    (
        Family::Argon2,
        "$argon2i$v=16$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MUeULayNf9U0lCFs47j7VrYnrah//gpoEBlMQmhJ4jU",
    ),
    (
        Family::Argon2,
        "$argon2i$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MUeULayNf9U0lCFs47j7VrYnrah//gpoEBlMQmhJ4jU",
    ),
    (
        Family::Argon2,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2Vhc2FsdDE$VjZkMfMXvaiNVUkU2kFdWjOKsdTMhf09rMd0nLBRXJo",
    ),
    (
        Family::Bcrypt,
        "$2a$05$89Er1tj1n8qqP4Uid66EKuZW/A76ae02T1w2Cw1jVsN.TNCoQkemG",
    ),
    (
        Family::Bcrypt,
        "$2b$05$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.",
    ),
    (
        Family::Bcrypt,
        "$2y$05$zW5K5xtlo.fr6COmTtGNRu.afeP.9sTB2iKmPwFimjna7XdFEG5hG",
    ),
    (
        Family::Bcrypt,
        "bcrypt$$2b$04$sKfHtGBuqNtm6HGlZk/9HOtdOZ6C43KD5qTi7hk65Ug0gO3yYH8q.",
    ),
    (
        Family::Scrypt,
        "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg$KhW5KLACpfR1HRqSPdg8ODHC9nzhpv0EHEqfwm5GJX4",
    ),
    (
        Family::Scrypt,
        "scrypt:1024:8:1$puBHPEUi94gzGOBm$bdff667d7104ba379a548d72fe97f3efb632120fb8f648cd2c63ce295fc6fe6becfed6fb245a18aef878d4e6dd64ac496d9f40c4ee69370874982143bbabdf81",
    ),
    (
        Family::Scrypt,
        "scrypt$1024$seasalt1$8$5$ydhRPiqx5Ij3koC6hx02WhfphCA+Z/0Ji3f+QEGLe65Hsit+avQpqmiKswnTD352YqSQXvR38P83Uz9nweHudw==",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2-sha1$i=1000,l=20$MDEyMzQ1Njc4OWFiY2RlZg$wmIXv0mv7iouqkc9CKjRvCX21po",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2-sha512$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$5bTW2oeyDJyGJPcmEr+mRDE11ghpozWrDGnSNhRXo2ZCu0KHRDiUMAVEGzLJC+oDhRoeIja9J1iLIv9ptDJMfQ",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$wmIXv0mv7iouqkc9CKjRvCX21po",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES.wqLsOT5YmiRBplI",
    ),
    (
        Family::Pbkdf2,
        "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$5bTW2oeyDJyGJPcmEr.mRDE11ghpozWrDGnSNhRXo2ZCu0KHRDiUMAVEGzLJC.oDhRoeIja9J1iLIv9ptDJMfQ",
    ),
    (
        Family::Pbkdf2,
        "pbkdf2_sha256$1000$seasalt1$HH03+5w4UyxrPC+12e76zOOyoygHU/c1k2ExzSpsyqg=",
    ),
    (
        Family::Pbkdf2,
        "pbkdf2_sha1$1000$seasalt1$9I85XASqJApjs+zLcOTcA5GdOOI=",
    ),
    (
        Family::Pbkdf2,
        "pbkdf2:sha256:1000$13K08Dn67Z8etU9f$4903681d2b693f28311920da364d21b1fae5e84de2d33b4db5401f2473bf1ecf",
    ),
    (
        Family::Pbkdf2,
        "{PBKDF2}1000$MDEyMzQ1Njc4OWFiY2RlZg$wmIXv0mv7iouqkc9CKjRvCX21po",
    ),
    (
        Family::Pbkdf2,
        "{PBKDF2-SHA256}1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES.wqLsOT5YmiRBplI",
    ),
    (
        Family::DirectorySha,
        "{SSHA}46BnfOtjjVkV2IM1YrlQPStNxk5zYWx0c2FsdA==",
    ),
    (
        Family::DirectorySha,
        "{SSHA256}CjjqPXPYGjVMmTRdzHN2UTPdg0XIYl0HWPy+0QwtTBRzYWx0c2FsdA==",
    ),
    (
        Family::DirectorySha,
        "{ssha512}UweAzUpvjvE5jz6nWBj9q0BiWPv/iScwpbX/yGA6X/AMM4Vz4l5BHV0nnau4mHhhKbbncQtK3bqI9cz8WqqeP3NhbHRzYWx0",
    ),
    (Family::DirectorySha, "{SHA}q/eq1kOINtvlJqojGr3i0O73TUI="),
    (
        Family::DirectorySha,
        "{SHA256}xLvLH77JnWW/WdhcjLYu4tuWPw/hBvSD2a+nO9Tjmoo=",
    ),
    (
        Family::DirectorySha,
        "{SHA512}vl73Z52Iq5qQRfYmflX15XhLS4zXZLXNhVpSRPkcYmlTzUbEPXZohz/W7707IhJJMVWAAxljRyoHh4H+BG5irg==",
    ),
    (
        Family::ShaCrypt,
        "$5$rounds=1000$saltstring$MGHTVAK1OdWrxoC7LJKeycAtdF/rZJH8EE46Glj/aT6",
    ),
    (
        Family::ShaCrypt,
        "$6$rounds=1000$saltstringsaltst$nXN191qkTCuB18FhSVNLEuVeo3vnUjKoWfZrZQq8zfAVWCF0OoM1/rKAVqSmNx5E4udezOEL78fROp070zqFZ.",
    ),
    (
        Family::ShaCrypt,
        "{CRYPT}$6$rounds=1000$saltstringsaltst$nXN191qkTCuB18FhSVNLEuVeo3vnUjKoWfZrZQq8zfAVWCF0OoM1/rKAVqSmNx5E4udezOEL78fROp070zqFZ.",
    ),
];

fn verify(text: &str, candidate: &str) -> bool {
    parse_foreign(text)
        .unwrap()
        .verify(candidate.as_bytes(), &mut WorkMemory::default())
}

#[test]
fn known_hashes_match_their_password_and_no_other() {
    for (family, text) in KNOWN {
        let hash = parse_foreign(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(hash.family(), family, "{text}");
        assert!(!hash.is_own(), "{text}");
        assert!(verify(text, PASSWORD), "{text}");
        assert!(!verify(text, "correct horse battery staplf"), "{text}");
        assert!(!verify(text, ""), "{text}");
    }
}

#[test]
fn published_test_vectors() {
    let table = [
        // RFC 6070, RFC 7914 section 12 and jBCrypt's vectors; OpenSSL's `passwd -5` and `-6` with the default rounds.
        (
            "$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
            "password",
        ),
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
            "pleaseletmein",
        ),
        (
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "U*U",
        ),
        (
            "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
            "",
        ),
        (
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "Hello world!",
        ),
        (
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            "Hello world!",
        ),
    ];
    for (text, password) in table {
        assert!(verify(text, password), "{text}");
        assert!(!verify(text, "another"), "{text}");
    }
}

#[test]
fn bcrypt_refuses_what_it_cannot_tell_apart() {
    let exactly_72 = "$2b$04$vJAryi.VZONf2HiOuJQJxO970aA3qJbZ667rDTnO7xKrgiBLfmYHG";
    assert!(verify(exactly_72, &"a".repeat(72)));
    assert!(!verify(exactly_72, &"a".repeat(73)));
    assert!(!verify(exactly_72, &"a".repeat(71)));
    assert!(!verify(
        "$2a$05$89Er1tj1n8qqP4Uid66EKuZW/A76ae02T1w2Cw1jVsN.TNCoQkemG",
        &format!("{PASSWORD}\0x")
    ));
}

#[test]
fn costs_beyond_the_bounds_are_refused() {
    let salt = "MDEyMzQ1Njc4OWFiY2RlZg";
    let hash = "yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI";
    let table = [
        (
            format!("$argon2id$v=19$m=4194304,t=1,p=1${salt}${hash}"),
            "memory",
        ),
        (
            format!("$argon2id$v=19$m=7,t=1,p=1${salt}${hash}"),
            "memory",
        ),
        (
            format!("$argon2id$v=19$m=65536,t=9,p=1${salt}${hash}"),
            "passes",
        ),
        (
            format!("$argon2id$v=19$m=65536,t=0,p=1${salt}${hash}"),
            "passes",
        ),
        (
            format!("$argon2id$v=19$m=65536,t=1,p=17${salt}${hash}"),
            "parallelism",
        ),
        (
            format!("$argon2id$v=19$m=65536,t=1,p=0${salt}${hash}"),
            "parallelism",
        ),
        (
            format!("$argon2id$v=19$m=1024,t=1,p=1$c2FsdA${hash}"),
            "salt",
        ),
        (
            format!("$argon2id$v=19$m=1024,t=1,p=1${salt}$aGFzaA"),
            "hash",
        ),
        (format!("$scrypt$ln=21,r=8,p=1${salt}${hash}"), "cost"),
        (format!("$scrypt$ln=0,r=8,p=1${salt}${hash}"), "cost"),
        (format!("$scrypt$ln=300,r=8,p=1${salt}${hash}"), "cost"),
        (format!("$scrypt$ln=17,r=8,p=2${salt}${hash}"), "cost"),
        (
            format!("$scrypt$ln=10,r=33,p=1${salt}${hash}"),
            "block size",
        ),
        (
            format!("$scrypt$ln=10,r=8,p=17${salt}${hash}"),
            "parallelism",
        ),
        (
            format!("$pbkdf2-sha256$i=4000001${salt}${hash}"),
            "iterations",
        ),
        (format!("$pbkdf2-sha256$i=0${salt}${hash}"), "iterations"),
        // 32 bytes of SHA-1 output are two blocks, which doubles the work.
        (
            format!("$pbkdf2-sha1$i=2000001${salt}${hash}"),
            "iterations",
        ),
        (format!("$pbkdf2-sha256$i=1000${salt}$aGFzaA"), "hash"),
        (format!("pbkdf2_sha256$1000$${hash}="), "salt"),
        (
            "$2b$15$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.".to_owned(),
            "cost",
        ),
        (
            "$2b$03$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.".to_owned(),
            "cost",
        ),
        (
            "$5$rounds=999$saltstring$MGHTVAK1OdWrxoC7LJKeycAtdF/rZJH8EE46Glj/aT6".to_owned(),
            "rounds",
        ),
        (
            "$5$rounds=1000001$saltstring$MGHTVAK1OdWrxoC7LJKeycAtdF/rZJH8EE46Glj/aT6".to_owned(),
            "rounds",
        ),
        ("{SSHA}q/eq1kOINtvlJqojGr3i0O73TUI=".to_owned(), "salt"),
    ];
    for (text, expected) in table {
        match parse_foreign(&text) {
            Err(ForeignError::OutOfRange { field, .. }) => assert_eq!(field, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_is_not_understood_wholly_is_refused() {
    let texts = [
        "",
        "$",
        "plain",
        "$1$salt$qjXMvbEw8oaL.CzflDugP.",
        "$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/",
        "$2x$05$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.",
        "{MD5}rL0Y20zC+Fzt72VPzMSk2A==",
        "{SSHA",
        "{CLEARTEXT}secret",
        "$2b$5$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.",
        "$2b$05$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0",
        "$2b$05$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0.$",
        "$argon2id$v=18$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI",
        "$argon2id$v=19$m=1024,t=1,p=1,keyid=1$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI",
        "$argon2id$v=19$m=1024,t=1$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI",
        "scrypt:1000:8:1$salt$bdff667d7104ba379a548d72fe97f3efb632120fb8f648cd2c63ce295fc6fe6b",
        "scrypt:1024:8:1$salt$bdff667d7104ba379a548d72fe97f3efb632120fb8f648cd2c63ce295fc6fe6",
        "pbkdf2_md5$1000$seasalt1$9I85XASqJApjs+zLcOTcA5GdOOI=",
        "$pbkdf2-sha256$i=1000,l=31$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI",
        "$6$saltstring$short",
        "$6$saltstringsaltsttoolong$nXN191qkTCuB18FhSVNLEuVeo3vnUjKoWfZrZQq8zfAVWCF0OoM1/rKAVqSmNx5E4udezOEL78fROp070zqFZ.",
        // The last character carries bits beyond the last byte.
        "$5$rounds=1000$saltstring$MGHTVAK1OdWrxoC7LJKeycAtdF/rZJH8EE46Glj/aTz",
    ];
    for text in texts {
        assert!(parse_foreign(text).is_err(), "{text}");
    }
    assert_eq!(
        parse_foreign(&"$6$".repeat(200)).err(),
        Some(ForeignError::TooLong)
    );
}

#[test]
fn weights_follow_the_measured_costs() {
    let weight = |text: &str| parse_foreign(text).unwrap().weight();
    let own = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0";
    assert_eq!(weight(own), OWN_WEIGHT);
    assert_eq!(
        weight("$2b$10$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0."),
        2_170
    );
    assert_eq!(
        weight("$2b$14$NCnNiNAEe7r5s3mtkHECAOjwbygXef6uDYx7JbOlN.fr/jJfhdC0."),
        34_720
    );
    assert_eq!(weight("{SHA}q/eq1kOINtvlJqojGr3i0O73TUI="), 1);
    assert_eq!(
        weight("pbkdf2_sha256$600000$s$HH03+5w4UyxrPC+12e76zOOyoygHU/c1k2ExzSpsyqg="),
        2_702
    );
}

#[test]
fn nothing_of_the_hash_is_shown() {
    let (_, text) = KNOWN[0];
    assert_eq!(
        format!("{:?}", parse_foreign(text).unwrap()),
        "ForeignHash { family: Argon2, .. }"
    );
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        let _ = parse_foreign(&text);
    }

    #[test]
    fn any_damage_to_a_known_hash_is_survived(
        index in 0..KNOWN.len(),
        place in any::<prop::sample::Index>(),
        put in prop_oneof![any::<char>().prop_map(String::from), "[0-9$=,:{}]{0,12}"],
    ) {
        let (_, text) = KNOWN[index];
        let at = place.index(text.len());
        let damaged = format!("{}{put}{}", &text[..at], text.get(at + 1..).unwrap_or_default());
        if let Ok(hash) = parse_foreign(&damaged) {
            // Whatever is accepted has a bounded cost.
            assert!(hash.weight() <= 40 * OWN_WEIGHT, "{damaged}");
        }
    }
}
