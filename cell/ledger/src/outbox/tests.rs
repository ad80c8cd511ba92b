//! The outbox on both engines: at least once, never lost, given up in the end.

use crate::for_tests::Store;
use crate::outbox::store::{
    Leased, complete, enqueue, give_back, is_any_due, lease_due, load_failed, postpone,
    remove_done, requeue,
};
use crate::outbox::{ATTEMPTS_MAX, LEASE_SECS, Retry};
use database::DatabaseFault;
use vocab::entropy::SeededEntropy;
use vocab::id::OrgId;
use vocab::time::Timestamp;

const KIND: &str = "mail";
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

impl Store {
    async fn enqueue(&self, org: &OrgId, key: &str, payload: Vec<u8>) -> Result<(), DatabaseFault> {
        let (org, key) = (org.clone(), key.to_owned());
        self.db
            .write(move |tx| {
                Box::pin(async move { enqueue(tx, &org, KIND, &key, payload, START).await })
            })
            .await
    }

    async fn lease(&self, now: Timestamp, limit: i64) -> Vec<Leased> {
        self.db
            .write(move |tx| Box::pin(async move { lease_due(tx, KIND, now, limit).await }))
            .await
            .unwrap()
    }

    async fn complete(&self, leased: &Leased) -> bool {
        let leased = leased.clone();
        let done = self.db.write(move |tx| {
            Box::pin(async move { complete(tx, &leased.org_id, &leased.id).await })
        });
        done.await.unwrap()
    }

    async fn give_back(&self, leased: &Leased, now: Timestamp) -> Retry {
        let leased = leased.clone();
        self.db
            .write(move |tx| Box::pin(async move { give_back(tx, &leased, now).await }))
            .await
            .unwrap()
    }
}

fn org() -> OrgId {
    OrgId::generate(&SeededEntropy::new(21))
}

fn keys(leased: &[Leased]) -> Vec<&str> {
    leased
        .iter()
        .map(|leased| leased.idempotency_key.as_str())
        .collect()
}

#[tokio::test]
async fn a_message_is_put_in_once_and_delivered() {
    for store in Store::both().await {
        let org = org();
        store.enqueue(&org, "k1", b"first".to_vec()).await.unwrap();
        store.enqueue(&org, "k1", b"again".to_vec()).await.unwrap();
        let leased = store.lease(START, 10).await;
        assert_eq!(keys(&leased), ["k1"]);
        assert_eq!(
            (leased[0].payload.as_slice(), leased[0].attempts),
            (&b"first"[..], 1)
        );
        assert!(store.complete(&leased[0]).await);
        assert!(!store.complete(&leased[0]).await, "it was noted already");
        store
            .enqueue(&org, "k1", b"after delivery".to_vec())
            .await
            .unwrap();
        assert!(store.lease(START.plus_secs(1_000_000), 10).await.is_empty());
        let removed = store
            .db
            .write(|tx| Box::pin(async move { remove_done(tx, START.plus_secs(1), 10).await }));
        let removed: Result<u64, DatabaseFault> = removed.await;
        assert_eq!(removed.unwrap(), 1);
    }
}

#[tokio::test]
async fn what_nobody_tried_to_deliver_counts_as_no_attempt() {
    for store in Store::both().await {
        store.enqueue(&org(), "k1", b"x".to_vec()).await.unwrap();
        let until = START.plus_secs(5);
        let first = store.lease(START, 10).await.remove(0);
        let postponed = async |leased: &Leased| {
            let leased = leased.clone();
            let done: Result<bool, DatabaseFault> = store
                .db
                .write(move |tx| Box::pin(async move { postpone(tx, &leased, until).await }))
                .await;
            done.unwrap()
        };
        assert!(postponed(&first).await);
        assert!(store.lease(until.plus_secs(-1), 10).await.is_empty());
        let again = store.lease(until, 10).await.remove(0);
        assert_eq!((again.attempts, &again.id), (1, &first.id));
        assert!(store.complete(&again).await);
        assert!(!postponed(&again).await, "it was delivered meanwhile");
    }
}

#[tokio::test]
async fn a_worker_that_dies_between_lease_and_completion_loses_nothing() {
    for store in Store::both().await {
        store.enqueue(&org(), "k1", b"x".to_vec()).await.unwrap();
        let dead = store.lease(START, 10).await;
        assert_eq!(dead.len(), 1);
        let running = START.plus_secs(LEASE_SECS - 1);
        assert!(
            store.lease(running, 10).await.is_empty(),
            "the lease still runs"
        );
        assert!(
            !is_any_due(&mut store.db.read().await.unwrap(), KIND, running)
                .await
                .unwrap()
        );
        let over = START.plus_secs(LEASE_SECS);
        assert!(
            is_any_due(&mut store.db.read().await.unwrap(), KIND, over)
                .await
                .unwrap()
        );
        let again = store.lease(over, 10).await;
        assert_eq!((again.len(), again[0].attempts), (1, 2));
        // The worker was not dead but slow: its word on the failure is not the last, its word on the delivery is.
        assert_eq!(store.give_back(&dead[0], over).await, Retry::LeaseLost);
        assert!(store.complete(&dead[0]).await);
        assert_eq!(store.give_back(&again[0], over).await, Retry::LeaseLost);
        assert!(store.lease(over.plus_secs(1_000_000), 10).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_workers_never_share_a_lease() {
    const MESSAGES: usize = 60;
    for store in Store::both().await {
        for number in 0..MESSAGES {
            store
                .enqueue(&org(), &format!("k{number}"), b"x".to_vec())
                .await
                .unwrap();
        }
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let db = store.db.clone();
            workers.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let leased = db
                        .write(|tx| Box::pin(async move { lease_due(tx, KIND, START, 7).await }))
                        .await
                        .unwrap();
                    if leased.is_empty()
                        && !is_any_due(&mut db.read().await.unwrap(), KIND, START)
                            .await
                            .unwrap()
                    {
                        return mine;
                    }
                    mine.extend(leased.into_iter().map(|leased| leased.id));
                }
            });
        }
        let mut all: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
        all.sort();
        let count = all.len();
        all.dedup();
        assert_eq!((count, all.len()), (MESSAGES, MESSAGES));
    }
}

#[tokio::test]
async fn a_message_that_fails_is_tried_ever_later_and_given_up() {
    for store in Store::both().await {
        let org = org();
        store.enqueue(&org, "k1", b"x".to_vec()).await.unwrap();
        let mut now = START;
        for attempt in 1..ATTEMPTS_MAX {
            let leased = store.lease(now, 10).await;
            assert_eq!(leased[0].attempts, attempt);
            let Retry::After(wait_secs) = store.give_back(&leased[0], now).await else {
                panic!("given up after {attempt}")
            };
            assert!(
                store
                    .lease(now.plus_secs(wait_secs - 1), 10)
                    .await
                    .is_empty()
            );
            now = now.plus_secs(wait_secs);
        }
        let last = store.lease(now, 10).await;
        assert_eq!(store.give_back(&last[0], now).await, Retry::GiveUp);
        assert!(store.lease(now.plus_secs(1_000_000), 10).await.is_empty());
        let failed = load_failed(&mut store.db.read().await.unwrap(), &org, 10)
            .await
            .unwrap();
        assert_eq!(
            (failed.len(), failed[0].attempts, failed[0].failed_at),
            (1, ATTEMPTS_MAX, now)
        );
        let (of, id) = (org.clone(), failed[0].id.clone());
        let requeued = store
            .db
            .write(move |tx| Box::pin(async move { requeue(tx, &of, &id, now).await }));
        assert!(requeued.await.unwrap());
        assert_eq!(store.lease(now, 10).await.len(), 1);
    }
}

#[tokio::test]
async fn a_message_that_kills_its_workers_is_given_up_too() {
    let store = Store::sqlite().await;
    let org = org();
    store.enqueue(&org, "k1", b"x".to_vec()).await.unwrap();
    let mut now = START;
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(store.lease(now, 10).await.len(), 1);
        now = now.plus_secs(LEASE_SECS);
    }
    assert!(store.lease(now, 10).await.is_empty());
    assert_eq!(
        load_failed(&mut store.db.read().await.unwrap(), &org, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_the_table() {
    for store in Store::both().await {
        store
            .enqueue(&org(), "k1", vec![7; 512 * 1024])
            .await
            .unwrap();
        store
            .enqueue(&org(), "k2", vec![7; 512 * 1024 + 1])
            .await
            .unwrap_err();
        store
            .enqueue(&org(), &"k".repeat(201), b"x".to_vec())
            .await
            .unwrap_err();
        store.enqueue(&org(), "", b"x".to_vec()).await.unwrap_err();
        assert_eq!(keys(&store.lease(START, 10).await), ["k1"]);
    }
}
