//! The log on both engines: what is written is whole, what is damaged is found, what is asked for is shown.

mod pages;
mod store;
mod words;

use crate::for_tests::Store;
use crate::{
    Actor, BreakReason, BrokenRow, ChainHead, ChainVerdict, Event, EventType, Outcome, Target,
    VerifiedChain, append, append_all, load_event, load_head, next_org, verify_chain,
};
use database::{Database, DatabaseFault};
use std::collections::BTreeSet;
use vocab::entropy::SeededEntropy;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::time::Timestamp;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

async fn verdict(db: &Database, org: &OrgId, anchor: Option<&ChainHead>) -> ChainVerdict {
    verify_chain(&mut db.read().await.unwrap(), org, anchor)
        .await
        .unwrap()
}

async fn head(db: &Database, org: &OrgId) -> Option<ChainHead> {
    load_head(&mut db.read().await.unwrap(), org).await.unwrap()
}

/// Five rows, each with an actor and two targets.
async fn sample(store: &Store, org: &OrgId) {
    let entropy = SeededEntropy::new(5);
    for number in 0..5 {
        let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
        let event = Event::new(
            EventType::GroupUserMembershipAdd,
            Outcome::Success,
            START.plus_secs(number),
        )
        .actor(Actor::user(&user, "ada@example.com", "Ada"))
        .target(Target::user(&user, "ada@example.com", "Ada"))
        .target(Target::group(&group, "Engineers"));
        store.append(org, vec![event]).await;
    }
}

#[tokio::test]
async fn an_untouched_log_is_whole() {
    for store in Store::both().await {
        let org = OrgId::generate(&SeededEntropy::new(1));
        let empty = VerifiedChain {
            rows: 0,
            head: ChainHead {
                seq: 0,
                hash: "0".repeat(64),
            },
        };
        assert_eq!(
            verdict(&store.db, &org, None).await,
            ChainVerdict::Whole(empty)
        );
        sample(&store, &org).await;
        let head = head(&store.db, &org).await.unwrap();
        assert_eq!(head.seq, 5);
        let whole = ChainVerdict::Whole(VerifiedChain {
            rows: 5,
            head: head.clone(),
        });
        assert_eq!(verdict(&store.db, &org, None).await, whole);
        assert_eq!(verdict(&store.db, &org, Some(&head)).await, whole);
    }
}

#[tokio::test]
async fn every_damage_is_found_at_its_first_row() {
    use store::{
        ALL_ROWS_REMOVED, CHANGED_ACTOR, CHANGED_BODY, CHANGED_HASH, CHANGED_HEAD, CHANGED_TIME,
        CHANGED_TYPE, CLOSED_GAP, CUT_OFF, REMOVED_HEAD, REMOVED_ROW, SWAPPED_ROWS,
    };
    let table = [
        (CHANGED_BODY, 3, BreakReason::HashMismatch),
        (CHANGED_HASH, 3, BreakReason::HashMismatch),
        (REMOVED_ROW, 3, BreakReason::Missing),
        (CLOSED_GAP, 3, BreakReason::HashMismatch),
        (SWAPPED_ROWS, 3, BreakReason::HashMismatch),
        (CUT_OFF, 4, BreakReason::CutOff),
        (ALL_ROWS_REMOVED, 1, BreakReason::CutOff),
        (CHANGED_HEAD, 5, BreakReason::Head),
        (REMOVED_HEAD, 5, BreakReason::Head),
        (CHANGED_TYPE, 3, BreakReason::Column("event_type")),
        (CHANGED_TIME, 3, BreakReason::Column("published_at")),
        (CHANGED_ACTOR, 3, BreakReason::Column("actor_id")),
    ];
    for store in Store::both().await {
        let entropy = SeededEntropy::new(2);
        let untouched = OrgId::generate(&entropy);
        sample(&store, &untouched).await;
        for (tampering, seq, reason) in table.clone() {
            let org = OrgId::generate(&entropy);
            sample(&store, &org).await;
            store.tamper(&org, tampering).await;
            let expected = ChainVerdict::Broken(BrokenRow { seq, reason });
            assert_eq!(
                verdict(&store.db, &org, None).await,
                expected,
                "{}",
                tampering.what
            );
        }
        assert!(matches!(
            verdict(&store.db, &untouched, None).await,
            ChainVerdict::Whole(_)
        ));
    }
}

#[tokio::test]
async fn a_log_that_was_rewritten_is_found_by_a_head_that_was_kept_elsewhere() {
    let store = Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(3));
    sample(&store, &org).await;
    let kept = head(&store.db, &org).await.unwrap();
    store.tamper(&org, store::CUT_OFF_WITH_HEAD).await;
    assert!(
        matches!(verdict(&store.db, &org, None).await, ChainVerdict::Whole(_)),
        "the chain alone cannot tell"
    );
    let cut_off = ChainVerdict::Broken(BrokenRow {
        seq: 4,
        reason: BreakReason::Anchor,
    });
    assert_eq!(verdict(&store.db, &org, Some(&kept)).await, cut_off);
    sample(&store, &org).await;
    let rewritten = ChainVerdict::Broken(BrokenRow {
        seq: 5,
        reason: BreakReason::Anchor,
    });
    assert_eq!(verdict(&store.db, &org, Some(&kept)).await, rewritten);
}

fn plain(at: Timestamp) -> Event {
    Event::new(EventType::UserSessionStart, Outcome::Success, at)
}

#[tokio::test]
async fn events_of_one_transaction_follow_each_other_and_stand_or_fall_together() {
    for store in Store::both().await {
        let org = OrgId::generate(&SeededEntropy::new(4));
        store.append(&org, vec![plain(START), plain(START)]).await;
        let of = org.clone();
        let refused: Result<(), DatabaseFault> = store
            .db
            .write(move |tx| {
                Box::pin(async move {
                    append(tx, &of, plain(START)).await?;
                    tx.execute("nonsense", &[]).await.map(drop)
                })
            })
            .await;
        refused.unwrap_err();
        let of = org.clone();
        let appended = store.db.write(move |tx| {
            Box::pin(async move {
                append_all(tx, &of, vec![plain(START), plain(START), plain(START)]).await
            })
        });
        appended.await.unwrap();
        let of = org.clone();
        store
            .db
            .write(move |tx| Box::pin(async move { append_all(tx, &of, Vec::new()).await }))
            .await
            .unwrap();
        let ChainVerdict::Whole(chain) = verdict(&store.db, &org, None).await else {
            panic!("broken")
        };
        assert_eq!(chain.rows, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_make_one_chain_per_org() {
    const WRITERS: i64 = 6;
    const EVENTS: i64 = 15;
    for store in Store::both().await {
        let entropy = SeededEntropy::new(6);
        let orgs = [OrgId::generate(&entropy), OrgId::generate(&entropy)];
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let (db, orgs) = (store.db.clone(), orgs.clone());
            writers.spawn(async move {
                for number in 0..EVENTS {
                    // Clocks of different writers differ.
                    let org = orgs[usize::try_from((writer + number) % 2).unwrap()].clone();
                    let event = plain(START.plus_secs(number - writer % 3));
                    let written =
                        db.write(move |tx| Box::pin(async move { append(tx, &org, event).await }));
                    written.await.unwrap();
                }
            });
        }
        writers.join_all().await;
        let mut rows = 0;
        for org in &orgs {
            let ChainVerdict::Whole(chain) = verdict(&store.db, org, None).await else {
                panic!("broken")
            };
            rows += chain.rows;
        }
        assert_eq!(rows, WRITERS * EVENTS);
    }
}

#[tokio::test]
async fn moments_never_run_backwards_and_ids_differ() {
    let store = Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(7));
    let late = [0, 3, 1, 2, 9, 4];
    for secs in late {
        store.append(&org, vec![plain(START.plus_secs(secs))]).await;
    }
    let mut tx = store.db.read().await.unwrap();
    let (mut moments, mut ids) = (Vec::new(), BTreeSet::new());
    for seq in 1..=6 {
        let row = load_event(&mut tx, &org, seq).await.unwrap().unwrap();
        assert_eq!(row.event().unwrap().uuid, row.id.as_str());
        moments.push(row.published_at.secs_since(START));
        ids.insert(row.id);
    }
    assert_eq!(moments, [0, 3, 3, 3, 9, 9]);
    assert_eq!(ids.len(), 6);
    assert!(load_event(&mut tx, &org, 7).await.unwrap().is_none());
}

#[tokio::test]
async fn every_org_with_a_log_is_gone_through_even_without_its_head() {
    for store in Store::both().await {
        let entropy = SeededEntropy::new(8);
        let mut orgs: Vec<OrgId> = (0..4).map(|_| OrgId::generate(&entropy)).collect();
        orgs.sort();
        for org in &orgs {
            sample(&store, org).await;
        }
        store.tamper(&orgs[2], store::REMOVED_HEAD).await;
        let mut tx = store.db.read().await.unwrap();
        let mut found = Vec::new();
        while let Some(org) = next_org(&mut tx, found.last()).await.unwrap() {
            found.push(org);
        }
        assert_eq!(found, orgs);
    }
}
