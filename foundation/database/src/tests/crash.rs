//! `kill -9` at any moment loses nothing that was acknowledged, on both engines. The victim is this test binary
//! itself, run again as a child with the database in its environment.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use vocab::secret::Secret;

use super::on_both_engines;
use super::store::{SCHEMA, Store, ids, insert};
use crate::{Database, Location, Migration, params};

on_both_engines!(
    what_was_acknowledged_survives_a_kill,
    a_kill_in_a_migration_leaves_it_for_the_next_start
);

const PLACE: &str = "DATABASE_UNDER_TEST";
const KILLS: usize = 5;
const ACKNOWLEDGED_EACH: usize = 200;
const WRITERS: i64 = 16;

fn child(store: &Store, test: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let place = match store.location() {
        Location::Sqlite { path } => path.to_str().unwrap().to_owned(),
        Location::Postgres { url } => url.expose().clone(),
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(PLACE, place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn location() -> Location {
    let place = std::env::var(PLACE).unwrap();
    if place.starts_with("postgres://") {
        Location::Postgres {
            url: Secret::new(place),
        }
    } else {
        Location::Sqlite {
            path: PathBuf::from(place),
        }
    }
}

fn say(line: &str) {
    // One write, so that a kill cannot leave half of two lines.
    std::io::stdout()
        .lock()
        .write_all(format!("\n{line}\n").as_bytes())
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of what_was_acknowledged_survives_a_kill"]
async fn child_that_writes() {
    let db = Database::open(&location(), SCHEMA).await.unwrap();
    let first = ids(&db).await.last().map_or(0, |last| last + 1);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let db = db.clone();
        writers.spawn(async move {
            for id in (first + writer..).step_by(16) {
                insert(&db, id).await.unwrap();
                say(&format!("acknowledged {id}"));
            }
        });
    }
    writers.join_all().await;
}

async fn what_was_acknowledged_survives_a_kill(store: &Store) {
    let mut acknowledged = BTreeSet::new();
    for _ in 0..KILLS {
        let (victim, lines) = child(store, "tests::crash::child_that_writes");
        let mut heard = 0;
        let mut victim = Some(victim);
        // After the kill the pipe still holds what was acknowledged before it.
        for line in lines {
            if let Some(id) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged.insert(id.parse::<i64>().unwrap());
                heard += 1;
            }
            if heard == ACKNOWLEDGED_EACH {
                victim.take().into_iter().for_each(kill);
            }
        }
        assert!(victim.is_none(), "the child ended by itself");
        let kept: BTreeSet<_> = ids(&store.open().await).await.into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

/// Long enough that the kill comes in the middle of the second step.
static SLOW: &[Migration] = &[
    Migration { version: 1, name: "first", sql: "CREATE TABLE first (x BIGINT NOT NULL PRIMARY KEY)" },
    Migration {
        version: 2,
        name: "second",
        sql: "CREATE TABLE second (x BIGINT NOT NULL PRIMARY KEY, words TEXT NOT NULL);
              INSERT INTO second (x, words)
              WITH RECURSIVE numbers (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM numbers WHERE x < 400000)
              SELECT x, 'words that fill a page of the database file sooner' FROM numbers;",
    },
];

#[tokio::test]
#[ignore = "the child of a_kill_in_a_migration_leaves_it_for_the_next_start"]
async fn child_that_migrates() {
    Database::open(&location(), SLOW).await.unwrap();
    say("done");
}

/// Whether the second step is under way.
fn is_in_second_step(store: &Store) -> bool {
    match store {
        Store::Sqlite(folder) => {
            std::fs::metadata(crate::sqlite::checkpoint::wal_of(&folder.file()))
                .is_ok_and(|log| log.len() > 2 << 20)
        }
        Store::Postgres(database) => {
            let running =
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%INSERT INTO second%'
                           AND datname = current_database() AND pid <> pg_backend_pid()";
            database.run_sql(running).unwrap() == "1"
        }
    }
}

async fn a_kill_in_a_migration_leaves_it_for_the_next_start(store: &Store) {
    let (victim, mut lines) = child(store, "tests::crash::child_that_migrates");
    while !is_in_second_step(store) {
        tokio::task::yield_now().await;
    }
    kill(victim);
    assert!(
        lines.all(|line| line.unwrap() != "done"),
        "the child was too quick to be killed half way"
    );
    let db = Database::open(&store.location(), SLOW).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM second), (SELECT count(*) FROM schema_migrations)";
    let row = tx.query_optional(sql, params![]).await.unwrap().unwrap();
    assert_eq!(
        (row.get::<i64>(0).unwrap(), row.get::<i64>(1).unwrap()),
        (400_000, 2)
    );
}
