//! Pages against a model: whatever the filter, a reader sees each matching row once and in order.

use crate::for_tests::Store;
use crate::page::Direction;
use crate::store as log_store;
use crate::tests::START;
use crate::{Actor, Event, EventType, LogFilter, LogRow, Outcome, Target, load_after, load_page};
use vocab::entropy::SeededEntropy;
use vocab::id::{GroupId, OrgId, UserId};

const EVENTS: i64 = 900;
const TYPES: [EventType; 3] = [
    EventType::UserSessionStart,
    EventType::UserSessionEnd,
    EventType::UserAuthenticationSso,
];
const OUTCOMES: [Outcome; 4] = [
    Outcome::Success,
    Outcome::Success,
    Outcome::Failure,
    Outcome::Deny,
];

struct World {
    org: OrgId,
    users: Vec<UserId>,
    group: GroupId,
}

/// Events of three types by four people, some about a group; a neighbour org has the same ids in its log.
async fn write_world(store: &Store) -> World {
    let entropy = SeededEntropy::new(9);
    let world = World {
        org: OrgId::generate(&entropy),
        users: (0..4).map(|_| UserId::generate(&entropy)).collect(),
        group: GroupId::generate(&entropy),
    };
    let events: Vec<Event> = (0..EVENTS)
        .map(|number| {
            let pick =
                |count: usize, stride: i64| usize::try_from(number * stride % 97).unwrap() % count;
            let user = &world.users[pick(4, 31)];
            let event = Event::new(
                TYPES[pick(3, 17)],
                OUTCOMES[pick(4, 13)],
                START.plus_secs(number / 3),
            )
            .actor(Actor::user(user, "a@example.com", "A"))
            .target(Target::user(user, "a@example.com", "A"));
            if number % 50 == 0 {
                event.target(Target::group(&world.group, "G"))
            } else {
                event
            }
        })
        .collect();
    store
        .append(&OrgId::generate(&entropy), events[..40].to_vec())
        .await;
    store.append(&world.org, events).await;
    world
}

fn filters(world: &World) -> Vec<LogFilter> {
    let mut filters = Vec::new();
    for event_type in [None, Some(TYPES[1])] {
        for actor in [None, Some(world.users[2].to_string())] {
            for target in [
                None,
                Some(world.group.to_string()),
                Some(world.users[2].to_string()),
            ] {
                for outcome in [None, Some(Outcome::Success), Some(Outcome::Deny)] {
                    let (since, until) = (START.plus_secs(50), START.plus_secs(250));
                    let filter = LogFilter {
                        event_type,
                        actor: actor.clone(),
                        target: target.clone(),
                        outcome,
                        ..LogFilter::default()
                    };
                    filters.push(LogFilter {
                        since: Some(since),
                        until: Some(until),
                        ..filter.clone()
                    });
                    filters.push(filter);
                }
            }
        }
    }
    filters.push(LogFilter {
        since: Some(START.plus_secs(1_000_000)),
        ..LogFilter::default()
    });
    filters.push(LogFilter {
        until: Some(START),
        ..LogFilter::default()
    });
    filters
}

fn matches_model(row: &LogRow, filter: &LogFilter) -> bool {
    let event = row.event().unwrap();
    filter
        .event_type
        .is_none_or(|wanted| event.event_type == wanted.as_str())
        && filter
            .actor
            .as_ref()
            .is_none_or(|wanted| event.actor.id == *wanted)
        && filter
            .target
            .as_ref()
            .is_none_or(|wanted| event.target.iter().any(|target| target.id == *wanted))
        && filter
            .outcome
            .is_none_or(|wanted| event.outcome.result == wanted.as_str())
        && filter.since.is_none_or(|since| row.published_at >= since)
        && filter.until.is_none_or(|until| row.published_at < until)
}

async fn read_all(
    store: &Store,
    org: &OrgId,
    filter: &LogFilter,
    direction: Direction,
    limit: usize,
) -> Vec<i64> {
    let mut tx = store.db.read().await.unwrap();
    let mut seqs = Vec::new();
    let mut from = None;
    loop {
        let page = match direction {
            Direction::NewestFirst => load_page(&mut tx, org, filter, from, limit).await.unwrap(),
            Direction::OldestFirst => load_after(&mut tx, org, filter, from.unwrap_or(0), limit)
                .await
                .unwrap(),
        };
        assert!(page.rows.len() <= limit);
        seqs.extend(page.rows.iter().map(|row| row.seq));
        from = page.next;
        if from.is_none() {
            return seqs;
        }
    }
}

#[tokio::test]
async fn a_reader_sees_each_matching_row_once_and_in_order() {
    for store in Store::both().await {
        let world = write_world(&store).await;
        let mut tx = store.db.read().await.unwrap();
        let whole = load_after(&mut tx, &world.org, &LogFilter::default(), 0, 1_000)
            .await
            .unwrap();
        assert_eq!((whole.rows.len(), whole.next), (900, None));
        drop(tx);
        for filter in filters(&world) {
            let mut expected: Vec<i64> = whole
                .rows
                .iter()
                .filter(|row| matches_model(row, &filter))
                .map(|row| row.seq)
                .collect();
            for limit in [40, 1_000] {
                let oldest_first =
                    read_all(&store, &world.org, &filter, Direction::OldestFirst, limit).await;
                assert_eq!(oldest_first, expected, "{filter:?}");
            }
            expected.reverse();
            let newest_first =
                read_all(&store, &world.org, &filter, Direction::NewestFirst, 100).await;
            assert_eq!(newest_first, expected, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn every_page_is_read_by_its_index() {
    let store = Store::sqlite().await;
    let statements = [
        log_store::select_rows(Direction::NewestFirst),
        log_store::select_rows(Direction::OldestFirst),
        log_store::LOAD_BODIES,
    ];
    for sql in statements {
        let plan = store.plan_of(sql).await;
        assert!(
            plan.contains("sqlite_autoindex_log_events_1"),
            "{sql}\n{plan}"
        );
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{sql}\n{plan}"
        );
    }
}
