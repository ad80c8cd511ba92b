//! A store of one test's own, on either engine, with the tables of this crate.

use crate::{
    Event, MIGRATION, MIGRATION_LOG_BY_WORDS, MIGRATION_LOG_WORDS, MIGRATION_ORG_MOVES, append,
};
use database::{Database, DatabaseFault, Location, Migration};
use postgres_for_tests::TestDatabase;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use vocab::id::OrgId;
use vocab::secret::Secret;

static MIGRATIONS: &[Migration] = &[
    MIGRATION,
    Migration {
        // Those between are of higher crates.
        version: 2,
        ..MIGRATION_ORG_MOVES
    },
    Migration {
        version: 3,
        ..MIGRATION_LOG_WORDS
    },
    Migration {
        version: 4,
        ..MIGRATION_LOG_BY_WORDS
    },
];

/// A store of one test's own.
pub(crate) struct Store {
    pub(crate) db: Database,
    /// The folder of the embedded store; it goes with the test.
    folder: Option<PathBuf>,
    /// The database on the server; it goes by itself.
    _server: Option<TestDatabase<'static>>,
}

impl Store {
    pub(crate) async fn sqlite() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ledger-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let location = Location::Sqlite {
            path: folder.join("test.db"),
        };
        Self {
            db: Database::open(&location, MIGRATIONS).await.unwrap(),
            folder: Some(folder),
            _server: None,
        }
    }

    pub(crate) async fn postgres() -> Self {
        let database = postgres_for_tests::shared().empty_database().unwrap();
        let location = Location::Postgres {
            url: Secret::new(database.url()),
        };
        Self {
            db: Database::open(&location, MIGRATIONS).await.unwrap(),
            folder: None,
            _server: Some(database),
        }
    }

    /// One on each engine.
    pub(crate) async fn both() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }

    /// Appends in one transaction.
    pub(crate) async fn append(&self, org: &OrgId, events: Vec<Event>) {
        let org = org.clone();
        let appended = self.db.write(move |tx| {
            Box::pin(async move {
                for event in events {
                    append(tx, &org, event).await?;
                }
                Ok::<_, DatabaseFault>(())
            })
        });
        appended.await.unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}
