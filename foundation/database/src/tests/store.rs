//! A store of one test's own, on either engine, and the small schema that the suite works on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use postgres_for_tests::TestDatabase;
use vocab::secret::Secret;

use crate::{Database, DatabaseFault, Engine, Limits, Location, Migration, params};

/// The schema of the suite.
pub(crate) static SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "items",
        sql: "CREATE TABLE items (
                  id BIGINT NOT NULL PRIMARY KEY,
                  name TEXT NOT NULL UNIQUE, -- the key people see
                  note TEXT,
                  parent BIGINT REFERENCES items (id),
                  size BIGINT NOT NULL DEFAULT 0 CHECK (size >= 0)
              );
              CREATE INDEX items_by_parent ON items (parent);",
    },
    Migration {
        version: 2,
        name: "kinds",
        sql: "CREATE TABLE kinds (
                  id BIGINT NOT NULL PRIMARY KEY, whole BIGINT, real_number REAL, words TEXT, raw BYTES
              ) WITHOUT ROWID;
              ALTER TABLE items ADD COLUMN label TEXT NOT NULL DEFAULT 'TEXT; -- not a comment';",
    },
];

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("database-{}-{number}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("test.db")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Every file and its content, to see whether anything was touched.
    pub(crate) fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut contents: Vec<_> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        contents.sort();
        contents
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where one test keeps its data.
pub(crate) enum Store {
    Sqlite(Folder),
    Postgres(TestDatabase<'static>),
}

impl Store {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(Folder::new())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(postgres_for_tests::shared().empty_database().unwrap())
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Sqlite(folder) => Location::Sqlite {
                path: folder.file(),
            },
            Self::Postgres(database) => postgres(database.url()),
        }
    }

    /// Opens it with the suite's schema.
    pub(crate) async fn open(&self) -> Database {
        Database::open(&self.location(), SCHEMA).await.unwrap()
    }

    /// Opens it with the suite's schema within other bounds.
    pub(crate) async fn open_within(&self, limits: Limits) -> Database {
        Database::open_within(&self.location(), SCHEMA, limits)
            .await
            .unwrap()
    }
}

pub(crate) fn postgres(url: String) -> Location {
    Location::Postgres {
        url: Secret::new(url),
    }
}

/// Stores an item.
pub(crate) async fn insert(db: &Database, id: i64) -> Result<(), DatabaseFault> {
    db.write(move |tx| {
        Box::pin(async move {
            let name = format!("item {id}");
            tx.execute(
                "INSERT INTO items (id, name) VALUES ($1, $2)",
                params![id, name],
            )
            .await?;
            Ok(())
        })
    })
    .await
}

/// The ids of all items, in order.
pub(crate) async fn ids(db: &Database) -> Vec<i64> {
    let mut tx = db.read().await.unwrap();
    let rows = tx
        .query("SELECT id FROM items ORDER BY id", params![])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}
