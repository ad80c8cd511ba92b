//! The job that gathers the words of a log, on both engines: it catches up with what was written, and ends when it is told to.

use crate::errands::Sender;
use crate::log_words::{gather, run};
use crate::tests::one_org::OneOrg;
use database::Location;
use ledger::{Event, EventType, LogFilter, Outcome};
use protocol::keywords::Keywords;
use tempfile::TempDir;
use tokio::sync::watch;
use vocab::secret::Secret;

/// Rows of one block, and some more.
const ROWS: i64 = 300;

async fn write_rows(world: &OneOrg) {
    let (org, now) = (world.org.clone(), world.cell.now());
    let event = |number: i64| {
        Event::new(EventType::UserSessionEnd, Outcome::Success, now).detail("number", number)
    };
    let events = (0..ROWS).map(event).collect();
    let written = world
        .cell
        .database
        .write(move |tx| Box::pin(async move { ledger::append_all(tx, &org, events).await }));
    written.await.unwrap();
}

async fn is_behind(world: &OneOrg) -> bool {
    let mut tx = world.cell.database.read().await.unwrap();
    let behind = ledger::load_behind(&mut tx, None, 9).await.unwrap();
    !behind.is_empty()
}

async fn count_found(world: &OneOrg, words: &str) -> usize {
    let filter = LogFilter {
        keywords: Keywords::parse(words).unwrap(),
        ..LogFilter::default()
    };
    let mut tx = world.cell.database.read().await.unwrap();
    let page = ledger::load_page(&mut tx, &world.org, &filter, None, 1_000).await;
    page.unwrap().rows.len()
}

async fn gathers_what_was_written(world: OneOrg) {
    let (stop, mut stopped) = watch::channel(false);
    write_rows(&world).await;
    assert!(is_behind(&world).await);
    let database = &world.cell.database;
    assert!(gather(database, &world.org, &mut stopped).await.unwrap());
    assert!(!gather(database, &world.org, &mut stopped).await.unwrap());
    assert!(!is_behind(&world).await);
    assert_eq!(count_found(&world, "user.session.end").await, 300);
    assert_eq!(count_found(&world, "299").await, 1);
    // The job does the same by itself.
    write_rows(&world).await;
    let sender = Sender {
        cell: world.cell.clone(),
        membership: None,
    };
    let job = tokio::spawn(run(sender, stopped));
    while is_behind(&world).await {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    job.await.unwrap();
    assert_eq!(count_found(&world, "299").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_log_are_gathered_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let location = Location::Sqlite {
        path: folder.path().join("cell.db"),
    };
    gathers_what_was_written(OneOrg::open(&location, folder.path(), 79).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_log_are_gathered_on_postgres() {
    let folder = TempDir::new().unwrap();
    let server = postgres_for_tests::shared().empty_database().unwrap();
    let location = Location::Postgres {
        url: Secret::new(server.url()),
    };
    gathers_what_was_written(OneOrg::open(&location, folder.path(), 79).await).await;
}
