//! The search by keywords, against a model and on both engines: it finds the same whether words were gathered or not, damaged or
//! not, and whoever gathers them besides.

use crate::for_tests::Store;
use crate::tests::{START, store};
use crate::words::{BLOCK_ROWS, STRETCH_ROWS};
use crate::{
    Actor, ClientFacts, Event, EventType, Gathering, LogFilter, Outcome, Portion, Target,
    load_after, load_behind, load_page, store_portion,
};
use protocol::keywords::Keywords;
use vocab::entropy::SeededEntropy;
use vocab::id::{GroupId, OrgId, UserId};

/// One stretch, two blocks and some rows.
const ROWS: i64 = STRETCH_ROWS + 2 * BLOCK_ROWS + 100;
const PEOPLE: i64 = 50;

/// The event of a row: of its number alone, so that whatever finds it can be reckoned.
fn event(seq: i64) -> Event {
    let entropy = SeededEntropy::new(u64::try_from(seq % PEOPLE).unwrap());
    let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
    let login = format!("person{}@example.com", seq % PEOPLE);
    let outcome = if seq % 7 == 0 {
        Outcome::Failure
    } else {
        Outcome::Success
    };
    let client = ClientFacts {
        ip: format!("198.51.100.{}", seq % 3),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0".to_owned(),
        request_id: format!("req-{seq}"),
    };
    Event::new(
        EventType::UserSessionStart,
        outcome,
        START.plus_secs(seq / 10),
    )
    .actor(Actor::user(&user, &login, "Ada Lovelace"))
    .target(Target::group(&group, "Engineers"))
    .client(&client)
}

async fn write_rows(store: &Store, org: &OrgId, seqs: std::ops::RangeInclusive<i64>) {
    let seqs: Vec<i64> = seqs.collect();
    for some in seqs.chunks(1_000) {
        let (org, events) = (org.clone(), some.iter().map(|seq| event(*seq)).collect());
        let written = store
            .db
            .write(move |tx| Box::pin(async move { crate::append_all(tx, &org, events).await }));
        written.await.unwrap();
    }
}

/// What is stored next for the log; none if there is nothing to do.
async fn portions(store: &Store, org: &OrgId) -> Vec<Portion> {
    let mut tx = store.db.read().await.unwrap();
    let Some(mut gathering) = Gathering::begin(&mut tx, org).await.unwrap() else {
        return Vec::new();
    };
    let mut portions: Vec<Portion> = Vec::new();
    while portions.last().is_none_or(|last| !last.is_last()) {
        portions.extend(gathering.go_on(&mut tx).await.unwrap());
    }
    portions
}

async fn put(store: &Store, portion: Portion) -> bool {
    let stored = store
        .db
        .write(move |tx| Box::pin(async move { store_portion(tx, portion).await }));
    stored.await.unwrap()
}

/// One step; whether there was something to do.
async fn step(store: &Store, org: &OrgId) -> bool {
    let mut has_stored = false;
    for portion in portions(store, org).await {
        assert!(put(store, portion).await);
        has_stored = true;
    }
    has_stored
}

fn filter(words: &str) -> LogFilter {
    LogFilter {
        keywords: Keywords::parse(words).unwrap(),
        ..LogFilter::default()
    }
}

/// Filters, each with the rows that it finds.
fn questions() -> Vec<(LogFilter, Vec<i64>)> {
    let rows = |is_found: fn(i64) -> bool| (1..=ROWS).filter(|seq| is_found(*seq)).collect();
    let failures = LogFilter {
        outcome: Some(Outcome::Failure),
        ..filter("person7")
    };
    let entropy = SeededEntropy::new(8);
    let actor = UserId::generate(&entropy).to_string();
    let target = GroupId::generate(&entropy).to_string();
    let others = LogFilter {
        actor: Some(actor),
        target: Some("00gNobody".to_owned()),
        ..filter("engineers")
    };
    let ours = LogFilter {
        target: Some(target),
        event_type: Some(EventType::UserSessionStart),
        ..filter("req-16408")
    };
    vec![
        (filter("person3@EXAMPLE.com"), rows(|seq| seq % 50 == 3)),
        (
            filter("person3 198.51.100.1 failure"),
            rows(|seq| seq % 50 == 3 && seq % 3 == 1 && seq % 7 == 0),
        ),
        (filter("req-9000"), vec![9_000]),
        (filter("req-16900 firefox"), vec![16_900]),
        (filter("req-9000 req-9001"), vec![]),
        (filter("req-"), vec![]),
        (filter("person"), vec![]),
        (
            LogFilter {
                outcome: Some(Outcome::Failure),
                event_type: Some(EventType::UserSessionStart),
                until: Some(START.plus_secs(20)),
                ..LogFilter::default()
            },
            rows(|seq| seq % 7 == 0 && seq < 200),
        ),
        (
            LogFilter {
                actor: Some("-".to_owned()),
                target: Some("-".to_owned()),
                ..LogFilter::default()
            },
            vec![],
        ),
        (failures, rows(|seq| seq % 50 == 7 && seq % 7 == 0)),
        (ours, vec![16_408]),
        (others, vec![]),
        (
            LogFilter {
                since: Some(START.plus_secs(1_000)),
                until: Some(START.plus_secs(1_660)),
                ..filter("person3")
            },
            rows(|seq| seq % 50 == 3 && (10_000..16_600).contains(&seq)),
        ),
    ]
}

/// Everything that a filter finds, in pages; empty ones are passed.
async fn find(store: &Store, org: &OrgId, filter: &LogFilter, newest_first: bool) -> Vec<i64> {
    let mut tx = store.db.read().await.unwrap();
    let (mut seqs, mut from) = (Vec::new(), None);
    loop {
        let page = if newest_first {
            load_page(&mut tx, org, filter, from, 100).await.unwrap()
        } else {
            load_after(&mut tx, org, filter, from.unwrap_or(0), 100)
                .await
                .unwrap()
        };
        assert!(page.rows.len() <= 100);
        seqs.extend(page.rows.iter().map(|row| row.seq));
        from = page.next;
        if from.is_none() {
            return seqs;
        }
    }
}

/// Holds what is found among the first so many rows against what should be.
async fn assert_finds(store: &Store, org: &OrgId, rows: i64, state: &str) {
    for (filter, mut expected) in questions() {
        expected.retain(|seq| *seq <= rows);
        let found = find(store, org, &filter, false).await;
        assert_eq!(found, expected, "{state}: {filter:?}");
        expected.reverse();
        let found = find(store, org, &filter, true).await;
        assert_eq!(found, expected, "{state}, newest first: {filter:?}");
    }
}

/// A log of a few blocks.
async fn finds_the_same_in_blocks(store: &Store, org: &OrgId) {
    write_rows(store, org, 1..=1_000).await;
    assert_finds(store, org, 1_000, "without words").await;
    assert!(step(store, org).await);
    assert_eq!(store.count(store::BLOCKS, org).await, 3);
    assert_finds(store, org, 1_000, "with some words").await;
}

async fn make_stretch(store: &Store, org: &OrgId) {
    while store.count(store::SHELVES, org).await == 0 {
        assert!(step(store, org).await);
    }
    assert_eq!(store.count(store::SHELVES, org).await, 256);
    assert_eq!(store.count(store::BLOCKS, org).await, 0);
}

#[tokio::test]
async fn a_search_finds_the_same_in_every_state() {
    let store = &Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(1));
    finds_the_same_in_blocks(store, &org).await;
    write_rows(store, &org, 1_001..=ROWS).await;
    while store.count(store::BLOCKS, &org).await < 64 {
        assert!(step(store, &org).await);
    }
    assert_finds(store, &org, ROWS, "with all blocks of a stretch").await;
    make_stretch(store, &org).await;
    assert!(step(store, &org).await);
    assert!(!step(store, &org).await);
    assert_eq!(store.count(store::BLOCKS, &org).await, 2);
    assert_finds(store, &org, ROWS, "with all words").await;
    store.tamper(&org, store::DAMAGED_WORDS).await;
    for word in ["req-9000", "req-16500"] {
        let found = find(store, &org, &filter(word), true).await;
        assert_eq!(format!("req-{}", found[0]), word);
        assert_eq!(found.len(), 1);
    }
    let mut tx = store.db.read().await.unwrap();
    assert!(load_behind(&mut tx, None, 9).await.unwrap().is_empty());
    drop(tx);
    // A search sees what was written just before.
    write_rows(store, &org, ROWS + 1..=ROWS + 1).await;
    let new = filter(&format!("req-{}", ROWS + 1));
    assert_eq!(find(store, &org, &new, true).await, [ROWS + 1]);
    let nobody = OrgId::generate(&SeededEntropy::new(2));
    assert!(find(store, &nobody, &new, true).await.is_empty());
}

#[tokio::test]
async fn a_search_finds_the_same_on_postgres() {
    let store = &Store::postgres().await;
    let org = OrgId::generate(&SeededEntropy::new(1));
    finds_the_same_in_blocks(store, &org).await;
    write_rows(store, &org, 1_001..=STRETCH_ROWS).await;
    make_stretch(store, &org).await;
    for (word, seq) in [("req-9000", 9_000), ("req-16384", 16_384)] {
        assert_eq!(find(store, &org, &filter(word), true).await, [seq]);
    }
    assert!(find(store, &org, &filter("req-0"), true).await.is_empty());
}

#[tokio::test]
async fn words_are_gathered_once_whoever_does_it() {
    for store in Store::both().await {
        let org = OrgId::generate(&SeededEntropy::new(3));
        write_rows(&store, &org, 1..=BLOCK_ROWS - 1).await;
        assert!(portions(&store, &org).await.is_empty(), "no whole block");
        write_rows(&store, &org, BLOCK_ROWS..=3 * BLOCK_ROWS + 5).await;
        let mut tx = store.db.read().await.unwrap();
        assert_eq!(
            load_behind(&mut tx, None, 9).await.unwrap(),
            std::slice::from_ref(&org)
        );
        assert!(
            load_behind(&mut tx, Some(&org), 9)
                .await
                .unwrap()
                .is_empty()
        );
        drop(tx);
        // Two processes have gathered the same, and a third was killed before it stored anything.
        drop(portions(&store, &org).await);
        let (one, other) = (portions(&store, &org).await, portions(&store, &org).await);
        for portion in one {
            assert!(put(&store, portion).await);
        }
        for portion in other {
            assert!(!put(&store, portion).await);
        }
        assert_eq!(store.count(store::BLOCKS, &org).await, 3);
        assert!(portions(&store, &org).await.is_empty());
    }
}

#[tokio::test]
async fn a_missing_block_is_made_anew() {
    let store = Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(4));
    write_rows(&store, &org, 1..=ROWS).await;
    while store.count(store::BLOCKS, &org).await < 64 {
        assert!(step(&store, &org).await);
    }
    store.tamper(&org, store::LOST_BLOCK).await;
    while step(&store, &org).await {}
    assert_eq!(store.count(store::SHELVES, &org).await, 256);
    assert_finds(&store, &org, ROWS, "made anew").await;
}

#[tokio::test]
async fn words_go_with_their_rows() {
    let store = Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(5));
    let more = 2 * STRETCH_ROWS + 1;
    write_rows(&store, &org, 1..=STRETCH_ROWS + 9).await;
    while step(&store, &org).await {}
    store.tamper(&org, store::FORGOTTEN_STRETCH).await;
    assert!(find(&store, &org, &filter("req-7"), true).await.is_empty());
    assert_eq!(store.count(store::SHELVES, &org).await, 256);
    write_rows(&store, &org, STRETCH_ROWS + 10..=more).await;
    while step(&store, &org).await {}
    assert_eq!(
        store.count(store::SHELVES, &org).await,
        256,
        "of the second"
    );
    let found = find(&store, &org, &filter("req-16400"), true).await;
    assert_eq!(found, [16_400]);
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_rows() {
    let store = Store::sqlite().await;
    let org = OrgId::generate(&SeededEntropy::new(6));
    write_rows(&store, &org, 1..=2_300).await;
    let mut tx = store.db.read().await.unwrap();
    let rare = filter("req-2");
    let page = load_page(&mut tx, &org, &rare, None, 100).await.unwrap();
    assert!(page.rows.is_empty());
    assert_eq!(page.next, Some(301));
    let page = load_page(&mut tx, &org, &rare, page.next, 100)
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.next), (1, None));
}

#[tokio::test]
async fn every_search_is_read_by_its_index() {
    let store = Store::sqlite().await;
    for (plan, index) in store.word_plans().await {
        assert!(plan.contains(index), "{plan}");
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{plan}"
        );
    }
}
