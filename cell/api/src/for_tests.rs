//! A cell with two orgs and tokens in each, called through the router of the API, on either engine.

mod custom;
mod deciders;
pub(crate) mod described;
pub(crate) mod desk;
pub(crate) mod held;
mod narrowed;
mod provisioned;
pub(crate) mod receiver;
mod recorded;
mod settings;

use crate::for_tests::custom::Custom;
use crate::for_tests::deciders::Deciders;
use crate::for_tests::described::Seen;
use crate::for_tests::held::Held;
use crate::for_tests::narrowed::Narrowed;
use crate::for_tests::receiver::Receiver;
use crate::profile_mappings::mapping_id;
use crate::route::{OPERATIONS, Operation, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use cell_for_tests::TestCell;
use database::Migration;
use http::{HeaderMap, header};
use identity::access::scope::ApiScope;
use identity::access::{Permission, Role};
use identity::api_token::allowance::Allowances;
use identity::app::AppKind;
use identity::app::operations::NewApp;
use identity::app::settings::{AppSettings, ClientAuthentication};
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use identity::org::context::{OrgContext, RequestFacts};
use identity::session::Session;
use identity::sign_on::requirement::Factors;
use identity::sign_on::{
    Allow, AuthenticatorKind, Outcome, ProvedAuthenticator, Requirement, SignOnPolicy,
};
use ledger::ClientFacts;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::signing_key::SigningKey;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::{ApiGrantId, AppId, OrgId, SessionId, UserId};
use vocab::secret::SecretHash;

/// The schema of the cell as far as this crate needs it.
static SCHEMA: [Migration; 37] = cell_for_tests::with([
    oauth::schema::MIGRATION,
    oauth::schema::MIGRATION_REFRESH_FAMILIES_BY_APP,
]);
pub(crate) const REQUEST_ID: &str = "0123456789abcdef0123456789abcdef";
/// Calls of one token that the world lets through: more than a test makes, but for the one about just that.
pub(crate) const CALLS_MAX: u32 = 1_500;

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(1_843))
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
    /// That of an administrator with this role, whom [`World::administrator`] made.
    Of(Role),
}

impl By {
    pub(crate) fn token(self) -> Option<String> {
        let sign = match self {
            Self::Nobody => return None,
            Self::Manager => 'm',
            Self::Reader => 'r',
            Self::Person => 'p',
            Self::Stranger => 's',
            Self::Of(role) => {
                let place = Role::ALL.into_iter().position(|known| known == role)?;
                char::from_digit(u32::try_from(place).ok()?, 10)?
            }
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
    /// The code of the error.
    pub(crate) fn code(&self) -> &str {
        self.body["errorCode"].as_str().unwrap_or_default()
    }

    /// Status and code, where it is an error.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The address behind a relation of the `Link` headers.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let end = format!(">; rel=\"{relation}\"");
        let links = self.headers.get_all(header::LINK).iter();
        let mut links = links.filter_map(|link| link.to_str().unwrap().strip_suffix(&end));
        links.next().map(|link| link[1..].to_owned())
    }

    /// A text of every thing of a list.
    pub(crate) fn texts(&self, pointer: &str) -> Vec<String> {
        let list = self.body.as_array();
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
    answered_well: Mutex<BTreeSet<(String, &'static str)>>,
    /// From where calls come.
    address: Mutex<String>,
    pub(crate) receiver: Arc<Receiver>,
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
        Self::furnish(TestCell::on_postgres("api", &SCHEMA, entropy()).await).await
    }

    async fn furnish(mut test: TestCell) -> Self {
        let receiver = Arc::<Receiver>::default();
        test.cell = test.cell.reaching(Arc::<Receiver>::clone(&receiver));
        let (main, other) = (test.org("main").await, test.org("other").await);
        let routes: Router<Cell> = router(&Allowances::new(CALLS_MAX));
        let world = Self {
            router: routes.with_state(test.cell.clone()),
            test,
            main,
            other,
            answered_well: Mutex::default(),
            address: Mutex::default(),
            receiver,
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

    async fn give_token(&self, org: &OrgId, login: &str, role: Option<Role>, by: By) -> UserId {
        let token = by.token().unwrap();
        self.holder(org, login, role, token).await
    }

    /// An administrator with a role and a token, who signs in with its word.
    pub(crate) async fn administrator(&self, role: Role) -> UserId {
        let login = role.as_str().to_lowercase();
        self.give_token(&self.main, &login, Some(role), By::Of(role))
            .await
    }

    /// Gives somebody of `main` a role.
    pub(crate) async fn grant(&self, user: &UserId, role: Role) {
        let permit = self.permit(&self.main, Permission::ManageOrg);
        self.cell.grant_role(&permit, user, role).await.unwrap();
    }

    /// Calls the org `main`.
    pub(crate) async fn call(&self, by: By, method: &str, path: &str, body: &Value) -> Answered {
        let mut headers = Vec::new();
        if let Some(token) = by.token() {
            headers.push(("authorization", format!("SSWS {token}")));
        }
        if !body.is_null() {
            headers.push(("content-type", String::from("application/json")));
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
        let facts = RequestFacts {
            client: ClientFacts {
                request_id: REQUEST_ID.into(),
                ip: self.address.lock().unwrap().clone(),
                ..ClientFacts::default()
            },
            now: self.cell.now(),
            session: None,
            device_cookie: String::new(),
        };
        let request = request
            .extension(self.context())
            .extension(Arc::new(facts))
            .extension(Arc::<Receiver>::clone(&self.receiver) as Arc<dyn Envoy>)
            .body(Body::from(body.clone()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, answered) = response.into_parts();
        let bytes = to_bytes(answered, 16 << 20).await.unwrap();
        let seen = Seen {
            method,
            path,
            sent: &body,
            status: parts.status,
            headers: &parts.headers,
            answered: &bytes,
        };
        let operation = described::check(&seen);
        if let Some(operation) = operation {
            recorded::record(operation, &seen);
        }
        if let Some(operation) = operation.filter(|_| parts.status.is_success()) {
            let mut known = self.answered_well.lock().unwrap();
            known.insert((method.to_owned(), operation));
        }
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    /// From here on calls come from that address.
    pub(crate) fn at(&self, address: &str) {
        *self.address.lock().unwrap() = address.to_owned();
    }

    /// The operations that have answered well: method and path.
    pub(crate) fn answered_well(&self) -> BTreeSet<(String, &'static str)> {
        self.answered_well.lock().unwrap().clone()
    }

    /// The org `main`, as it is addressed.
    pub(crate) fn context(&self) -> Arc<OrgContext> {
        Arc::new(OrgContext {
            org: self.main.clone(),
            slug: "main".into(),
            name: "Main".into(),
            base_url: "https://id.example/t/main".into(),
            path_prefix: "/t/main".into(),
            rp_id: "id.example".into(),
        })
    }

    /// From here on two factors are asked of everybody, and a code by mail is none.
    pub(crate) async fn require_two_factors(&self) {
        let snapshot = self.cell.snapshot(&self.main).await.unwrap().unwrap();
        let mut policy = SignOnPolicy::clone(&snapshot.org_policy);
        for rule in &mut policy.rules {
            rule.outcome = Outcome::Allow(Allow {
                require: Requirement {
                    factors: Factors::TwoFactors,
                    refused: vec![AuthenticatorKind::EmailCode],
                    ..Requirement::default()
                },
                ..Allow::default()
            });
        }
        let permit = self.permit(&self.main, Permission::ManagePolicies);
        self.cell.update_policy(&permit, policy, 1).await.unwrap();
    }

    /// A session of somebody that begins now, in which that was proved.
    pub(crate) async fn session_of(
        &self,
        org: &OrgId,
        user: &UserId,
        kind: AuthenticatorKind,
    ) -> SessionId {
        let (now, id) = (self.cell.now(), SessionId::generate(self.cell.entropy()));
        let mut tx = self.cell.database.read().await.unwrap();
        let person = identity::person::store::load(&mut tx, org, user).await;
        drop(tx);
        let session = Session {
            org_id: org.clone(),
            id: id.clone(),
            user_id: user.clone(),
            user_epoch: person.unwrap().unwrap().epoch,
            authenticators: vec![ProvedAuthenticator { kind, at: now }],
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now.plus_secs(60 * 60),
            expires_at: now.plus_secs(60 * 60),
            address: "192.0.2.1".into(),
            user_agent: "test".into(),
        };
        let hash = SecretHash::of(id.as_str());
        let stored = self.cell.database.write(move |tx| {
            Box::pin(async move { identity::session::store::insert(tx, &session, &hash).await })
        });
        stored.await.unwrap();
        id
    }

    /// Switches an app of `main` off and removes it.
    pub(crate) async fn remove_app(&self, app: &AppId) {
        let permit = self.permit(&self.main, Permission::ManageApps);
        self.cell.deactivate_app(&permit, app).await.unwrap();
        self.cell.delete_app(&permit, app).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.call(By::Manager, "GET", path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.call(By::Manager, "POST", path, body).await
    }

    /// Every page from that address on, by the links alone.
    pub(crate) async fn walk(&self, path: &str, pointer: &str) -> Vec<String> {
        let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.get(&path).await;
            found.extend(page.texts(pointer));
            next = page
                .link("next")
                .map(|link| link["https://id.example/t/main".len()..].to_owned());
        }
        found
    }

    /// The types of the newest rows of the log of `main`, oldest first, and who acted.
    pub(crate) async fn log_since(&self, seq: i64) -> Vec<(String, String)> {
        self.log_of(&self.main, seq).await
    }

    /// The same without who acted.
    pub(crate) async fn kinds_since(&self, seq: i64) -> Vec<String> {
        let rows = self.log_since(seq).await;
        rows.into_iter().map(|(kind, _)| kind).collect()
    }
}

/// One of each thing that a path can name.
pub(crate) struct Things {
    pub(crate) user: String,
    pub(crate) group: String,
    pub(crate) session: String,
    pub(crate) app: String,
    pub(crate) secret: String,
    pub(crate) key: String,
    pub(crate) service: String,
    pub(crate) grant: String,
    token: String,
    pub(crate) push: String,
    held: Held,
    narrowed: Narrowed,
    custom: Custom,
    deciders: Deciders,
}

/// A public key by which a service of the tests proves itself.
pub(crate) const SERVICE_KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

impl World {
    /// They bear that name: a person with a session and a role, a group, an app that is assigned to both, and a service
    /// that acts for itself.
    pub(crate) async fn things(&self, org: &OrgId, name: &str) -> Things {
        let user = self.person(org, name, "Ada", "Lovelace").await;
        let kind = AuthenticatorKind::Password;
        let session = self.session_of(org, &user, kind).await;
        let roles = self.permit(org, Permission::ManageOrg);
        let granted = self.cell.grant_role(&roles, &user, Role::ReportAdmin);
        granted.await.unwrap();
        let groups = self.permit(org, Permission::ManageGroups);
        let group = self.cell.create_group(&groups, name, "").await.unwrap();
        let permit = self.permit(org, Permission::ManageApps);
        let new = NewApp {
            label: name.to_owned(),
            kind: AppKind::Web,
            settings: AppSettings {
                redirect_uris: vec!["https://wiki.example/cb".into()],
                ..AppSettings::default()
            },
        };
        let app = self.cell.create_app(&permit, new).await.unwrap().app.id;
        let secret = self.cell.add_app_secret(&permit, &app).await.unwrap();
        let key = self.cell.add_app_key(&permit, &app, public_key("a"));
        let key = key.await.unwrap().thumbprint();
        let assigned = self.cell.assign_app_to_person(&permit, &app, &user);
        assigned.await.unwrap();
        let assigned = self.cell.assign_app_to_group(&permit, &app, &group.id);
        assigned.await.unwrap();
        let (service, grant) = self.service(org, &format!("{name} service")).await;
        let held = self.held_by(org, &user, &service).await;
        let token = self.hold(org, &user, &app).await;
        let narrowed = self.narrowed(org, name, (&service, &group.id, &app)).await;
        let push = self.provision(org, (&app, &group.id)).await;
        Things {
            token: token.to_string(),
            held,
            narrowed,
            push: push.to_string(),
            custom: self.custom(org, name).await,
            user: user.to_string(),
            group: group.id.to_string(),
            session: session.to_string(),
            app: app.to_string(),
            secret: secret.id.to_string(),
            key,
            service: service.to_string(),
            grant: grant.to_string(),
            deciders: self.deciders(org, name, &user).await,
        }
    }

    /// A service with a scope and a role, and the id of the grant.
    async fn service(&self, org: &OrgId, label: &str) -> (AppId, ApiGrantId) {
        let apps = self.permit(org, Permission::ManageApps);
        let new = NewApp {
            label: label.to_owned(),
            kind: AppKind::Service,
            settings: AppSettings {
                client_authentication: ClientAuthentication::PrivateKeyJwt,
                jwks: SERVICE_KEYS.to_owned(),
                ..AppSettings::default()
            },
        };
        let service = self.cell.create_app(&apps, new).await.unwrap().app.id;
        let permit = self.permit(org, Permission::ManageOrg);
        let scope = ApiScope::parse("okta.users.read").unwrap();
        let grant = self.cell.grant_api_scope(&permit, &service, scope);
        let grant = grant.await.unwrap().id;
        let given = self
            .cell
            .grant_app_role(&permit, &service, Role::ReportAdmin);
        given.await.unwrap();
        (service, grant)
    }
}

/// A public key of that name.
pub(crate) fn public_key(kid: &str) -> Value {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    key.public_jwk(kid).unwrap().render()
}

/// The id by which each person's role of a report administrator is named.
pub(crate) const REPORT_ROLE: &str = "KJCVAT2SKRPUCRCNJFHA";

/// The path of an operation with an id for each of its parameters.
pub(crate) fn fill(operation: &Operation, things: &Things) -> String {
    let owner = match operation.path.split('/').nth(3) {
        Some("groups") => &things.group,
        Some("apps") if operation.path.contains("/grants") => &things.service,
        Some("apps") => &things.app,
        Some("sessions") => &things.session,
        Some("users") => &things.user,
        _ => &things.service,
    };
    let of_app = mapping_id(&AppId::parse(&things.service).unwrap());
    let own = ["/api/v1/mappings/{mapping}", "/api/v1/mappings/"];
    let path = operation
        .path
        .replace(own[0], &(own[1].to_owned() + &of_app));
    let path = things.narrowed.fill(&path);
    let path = things.deciders.fill(&path);
    let path = things.held.fill(&path);
    let path = things.custom.fill(&path);
    path.replace("{id}", owner)
        .replace("{user}", &things.user)
        .replace("{group}", &things.group)
        .replace("{owner}", &things.user)
        .replace("{secret}", &things.secret)
        .replace("{key}", &things.key)
        .replace("{rid}", REPORT_ROLE)
        .replace("{grant}", &things.grant)
        .replace("{token}", &things.token)
        .replace("{mapping}", &things.push)
        .replace("{feature}", "USER_PROVISIONING")
}

/// Every operation but the one that gives up the very token of whoever calls.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    let ends_caller = |operation: &&Operation| operation.path == "/api/v1/api-tokens/current";
    OPERATIONS
        .iter()
        .filter(move |operation| !ends_caller(operation))
}
