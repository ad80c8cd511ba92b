//! Signing keys on both engines: made once however many ask, rotated ahead of time, gone when revoked.

mod store;

use super::{RotationReport, SigningKeys, delete_server_keys};
use crate::fault::KeyFault;
use crate::for_tests::Store;
use crate::keyring::Keyring;
use crate::signing::plan::KeyPhase;
use crate::signing::schedule::{RECHECK_SECS, RotationSchedule};
use crate::signing::scope::ServerKeyScope;
use crate::signing::signer::Signer;
use ledger::{Actor, ClientFacts};
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwk::Jwk;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::verify::JwsError;
use std::sync::Arc;
use vocab::entropy::SystemEntropy;
use vocab::id::{OrgId, ServerId};
use vocab::time::Clock as _;

const DAY: i64 = 86_400;
const ALG: Algorithm = Algorithm::Es256;
const ORG: ServerKeyScope = ServerKeyScope::Org;

/// One org, and two processes that know nothing of each other.
struct World {
    store: Store,
    org: OrgId,
    keyring: Keyring,
    keys: SigningKeys,
    elsewhere: SigningKeys,
}

impl World {
    async fn both() -> [Self; 2] {
        let [sqlite, postgres] = Store::both().await;
        [Self::new(sqlite).await, Self::new(postgres).await]
    }

    async fn new(store: Store) -> Self {
        let schedule = RotationSchedule::new(30 * DAY, 2 * DAY, 600, DAY).unwrap();
        let roots = [store.folder.root("root.key")];
        let keyring = store.keyring(&roots);
        let org = store.create_org(&keyring).await;
        let keys = SigningKeys::new(keyring.clone(), schedule);
        let elsewhere = SigningKeys::new(store.keyring(&roots), schedule);
        Self {
            store,
            org,
            keyring,
            keys,
            elsewhere,
        }
    }

    async fn signer(&self, keys: &SigningKeys) -> Arc<Signer> {
        keys.active_signer(&self.org, &ORG, ALG).await.unwrap()
    }

    async fn kids(&self, keys: &SigningKeys) -> Vec<String> {
        let document = keys.published_jwks(&self.org, &ORG, &[]).await.unwrap();
        document
            .keys
            .keys()
            .iter()
            .map(|key| key.kid().unwrap().to_owned())
            .collect()
    }

    async fn phases(&self) -> Vec<KeyPhase> {
        self.keys
            .list(&self.org)
            .await
            .unwrap()
            .iter()
            .map(|view| view.phase)
            .collect()
    }

    fn verify(&self, jwk: &Jwk, signer: &Signer) {
        let signature = signer.sign(b"message").unwrap();
        assert!(jwk.verifies(b"message", &signature));
    }

    fn wait(&self, secs: i64) {
        self.store.clock.advance_secs(secs);
    }
}

fn by() -> (Actor, ClientFacts) {
    (Actor::system("test"), ClientFacts::default())
}

#[tokio::test]
async fn a_key_is_made_when_it_is_first_needed_and_published_before_it_signs() {
    for world in World::both().await {
        assert!(world.kids(&world.keys).await.is_empty());
        let document = world
            .keys
            .published_jwks(&world.org, &ORG, &Algorithm::ALL)
            .await
            .unwrap();
        assert_eq!(
            (document.keys.keys().len(), document.max_age_secs),
            (3, 600)
        );
        assert_eq!(document.json, document.keys.render());
        assert!(document.etag.starts_with('"') && document.etag.len() == 24);
        for algorithm in Algorithm::ALL {
            for keys in [&world.keys, &world.elsewhere] {
                let signer = keys
                    .active_signer(&world.org, &ORG, algorithm)
                    .await
                    .unwrap();
                let jwk = document
                    .keys
                    .keys()
                    .iter()
                    .find(|key| key.algorithm() == algorithm)
                    .unwrap();
                assert_eq!(
                    (jwk.kid(), signer.algorithm()),
                    (Some(signer.kid()), algorithm)
                );
                world.verify(jwk, &signer);
            }
        }
        let token = world
            .signer(&world.keys)
            .await
            .encode(TokenType::AccessToken, &serde_json::json!({"a": 1}));
        assert_eq!(token.unwrap().split('.').count(), 3);
        let again = world
            .keys
            .published_jwks(&world.org, &ORG, &Algorithm::ALL)
            .await
            .unwrap();
        assert!(Arc::ptr_eq(&document, &again), "rendered once");
    }
}

#[tokio::test]
async fn servers_and_orgs_have_keys_of_their_own() {
    for world in World::both().await {
        let custom = ServerKeyScope::Custom(ServerId::generate(&SystemEntropy));
        let other = world.store.create_org(&world.keyring).await;
        let kids = [
            world.signer(&world.keys).await.kid().to_owned(),
            world
                .keys
                .active_signer(&world.org, &custom, ALG)
                .await
                .unwrap()
                .kid()
                .to_owned(),
            world
                .keys
                .active_signer(&other, &ORG, ALG)
                .await
                .unwrap()
                .kid()
                .to_owned(),
        ];
        assert!(kids[0] != kids[1] && kids[1] != kids[2] && kids[0] != kids[2]);
        let views = world.keys.list(&world.org).await.unwrap();
        assert_eq!(views.len(), 2);
        let first_use = |kind: &str| (kind.to_owned(), "first use".to_owned());
        let expected = [
            first_use("app.oauth2.key.rollover"),
            first_use("app.oauth2.as.key.rollover"),
        ];
        assert_eq!(world.store.events(&world.org).await, expected);
        let missing = OrgId::generate(&SystemEntropy);
        assert!(matches!(
            world.keys.active_signer(&missing, &ORG, ALG).await,
            Err(KeyFault::NoOrgKey(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_at_once_one_key_is_made() {
    for world in World::both().await {
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..12 {
            let keys = if number % 2 == 0 {
                world.keys.clone()
            } else {
                world.elsewhere.clone()
            };
            let org = world.org.clone();
            asking.spawn(async move {
                keys.active_signer(&org, &ORG, ALG)
                    .await
                    .unwrap()
                    .kid()
                    .to_owned()
            });
        }
        let mut kids = asking.join_all().await;
        kids.dedup();
        assert_eq!(kids.len(), 1);
        assert_eq!(world.keys.list(&world.org).await.unwrap().len(), 1);
        assert_eq!(world.store.events(&world.org).await.len(), 1);
    }
}

#[tokio::test]
async fn a_signer_in_use_is_remembered_and_looked_at_again_after_a_minute() {
    let world = World::new(Store::sqlite().await).await;
    let first = world.signer(&world.keys).await;
    assert!(Arc::ptr_eq(&first, &world.signer(&world.keys).await));
    world.wait(RECHECK_SECS);
    assert!(
        Arc::ptr_eq(&first, &world.signer(&world.keys).await),
        "the same key is not opened again"
    );
    world.store.db.close().await;
    assert!(
        Arc::ptr_eq(&first, &world.signer(&world.keys).await),
        "no store is asked"
    );
    world.wait(RECHECK_SECS);
    assert!(
        Arc::ptr_eq(&first, &world.signer(&world.keys).await),
        "the store is away, the key is not"
    );
    world.wait(super::STALE_SECS_MAX);
    assert!(
        world
            .keys
            .active_signer(&world.org, &ORG, ALG)
            .await
            .is_err(),
        "but not for ever"
    );
}

#[tokio::test]
async fn a_rotation_runs_its_course_and_every_process_follows() {
    for world in World::both().await {
        let first = world.signer(&world.keys).await;
        let nothing = RotationReport::default();
        assert_eq!(world.keys.rotate_due().await.unwrap(), nothing);
        world.wait(28 * DAY);
        let report = RotationReport {
            examined: 1,
            created: 1,
            ..nothing
        };
        assert_eq!(world.elsewhere.rotate_due().await.unwrap(), report);
        assert_eq!(
            world.keys.rotate_due().await.unwrap(),
            nothing,
            "done is done"
        );
        assert_eq!(world.phases().await, [KeyPhase::Signing, KeyPhase::Next]);
        for keys in [&world.keys, &world.elsewhere] {
            assert_eq!(world.signer(keys).await.kid(), first.kid());
            assert_eq!(world.kids(keys).await.len(), 2);
        }
        world.wait(2 * DAY - 1);
        assert_eq!(world.signer(&world.keys).await.kid(), first.kid());
        world.wait(1);
        let second = world.signer(&world.keys).await;
        assert_ne!(second.kid(), first.kid());
        assert_eq!(world.signer(&world.elsewhere).await.kid(), second.kid());
        assert_eq!(
            world.phases().await,
            [KeyPhase::Retiring, KeyPhase::Signing]
        );
        world.wait(DAY);
        assert_eq!(world.kids(&world.keys).await, [second.kid()]);
        assert_eq!(
            world.keys.rotate_due().await.unwrap(),
            RotationReport {
                examined: 1,
                removed: 1,
                ..nothing
            }
        );
        assert_eq!(world.phases().await, [KeyPhase::Signing]);
        let causes: Vec<String> = world
            .store
            .events(&world.org)
            .await
            .into_iter()
            .map(|(_, cause)| cause)
            .collect();
        assert_eq!(causes, ["first use", "schedule"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_rotate_at_once_make_one_successor() {
    for world in World::both().await {
        world.signer(&world.keys).await;
        world.wait(28 * DAY);
        let (one, two) = tokio::join!(world.keys.rotate_due(), world.elsewhere.rotate_due());
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.created + two.created, one.failed + two.failed), (1, 0));
        assert_eq!(world.phases().await, [KeyPhase::Signing, KeyPhase::Next]);
    }
}

#[tokio::test]
async fn an_administrators_rotation_waits_for_the_caches_and_cannot_pile_up() {
    for world in World::both().await {
        let first = world.signer(&world.keys).await;
        let (actor, client) = by();
        let rotate = || {
            world
                .keys
                .rotate_now(&world.org, &ORG, ALG, actor.clone(), &client)
        };
        let from = rotate().await.unwrap();
        let now = world.store.clock.now();
        assert_eq!(from.secs_since(now), 600 + 60 + 120);
        assert_eq!(
            rotate().await.unwrap(),
            from,
            "a second wish changes nothing"
        );
        assert_eq!(world.signer(&world.keys).await.kid(), first.kid());
        assert_eq!(world.kids(&world.keys).await.len(), 2);
        world.wait(from.secs_since(now));
        assert_ne!(world.signer(&world.keys).await.kid(), first.kid());
        for _ in 0..3 {
            let from = rotate().await.unwrap();
            world.wait(from.secs_since(world.store.clock.now()));
        }
        assert!(matches!(
            rotate().await,
            Err(KeyFault::TooManyKeys { max: 5, .. })
        ));
        assert_eq!(world.kids(&world.keys).await.len(), 5);
        world.wait(DAY);
        rotate().await.unwrap();
        let causes: Vec<String> = world
            .store
            .events(&world.org)
            .await
            .into_iter()
            .map(|(_, cause)| cause)
            .collect();
        assert_eq!(
            causes
                .iter()
                .filter(|cause| *cause == "administrator")
                .count(),
            5
        );
    }
}

#[tokio::test]
async fn a_revoked_key_signs_and_is_published_no_more() {
    for world in World::both().await {
        let first = world.signer(&world.keys).await;
        world.signer(&world.elsewhere).await;
        world.kids(&world.elsewhere).await;
        let (actor, client) = by();
        let revoke = |kid: String| {
            let (actor, client) = (actor.clone(), client.clone());
            let (keys, org) = (&world.keys, &world.org);
            async move { keys.revoke(org, &ORG, &kid, actor, &client).await }
        };
        assert!(matches!(
            revoke("nobody".to_owned()).await,
            Err(KeyFault::NoSuchKey)
        ));
        revoke(first.kid().to_owned()).await.unwrap();
        assert!(matches!(
            revoke(first.kid().to_owned()).await,
            Err(KeyFault::NoSuchKey)
        ));
        let second = world.signer(&world.keys).await;
        assert_ne!(second.kid(), first.kid());
        assert_eq!(
            world.kids(&world.keys).await,
            [second.kid()],
            "at once in this process"
        );
        world.wait(RECHECK_SECS);
        assert_eq!(
            world.signer(&world.elsewhere).await.kid(),
            second.kid(),
            "within a minute in every other"
        );
        assert_eq!(world.kids(&world.elsewhere).await, [second.kid()]);
        let events = world.store.events(&world.org).await;
        assert_eq!(
            events[1],
            ("app.oauth2.key.revoke".to_owned(), "revocation".to_owned())
        );
        assert_eq!(
            world.keys.rotate_due().await.unwrap(),
            RotationReport::default()
        );
    }
}

#[tokio::test]
async fn a_token_that_was_verified_before_is_refused_once_its_key_is_revoked() {
    for world in World::both().await {
        let signer = world.signer(&world.keys).await;
        let token = signer
            .encode(TokenType::AccessToken, &serde_json::json!({"sub": "a"}))
            .unwrap();
        let other = world.store.create_org(&world.keyring).await;
        world.keys.active_signer(&other, &ORG, ALG).await.unwrap();
        let verify = async |org: &OrgId, token: &str| {
            let verified = world.keys.verify(org, &ORG, token).await.unwrap();
            verified.map(|verified| verified.members().len())
        };
        assert_eq!(verify(&world.org, &token).await, Ok(1));
        assert_eq!(verify(&world.org, &token).await, Ok(1), "remembered");
        assert_eq!(
            verify(&other, &token).await,
            Err(JwsError::NoKey),
            "another org"
        );
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (first, rest) = signature.split_at(1);
        let turned = format!("{}{rest}", if first == "A" { "B" } else { "A" });
        assert!(
            verify(&world.org, &format!("{head}.{turned}"))
                .await
                .is_err()
        );
        let (actor, client) = by();
        world
            .keys
            .revoke(&world.org, &ORG, signer.kid(), actor, &client)
            .await
            .unwrap();
        assert_eq!(verify(&world.org, &token).await, Err(JwsError::NoKey));
    }
}

#[tokio::test]
async fn a_sealed_key_that_was_moved_to_another_org_does_not_open() {
    for world in World::both().await {
        let other = world.store.create_org(&world.keyring).await;
        world.signer(&world.keys).await;
        world.keys.active_signer(&other, &ORG, ALG).await.unwrap();
        world.store.swap_sealed(&world.org, &other).await;
        let opened = world.elsewhere.active_signer(&other, &ORG, ALG).await;
        assert!(matches!(opened, Err(KeyFault::Sealed { .. })));
        world
            .elsewhere
            .active_signer(&world.org, &ORG, ALG)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_org_whose_keys_fail_is_put_off_and_holds_up_nobody() {
    for world in World::both().await {
        let other = world.store.create_org(&world.keyring).await;
        world.signer(&world.keys).await;
        world.keys.active_signer(&other, &ORG, ALG).await.unwrap();
        world.store.damage_org_key(&world.org).await;
        world.wait(28 * DAY);
        // A process that has not read the org's key before.
        let report = world.elsewhere.rotate_due().await.unwrap();
        assert_eq!(
            report,
            RotationReport {
                examined: 2,
                created: 1,
                removed: 0,
                failed: 1
            }
        );
        assert_eq!(
            world.elsewhere.rotate_due().await.unwrap(),
            RotationReport::default()
        );
        world.wait(900);
        assert_eq!(
            world.elsewhere.rotate_due().await.unwrap().failed,
            1,
            "it is tried again"
        );
    }
}

#[tokio::test]
async fn an_org_that_is_fenced_in_the_middle_of_a_round_holds_up_nobody() {
    let [world, _] = World::both().await;
    let other = world.store.create_org(&world.keyring).await;
    for open in [&world.org, &other] {
        world.keys.active_signer(open, &ORG, ALG).await.unwrap();
    }
    world.store.damage_org_key(&world.org).await;
    world.store.close_signing_keys_but_of(&other).await;
    world.wait(28 * DAY);
    let report = world.elsewhere.rotate_due().await.unwrap();
    assert_eq!((report.examined, report.created, report.failed), (2, 1, 1));
}

#[tokio::test]
async fn what_is_remembered_of_an_org_is_forgotten_whole_and_of_no_other() {
    for world in World::both().await {
        let custom = ServerKeyScope::Custom(ServerId::generate(&SystemEntropy));
        let other = world.store.create_org(&world.keyring).await;
        let mut signers = Vec::new();
        for (org, server) in [(&world.org, &ORG), (&world.org, &custom), (&other, &ORG)] {
            let signer = world.keys.active_signer(org, server, ALG).await.unwrap();
            let document = world.keys.published_jwks(org, server, &[ALG]).await;
            document.unwrap();
            let (of, scope) = (org.clone(), server.clone());
            let deleted: Result<(), KeyFault> = world
                .store
                .db
                .write(move |tx| {
                    Box::pin(async move { Ok(delete_server_keys(tx, &of, &scope).await?) })
                })
                .await;
            deleted.unwrap();
            signers.push((org, server, signer));
        }
        for forgotten in [false, true] {
            for (org, server, signer) in &signers {
                let kept = !forgotten || *org == &other;
                let now = world.keys.active_signer(org, server, ALG).await.unwrap();
                assert_eq!(now.kid() == signer.kid(), kept);
                let document = world.keys.published_jwks(org, server, &[]).await.unwrap();
                let first = document.keys.keys()[0].kid().unwrap();
                assert_eq!(first == signer.kid(), kept);
            }
            world.keys.forget_org(&world.org);
        }
    }
}
