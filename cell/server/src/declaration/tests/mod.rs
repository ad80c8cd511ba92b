//! Whole cells, on either engine, that a document is applied to.

mod applying;
mod documents;
mod guide;
mod hostile;
mod planning;

use crate::declaration::problem::Unfinished;
use crate::declaration::progress::Progress;
use crate::declaration::report::Report;
use crate::declaration::secret::Secrets;
use crate::declaration::{Declaration, Mode, parse, run};
use crate::start::MIGRATIONS;
use database::{Database, Location};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::cell::{Cell, CellBuilder};
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::person::Person;
use identity::slowdown::SlowdownTable;
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use postgres_for_tests::TestDatabase;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::{Clock, ManualClock, Timestamp};

/// Something of every kind.
const WHOLE: &str = r##"
orgs:
  - slug: main
    name: Analytical Engines
    branding: { colour: "#224466" }
    user_types:
      - name: contractor
        display_name: Contractor
        attributes: [ { name: agency, title: Agency, kind: text, required: true, self_editable: false } ]
    people:
      - login: ada@example.com
        email: ada@example.com
        first_name: Ada
        last_name: Lovelace
        password: { clear: "plain clock winter harbour" }
        roles: [super_admin]
      - login: grace@example.com
        email: grace@example.com
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$O5gCfgxSfXhebRC2dWp5ZQ$J7yUsN0SEuV8WHWknnrS9GRq0sJLaUW3KqyIaNhMl7E"
      - login: charles@example.com
        email: charles@example.com
        type: contractor
        attributes: { agency: Acme }
        invitation: true
    groups:
      - name: Engineers
        description: They build
        members: [ada@example.com, Grace@example.com]
    zones:
      - name: Office
        ranges: [192.0.2.0/24, "2001:db8::/32"]
    behaviors:
      - { name: New device, kind: anomalous_device, events_min: 1 }
    trusted_origins:
      - { name: Shop, origin: "https://shop.example.com", scopes: [CORS] }
    policies:
      - name: Two factors
        rules:
          - name: Engineers
            groups: { include: [Engineers] }
            zones: { not_in: [Office] }
            behaviors: [New device]
            outcome: { allow: { require: { factors: two_factors } } }
          - name: Others
            outcome: deny
    apps:
      - id: 0oaWebBasic000000001
        label: Wiki
        kind: web
        client_secret: { clear: web-secret-of-the-test-bed-0123456789 }
        policy: Two factors
        groups: [Engineers]
        people: [charles@example.com]
        settings:
          redirect_uris: [ "http://127.0.0.1:9/callback" ]
      - label: Calendar
        kind: single_page
        settings:
          redirect_uris: [ "http://127.0.0.1:9/callback" ]
          visibility: everyone
    authorization_servers:
      - name: default
        audience: api://default
        scopes: [ { name: read, description: Read } ]
        rules:
          - name: Wiki
            apps: [Wiki]
            groups: [Engineers]
      - name: Orders
        audience: api://orders
    api_tokens:
      - name: Pipeline
        person: ada@example.com
        token: { clear: 00Tabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLM }
  - slug: acme
    name: Acme
"##;

/// Makes a test on each engine of every named function, which takes a fresh [`World`].
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::declaration::tests::World::on_sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::declaration::tests::World::on_postgres().await).await;
                }
            )+
        }
    };
}
use on_both_engines;

/// A cell of one test's own.
pub(crate) struct World {
    pub(crate) cell: Cell,
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

    async fn on_postgres() -> Self {
        let server = postgres_for_tests::shared();
        let database = server
            .copy_of("declaration", |url| async move {
                let location = Location::Postgres {
                    url: Secret::new(url),
                };
                let migrated = Database::open(&location, &MIGRATIONS).await.unwrap();
                migrated.close().await;
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
        let database = Database::open(&location, &MIGRATIONS).await.unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1_815));
        let clock: Arc<dyn Clock> =
            Arc::new(ManualClock::new(Timestamp::from_seconds(1_795_465_901)));
        let root = FileRoot::create(&folder.path().join("root.key"), entropy.as_ref()).unwrap();
        let keyring = Keyring::new(
            database.clone(),
            vec![Arc::new(root)],
            Arc::clone(&entropy),
            Arc::clone(&clock),
        );
        let passwords = HashPool::start(HashPoolLimits::default(), Arc::clone(&entropy)).unwrap();
        let cell = CellBuilder {
            database,
            keyring: keyring.clone(),
            signing_keys: SigningKeys::new(keyring, RotationSchedule::default()),
            clock,
            passwords,
            slowdown: SlowdownTable::default(),
            entropy,
        }
        .build();
        Self {
            cell,
            _postgres: postgres,
            _folder: folder,
        }
    }

    async fn run(&self, text: &str, mode: Mode) -> Result<Report, Unfinished> {
        let document = parse::parse_document(text).unwrap();
        let secrets = Secrets::fetch(&document, Path::new(""));
        let declaration = Declaration {
            text: Secret::new(text.to_owned()),
            document,
            secrets,
        };
        let progress = Progress::default();
        let report = run(
            &self.cell,
            declaration,
            mode,
            "http://localhost:8080",
            &progress,
        )
        .await;
        if report.is_ok() {
            assert_eq!(progress.tally().done, progress.tally().total);
        }
        report
    }

    async fn apply(&self, text: &str) -> Report {
        self.run(text, Mode::Apply).await.unwrap()
    }

    async fn plan(&self, text: &str) -> Report {
        self.run(text, Mode::Plan).await.unwrap()
    }

    async fn refused(&self, text: &str, mode: Mode) -> String {
        let path = Path::new("doc.yaml");
        let unfinished = self.run(text, mode).await.unwrap_err();
        unfinished.problem.of_file(path).to_string()
    }

    async fn org(&self, slug: &str) -> OrgId {
        let mut tx = self.cell.database.read().await.unwrap();
        let found = identity::org::store::find_by_slug(&mut tx, slug).await;
        found.unwrap().unwrap()
    }

    fn permit(&self, org: &OrgId, permission: Permission) -> Permit {
        authorize(&Caller::Operator, org, permission, &ClientFacts::default()).unwrap()
    }

    async fn person(&self, org: &OrgId, login: &str) -> Person {
        let mut tx = self.cell.database.read().await.unwrap();
        let found = identity::person::store::find_by_identifier(&mut tx, org, login).await;
        found.unwrap().unwrap()
    }

    async fn log_rows(&self, org: &OrgId) -> i64 {
        let mut tx = self.cell.database.read().await.unwrap();
        let head = ledger::load_head(&mut tx, org).await.unwrap();
        head.map_or(0, |head| head.seq)
    }
}
