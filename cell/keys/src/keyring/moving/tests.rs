//! An org's key between two cells, each with its own store and its own roots of trust.

use super::{
    EXPORTED_BYTES_MAX, HEAD_BYTES, ROOTS_MAX, StoredOrgKey, VERSION_BYTES, VERSIONS_MAX, Wrap,
    delete_org_key, parse_export, parse_wraps, render_export, render_wraps,
};
use crate::fault::KeyFault;
use crate::for_tests::Store;
use crate::keyring::Keyring;
use crate::org_key::KEY_BYTES;
use crate::root::RootOfTrust;
use database::DatabaseFault;
use ledger::{Actor, ClientFacts};
use proptest::prelude::{any, prop, proptest};
use std::collections::BTreeSet;
use std::sync::Arc;
use vocab::entropy::{SeededEntropy, SystemEntropy};
use vocab::id::{MoveId, OrgId};
use zeroize::Zeroizing;

/// A cell, as far as keys are concerned.
struct Cell {
    store: Store,
    roots: Vec<Arc<dyn RootOfTrust>>,
    keyring: Keyring,
}

impl Cell {
    fn new(store: Store, roots: &[&str]) -> Self {
        let roots: Vec<_> = roots.iter().map(|name| store.folder.root(name)).collect();
        Self {
            keyring: store.keyring(&roots),
            store,
            roots,
        }
    }

    /// Givers and takers on all pairs of engines.
    async fn pairs() -> Vec<(Self, Self)> {
        let ([one, two], [three, four]) = (Store::both().await, Store::both().await);
        let ([five, six], [seven, eight]) = (Store::both().await, Store::both().await);
        [(one, three), (two, four), (five, eight), (six, seven)]
            .into_iter()
            .map(|(giver, taker)| (Self::new(giver, &["a"]), Self::new(taker, &["b", "c"])))
            .collect()
    }

    async fn rotate(&self, org: &OrgId) {
        let rotated = self
            .keyring
            .rotate_org_key(org, Actor::system("test"), &ClientFacts::default())
            .await;
        rotated.unwrap();
    }

    async fn export(&self, org: &OrgId) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let stored = StoredOrgKey::load(&mut self.store.db.read().await.unwrap(), org).await;
        self.keyring.export_org_key(stored.unwrap()).await
    }

    async fn take(&self, org: &OrgId, exported: &[u8]) {
        let arrived = self.keyring.prepare_arrival(org, exported).await.unwrap();
        let written = self
            .store
            .db
            .write(move |tx| Box::pin(async move { arrived.replace(tx).await }));
        let written: Result<(), DatabaseFault> = written.await;
        written.unwrap();
        self.keyring.forget_org(org);
    }

    async fn delete(&self, org: &OrgId) -> u64 {
        let of = org.clone();
        let deleted = self
            .store
            .db
            .write(move |tx| Box::pin(async move { delete_org_key(tx, &of).await }));
        let deleted: Result<u64, DatabaseFault> = deleted.await;
        deleted.unwrap()
    }

    async fn opens(&self, org: &OrgId, sealed: &[u8]) -> bool {
        let opened = self.keyring.open(org, "totp:1", sealed).await;
        opened.is_ok_and(|opened| opened.as_slice() == b"seed")
    }

    async fn seal(&self, org: &OrgId) -> Vec<u8> {
        self.keyring.seal(org, "totp:1", b"seed").await.unwrap()
    }
}

fn move_id(seed: u64) -> MoveId {
    MoveId::generate(&SeededEntropy::new(seed))
}

#[tokio::test]
async fn what_was_sealed_in_one_cell_opens_in_the_other() {
    for (giver, taker) in Cell::pairs().await {
        let org = giver.store.create_org(&giver.keyring).await;
        let first = giver.seal(&org).await;
        let exported = giver.export(&org).await.unwrap();
        taker.take(&org, &exported).await;
        assert!(taker.opens(&org, &first).await);
        // The giver goes on meanwhile, and what it did arrives, twice.
        giver.rotate(&org).await;
        let second = giver.seal(&org).await;
        assert!(!taker.opens(&org, &second).await);
        for _ in 0..2 {
            let exported = giver.export(&org).await.unwrap();
            taker.take(&org, &exported).await;
            assert!(taker.opens(&org, &first).await && taker.opens(&org, &second).await);
            assert_eq!(exported, taker.export(&org).await.unwrap());
        }
        let purposes = [&giver, &taker].map(|cell| cell.keyring.derive(&org, "csrf"));
        let [ours, theirs] = purposes;
        assert_eq!(ours.await.unwrap(), theirs.await.unwrap());
        // Two versions, each under each of the taker's own roots and no other.
        let wrappings = taker.keyring.wrappings(&org).await.unwrap();
        let roots: BTreeSet<&str> = wrappings.iter().map(|one| one.root.as_str()).collect();
        let own: BTreeSet<&str> = taker.roots.iter().map(|root| root.id()).collect();
        assert_eq!((wrappings.len(), &roots), (4, &own));
        for root in &taker.roots {
            let alone = taker.store.keyring(std::slice::from_ref(root));
            assert!(alone.open(&org, "totp:1", &first).await.is_ok());
        }
        // And back again.
        taker.rotate(&org).await;
        let third = taker.seal(&org).await;
        let exported = taker.export(&org).await.unwrap();
        giver.take(&org, &exported).await;
        for sealed in [&first, &second, &third] {
            assert!(giver.opens(&org, sealed).await);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_left_of_another_move_gives_way() {
    for (giver, taker) in Cell::pairs().await {
        let org = giver.store.create_org(&giver.keyring).await;
        let before = giver.export(&org).await.unwrap();
        giver.rotate(&org).await;
        let after = giver.seal(&org).await;
        let exported = giver.export(&org).await.unwrap();
        taker.take(&org, &exported).await;
        assert!(taker.opens(&org, &after).await);
        taker.take(&org, &before).await;
        assert_eq!(taker.export(&org).await.unwrap(), before);
        assert!(!taker.opens(&org, &after).await);
    }
}

#[tokio::test]
async fn an_arrival_that_is_rolled_back_leaves_what_was_there() {
    for (giver, taker) in Cell::pairs().await {
        let org = giver.store.create_org(&giver.keyring).await;
        let exported = giver.export(&org).await.unwrap();
        taker.take(&org, &exported).await;
        giver.rotate(&org).await;
        let newer = giver.export(&org).await.unwrap();
        let arrived = taker.keyring.prepare_arrival(&org, &newer).await.unwrap();
        let undone: Result<(), DatabaseFault> = taker
            .store
            .db
            .write(move |tx| {
                Box::pin(async move {
                    arrived.replace(tx).await?;
                    tx.execute("nonsense", &[]).await.map(drop)
                })
            })
            .await;
        undone.unwrap_err();
        taker.keyring.forget_org(&org);
        assert_eq!(taker.export(&org).await.unwrap(), exported);
    }
}

#[tokio::test]
async fn a_destroyed_key_opens_nothing_any_more() {
    for store in Store::both().await {
        let cell = Cell::new(store, &["a", "b"]);
        let org = cell.store.create_org(&cell.keyring).await;
        let other = cell.store.create_org(&cell.keyring).await;
        let (sealed, kept) = (cell.seal(&org).await, cell.seal(&other).await);
        cell.rotate(&org).await;
        assert!(cell.opens(&org, &sealed).await);
        assert_eq!(cell.delete(&org).await, 4);
        assert!(cell.opens(&org, &sealed).await, "it is remembered still");
        cell.keyring.forget_org(&org);
        assert!(!cell.opens(&org, &sealed).await);
        for missing in [
            cell.keyring.load(&org).await.map(drop),
            cell.export(&org).await.map(drop),
        ] {
            assert!(matches!(missing, Err(KeyFault::NoOrgKey(of)) if of == org));
        }
        assert_eq!(cell.delete(&org).await, 0);
        cell.keyring.forget_org(&other);
        assert!(cell.opens(&other, &kept).await);
    }
}

#[tokio::test]
async fn a_destroyed_key_is_not_left_in_the_file_of_the_store() {
    let cell = Cell::new(Store::sqlite().await, &["a"]);
    let org = cell.store.create_org(&cell.keyring).await;
    let stored = StoredOrgKey::load(&mut cell.store.db.read().await.unwrap(), &org).await;
    let wrapped = stored.unwrap().wrapped.remove(0).wrap.wrapped;
    cell.delete(&org).await;
    cell.store.db.close().await;
    let mut files = 0;
    for file in std::fs::read_dir(cell.store.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(wrapped.len()).any(|part| part == wrapped);
        assert!(!found, "{}", path.display());
        files += 1;
    }
    assert!(files >= 2, "the store and the root of trust");
}

#[tokio::test]
async fn only_the_key_of_this_org_arrives() {
    let cell = Cell::new(Store::sqlite().await, &["a"]);
    let org = cell.store.create_org(&cell.keyring).await;
    let exported = cell.export(&org).await.unwrap();
    let other = OrgId::generate(&SystemEntropy);
    for (org, bytes) in [(&other, exported.as_slice()), (&org, b"".as_slice())] {
        assert!(matches!(
            cell.keyring.prepare_arrival(org, bytes).await,
            Err(KeyFault::NotExported(_))
        ));
    }
    let rootless = cell.store.keyring(&[]);
    assert!(matches!(
        rootless.prepare_arrival(&org, &exported).await,
        Err(KeyFault::RootMissing { .. })
    ));
}

#[tokio::test]
async fn the_key_of_a_move_outlives_a_restart_for_its_move_and_org_alone() {
    let cell = Cell::new(Store::sqlite().await, &["a", "b"]);
    let (org, other) = (
        OrgId::generate(&SystemEntropy),
        OrgId::generate(&SystemEntropy),
    );
    let (id, other_id) = (move_id(1), move_id(2));
    let key = Zeroizing::new([7; KEY_BYTES]);
    let kept = cell
        .keyring
        .wrap_transfer_key(&id, &org, &key)
        .await
        .unwrap();
    assert!(!kept.windows(KEY_BYTES).any(|part| part == key.as_ref()));
    let foreign = cell.store.folder.root("c");
    for roots in [
        vec![cell.roots[0].clone()],
        vec![cell.roots[1].clone()],
        vec![foreign.clone(), cell.roots[1].clone()],
    ] {
        let restarted = cell.store.keyring(&roots);
        let opened = restarted.unwrap_transfer_key(&id, &org, &kept);
        assert_eq!(opened.await.unwrap(), key);
    }
    for (id, org) in [(&other_id, &org), (&id, &other)] {
        let refused = cell.keyring.unwrap_transfer_key(id, org, &kept).await;
        assert!(matches!(refused, Err(KeyFault::Root(_))));
    }
    let without = cell.store.keyring(&[foreign]);
    let refused = without.unwrap_transfer_key(&id, &org, &kept).await;
    assert!(matches!(refused, Err(KeyFault::RootMissing { .. })));
    for junk in [
        b"".as_slice(),
        &[1],
        &[2, 0, 0, 0, 0],
        &kept[..kept.len() - 1],
    ] {
        let refused = cell.keyring.unwrap_transfer_key(&id, &org, junk);
        assert!(matches!(refused.await, Err(KeyFault::Sealed { .. })));
    }
}

#[test]
fn an_export_has_one_spelling() {
    let org = OrgId::generate(&SeededEntropy::new(1));
    let key = || Zeroizing::new([7; KEY_BYTES]);
    let render = |versions: &[u32]| {
        let keys: Vec<_> = versions.iter().map(|number| (*number, key())).collect();
        render_export(&org, &keys)
    };
    let many: Vec<u32> = (1..=4_097).collect();
    for (versions, is_one) in [
        (&[1_u32][..], true),
        (&[1, 2, 7, u32::MAX], true),
        (&many[..VERSIONS_MAX], true),
        (&many, false),
        (&[], false),
        (&[0], false),
        (&[1, 1], false),
        (&[2, 1], false),
    ] {
        assert_eq!(parse_export(&org, &render(versions)).is_some(), is_one);
    }
    assert_eq!(render(&many[..VERSIONS_MAX]).len(), EXPORTED_BYTES_MAX);
    let good = render(&[1, 2]);
    for cut in (0..good.len()).filter(|cut| *cut != HEAD_BYTES + VERSION_BYTES) {
        assert!(parse_export(&org, &good[..cut]).is_none(), "{cut}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_export_or_refused(
        mut bytes in prop::collection::vec(any::<u8>(), 0..150),
        is_shaped in any::<bool>(),
    ) {
        let org = OrgId::generate(&SeededEntropy::new(1));
        if is_shaped && bytes.len() >= HEAD_BYTES {
            bytes[0] = 1;
            bytes[1..HEAD_BYTES].copy_from_slice(org.as_str().as_bytes());
        }
        if let Some(keys) = parse_export(&org, &bytes) {
            assert_eq!(*render_export(&org, &keys), bytes);
        }
    }

    #[test]
    fn kept_wraps_come_back_and_have_one_spelling(
        parts in prop::collection::vec((".{0,9}", prop::collection::vec(any::<u8>(), 0..9)), 0..20),
        mut bytes in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let wraps: Vec<Wrap> = parts
            .into_iter()
            .map(|(root_id, wrapped)| Wrap { root_id, wrapped })
            .collect();
        match render_wraps(&wraps) {
            Some(kept) => {
                let read = parse_wraps(&kept);
                assert_eq!(read, Some(wraps).filter(|wraps| !wraps.is_empty()));
            }
            None => assert!(wraps.len() > ROOTS_MAX),
        }
        bytes[0] = 1;
        if let Some(read) = parse_wraps(&bytes) {
            assert_eq!(render_wraps(&read), Some(bytes));
        }
    }
}
