//! A cell with two orgs and tokens in each, called through the router of SCIM, on either engine.

use crate::route::{OPERATIONS, Operation, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use database::{Database, Location, Migration};
use http::HeaderMap;
use identity::access::{Caller, Permission, Permit, Role, authorize};
use identity::api_token::allowance::Allowances;
use identity::api_token::operations::DeclaredApiToken;
use identity::cell::{Cell, CellBuilder};
use identity::org::context::{OrgContext, RequestFacts};
use identity::org::settings::{AttributeKind, OrgSettings, ProfileAttribute};
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::person::creation::{Beginning, NewPerson};
use identity::person::profile::ProfileInput;
use identity::slowdown::SlowdownTable;
use keys::{FileRoot, Keyring, RotationSchedule, SigningKeys};
use ledger::ClientFacts;
use postgres_for_tests::TestDatabase;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt as _;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::{OrgId, UserId};
use vocab::secret::Secret;
use vocab::slug::Slug;
use vocab::time::{Clock, ManualClock, Timestamp};

/// The schema of the cell as far as this crate needs it.
static MIGRATIONS: &[Migration] = &[
    ledger::MIGRATION,
    keys::MIGRATION,
    identity::schema::MIGRATION,
    // Those between are higher crates'.
    at(4, identity::schema::MIGRATION_FOUND_BY_STATE),
    at(5, ledger::MIGRATION_ORG_MOVES),
    at(6, identity::schema::MIGRATION_BLOCKED_ZONES),
    at(7, identity::schema::MIGRATION_SEARCH),
    at(8, identity::schema::MIGRATION_APPS),
    at(9, identity::schema::MIGRATION_API_ACCESS),
    at(10, identity::schema::MIGRATION_PARTS),
    at(11, identity::schema::MIGRATION_EXTERNAL_IDS),
];

const fn at(version: i64, it: Migration) -> Migration {
    Migration { version, ..it }
}

const START_SECS: i64 = 1_795_465_901;
pub(crate) const REQUEST_ID: &str = "0123456789abcdef0123456789abcdef";
/// Calls of one token that the world lets through: more than a test makes, but for the one about just that.
pub(crate) const CALLS_MAX: u32 = 400;

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

/// Whose token a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Nobody's.
    Nobody,
    /// The super administrator's.
    Manager,
    /// The read-only administrator's.
    Reader,
    /// That of somebody without a role.
    Person,
    /// The super administrator's of the other org.
    Stranger,
    /// That of an administrator of people, whom only the tests about reach have.
    Keeper,
}

impl By {
    pub(crate) fn token(self) -> Option<String> {
        let sign = match self {
            Self::Nobody => return None,
            Self::Manager => 'm',
            Self::Reader => 'r',
            Self::Person => 'p',
            Self::Stranger => 's',
            Self::Keeper => 'k',
        };
        Some(format!("00T{}", String::from(sign).repeat(43)))
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    /// The kind of the error.
    pub(crate) fn kind(&self) -> &str {
        self.body["scimType"].as_str().unwrap_or_default()
    }

    /// Status and kind, where it is an error.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        let status = self.status.as_u16();
        if status >= 400 {
            assert_eq!(self.body["status"], status.to_string(), "{}", self.body);
        }
        (status, self.kind())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// A text of every resource of a list.
    pub(crate) fn texts(&self, pointer: &str) -> Vec<String> {
        let list = self.body["Resources"].as_array();
        let list = list.unwrap_or_else(|| panic!("no list: {}", self.body));
        list.iter()
            .map(|thing| thing.pointer(pointer).unwrap().as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn id(&self) -> String {
        let id = self.body["id"].as_str();
        id.unwrap_or_else(|| panic!("{} {}", self.status, self.body))
            .to_owned()
    }
}

/// The cell, its router, and the orgs.
pub(crate) struct World {
    pub(crate) cell: Cell,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) main: OrgId,
    pub(crate) other: OrgId,
    router: Router,
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
        let copy = postgres_for_tests::shared().copy_of("scim", |url| async move {
            let location = Location::Postgres {
                url: Secret::new(url),
            };
            let database = Database::open(&location, MIGRATIONS).await.unwrap();
            database.close().await;
        });
        let database = copy.await.unwrap();
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
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7_644));
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
        let org = async |slug: &str| {
            let made = cell.create_org(&Slug::parse(slug).unwrap(), slug).await;
            made.unwrap()
        };
        let (main, other) = (org("main").await, org("other").await);
        set_schema(&cell, &main).await;
        let routes: Router<Cell> = router(&Allowances::new(CALLS_MAX));
        let world = Self {
            router: routes.with_state(cell.clone()),
            cell,
            clock,
            main,
            other,
            _postgres: postgres,
            _folder: folder,
        };
        let (main, other) = (&world.main, &world.other);
        for (org, login, role, by) in [
            (main, "manager", Some(Role::SuperAdmin), By::Manager),
            (main, "reader", Some(Role::ReadOnlyAdmin), By::Reader),
            (main, "person", None, By::Person),
            (other, "stranger", Some(Role::SuperAdmin), By::Stranger),
        ] {
            world.give_token(org, login, role, by).await;
        }
        world
    }

    /// Somebody with that role, and with a token.
    pub(crate) async fn give_token(&self, org: &OrgId, login: &str, role: Option<Role>, by: By) {
        let user_id = self.person(org, login, "Given", "Family").await;
        let permit = self.permit(org, Permission::ManageOrg);
        if let Some(role) = role {
            self.cell.grant_role(&permit, &user_id, role).await.unwrap();
        }
        let declared = DeclaredApiToken {
            name: login.to_owned(),
            user_id,
            text: Secret::new(by.token().unwrap()),
        };
        self.cell
            .declare_api_token(&permit, declared)
            .await
            .unwrap();
    }

    /// An active person.
    pub(crate) async fn person(&self, org: &OrgId, login: &str, first: &str, last: &str) -> UserId {
        use identity::person::lifecycle::LifecycleAction::Activate;
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
            beginning: Beginning::Staged,
            invited_by: None,
        };
        let (id, _) = self.cell.add_person(&permit, new).await.unwrap();
        let activated = self.cell.change_person_status(&permit, &id, Activate);
        activated.await.unwrap();
        id
    }

    pub(crate) fn permit(&self, org: &OrgId, permission: Permission) -> Permit {
        authorize(&Caller::Operator, org, permission, &ClientFacts::default()).unwrap()
    }

    /// Calls the org `main`.
    pub(crate) async fn call(&self, by: By, method: &str, path: &str, body: &Value) -> Answered {
        let mut headers = Vec::new();
        if let Some(token) = by.token() {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        if !body.is_null() {
            headers.push(("content-type", String::from("application/scim+json")));
        }
        let text = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        self.send(method, path, &headers, text).await
    }

    /// Calls with these headers and this body and no others.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let context = OrgContext {
            org: self.main.clone(),
            slug: "main".into(),
            name: "Main".into(),
            base_url: "https://id.example/t/main".into(),
            path_prefix: "/t/main".into(),
            rp_id: "id.example".into(),
        };
        let facts = RequestFacts {
            client: ClientFacts {
                request_id: REQUEST_ID.into(),
                ..ClientFacts::default()
            },
            now: self.cell.now(),
            session: None,
        };
        let request = request
            .extension(Arc::new(context))
            .extension(Arc::new(facts))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.call(By::Manager, "GET", path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.call(By::Manager, "POST", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answered {
        let body = json!({ "schemas": [protocol::scim::PATCH_OP], "Operations": operations });
        self.call(By::Manager, "PATCH", path, &body).await
    }

    /// A change on condition of a version.
    pub(crate) async fn conditional(
        &self,
        method: &str,
        path: &str,
        (name, tag): (&str, &str),
        body: &Value,
    ) -> Answered {
        let headers = [
            (
                "authorization",
                format!("Bearer {}", By::Manager.token().unwrap()),
            ),
            ("content-type", String::from("application/scim+json")),
            (name, tag.to_owned()),
        ];
        self.send(method, path, &headers, body.to_string()).await
    }

    /// Every page of a list, by the cursors alone.
    pub(crate) async fn walk(&self, path: &str, pointer: &str) -> Vec<String> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{mark}cursor={cursor}")).await;
            assert!(page.body.get("totalResults").is_none(), "{}", page.body);
            found.extend(page.texts(pointer));
            match page.body["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return found,
            }
        }
    }

    /// How many rows the org's log has.
    pub(crate) async fn log_rows(&self, org: &OrgId) -> i64 {
        let mut tx = self.cell.database.read().await.unwrap();
        let head = ledger::load_head(&mut tx, org).await.unwrap();
        head.map_or(0, |head| head.seq)
    }

    /// The types of the newest rows of the log of `main`, oldest first, and who acted.
    pub(crate) async fn log_since(&self, seq: i64) -> Vec<(String, String)> {
        let mut tx = self.cell.database.read().await.unwrap();
        let mut rows = Vec::new();
        for seq in seq + 1.. {
            let Some(row) = ledger::load_event(&mut tx, &self.main, seq).await.unwrap() else {
                return rows;
            };
            let event = row.event().unwrap();
            rows.push((row.event_type, event.actor.kind.into_owned()));
        }
        rows
    }
}

/// The attributes that the people of the first org have.
async fn set_schema(cell: &Cell, org: &OrgId) {
    let attribute = |name: &str, kind| ProfileAttribute {
        name: name.to_owned(),
        title: String::new(),
        kind,
        required: false,
        self_editable: false,
    };
    let snapshot = cell.snapshot(org).await.unwrap().unwrap();
    let mut profile_schema: Vec<ProfileAttribute> = [
        "title",
        "nickName",
        "mobilePhone",
        "department",
        "employeeNumber",
        "managerId",
    ]
    .into_iter()
    .map(|name| attribute(name, AttributeKind::Text))
    .collect();
    profile_schema.push(attribute("level", AttributeKind::Integer));
    profile_schema.push(attribute("guest", AttributeKind::Boolean));
    let settings = OrgSettings {
        profile_schema,
        ..snapshot.org.settings.clone()
    };
    let client = ClientFacts::default();
    let permit = authorize(&Caller::Operator, org, Permission::ManageOrg, &client).unwrap();
    let changed = cell.update_org(&permit, snapshot.org.clone(), "Main", settings);
    changed.await.unwrap();
}

/// The path of an operation with an id for its parameter.
pub(crate) fn fill(operation: &Operation, user: &str, group: &str) -> String {
    let owner = match operation.path.starts_with("/scim/v2/Groups") {
        true => group,
        false => user,
    };
    operation
        .path
        .replace("{id}", owner)
        .replace(
            "Schemas/{name}",
            &format!("Schemas/{}", protocol::scim::USER),
        )
        .replace("{name}", "User")
}

pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter()
}
