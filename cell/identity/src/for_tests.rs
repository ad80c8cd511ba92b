//! A cell of one test's own: store, keys, clock and randomness, on either engine.

use crate::access::{Caller, Permission, Permit, PersonCaller, Role, authorize};
use crate::cell::{Cell, CellBuilder};
use crate::password::hash_pool::{HashPool, HashPoolLimits};
use crate::person::Person;
use crate::person::lifecycle::LifecycleAction;
use crate::person::profile::ProfileInput;
use crate::session::Session;
use crate::slowdown::SlowdownTable;
use database::{Database, Location, Migration, WriteTx};
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use postgres_for_tests::TestDatabase;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::{OrgId, SessionId, UserId};
use vocab::secret::{Secret, SecretHash};
use vocab::slug::Slug;
use vocab::time::{Clock, ManualClock, Timestamp};

/// The schema of the cell as far as this crate needs it.
pub(crate) static MIGRATIONS: &[Migration] = &[
    ledger::MIGRATION,
    keys::MIGRATION,
    crate::schema::MIGRATION,
    Migration {
        version: 4,
        ..crate::schema::MIGRATION_FOUND_BY_STATE
    },
    Migration {
        version: 5,
        ..ledger::MIGRATION_ORG_MOVES
    },
    Migration {
        version: 6,
        ..crate::schema::MIGRATION_BLOCKED_ZONES
    },
    Migration {
        version: 7,
        ..crate::schema::MIGRATION_SEARCH
    },
    Migration {
        version: 8,
        ..crate::schema::MIGRATION_APPS
    },
    Migration {
        version: 9,
        ..crate::schema::MIGRATION_API_ACCESS
    },
    Migration {
        version: 10,
        ..crate::schema::MIGRATION_PARTS
    },
    Migration {
        version: 11,
        ..crate::schema::MIGRATION_EXTERNAL_IDS
    },
    Migration {
        version: 12,
        ..crate::schema::MIGRATION_GROUP_RULES
    },
    Migration {
        version: 13,
        ..crate::schema::MIGRATION_TRUSTED_ORIGINS
    },
    Migration {
        version: 14,
        ..crate::schema::MIGRATION_EVENT_HOOKS
    },
    Migration {
        version: 15,
        ..crate::schema::MIGRATION_TOKEN_MAKERS
    },
    Migration {
        version: 16,
        ..crate::schema::MIGRATION_UNIQUE_ATTRIBUTES
    },
    Migration {
        version: 17,
        ..crate::schema::MIGRATION_LOG_STREAMS
    },
    Migration {
        version: 18,
        ..crate::schema::MIGRATION_INLINE_HOOKS
    },
    Migration {
        version: 19,
        ..ledger::MIGRATION_LOG_WORDS
    },
    Migration {
        version: 20,
        ..crate::schema::MIGRATION_IDENTITY_PROVIDERS
    },
    Migration {
        version: 21,
        ..crate::schema::MIGRATION_CUSTOM_ROLES
    },
    Migration {
        version: 22,
        ..ledger::MIGRATION_LOG_BY_WORDS
    },
    Migration {
        version: 23,
        ..crate::schema::MIGRATION_POLICIES_AT_REST
    },
    Migration {
        version: 24,
        ..crate::schema::MIGRATION_NARROWED_ROLES
    },
    Migration {
        version: 25,
        ..crate::schema::MIGRATION_SCHEMAS_AND_LINKS
    },
    Migration {
        version: 26,
        ..crate::schema::MIGRATION_PROVISIONING
    },
    Migration {
        version: 27,
        ..crate::schema::MIGRATION_GROUP_OWNERS
    },
    Migration {
        version: 28,
        ..crate::schema::MIGRATION_HOOK_KEYS
    },
    Migration {
        version: 29,
        ..crate::schema::MIGRATION_PROFILE_MAPPINGS
    },
    Migration {
        version: 30,
        ..crate::schema::MIGRATION_MEMBERS_PUT_BEHIND
    },
    Migration {
        version: 31,
        ..crate::schema::MIGRATION_WALKED_BY_RULES
    },
    Migration {
        version: 32,
        ..crate::schema::MIGRATION_BEHAVIORS
    },
    Migration {
        version: 33,
        ..crate::schema::MIGRATION_USER_TYPES
    },
    Migration {
        version: 34,
        ..crate::schema::MIGRATION_RETURNS_TO
    },
    Migration {
        version: 35,
        ..crate::schema::MIGRATION_ENROLMENTS_BY_WHOM
    },
];

/// When each test begins.
const START_SECS: i64 = 1_795_465_901;
const SEED: u64 = 1_815;

/// Makes a test on each engine of every named function, which takes a fresh [`World`].
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::for_tests::World::on_sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::for_tests::World::on_postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_engines;

/// A cell with the means to move its clock.
pub(crate) struct World {
    pub(crate) cell: Cell,
    pub(crate) clock: Arc<ManualClock>,
    // Dropped after the cell, which holds connections to it.
    _postgres: Option<TestDatabase<'static>>,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        Self::open(location, folder, None).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let server = postgres_for_tests::shared();
        let database = server
            .copy_of("identity", |url| async move {
                let location = Location::Postgres {
                    url: Secret::new(url),
                };
                Database::open(&location, MIGRATIONS)
                    .await
                    .unwrap()
                    .close()
                    .await;
            })
            .await
            .unwrap();
        let location = Location::Postgres {
            url: Secret::new(database.url()),
        };
        Self::open(location, TempDir::new().unwrap(), Some(database)).await
    }

    async fn open(
        location: Location,
        folder: TempDir,
        postgres: Option<TestDatabase<'static>>,
    ) -> Self {
        let database = Database::open(&location, MIGRATIONS).await.unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(SEED));
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(START_SECS)));
        let root = FileRoot::create(&folder.path().join("root.key"), entropy.as_ref()).unwrap();
        let told: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let keyring = Keyring::new(
            database.clone(),
            vec![Arc::new(root)],
            Arc::clone(&entropy),
            Arc::clone(&told),
        );
        let limits = HashPoolLimits {
            workers: 1,
            queue_jobs_max: 64,
            wait_max: Duration::from_secs(60),
            burst_max: Duration::from_secs(60),
        };
        let cell = CellBuilder {
            database,
            keyring: keyring.clone(),
            signing_keys: SigningKeys::new(keyring, RotationSchedule::default()),
            clock: told,
            passwords: HashPool::start(limits, Arc::clone(&entropy)).unwrap(),
            slowdown: SlowdownTable::default(),
            entropy,
        }
        .build();
        Self {
            cell,
            clock,
            _postgres: postgres,
            _folder: folder,
        }
    }

    pub(crate) async fn org(&self, slug: &str) -> OrgId {
        self.cell
            .create_org(&Slug::parse(slug).unwrap(), slug)
            .await
            .unwrap()
    }

    /// A permit of the operator.
    pub(crate) fn permit(&self, org: &OrgId, permission: Permission) -> Permit {
        authorize(&Caller::Operator, org, permission, &ClientFacts::default()).unwrap()
    }

    /// A permit of a person in a session.
    pub(crate) fn permit_of(
        &self,
        person: &Person,
        roles: &[Role],
        permission: Permission,
    ) -> Permit {
        let caller = Caller::Person(PersonCaller {
            org_id: person.org_id.clone(),
            user_id: person.id.clone(),
            login: person.login.clone(),
            display_name: person.display_name(),
            session_id: SessionId::generate(self.cell.entropy()),
            roles: roles.to_vec(),
            capabilities: std::collections::BTreeSet::new(),
            administration_unlocked: true,
        });
        authorize(&caller, &person.org_id, permission, &ClientFacts::default()).unwrap()
    }

    /// An active person.
    pub(crate) async fn person(&self, org: &OrgId, login: &str) -> Person {
        let permit = self.permit(org, Permission::ManagePeople);
        let id = self
            .cell
            .create_person(&permit, profile(login))
            .await
            .unwrap();
        self.cell
            .change_person_status(&permit, &id, LifecycleAction::Activate)
            .await
            .unwrap();
        self.load(org, &id).await
    }

    /// An active person with a role.
    pub(crate) async fn administrator(&self, org: &OrgId, login: &str, role: Role) -> Person {
        let person = self.person(org, login).await;
        let permit = self.permit(org, Permission::ManageOrg);
        self.cell
            .grant_role(&permit, &person.id, role)
            .await
            .unwrap();
        person
    }

    pub(crate) async fn load(&self, org: &OrgId, id: &UserId) -> Person {
        let mut tx = self.cell.database.read().await.unwrap();
        crate::person::store::load(&mut tx, org, id)
            .await
            .unwrap()
            .unwrap()
    }

    /// A session of the person that begins now, with that secret.
    pub(crate) async fn session(&self, person: &Person, secret: &str) -> Session {
        let now = self.cell.now();
        let session = Session {
            org_id: person.org_id.clone(),
            id: SessionId::generate(self.cell.entropy()),
            user_id: person.id.clone(),
            user_epoch: person.epoch,
            authenticators: Vec::new(),
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now.plus_secs(2 * 60 * 60),
            expires_at: now.plus_secs(12 * 60 * 60),
            address: "192.0.2.1".into(),
            user_agent: "test".into(),
        };
        let (stored, hash) = (session.clone(), SecretHash::of(secret));
        self.write(move |tx| {
            Box::pin(async move { crate::session::store::insert(tx, &stored, &hash).await })
        })
        .await;
        session
    }

    /// Runs a write that must succeed.
    pub(crate) async fn write<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut WriteTx) -> database::TxFuture<'t, T, crate::fault::Fault>
            + Send
            + 'static,
    {
        self.cell.database.write(work).await.unwrap()
    }

    /// How many rows the org's log has.
    pub(crate) async fn log_rows(&self, org: &OrgId) -> i64 {
        let mut tx = self.cell.database.read().await.unwrap();
        ledger::load_head(&mut tx, org)
            .await
            .unwrap()
            .map_or(0, |head| head.seq)
    }
}

/// A profile that is in order.
pub(crate) fn profile(login: &str) -> ProfileInput {
    let email = if login.contains('@') {
        login.to_owned()
    } else {
        format!("{login}@example.com")
    };
    ProfileInput {
        login: login.to_owned(),
        email,
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        attributes: serde_json::Map::new(),
    }
}
