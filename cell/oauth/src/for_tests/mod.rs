//! A cell of one test's own with an org, apps, a person and a browser, on either engine; and the router of this crate.

pub(crate) mod store;

use crate::route::router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use cell_for_tests::TestCell;
use database::Migration;
use http::{HeaderMap, Method, StatusCode, header};
use identity::app::settings::{AppSettings, Assignment, ClientAuthentication, GrantKind};
use identity::app::{App, AppKind, AppStatus};
use identity::cell::Cell;
use identity::credential::store::StoredPassword;
use identity::event_hook::envoy::Envoy;
use identity::fault::Fault;
use identity::org::context::{OrgContext, RequestFacts};
use identity::person::profile::ProfileInput;
use identity::person::{Person, PersonStatus};
use identity::server::{ScopeConfig, ServerConfig};
use identity::session::{Session, SignedIn};
use identity::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator};
use ledger::ClientFacts;
use protocol::jose::base64url;
use protocol::oauth::form::{Form, render_form};
use serde_json::Value;
use std::ops::Deref;
use std::sync::Arc;
use tower::ServiceExt as _;
use vocab::entropy::SystemEntropy;
use vocab::id::{AppId, AppSecretId, OrgId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::slug::Slug;

static SCHEMA: [Migration; 38] = cell_for_tests::with([
    crate::schema::MIGRATION,
    crate::schema::MIGRATION_DEVICE_GRANTS_BY_PERSON,
    crate::schema::MIGRATION_REFRESH_FAMILIES_BY_APP,
]);

pub(crate) const BASE: &str = "https://acme.example";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const SECRET: &str = "a-secret-that-only-tests-know";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Makes a test on each engine of every named function, which takes a fresh [`World`].
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&mut $crate::for_tests::World::on_sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&mut $crate::for_tests::World::on_postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_engines;

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) page: Option<crate::page::Page>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    pub(crate) fn text_of(&self, name: &str) -> String {
        self.json()[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {}", self.text))
            .to_owned()
    }

    pub(crate) fn error(&self) -> String {
        self.text_of("error")
    }

    pub(crate) fn location(&self) -> String {
        let location = self.headers.get(header::LOCATION);
        location
            .unwrap_or_else(|| panic!("{} {}", self.status, self.text))
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// A parameter of the address that the reply sends the browser to.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        parameter(&self.location(), name)
    }
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1.to_owned();
    let form = Form::parse(query.as_bytes()).unwrap();
    form.get(name).map(str::to_owned)
}

/// The payload of a token, unchecked.
pub(crate) fn payload(token: &str) -> Value {
    serde_json::from_slice(&base64url::parse(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A cell with an org `acme`, its server `default` with the scopes `api:read` and `api:write`, a web app, a service, a
/// public app, and Ada, who is signed in.
pub(crate) struct World {
    test: TestCell,
    pub(crate) org: OrgId,
    pub(crate) web: AppId,
    pub(crate) service: AppId,
    pub(crate) public: AppId,
    pub(crate) person: Person,
    pub(crate) session: Option<Arc<SignedIn>>,
    /// From where requests come.
    pub(crate) address: String,
}

impl Deref for World {
    type Target = TestCell;

    fn deref(&self) -> &TestCell {
        &self.test
    }
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let entropy = Arc::new(SystemEntropy);
        Self::furnish(TestCell::on_sqlite(&SCHEMA, entropy).await).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let entropy = Arc::new(SystemEntropy);
        Self::furnish(TestCell::on_postgres("oauth", &SCHEMA, entropy).await).await
    }

    async fn furnish(test: TestCell) -> Self {
        let cell = test.cell.clone();
        let org = cell
            .create_org(&Slug::parse("acme").unwrap(), "Acme")
            .await
            .unwrap();
        let scope = |name: &str| ScopeConfig {
            name: name.to_owned(),
            ..ScopeConfig::default()
        };
        let config = ServerConfig {
            scopes: vec![scope("api:read"), scope("api:write")],
            ..ServerConfig::default()
        };
        let person_id = insert_person(&cell, &org, "ada").await;
        let person = load_person(&cell, &org, &person_id).await;
        let web_grants = vec![
            GrantKind::AuthorizationCode,
            GrantKind::RefreshToken,
            GrantKind::DeviceCode,
        ];
        let web = insert_app(&cell, &org, "Web", AppKind::Web, web_grants.clone()).await;
        let service = insert_app(
            &cell,
            &org,
            "Service",
            AppKind::Service,
            vec![GrantKind::ClientCredentials],
        )
        .await;
        let public = insert_app(&cell, &org, "Public", AppKind::SinglePage, web_grants).await;
        let mut world = Self {
            test,
            org,
            web,
            service,
            public,
            person,
            session: None,
            address: String::new(),
        };
        world.configure(config).await;
        world.sign_in().await;
        world
    }

    /// Who stands at the addresses of hooks.
    pub(crate) fn reach(&mut self, envoy: Arc<dyn Envoy>) {
        self.test.cell = self.test.cell.clone().reaching(envoy);
    }

    /// Gives the preset server a configuration; to be called before its first use.
    pub(crate) async fn configure(&self, config: ServerConfig) {
        let mut server = {
            let mut tx = self.cell.database.read().await.unwrap();
            identity::server::store::load_all(&mut tx, &self.org)
                .await
                .unwrap()
                .remove(0)
        };
        server.config = config;
        let now = self.cell.now();
        self.cell
            .database
            .write(move |tx| {
                Box::pin(async move { identity::server::store::update(tx, &server, now).await })
            })
            .await
            .unwrap();
    }

    /// Changes an app before its first use.
    pub(crate) async fn change_app(&self, id: &AppId, change: impl FnOnce(&mut AppSettings)) {
        let mut app = {
            let mut tx = self.cell.database.read().await.unwrap();
            identity::app::store::load(&mut tx, &self.org, id)
                .await
                .unwrap()
                .unwrap()
        };
        change(&mut app.settings);
        let now = self.cell.now();
        self.cell
            .database
            .write(move |tx| {
                Box::pin(async move { identity::app::store::update(tx, &app, None, now).await })
            })
            .await
            .unwrap();
    }

    /// Gives Ada a new session that begins now.
    pub(crate) async fn sign_in(&mut self) {
        // What ends sessions raises the epoch.
        let loaded = {
            let mut tx = self.cell.database.read().await.unwrap();
            identity::person::store::load(&mut tx, &self.org, &self.person.id).await
        };
        self.person = loaded.unwrap().unwrap();
        let now = self.cell.now();
        let session = Session {
            org_id: self.org.clone(),
            id: SessionId::generate(&SystemEntropy),
            user_id: self.person.id.clone(),
            user_epoch: self.person.epoch,
            authenticators: vec![ProvedAuthenticator {
                kind: AuthenticatorKind::Passkey(PasskeyStorage::DeviceBound),
                at: now,
            }],
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now.plus_secs(12 * 60 * 60),
            expires_at: now.plus_secs(12 * 60 * 60),
            address: "192.0.2.1".into(),
            user_agent: "test".into(),
        };
        let (stored, hash) = (session.clone(), SecretHash::of(session.id.as_str()));
        self.cell
            .database
            .write(move |tx| {
                Box::pin(async move { identity::session::store::insert(tx, &stored, &hash).await })
            })
            .await
            .unwrap();
        self.session = Some(Arc::new(SignedIn {
            session,
            person: self.person.clone(),
            roles: Vec::new(),
            capabilities: std::collections::BTreeSet::new(),
        }));
    }

    pub(crate) fn context(&self) -> OrgContext {
        OrgContext {
            org: self.org.clone(),
            slug: "acme".into(),
            name: "Acme".into(),
            base_url: BASE.into(),
            path_prefix: String::new(),
            rp_id: "acme.example".into(),
        }
    }

    pub(crate) fn facts(&self) -> RequestFacts {
        RequestFacts {
            client: ClientFacts {
                ip: self.address.clone(),
                ..ClientFacts::default()
            },
            now: self.cell.now(),
            session: self.session.clone(),
            device_cookie: String::new(),
        }
    }

    /// Sends a request through the router.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Arc::new(self.context()));
        request.extensions_mut().insert(Arc::new(self.facts()));
        let mut response = router::<Cell>()
            .with_state(self.cell.clone())
            .oneshot(request)
            .await
            .unwrap();
        let page = response.extensions_mut().remove::<crate::page::Page>();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
            page,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &form, render_form(fields))
            .await
    }

    /// A form of the web app, which authenticates by its secret.
    pub(crate) async fn post_as(&self, app: &AppId, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut fields = fields.to_vec();
        fields.push(("client_id", app.as_str()));
        if *app != self.public {
            fields.push(("client_secret", SECRET));
        }
        self.post(path, &fields).await
    }

    /// Gives Ada a password, which nobody knows.
    pub(crate) async fn give_password(&self) {
        let password = StoredPassword {
            hash: String::from("$argon2id$"),
            changed_at: self.cell.now(),
            must_change: false,
        };
        let (org, user) = (self.org.clone(), self.person.id.clone());
        self.cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    identity::credential::store::put_password(tx, &org, &user, &password).await
                })
            })
            .await
            .unwrap();
    }

    /// Makes the present session one in which these were proved.
    pub(crate) fn prove_by(&mut self, kinds: &[AuthenticatorKind]) {
        let mut signed_in = SignedIn::clone(self.session.as_ref().unwrap());
        let at = signed_in.session.authenticated_at;
        signed_in.session.authenticators = kinds
            .iter()
            .map(|kind| ProvedAuthenticator { kind: *kind, at })
            .collect();
        self.session = Some(Arc::new(signed_in));
    }

    /// The address of an authorization request of the web app, with changes.
    pub(crate) fn authorize_path(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("client_id", self.web.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access api:read"),
            ("state", "xyz"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(known, _)| known != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        format!("/oauth2/default/v1/authorize?{}", render_form(&pairs))
    }

    /// A code for the web app.
    pub(crate) async fn code(&self) -> String {
        let reply = self.get(&self.authorize_path(&[])).await;
        reply
            .sent("code")
            .unwrap_or_else(|| panic!("{}", reply.location()))
    }

    /// Redeems a code as the web app.
    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post_as(&self.web, "/oauth2/default/v1/token", &fields)
            .await
    }

    /// Presents a refresh token as the web app.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post_as(&self.web, "/oauth2/default/v1/token", &fields)
            .await
    }

    /// Whether a token is alive, as the service sees it.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let reply = self
            .post_as(
                &self.service,
                "/oauth2/default/v1/introspect",
                &[("token", token)],
            )
            .await;
        reply.json()["active"].as_bool().unwrap()
    }

    /// How often an event of that type stands in the log.
    pub(crate) async fn logged(&self, event_type: &str) -> usize {
        store::count_events(&self.cell.database, &self.org, event_type).await
    }
}

async fn insert_app(
    cell: &Cell,
    org: &OrgId,
    label: &str,
    kind: AppKind,
    grants: Vec<GrantKind>,
) -> AppId {
    let id = AppId::generate(&SystemEntropy);
    let authentication = if kind.is_public() {
        ClientAuthentication::None
    } else {
        ClientAuthentication::ClientSecretBasic
    };
    let app = App {
        org_id: org.clone(),
        id: id.clone(),
        label: label.to_owned(),
        kind,
        status: AppStatus::Active,
        settings: AppSettings {
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
            client_authentication: authentication,
            grants,
            visibility: Assignment::Everyone,
            ..AppSettings::default()
        },
        policy_id: None,
        api_scopes: Vec::new(),
        secrets: Vec::new(),
        revision: 1,
        created_at: cell.now(),
        updated_at: cell.now(),
    };
    let secret = identity::app::store::StoredSecret {
        id: AppSecretId::generate(&SystemEntropy),
        hash: SecretHash::of(SECRET),
        hint: "know".into(),
        created_at: cell.now(),
    };
    let written = id.clone();
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                identity::app::store::insert(tx, &app).await?;
                let added =
                    identity::app::store::insert_secret(tx, &app.org_id, &written, &secret).await;
                added.map_err(identity::fault::Refusal::from)
            })
        })
        .await
        .unwrap();
    id
}

async fn insert_person(cell: &Cell, org: &OrgId, login: &str) -> UserId {
    let id = UserId::generate(&SystemEntropy);
    let profile = ProfileInput {
        login: login.to_owned(),
        email: format!("{login}@example.com"),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        attributes: serde_json::Map::new(),
    };
    let (org, written, now) = (org.clone(), id.clone(), cell.now());
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                identity::person::store::insert(
                    tx,
                    &org,
                    &written,
                    PersonStatus::Active,
                    &profile,
                    now,
                )
                .await
            })
        })
        .await
        .unwrap();
    id
}

async fn load_person(cell: &Cell, org: &OrgId, id: &UserId) -> Person {
    let mut tx = cell.database.read().await.unwrap();
    let person: Result<_, Fault> = identity::person::store::load(&mut tx, org, id).await;
    person.unwrap().unwrap()
}
