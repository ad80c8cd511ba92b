//! Org keys on both engines: made with their org, unwrapped by any root that is there, rotated, never lost.

use super::Keyring;
use crate::fault::{KeyFault, RootFault, RootProblem};
use crate::for_tests::{START, Store};
use crate::org_key::KeyBytes;
use crate::root::file::FileRootProblem;
use crate::root::{RootFuture, RootOfTrust};
use database::DatabaseFault;
use ledger::{Actor, ClientFacts, LogFilter};
use std::sync::Arc;
use vocab::entropy::SystemEntropy;
use vocab::id::OrgId;

/// A root of trust that cannot be reached.
struct Unreachable;

impl Unreachable {
    fn fault<'r, T: Send + 'r>() -> RootFuture<'r, T> {
        let fault = RootFault {
            root: "far".to_owned(),
            problem: RootProblem::Unavailable,
        };
        Box::pin(std::future::ready(Err(fault)))
    }
}

impl RootOfTrust for Unreachable {
    fn id(&self) -> &str {
        "far"
    }

    fn wrap_key<'r>(&'r self, _: &'r [u8], _: &'r KeyBytes) -> RootFuture<'r, Vec<u8>> {
        Self::fault()
    }

    fn unwrap_key<'r>(&'r self, _: &'r [u8], _: &'r [u8]) -> RootFuture<'r, KeyBytes> {
        Self::fault()
    }
}

#[tokio::test]
async fn what_one_process_seals_another_opens() {
    for store in Store::both().await {
        let roots = [store.folder.root("a")];
        let keyring = store.keyring(&roots);
        let (org, other) = (
            store.create_org(&keyring).await,
            store.create_org(&keyring).await,
        );
        let sealed = keyring.seal(&org, "totp:1", b"seed").await.unwrap();
        let elsewhere = store.keyring(&roots);
        elsewhere.check_roots().await.unwrap();
        assert_eq!(
            elsewhere
                .open(&org, "totp:1", &sealed)
                .await
                .unwrap()
                .as_slice(),
            b"seed"
        );
        assert!(matches!(
            elsewhere.open(&org, "totp:2", &sealed).await,
            Err(KeyFault::Sealed { .. })
        ));
        assert!(matches!(
            elsewhere.open(&other, "totp:1", &sealed).await,
            Err(KeyFault::Sealed { .. })
        ));
        let (one, same) = (
            keyring.derive(&org, "csrf").await.unwrap(),
            elsewhere.derive(&org, "csrf").await.unwrap(),
        );
        assert_eq!(one, same);
        assert_ne!(one, keyring.derive(&other, "csrf").await.unwrap());
    }
}

#[tokio::test]
async fn an_org_that_was_not_made_has_no_key() {
    for store in Store::both().await {
        let keyring = store.keyring(&[store.folder.root("a")]);
        let org = OrgId::generate(&SystemEntropy);
        let key = keyring.prepare_org_key(&org).await.unwrap();
        assert_eq!(key.keys().seal("c", b"x").unwrap().len(), 5 + 12 + 1 + 16);
        let undone: Result<(), DatabaseFault> = store
            .db
            .write(move |tx| {
                Box::pin(async move {
                    key.insert(tx).await?;
                    tx.execute("nonsense", &[]).await.map(drop)
                })
            })
            .await;
        undone.unwrap_err();
        assert!(
            matches!(keyring.load(&org).await, Err(KeyFault::NoOrgKey(missing)) if missing == org)
        );
        assert!(
            !Keyring::holds_keys(&mut store.db.read().await.unwrap())
                .await
                .unwrap()
        );
        keyring.check_roots().await.unwrap();
    }
}

#[tokio::test]
async fn any_one_root_suffices_and_without_any_nothing_opens() {
    for store in Store::both().await {
        let (first, second, foreign) = (
            store.folder.root("a"),
            store.folder.root("b"),
            store.folder.root("c"),
        );
        let both = store.keyring(&[first.clone(), second.clone()]);
        let org = store.create_org(&both).await;
        let sealed = both.seal(&org, "c", b"x").await.unwrap();
        for roots in [
            vec![first.clone()],
            vec![second.clone()],
            vec![foreign.clone(), second.clone()],
            vec![Arc::new(Unreachable), first.clone()],
        ] {
            assert_eq!(
                store
                    .keyring(&roots)
                    .open(&org, "c", &sealed)
                    .await
                    .unwrap()
                    .as_slice(),
                b"x"
            );
        }
        let without = store.keyring(std::slice::from_ref(&foreign));
        let Err(fault) = without.check_roots().await else {
            panic!("a foreign root was accepted")
        };
        let message = fault.to_string();
        assert!(
            message.contains(first.id()) && message.contains(second.id()),
            "{message}"
        );
        assert!(matches!(
            without.open(&org, "c", &sealed).await,
            Err(KeyFault::RootMissing { .. })
        ));
    }
}

#[tokio::test]
async fn a_root_that_was_away_or_is_new_is_made_up_for() {
    for store in Store::both().await {
        let (first, second) = (store.folder.root("a"), store.folder.root("b"));
        let keyring = store.keyring(&[Arc::new(Unreachable), first.clone()]);
        let org = store.create_org(&keyring).await;
        keyring
            .rotate_org_key(&org, Actor::system("test"), &ClientFacts::default())
            .await
            .unwrap();
        let sealed = keyring.seal(&org, "c", b"x").await.unwrap();
        let only_second = store.keyring(std::slice::from_ref(&second));
        assert!(matches!(
            only_second.load(&org).await,
            Err(KeyFault::RootMissing { .. })
        ));
        let both = store.keyring(&[first, second]);
        assert_eq!(both.wrap_under_new_roots().await.unwrap(), 1);
        assert_eq!(both.wrap_under_new_roots().await.unwrap(), 0);
        assert_eq!(
            only_second
                .open(&org, "c", &sealed)
                .await
                .unwrap()
                .as_slice(),
            b"x"
        );
        let nothing = store.keyring(&[Arc::new(Unreachable)]);
        assert!(matches!(
            nothing.prepare_org_key(&org).await,
            Err(KeyFault::Root(_))
        ));
        assert!(matches!(
            store.keyring(&[]).prepare_org_key(&org).await,
            Err(KeyFault::RootMissing { .. })
        ));
    }
}

#[tokio::test]
async fn a_rotated_key_opens_old_and_new_in_every_process() {
    for store in Store::both().await {
        let roots = [store.folder.root("a")];
        let (keyring, elsewhere) = (store.keyring(&roots), store.keyring(&roots));
        let org = store.create_org(&keyring).await;
        let old = elsewhere.seal(&org, "c", b"old").await.unwrap();
        let rotated = keyring
            .rotate_org_key(&org, Actor::system("test"), &ClientFacts::default())
            .await;
        assert_eq!(rotated.unwrap(), 2);
        let new = keyring.seal(&org, "c", b"new").await.unwrap();
        for keyring in [&keyring, &elsewhere] {
            assert_eq!(
                keyring.open(&org, "c", &old).await.unwrap().as_slice(),
                b"old"
            );
            assert_eq!(
                keyring.open(&org, "c", &new).await.unwrap().as_slice(),
                b"new"
            );
            assert_eq!(keyring.load(&org).await.unwrap().current_version(), 2);
        }
        let mut tx = store.db.read().await.unwrap();
        let log = ledger::load_page(&mut tx, &org, &LogFilter::default(), None, 10)
            .await
            .unwrap();
        assert_eq!(log.rows.len(), 1);
        assert_eq!(
            (log.rows[0].event_type.as_str(), log.rows[0].published_at),
            ("system.org.key.rotate", START)
        );
    }
}

#[tokio::test]
async fn of_two_rotations_at_once_one_is_told_that_it_lost() {
    for store in Store::both().await {
        let roots = [store.folder.root("a")];
        let (one, two) = (store.keyring(&roots), store.keyring(&roots));
        let org = store.create_org(&one).await;
        let client = ClientFacts::default();
        let (first, second) = tokio::join!(
            one.rotate_org_key(&org, Actor::system("one"), &client),
            two.rotate_org_key(&org, Actor::system("two"), &client),
        );
        let made = [first, second].into_iter().filter(Result::is_ok).count();
        let version = i64::from(
            store
                .keyring(&roots)
                .load(&org)
                .await
                .unwrap()
                .current_version(),
        );
        assert!(made >= 1);
        assert_eq!(version, 1 + i64::try_from(made).unwrap());
    }
}

#[tokio::test]
async fn a_missing_root_file_is_not_replaced_when_there_are_keys() {
    for store in Store::both().await {
        let path = store.folder.path().join("root.key");
        let made = Keyring::open_root(&store.db, &path, &SystemEntropy)
            .await
            .unwrap();
        let again = Keyring::open_root(&store.db, &path, &SystemEntropy)
            .await
            .unwrap();
        assert_eq!(made.id(), again.id());
        let keyring = store.keyring(&[Arc::new(made)]);
        store.create_org(&keyring).await;
        std::fs::remove_file(&path).unwrap();
        match Keyring::open_root(&store.db, &path, &SystemEntropy).await {
            Err(KeyFault::RootFile(error)) => {
                assert!(matches!(error.problem, FileRootProblem::Missing))
            }
            _ => panic!("a new root was made"),
        }
        assert!(!path.exists());
    }
}
