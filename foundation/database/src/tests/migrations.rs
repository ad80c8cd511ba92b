//! Migrations on both engines: each applied once and whole, and nothing touched where something disagrees.

use std::path::PathBuf;

use super::on_both_engines;
use super::store::{SCHEMA, Store, ids, insert};
use crate::{Database, FaultKind, Migration, OpenError, params};

on_both_engines!(
    a_fresh_database_gets_all,
    a_second_start_applies_nothing,
    a_later_release_adds_its_steps,
    a_newer_database_is_refused_untouched,
    a_changed_step_is_refused_untouched,
    a_forgotten_step_is_refused_untouched,
    a_step_that_fails_is_undone_whole,
    a_step_and_its_record_are_one,
    two_starters_do_not_race,
    no_migrations_are_fine,
    a_step_outside_the_dialect_is_refused,
);

static FIRST: &[Migration] = &[STEP_ONE];
static WITH_SECOND: &[Migration] = &[
    STEP_ONE,
    Migration {
        version: 2,
        name: "two",
        sql: "CREATE TABLE two (x BIGINT); INSERT INTO two VALUES (2);",
    },
];
static WITH_BROKEN_SECOND: &[Migration] = &[
    STEP_ONE,
    Migration {
        version: 2,
        name: "two",
        sql: "CREATE TABLE two (x BIGINT); INSERT INTO nowhere VALUES (2);",
    },
];
static CHANGED: &[Migration] = &[Migration {
    sql: "CREATE TABLE one (x BIGINT )",
    ..STEP_ONE
}];
const STEP_ONE: Migration = Migration {
    version: 1,
    name: "one",
    sql: "CREATE TABLE one (x BIGINT)",
};

async fn open(store: &Store, migrations: &'static [Migration]) -> Result<Database, OpenError> {
    Database::open(&store.location(), migrations).await
}

/// What is in the store, to see whether a refusal touched it.
fn contents(store: &Store) -> (Vec<(PathBuf, Vec<u8>)>, String) {
    match store {
        Store::Sqlite(folder) => (folder.contents(), String::new()),
        Store::Postgres(database) => {
            let tables =
                "SELECT relname, relfilenode, pg_relation_size(oid) FROM pg_class ORDER BY relname";
            let record = database
                .run_sql("SELECT * FROM schema_migrations ORDER BY version")
                .unwrap();
            (
                Vec::new(),
                format!("{}\n{record}", database.run_sql(tables).unwrap()),
            )
        }
    }
}

async fn assert_refused_untouched(store: &Store, migrations: &'static [Migration]) -> OpenError {
    let before = contents(store);
    let refused = open(store, migrations).await.unwrap_err();
    assert!(before == contents(store), "touched in spite of {refused}");
    refused
}

async fn record(db: &Database) -> Vec<(i64, String, usize, bool)> {
    let sql = "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version";
    let rows = db
        .read()
        .await
        .unwrap()
        .query(sql, params![])
        .await
        .unwrap();
    let line = |row: &crate::Row| {
        let recent = row.get::<i64>(3).unwrap() > 1_700_000_000_000_000;
        (
            row.get(0).unwrap(),
            row.get(1).unwrap(),
            row.get::<String>(2).unwrap().len(),
            recent,
        )
    };
    rows.iter().map(line).collect()
}

async fn a_fresh_database_gets_all(store: &Store) {
    let db = open(store, SCHEMA).await.unwrap();
    let lines = record(&db).await;
    assert_eq!(
        lines,
        [
            (1, "items".to_owned(), 64, true),
            (2, "kinds".to_owned(), 64, true)
        ]
    );
    insert(&db, 1).await.unwrap();
}

async fn a_second_start_applies_nothing(store: &Store) {
    let db = open(store, WITH_SECOND).await.unwrap();
    let before = record(&db).await;
    db.close().await;
    let db = open(store, WITH_SECOND).await.unwrap();
    assert_eq!(record(&db).await, before);
    let rows = db
        .read()
        .await
        .unwrap()
        .query("SELECT x FROM two", params![])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
}

async fn a_later_release_adds_its_steps(store: &Store) {
    open(store, FIRST).await.unwrap().close().await;
    let db = open(store, WITH_SECOND).await.unwrap();
    assert_eq!(record(&db).await.len(), 2);
}

async fn a_newer_database_is_refused_untouched(store: &Store) {
    open(store, WITH_SECOND).await.unwrap().close().await;
    let refused = assert_refused_untouched(store, FIRST).await;
    assert!(
        matches!(refused, OpenError::FutureVersion { found: 2, known: 1 }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("run a newer release"));
    open(store, WITH_SECOND).await.unwrap();
}

async fn a_changed_step_is_refused_untouched(store: &Store) {
    open(store, FIRST).await.unwrap().close().await;
    let refused = assert_refused_untouched(store, CHANGED).await;
    assert!(
        matches!(refused, OpenError::ChangedMigration { version: 1, .. }),
        "{refused:?}"
    );
}

async fn a_forgotten_step_is_refused_untouched(store: &Store) {
    let db = open(store, WITH_SECOND).await.unwrap();
    db.write::<_, crate::DatabaseFault>(|tx| {
        Box::pin(async move {
            tx.execute("DELETE FROM schema_migrations WHERE version = 1", params![])
                .await
        })
    })
    .await
    .unwrap();
    db.close().await;
    let refused = assert_refused_untouched(store, WITH_SECOND).await;
    assert!(
        matches!(refused, OpenError::MissingMigration { version: 1, .. }),
        "{refused:?}"
    );
}

async fn a_step_that_fails_is_undone_whole(store: &Store) {
    let refused = open(store, WITH_BROKEN_SECOND).await.unwrap_err();
    let OpenError::MigrationFailed {
        version: 2,
        name: "two",
        source,
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(*source.kind(), FaultKind::Other);
    let db = open(store, FIRST).await.unwrap();
    assert_eq!(record(&db).await.len(), 1);
    assert!(
        db.read()
            .await
            .unwrap()
            .query("SELECT x FROM two", params![])
            .await
            .is_err()
    );
    db.close().await;
    open(store, WITH_SECOND).await.unwrap();
}

/// The step succeeds and its line in the record fails: then the step is undone too.
async fn a_step_and_its_record_are_one(store: &Store) {
    static SPOILS_ITS_RECORD: &[Migration] = &[
        STEP_ONE,
        Migration {
            version: 2,
            name: "two",
            sql: "CREATE TABLE two (x BIGINT);
                  INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (2, 'x', 'y', 0);",
        },
    ];
    let refused = open(store, SPOILS_ITS_RECORD).await.unwrap_err();
    assert!(
        matches!(refused, OpenError::MigrationFailed { version: 2, .. }),
        "{refused:?}"
    );
    let db = open(store, WITH_SECOND).await.unwrap();
    assert_eq!(record(&db).await.len(), 2);
}

async fn two_starters_do_not_race(store: &Store) {
    // One process alone opens a file: the data folder has a lock.
    if matches!(store, Store::Sqlite(_)) {
        open(store, SCHEMA).await.unwrap().close().await;
    }
    let (one, other, third) = tokio::join!(
        open(store, SCHEMA),
        open(store, SCHEMA),
        open(store, SCHEMA)
    );
    for db in [one.unwrap(), other.unwrap(), third.unwrap()] {
        assert_eq!(record(&db).await.len(), 2);
        assert!(ids(&db).await.is_empty());
    }
}

async fn no_migrations_are_fine(store: &Store) {
    let db = open(store, &[]).await.unwrap();
    assert_eq!(
        db.read()
            .await
            .unwrap()
            .query("SELECT 1 + 1", params![])
            .await
            .unwrap()
            .len(),
        1
    );
    db.close().await;
    open(store, FIRST).await.unwrap();
}

async fn a_step_outside_the_dialect_is_refused(store: &Store) {
    static DEFERRED: &[Migration] = &[Migration {
        version: 1,
        name: "one",
        sql: "CREATE TABLE one (x BIGINT REFERENCES one (x) DEFERRABLE INITIALLY DEFERRED)",
    }];
    let refused = open(store, DEFERRED).await.unwrap_err();
    assert!(
        matches!(refused, OpenError::Dialect { version: 1, .. }),
        "{refused:?}"
    );
}
