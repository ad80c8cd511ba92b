//! What is sealed opens in its own place and nowhere else.

use super::{KEY_BYTES, KeyBytes, OrgKeys, PLAINTEXT_BYTES_MAX};
use crate::fault::KeyFault;
use proptest::prelude::{any, prop, proptest};
use std::collections::BTreeSet;
use vocab::entropy::SeededEntropy;
use vocab::id::OrgId;
use zeroize::Zeroizing;

fn key(byte: u8) -> KeyBytes {
    Zeroizing::new([byte; KEY_BYTES])
}

fn org(seed: u64) -> OrgId {
    OrgId::generate(&SeededEntropy::new(seed))
}

fn is_refused<T>(opened: Result<T, KeyFault>) -> bool {
    matches!(opened, Err(KeyFault::Sealed { .. }))
}

#[test]
fn a_sealed_value_opens_for_its_org_and_context_alone() {
    let keys = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
    let sealed = keys.seal("totp:1", b"seed").unwrap();
    assert_eq!(keys.open("totp:1", &sealed).unwrap().as_slice(), b"seed");
    assert!(is_refused(keys.open("totp:2", &sealed)));
    // Even an org with the same key (which never is) does not open another org's values.
    let twin = OrgKeys::new(org(2), vec![(1, key(7))]).unwrap();
    assert!(is_refused(twin.open("totp:1", &sealed)));
    let other_key = OrgKeys::new(org(1), vec![(1, key(8))]).unwrap();
    assert!(is_refused(other_key.open("totp:1", &sealed)));
}

#[test]
fn two_seals_of_one_value_differ() {
    let keys = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
    assert_ne!(
        keys.seal("c", b"same").unwrap(),
        keys.seal("c", b"same").unwrap()
    );
}

#[test]
fn after_a_rotation_old_values_open_and_new_ones_need_the_new_key() {
    let old = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
    let new = OrgKeys::new(org(1), vec![(2, key(8)), (1, key(7))]).unwrap();
    assert_eq!((old.current_version(), new.current_version()), (1, 2));
    let before = old.seal("c", b"before").unwrap();
    assert_eq!(new.open("c", &before).unwrap().as_slice(), b"before");
    let after = new.seal("c", b"after").unwrap();
    assert!(is_refused(old.open("c", &after)));
    assert!(
        old.lacks_version_of(&after)
            && !new.lacks_version_of(&after)
            && !old.lacks_version_of(b"junk")
    );
    // The version is part of what is authenticated.
    let mut renumbered = before;
    renumbered[4] = 2;
    assert!(is_refused(new.open("c", &renumbered)));
}

#[test]
fn purposes_and_orgs_and_versions_have_keys_of_their_own() {
    let keys = OrgKeys::new(org(1), vec![(1, key(7)), (2, key(8))]).unwrap();
    let twin = OrgKeys::new(org(2), vec![(1, key(7)), (2, key(8))]).unwrap();
    let mut derived = BTreeSet::new();
    for keys in [&keys, &twin] {
        for purpose in ["csrf", "cookie", ""] {
            let every = keys.derive_every(purpose).unwrap();
            assert_eq!(
                every[0],
                keys.derive(purpose).unwrap(),
                "the current one comes first"
            );
            derived.extend(every.into_iter().map(|key| *key));
        }
    }
    assert_eq!(derived.len(), 2 * 3 * 2);
    assert!(!derived.contains(&[7; KEY_BYTES]));
}

#[test]
fn the_size_of_a_value_is_bounded() {
    let keys = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
    let sealed = keys.seal("c", &vec![0; PLAINTEXT_BYTES_MAX]).unwrap();
    assert_eq!(keys.open("c", &sealed).unwrap().len(), PLAINTEXT_BYTES_MAX);
    assert!(matches!(
        keys.seal("c", &vec![0; PLAINTEXT_BYTES_MAX + 1]),
        Err(KeyFault::TooLarge { .. })
    ));
}

#[test]
fn an_org_without_a_key_is_told_so() {
    assert!(matches!(
        OrgKeys::new(org(1), Vec::new()),
        Err(KeyFault::NoOrgKey(_))
    ));
}

proptest! {
    #[test]
    fn any_value_comes_back_and_any_change_is_refused(
        plaintext in prop::collection::vec(any::<u8>(), 0..200),
        context in any::<String>(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let keys = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
        let mut sealed = keys.seal(&context, &plaintext).unwrap();
        assert_eq!(keys.open(&context, &sealed).unwrap().as_slice(), plaintext);
        let cut = at.index(sealed.len());
        assert!(is_refused(keys.open(&context, &sealed[..cut])));
        sealed[cut] ^= 1 << bit;
        assert!(is_refused(keys.open(&context, &sealed)));
    }

    #[test]
    fn no_bytes_that_were_not_sealed_open(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let keys = OrgKeys::new(org(1), vec![(1, key(7))]).unwrap();
        assert!(is_refused(keys.open("c", &bytes)));
    }
}
