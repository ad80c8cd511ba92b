//! Whoever carries what is sealed can neither read it, nor change it, nor put anything of its own in its place.

use crate::identity::{CERTIFICATE_DAYS, FleetAuthority, FleetIdentity, FleetRole};
use crate::names::CellName;
use crate::org_move::seal::offer::{OFFER_TEXT_BYTES_MAX, OfferKey, seal_grant};
use crate::org_move::seal::transfer::{
    MESSAGE_BYTES_MAX, MESSAGE_TEXT_BYTES_MAX, Purpose, TransferKey,
};
use crate::org_move::seal::{KEY_BYTES, SealError, Terms, render_text};
use crate::properties::{check_move_message, check_move_offer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::{any, prop, proptest};
use proptest::test_runner::Config;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::time::Timestamp;
use zeroize::Zeroizing;

/// A fleet of one test's own.
struct Fleet {
    folder: TempDir,
    giver: FleetIdentity,
    taker: FleetIdentity,
}

impl Fleet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cell = |name| issue(&folder, FleetRole::Cell, name);
        Self {
            giver: cell("cell-a"),
            taker: cell("cell-b"),
            folder,
        }
    }

    fn issue(&self, role: FleetRole, name: &str) -> FleetIdentity {
        issue(&self.folder, role, name)
    }

    fn offer(&self) -> OfferKey {
        OfferKey::draw(&self.taker, terms()).unwrap()
    }

    fn grant(&self, offer: &str, key: &TransferKey) -> Result<String, SealError> {
        seal_grant(&self.giver, &terms(), offer, key, now())
    }
}

fn issue(folder: &TempDir, role: FleetRole, name: &str) -> FleetIdentity {
    let authority = FleetAuthority::open_or_create(&folder.path().join("ca")).unwrap();
    let own = folder.path().join(format!("{}-{name}", role.as_str()));
    authority.issue(role, name, &own).unwrap();
    FleetIdentity::load(&own).unwrap()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

fn epoch(number: i64) -> Epoch {
    Epoch::try_from(number).unwrap()
}

fn cell(name: &str) -> CellName {
    CellName::parse(name).unwrap()
}

fn terms() -> Terms {
    Terms {
        id: MoveId::generate(&SeededEntropy::new(1)),
        org: OrgId::generate(&SeededEntropy::new(1)),
        giver: cell("cell-a"),
        taker: cell("cell-b"),
        epoch: epoch(2),
    }
}

/// Terms that differ from the usual ones in one thing each.
fn other_terms() -> [Terms; 5] {
    [
        Terms {
            id: MoveId::generate(&SeededEntropy::new(2)),
            ..terms()
        },
        Terms {
            org: OrgId::generate(&SeededEntropy::new(2)),
            ..terms()
        },
        Terms {
            giver: cell("cell-c"),
            ..terms()
        },
        Terms {
            taker: cell("cell-c"),
            ..terms()
        },
        Terms {
            epoch: epoch(3),
            ..terms()
        },
    ]
}

fn key() -> TransferKey {
    TransferKey::restore(terms().id, Zeroizing::new([7; KEY_BYTES]))
}

fn is_not_proved<T>(result: Result<T, SealError>) -> bool {
    matches!(result, Err(SealError::NotProved { .. }))
}

#[test]
fn the_taker_gets_the_key_that_the_giver_drew() {
    let fleet = Fleet::new();
    let (offer, key) = (fleet.offer(), TransferKey::draw(terms().id).unwrap());
    let grant = fleet.grant(offer.text(), &key).unwrap();
    assert!(offer.text().len() <= OFFER_TEXT_BYTES_MAX && grant.len() <= OFFER_TEXT_BYTES_MAX);
    let again = fleet.grant(offer.text(), &key).unwrap();
    assert_ne!(grant, again);
    for grant in [&grant, &again, &grant] {
        let got = offer.open_grant(&fleet.taker, grant, now()).unwrap();
        assert_eq!((got.bytes(), got.id()), (key.bytes(), key.id()));
    }
    // A later offer of the same move gets the same key, and cannot open what was sealed to the one before.
    let later = fleet.offer();
    assert!(is_not_proved(later.open_grant(&fleet.taker, &grant, now())));
    let grant = fleet.grant(later.text(), &key).unwrap();
    let got = later.open_grant(&fleet.taker, &grant, now()).unwrap();
    assert_eq!(got.bytes(), key.bytes());
}

#[test]
fn keys_may_wait_between_requests() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<OfferKey>();
    is_shared::<TransferKey>();
}

#[test]
fn nothing_is_sealed_to_an_offer_of_anybody_else() {
    let fleet = Fleet::new();
    let key = key();
    for impostor in [
        fleet.issue(FleetRole::Control, "control"),
        fleet.issue(FleetRole::Control, "cell-b"),
        fleet.issue(FleetRole::Edge, "cell-b"),
        fleet.issue(FleetRole::Operator, "cell-b"),
        fleet.issue(FleetRole::Cell, "cell-c"),
        Fleet::new().taker,
    ] {
        let offer = OfferKey::draw(&impostor, terms()).unwrap();
        assert!(is_not_proved(fleet.grant(offer.text(), &key)));
    }
    for other in other_terms() {
        let offer = OfferKey::draw(&fleet.taker, other).unwrap();
        assert!(is_not_proved(fleet.grant(offer.text(), &key)));
    }
    // The taker's own proof around the keys of somebody in between.
    let (ours, theirs) = (fleet.offer(), fleet.offer());
    let [ours, theirs] = [&ours, &theirs].map(|offer| STANDARD.decode(offer.text()).unwrap());
    for swapped in [5..41, 41..1_229] {
        let mut forged = ours.clone();
        forged[swapped.clone()].copy_from_slice(&theirs[swapped]);
        assert_ne!(forged, ours);
        assert!(is_not_proved(fleet.grant(&render_text(&forged), &key)));
    }
}

#[test]
fn no_grant_of_anybody_else_is_accepted() {
    let fleet = Fleet::new();
    let (offer, key) = (fleet.offer(), key());
    for impostor in [
        fleet.issue(FleetRole::Control, "control"),
        fleet.issue(FleetRole::Control, "cell-a"),
        fleet.issue(FleetRole::Edge, "cell-a"),
        fleet.issue(FleetRole::Cell, "cell-c"),
    ] {
        let grant = seal_grant(&impostor, &terms(), offer.text(), &key, now()).unwrap();
        assert!(is_not_proved(offer.open_grant(&fleet.taker, &grant, now())));
    }
    // The giver never seals the key of one move to the offer of another.
    let other = TransferKey::draw(MoveId::generate(&SeededEntropy::new(2))).unwrap();
    assert!(fleet.grant(offer.text(), &other).is_err());
}

#[test]
fn offers_and_grants_count_while_their_certificates_do() {
    const HOUR_SECS: i64 = 3_600;
    let expired = i64::from(CERTIFICATE_DAYS) * 86_400 + HOUR_SECS;
    let fleet = Fleet::new();
    let (offer, key) = (fleet.offer(), key());
    for (off, counts) in [
        (-HOUR_SECS, true),
        (HOUR_SECS, true),
        (expired, false),
        (-48 * HOUR_SECS, false),
    ] {
        let at = now().plus_secs(off);
        let grant = seal_grant(&fleet.giver, &terms(), offer.text(), &key, at);
        assert_eq!(grant.is_ok(), counts, "{off}");
        assert!(counts || is_not_proved(grant));
        let grant = fleet.grant(offer.text(), &key).unwrap();
        let opened = offer.open_grant(&fleet.taker, &grant, at);
        assert_eq!(opened.is_ok(), counts, "{off}");
    }
}

#[test]
fn foreign_texts_are_refused_before_they_are_decoded() {
    let fleet = Fleet::new();
    let (offer, key) = (fleet.offer(), key());
    let long = "A".repeat(OFFER_TEXT_BYTES_MAX + 1);
    assert!(matches!(
        fleet.grant(&long, &key),
        Err(SealError::TooLarge { .. })
    ));
    assert!(matches!(
        offer.open_grant(&fleet.taker, &long, now()),
        Err(SealError::TooLarge { .. })
    ));
    for text in ["", "A", "AAAA", "====", "ä", "AQ==\n"] {
        assert!(matches!(
            fleet.grant(text, &key),
            Err(SealError::Malformed(_))
        ));
        let opened = offer.open_grant(&fleet.taker, text, now());
        assert!(matches!(opened, Err(SealError::Malformed(_))));
    }
    // An offer is no grant, nor the other way about.
    assert!(offer.open_grant(&fleet.taker, offer.text(), now()).is_err());
    let grant = fleet.grant(offer.text(), &key).unwrap();
    assert!(fleet.grant(&grant, &key).is_err());
}

#[test]
fn a_message_opens_for_its_move_leg_and_purpose_alone() {
    let leg = epoch(1);
    let purposes = [
        Purpose::Parcel(1),
        Purpose::Parcel(2),
        Purpose::Parcel(0),
        Purpose::Differing,
        Purpose::Place,
    ];
    let twin = TransferKey::restore(
        MoveId::generate(&SeededEntropy::new(2)),
        key().bytes().clone(),
    );
    let stranger = TransferKey::draw(terms().id).unwrap();
    for purpose in purposes {
        let text = key().seal(leg, purpose, b"rows").unwrap();
        assert_eq!(key().open(leg, purpose, &text).unwrap().as_slice(), b"rows");
        for other in purposes {
            let opened = key().open(leg, other, &text);
            assert_eq!(opened.is_ok(), other == purpose, "{other:?}");
        }
        for refused in [
            key().open(epoch(2), purpose, &text),
            twin.open(leg, purpose, &text),
            stranger.open(leg, purpose, &text),
        ] {
            assert!(matches!(refused, Err(SealError::Closed(_))));
        }
    }
}

#[test]
fn a_message_sealed_again_has_another_key() {
    let sealed: BTreeSet<Vec<u8>> = (0..200)
        .map(|_| key().seal(epoch(1), Purpose::Parcel(1), b"same").unwrap())
        .map(|text| STANDARD.decode(text).unwrap()[1..33].to_vec())
        .collect();
    assert_eq!(sealed.len(), 200);
}

#[test]
fn the_size_of_a_message_is_bounded() {
    let (leg, place) = (epoch(1), Purpose::Place);
    let text = key().seal(leg, place, &vec![1; MESSAGE_BYTES_MAX]).unwrap();
    assert_eq!(text.len(), MESSAGE_TEXT_BYTES_MAX);
    assert_eq!(
        key().open(leg, place, &text).unwrap().len(),
        MESSAGE_BYTES_MAX
    );
    for result in [
        key()
            .seal(leg, place, &vec![1; MESSAGE_BYTES_MAX + 1])
            .map(drop),
        key()
            .open(leg, place, &"A".repeat(MESSAGE_TEXT_BYTES_MAX + 1))
            .map(drop),
    ] {
        assert!(matches!(result, Err(SealError::TooLarge { .. })));
    }
}

/// A text with one bit of what it stands for turned over.
fn flip(text: &str, at: prop::sample::Index, bit: u32) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    render_text(&bytes)
}

proptest! {
    #[test]
    fn any_message_comes_back_and_any_change_is_refused(
        message in prop::collection::vec(any::<u8>(), 0..300),
        (leg, seq) in (1..i64::MAX, any::<i64>()),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let (leg, purpose) = (epoch(leg), Purpose::Parcel(seq));
        let text = key().seal(leg, purpose, &message).unwrap();
        assert_eq!(key().open(leg, purpose, &text).unwrap().as_slice(), message);
        assert!(key().open(leg, purpose, &flip(&text, at, bit)).is_err());
        assert!(key().open(leg, purpose, &text[..at.index(text.len())]).is_err());
    }

    #[test]
    fn parsers_hold_for_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        assert_eq!(check_move_offer(&bytes), Ok(()));
        assert_eq!(check_move_message(&bytes), Ok(()));
    }
}

#[test]
fn any_changed_bit_of_an_offer_or_grant_is_refused() {
    let fleet = Fleet::new();
    let (offer, key) = (fleet.offer(), key());
    let grant = fleet.grant(offer.text(), &key).unwrap();
    let config = Config::with_cases(400);
    proptest!(config, |(at in any::<prop::sample::Index>(), bit in 0..8_u32)| {
        let forged = flip(offer.text(), at, bit);
        assert_eq!(check_move_offer(&STANDARD.decode(&forged).unwrap()), Ok(()));
        assert!(fleet.grant(&forged, &key).is_err());
        let forged = flip(&grant, at, bit);
        assert_eq!(check_move_offer(&STANDARD.decode(&forged).unwrap()), Ok(()));
        assert!(offer.open_grant(&fleet.taker, &forged, now()).is_err());
    });
}
