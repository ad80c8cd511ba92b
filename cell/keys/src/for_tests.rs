//! A store of one test's own, on either engine, with a clock that the test moves.

use crate::{FileRoot, Keyring, RootOfTrust};
use database::{Database, DatabaseFault, Location, Migration};
use postgres_for_tests::TestDatabase;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use vocab::entropy::SystemEntropy;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::{ManualClock, Timestamp};

static MIGRATIONS: &[Migration] = &[
    ledger::MIGRATION,
    crate::MIGRATION,
    Migration {
        // Those between are of higher crates.
        version: 3,
        ..ledger::MIGRATION_ORG_MOVES
    },
];

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keys-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn root(&self, name: &str) -> Arc<dyn RootOfTrust> {
        Arc::new(FileRoot::create(&self.0.join(name), &SystemEntropy).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A store of one test's own.
pub(crate) struct Store {
    pub(crate) db: Database,
    pub(crate) folder: Folder,
    pub(crate) clock: Arc<ManualClock>,
    _server: Option<TestDatabase<'static>>,
}

impl Store {
    pub(crate) async fn sqlite() -> Self {
        let folder = Folder::new();
        let location = Location::Sqlite {
            path: folder.path().join("test.db"),
        };
        Self::open(location, folder, None).await
    }

    pub(crate) async fn postgres() -> Self {
        let server = postgres_for_tests::shared().empty_database().unwrap();
        let location = Location::Postgres {
            url: Secret::new(server.url()),
        };
        Self::open(location, Folder::new(), Some(server)).await
    }

    /// One on each engine.
    pub(crate) async fn both() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }

    async fn open(
        location: Location,
        folder: Folder,
        server: Option<TestDatabase<'static>>,
    ) -> Self {
        let db = Database::open(&location, MIGRATIONS).await.unwrap();
        Self {
            db,
            folder,
            clock: Arc::new(ManualClock::new(START)),
            _server: server,
        }
    }

    /// A keyring of a process of its own: it remembers nothing of the others.
    pub(crate) fn keyring(&self, roots: &[Arc<dyn RootOfTrust>]) -> Keyring {
        Keyring::new(
            self.db.clone(),
            roots.to_vec(),
            Arc::new(SystemEntropy),
            self.clock.clone(),
        )
    }

    /// Makes an org as far as keys are concerned.
    pub(crate) async fn create_org(&self, keyring: &Keyring) -> OrgId {
        let org = OrgId::generate(&SystemEntropy);
        let key = keyring.prepare_org_key(&org).await.unwrap();
        let made = self
            .db
            .write(move |tx| Box::pin(async move { key.insert(tx).await }));
        let made: Result<(), DatabaseFault> = made.await;
        made.unwrap();
        org
    }
}
