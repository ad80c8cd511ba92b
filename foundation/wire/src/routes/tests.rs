//! The route map as a signed dictionary: what it finds, what it refuses, and that no byte of it can be changed unseen.

use crate::names::{CellName, Host};
use crate::routes::RouteError;
use crate::routes::entry::{CellRoute, Change, Entry, HostRoute, Key, OrgRoute};
use crate::routes::file::{decode, encode};
use crate::routes::follow::{Delta, Followed, accept};
use crate::routes::map::RouteMap;
use crate::routes::signature::{Head, RouteSigner, RouteVerifier, SignedHead};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;

fn org(number: u64, cell: &str, epoch: i64) -> Change {
    Change::Put(Entry::Org(OrgRoute {
        slug: Slug::parse(&format!("org-{number}")).unwrap(),
        org: OrgId::generate(&SeededEntropy::new(number)),
        cell: CellName::parse(cell).unwrap(),
        epoch: Epoch::try_from(epoch).unwrap(),
    }))
}

fn host(number: u64) -> Change {
    Change::Put(Entry::Host(HostRoute {
        host: Host::parse(&format!("login.org-{number}.example")).unwrap(),
        slug: Slug::parse(&format!("org-{number}")).unwrap(),
    }))
}

fn cell(name: &str, port: u16, epoch: i64) -> Change {
    Change::Put(Entry::Cell(CellRoute {
        name: CellName::parse(name).unwrap(),
        address: format!("127.0.0.1:{port}"),
        epoch: Epoch::try_from(epoch).unwrap(),
    }))
}

fn sign(signer: &RouteSigner, cursor: i64, map: &RouteMap) -> SignedHead {
    signer.sign(Head {
        cursor,
        root: map.root(),
        signed_at: Timestamp::from_seconds(cursor),
    })
}

fn pair() -> (RouteSigner, RouteVerifier) {
    let signer = RouteSigner::generate().unwrap();
    let verifier = RouteVerifier::from_hex(&signer.public_hex()).unwrap();
    (signer, verifier)
}

#[test]
fn orgs_are_found_by_their_names_and_no_others() {
    let map = RouteMap::default()
        .apply(vec![
            cell("cell-a", 1, 1),
            org(1, "cell-a", 1),
            org(2, "cell-a", 1),
            host(1),
        ])
        .unwrap();
    assert_eq!(map.org_by_slug("org-1").unwrap().cell.as_str(), "cell-a");
    assert_eq!(
        map.org_by_host("login.org-1.example"),
        map.org_by_slug("org-1")
    );
    assert!(map.org_by_slug("org-3").is_none());
    assert!(map.org_by_slug("").is_none());
    assert!(map.org_by_host("org-1").is_none());
    assert!(map.org_by_slug("login.org-1.example").is_none());
    let without = map
        .apply(vec![Change::Delete(Key::Org(
            Slug::parse("org-1").unwrap(),
        ))])
        .unwrap();
    assert!(without.org_by_host("login.org-1.example").is_none());
    assert_eq!((map.orgs_count(), without.orgs_count()), (2, 1));
}

#[test]
fn an_entry_never_goes_back() {
    let map = RouteMap::default()
        .apply(vec![cell("cell-a", 1, 2), org(1, "cell-a", 2)])
        .unwrap();
    for stale in [
        org(1, "cell-a", 1),
        org(1, "cell-b", 2),
        cell("cell-a", 1, 1),
        cell("cell-a", 9, 2),
    ] {
        let error = map.apply(vec![stale]).unwrap_err();
        assert!(matches!(error, RouteError::Stale { .. }), "{error}");
    }
    let same = map
        .apply(vec![org(1, "cell-a", 2), cell("cell-a", 1, 2)])
        .unwrap();
    assert_eq!(same.root(), map.root());
    let later = map.apply(vec![org(1, "cell-b", 3)]).unwrap();
    assert_eq!(later.org_by_slug("org-1").unwrap().cell.as_str(), "cell-b");
}

#[test]
fn a_follower_takes_what_was_signed_or_nothing() {
    let (signer, verifier) = pair();
    let first = RouteMap::default()
        .apply(vec![org(1, "cell-a", 1)])
        .unwrap();
    let second = first.apply(vec![org(1, "cell-b", 2)]).unwrap();
    let whole = |map: &RouteMap, cursor| Delta {
        whole: true,
        after: 0,
        changes: map.entries().map(Change::Put).collect(),
        head: sign(&signer, cursor, map),
    };
    let step = Delta {
        whole: false,
        after: 1,
        changes: vec![org(1, "cell-b", 2)],
        head: sign(&signer, 2, &second),
    };
    let at_first = accept(&Followed::default(), whole(&first, 1), &verifier).unwrap();
    let at_second = accept(&at_first, step.clone(), &verifier).unwrap();
    assert_eq!(at_second.map.root(), second.root());
    assert_eq!(at_second.cursor(), 2);

    let older = accept(&at_second, whole(&first, 1), &verifier).unwrap_err();
    assert_eq!(
        older,
        RouteError::Older {
            known: 2,
            offered: 1
        }
    );
    let gap = accept(&Followed::default(), step.clone(), &verifier).unwrap_err();
    assert_eq!(
        gap,
        RouteError::Gap {
            known: 0,
            offered: 1
        }
    );
    let short = Delta {
        changes: Vec::new(),
        ..step.clone()
    };
    assert_eq!(
        accept(&at_first, short, &verifier).unwrap_err(),
        RouteError::Root
    );
    let more = Delta {
        changes: vec![org(1, "cell-b", 2), host(1)],
        ..step.clone()
    };
    assert_eq!(
        accept(&at_first, more, &verifier).unwrap_err(),
        RouteError::Root
    );
    let (_, stranger) = pair();
    assert_eq!(
        accept(&at_first, step.clone(), &stranger).unwrap_err(),
        RouteError::Signature
    );
    let mut later = step;
    later.head.head.cursor = 9;
    assert_eq!(
        accept(&at_first, later, &verifier).unwrap_err(),
        RouteError::Signature
    );
}

#[test]
fn a_file_is_taken_whole_or_refused_at_every_length_and_every_byte() {
    let (signer, verifier) = pair();
    let map = RouteMap::default()
        .apply(vec![
            cell("cell-a", 1, 1),
            org(1, "cell-a", 1),
            org(2, "cell-a", 7),
            host(2),
        ])
        .unwrap();
    let followed = Followed {
        head: Some(sign(&signer, 4, &map)),
        map,
    };
    let bytes = encode(&followed).unwrap();
    let again = decode(&bytes, &verifier).unwrap();
    assert_eq!(
        (again.map.root(), again.head.clone()),
        (followed.map.root(), followed.head.clone())
    );
    assert_eq!(encode(&again).unwrap(), bytes);
    for length in 0..bytes.len() {
        assert!(
            decode(&bytes[..length], &verifier).is_err(),
            "cut at {length}"
        );
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(decode(&changed, &verifier).is_err(), "changed at {at}");
    }
    assert!(decode(&bytes, &pair().1).is_err());
    assert!(encode(&Followed::default()).is_none());
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let one = prop_oneof![
        (0_u64..20, 1_i64..5).prop_map(|(n, epoch)| org(n, "cell-a", epoch)),
        (0_u64..20).prop_map(host),
        (0_u64..20)
            .prop_map(|n| Change::Delete(Key::Org(Slug::parse(&format!("org-{n}")).unwrap()))),
        (1_i64..4).prop_map(|epoch| cell("cell-a", 1, epoch)),
        Just(Change::Delete(Key::Cell(
            CellName::parse("cell-a").unwrap()
        ))),
    ];
    vec(one, 0..60)
}

proptest! {
    /// The root depends on the entries alone, not on how they came to be there.
    #[test]
    fn the_root_tells_maps_apart_and_nothing_else(changes in changes()) {
        let mut map = RouteMap::default();
        for change in changes {
            if let Ok(next) = map.apply(vec![change]) {
                map = next;
            }
        }
        let entries: Vec<Entry> = map.entries().collect();
        assert_eq!(entries.len(), map.entries_count());
        let rebuilt = RouteMap::default()
            .apply(entries.iter().rev().cloned().map(Change::Put).collect())
            .unwrap();
        assert_eq!(rebuilt.root(), map.root());
        if let Some(entry) = entries.first() {
            let without = map.apply(vec![Change::Delete(entry.key())]).unwrap();
            assert_ne!(without.root(), map.root());
        }
    }

    #[test]
    fn any_bytes_are_a_file_or_refused(mut bytes in vec(any::<u8>(), 0..300), begins_well in any::<bool>()) {
        if begins_well {
            bytes.splice(0..0, b"testudo routes 1\n".iter().copied());
        }
        let verifier = RouteVerifier::from_hex(&"0".repeat(64)).unwrap();
        assert!(decode(&bytes, &verifier).is_err());
    }
}
