//! A cell with two orgs and tokens in each, called through the router of SCIM, on either engine.

use crate::route::{OPERATIONS, Operation, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use cell_for_tests::TestCell;
use database::Migration;
use http::HeaderMap;
use identity::access::{Caller, Permission, Role, authorize};
use identity::api_token::allowance::Allowances;
use identity::cell::Cell;
use identity::org::context::{OrgContext, RequestFacts};
use identity::org::settings::{AttributeKind, OrgSettings, ProfileAttribute};
use ledger::ClientFacts;
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::Arc;
use tower::ServiceExt as _;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::OrgId;

/// The schema of the cell as far as this crate needs it.
static SCHEMA: [Migration; 35] = cell_for_tests::with([]);
pub(crate) const REQUEST_ID: &str = "0123456789abcdef0123456789abcdef";
/// Calls of one token that the world lets through: more than a test makes, but for the one about just that.
pub(crate) const CALLS_MAX: u32 = 400;

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(7_644))
}

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
    test: TestCell,
    pub(crate) main: OrgId,
    pub(crate) other: OrgId,
    router: Router,
}

impl Deref for World {
    type Target = TestCell;

    fn deref(&self) -> &TestCell {
        &self.test
    }
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        Self::furnish(TestCell::on_sqlite(&SCHEMA, entropy()).await).await
    }

    pub(crate) async fn on_postgres() -> Self {
        Self::furnish(TestCell::on_postgres("scim", &SCHEMA, entropy()).await).await
    }

    async fn furnish(test: TestCell) -> Self {
        let (main, other) = (test.org("main").await, test.org("other").await);
        set_schema(&test.cell, &main).await;
        let routes: Router<Cell> = router(&Allowances::new(CALLS_MAX));
        let world = Self {
            router: routes.with_state(test.cell.clone()),
            test,
            main,
            other,
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
        let token = by.token().unwrap();
        self.holder(org, login, role, token).await;
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
            device_cookie: String::new(),
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

    /// The types of the newest rows of the log of `main`, oldest first, and who acted.
    pub(crate) async fn log_since(&self, seq: i64) -> Vec<(String, String)> {
        self.log_of(&self.main, seq).await
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
        ..ProfileAttribute::default()
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
