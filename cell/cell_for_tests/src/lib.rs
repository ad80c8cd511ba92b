//! A cell for the tests of crates over `identity`, on either engine: its store, a clock that is set by hand, and what every
//! such test does in it. It is never part of the product, and panics where a test would.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "it is a part of tests, where a failure is a panic"
)]

use database::{Database, DatabaseFault, Location, Migration};
use identity::access::{Caller, Permission, Permit, Role, authorize};
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::{Cell, CellBuilder};
use identity::notice::OUTBOX_KIND;
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::person::creation::{Beginning, NewPerson};
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::ProfileInput;
use identity::slowdown::SlowdownTable;
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use ledger::outbox::store;
use postgres_for_tests::TestDatabase;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vocab::entropy::Entropy;
use vocab::id::{OrgId, UserId};
use vocab::secret::Secret;
use vocab::slug::Slug;
use vocab::time::{Clock, ManualClock, Timestamp};

/// When every cell begins.
pub const START_SECS: i64 = 1_795_465_901;
/// Most mails that are looked at at once.
const MAILS_MAX: i64 = 100;

/// The schema of a cell as far as `identity` has it; crates above add theirs by [`with`].
pub const SCHEMA: [Migration; 35] = [
    ledger::MIGRATION,
    keys::MIGRATION,
    identity::schema::MIGRATION,
    identity::schema::MIGRATION_FOUND_BY_STATE,
    ledger::MIGRATION_ORG_MOVES,
    identity::schema::MIGRATION_BLOCKED_ZONES,
    identity::schema::MIGRATION_SEARCH,
    identity::schema::MIGRATION_APPS,
    identity::schema::MIGRATION_API_ACCESS,
    identity::schema::MIGRATION_PARTS,
    identity::schema::MIGRATION_EXTERNAL_IDS,
    identity::schema::MIGRATION_GROUP_RULES,
    identity::schema::MIGRATION_TRUSTED_ORIGINS,
    identity::schema::MIGRATION_EVENT_HOOKS,
    identity::schema::MIGRATION_TOKEN_MAKERS,
    identity::schema::MIGRATION_UNIQUE_ATTRIBUTES,
    identity::schema::MIGRATION_LOG_STREAMS,
    identity::schema::MIGRATION_INLINE_HOOKS,
    ledger::MIGRATION_LOG_WORDS,
    identity::schema::MIGRATION_IDENTITY_PROVIDERS,
    identity::schema::MIGRATION_CUSTOM_ROLES,
    ledger::MIGRATION_LOG_BY_WORDS,
    identity::schema::MIGRATION_POLICIES_AT_REST,
    identity::schema::MIGRATION_NARROWED_ROLES,
    identity::schema::MIGRATION_SCHEMAS_AND_LINKS,
    identity::schema::MIGRATION_PROVISIONING,
    identity::schema::MIGRATION_GROUP_OWNERS,
    identity::schema::MIGRATION_HOOK_KEYS,
    identity::schema::MIGRATION_PROFILE_MAPPINGS,
    identity::schema::MIGRATION_MEMBERS_PUT_BEHIND,
    identity::schema::MIGRATION_WALKED_BY_RULES,
    identity::schema::MIGRATION_BEHAVIORS,
    identity::schema::MIGRATION_USER_TYPES,
    identity::schema::MIGRATION_RETURNS_TO,
    identity::schema::MIGRATION_ENROLMENTS_BY_WHOM,
];

/// [`SCHEMA`] and the steps of a crate above, counted from 1 without a gap: in a whole cell others stand between them.
///
/// # Panics
/// At compile time, if the sum of both is another one.
#[must_use]
pub const fn with<const OWN: usize, const ALL: usize>(own: [Migration; OWN]) -> [Migration; ALL] {
    assert!(ALL == SCHEMA.len() + OWN, "so many steps there are");
    let mut all = [SCHEMA[0]; ALL];
    let (mut at, mut version) = (0, 1);
    while at < ALL {
        let step = if at < SCHEMA.len() {
            SCHEMA[at]
        } else {
            own[at - SCHEMA.len()]
        };
        all[at] = Migration { version, ..step };
        at += 1;
        version += 1;
    }
    all
}

/// A cell, and what it stands on.
pub struct TestCell {
    /// The cell.
    pub cell: Cell,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    // Dropped after the cell, which holds connections to it.
    _postgres: Option<TestDatabase<'static>>,
    _folder: TempDir,
}

impl TestCell {
    /// One on SQLite.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn on_sqlite(schema: &'static [Migration], entropy: Arc<dyn Entropy>) -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        Self::open(location, schema, entropy, folder, None).await
    }

    /// One on PostgreSQL. Cells of one name have the same schema: it is made once, and copied.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn on_postgres(
        name: &'static str,
        schema: &'static [Migration],
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let copy = postgres_for_tests::shared().copy_of(name, move |url| async move {
            let location = Location::Postgres {
                url: Secret::new(url),
            };
            let database = Database::open(&location, schema).await.unwrap();
            database.close().await;
        });
        let database = copy.await.unwrap();
        let location = Location::Postgres {
            url: Secret::new(database.url()),
        };
        let folder = TempDir::new().unwrap();
        Self::open(location, schema, entropy, folder, Some(database)).await
    }

    async fn open(
        location: Location,
        schema: &'static [Migration],
        entropy: Arc<dyn Entropy>,
        folder: TempDir,
        postgres: Option<TestDatabase<'static>>,
    ) -> Self {
        let database = Database::open(&location, schema).await.unwrap();
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

    /// Makes an org.
    ///
    /// # Panics
    /// If there is one of that name.
    pub async fn org(&self, slug: &str) -> OrgId {
        let name = Slug::parse(slug).unwrap();
        self.cell.create_org(&name, slug).await.unwrap()
    }

    /// The operator's permit.
    ///
    /// # Panics
    /// Never: the operator may do everything.
    #[must_use]
    pub fn permit(&self, org: &OrgId, permission: Permission) -> Permit {
        authorize(&Caller::Operator, org, permission, &ClientFacts::default()).unwrap()
    }

    /// An active person.
    ///
    /// # Panics
    /// If the login is taken.
    pub async fn person(&self, org: &OrgId, login: &str, first: &str, last: &str) -> UserId {
        let permit = self.permit(org, Permission::ManagePeople);
        let new = NewPerson {
            profile: ProfileInput {
                login: login.to_owned(),
                email: format!("{login}@example.com"),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                attributes: serde_json::Map::new(),
            },
            external_id: None,
            password: None,
            groups: None,
            type_id: None,
            beginning: Beginning::Staged,
            invited_by: None,
        };
        let (id, _) = self.cell.add_person(&permit, new).await.unwrap();
        let activate = LifecycleAction::Activate;
        let activated = self.cell.change_person_status(&permit, &id, activate);
        activated.await.unwrap();
        id
    }

    /// An active person with that role, and with an API token of that text.
    ///
    /// # Panics
    /// If the login is taken, or the token.
    pub async fn holder(
        &self,
        org: &OrgId,
        login: &str,
        role: Option<Role>,
        token: String,
    ) -> UserId {
        let user_id = self.person(org, login, "Given", "Family").await;
        let permit = self.permit(org, Permission::ManageOrg);
        if let Some(role) = role {
            self.cell.grant_role(&permit, &user_id, role).await.unwrap();
        }
        let declared = DeclaredApiToken {
            name: login.to_owned(),
            user_id: user_id.clone(),
            text: Secret::new(token),
        };
        let stored = self.cell.declare_api_token(&permit, declared);
        stored.await.unwrap();
        user_id
    }

    /// How many rows the org's log has.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn log_rows(&self, org: &OrgId) -> i64 {
        let mut tx = self.cell.database.read().await.unwrap();
        let head = ledger::load_head(&mut tx, org).await.unwrap();
        head.map_or(0, |head| head.seq)
    }

    /// The texts of the mails that were written since this was last asked for, to whomever they go.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn mails(&self) -> Vec<String> {
        let now = self.cell.now();
        let leased: Result<_, DatabaseFault> = self
            .cell
            .database
            .write(move |tx| {
                Box::pin(async move { store::lease_due(tx, OUTBOX_KIND, now, MAILS_MAX).await })
            })
            .await;
        let mut texts = Vec::new();
        for row in leased.unwrap() {
            let mail = self.cell.open_mail(&row.org_id, &row.payload).await;
            texts.push(mail.unwrap().text);
        }
        texts
    }

    /// The types of the rows of the org's log behind that one, oldest first, and who acted.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn log_of(&self, org: &OrgId, after: i64) -> Vec<(String, String)> {
        let mut tx = self.cell.database.read().await.unwrap();
        let mut rows = Vec::new();
        for seq in after + 1.. {
            let Some(row) = ledger::load_event(&mut tx, org, seq).await.unwrap() else {
                break;
            };
            let event = row.event().unwrap();
            rows.push((row.event_type, event.actor.kind.into_owned()));
        }
        rows
    }
}
