//! Two cells over two stores in one process, with an org that has a row in every table, and another that must not notice.

use crate::arrivals::Arrivals;
use crate::blocked::Blocked;
use crate::config::ProxyMode;
use crate::membership::{Membership, PeerRole};
use crate::middleware::Front;
use crate::moving::store::rows::{TENANCY, count_up_to};
use crate::moving::tests::store::APP;
use crate::origin::Origin;
use crate::pulse::Pulse;
use crate::request_names::RequestNames;
use crate::routes::Site;
use crate::start::MIGRATIONS;
use crate::tests::two_orgs::{
    begin_session, build_cell, declare, make_provider, outward, pair, render_orgs,
};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use console::admin::log_tail::Tails;
use console::cookie::CookieKind;
use database::tenancy::{ColumnType, Key, Shapes, load_shapes};
use database::{Database, DatabaseFault, Engine, Location, params};
use identity::cell::Cell;
use identity::sign_on::AuthenticatorKind;
use keys::ServerKeyScope;
use postgres_for_tests::TestDatabase;
use protocol::jose::algorithm::Algorithm;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use url::Url;
use vocab::entropy::SystemEntropy;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::secret::Secret;
use vocab::time::{Clock, ManualClock, SystemClock};
use vocab::value::Value;
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole};
use wire::names::CellName;
use wire::org_move::{Verb, path};
use wire::placement::{PLACEMENT_HEADER, Placement, STANDING_HEADER};

pub(crate) const SESSION: &str = "session-of-grace";
const CALLBACK: &str = "http://127.0.0.1:9/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Which of the two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Source,
    Target,
}

/// A cell of the fleet.
pub(crate) struct TestCell {
    pub(crate) cell: Cell,
    pub(crate) membership: Membership,
    pub(crate) site: Site,
    place: Where,
}

/// What outlives a crash of a cell.
struct Where {
    name: &'static str,
    folder: TempDir,
    server: Option<TestDatabase<'static>>,
    clock: Arc<ManualClock>,
}

impl TestCell {
    async fn make(
        name: &'static str,
        engine: Engine,
        authority: &FleetAuthority,
        clock: Arc<ManualClock>,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        authority
            .issue(FleetRole::Cell, name, &folder.path().join("identity"))
            .unwrap();
        let server = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres_for_tests::shared().empty_database().unwrap()),
        };
        Self::open(Where {
            name,
            folder,
            server,
            clock,
        })
        .await
    }

    async fn open(place: Where) -> Self {
        let folder = place.folder.path();
        let location = match &place.server {
            Some(server) => Location::Postgres {
                url: Secret::new(server.url()),
            },
            None => Location::Sqlite {
                path: folder.join("testudo.db"),
            },
        };
        let database = Database::open(&location, &MIGRATIONS).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&place.clock);
        let cell = build_cell(database, folder, Arc::new(SystemEntropy), clock);
        let identity = FleetIdentity::load(&folder.join("identity")).unwrap();
        let name = CellName::parse(place.name).unwrap();
        let membership = Membership::new(name, Arc::new(identity), cell.database.clone());
        let origin: Url = "https://id.example".parse().unwrap();
        let front = Front {
            origin: Origin::new(Some(&origin), true, 443),
            proxy: ProxyMode::FleetEdge,
            membership: Some(membership.clone()),
            mailbox: None,
            arrivals: Arrivals::default(),
            names: RequestNames::new(cell.entropy()),
            blocked: Blocked::default(),
            pulse: Pulse::default(),
        };
        let site = Site::new(cell.clone(), front, outward(), Tails::default());
        Self {
            cell,
            membership,
            site,
            place,
        }
    }

    /// Nothing but the store survives.
    pub(crate) async fn crash(self) -> Self {
        self.cell.database.close().await;
        Self::open(self.place).await
    }

    pub(crate) async fn shapes(&self) -> Shapes {
        let mut tx = self.cell.database.read().await.unwrap();
        load_shapes(&mut tx, &TENANCY).await.unwrap()
    }

    /// All rows of an org, but for its key, which is stored otherwise in each cell.
    pub(crate) async fn dump(&self, org: &OrgId) -> BTreeMap<String, Vec<Vec<u8>>> {
        let shapes = self.shapes().await;
        let mut tx = self.cell.database.read().await.unwrap();
        let mut tables = BTreeMap::new();
        for shape in shapes.arrival().filter(|shape| shape.table() != "org_keys") {
            let (mut rows, mut after): (Vec<Vec<u8>>, Option<Key>) = (Vec::new(), None);
            loop {
                let page = shape
                    .page(&mut tx, org.as_str(), after.as_ref(), 500, 1 << 22)
                    .await
                    .unwrap();
                rows.extend(page.rows.iter().map(|row| row.encoded().to_vec()));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            tables.insert(shape.table().to_owned(), rows);
        }
        tables
    }

    /// How many rows of an org the store has in all tables, its key's included.
    pub(crate) async fn count(&self, org: &OrgId) -> i64 {
        let shapes = self.shapes().await;
        let mut tx = self.cell.database.read().await.unwrap();
        let counted = count_up_to(&mut tx, &shapes, org, i64::MAX).await;
        counted.unwrap()
    }

    /// How many rows a table of the cell's own has.
    pub(crate) async fn own_rows(&self, sql: &'static str, org: &OrgId) -> i64 {
        let mut tx = self.cell.database.read().await.unwrap();
        let row = tx.query_optional(sql, params![org]).await.unwrap();
        row.unwrap().get(0).unwrap()
    }

    /// Runs statements in one transaction, as any operation of the cell might.
    pub(crate) async fn execute(
        &self,
        statements: Vec<(&'static str, Vec<Value>)>,
    ) -> Result<(), DatabaseFault> {
        self.cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for (sql, values) in statements {
                        tx.execute(sql, &values).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// What the control plane hears.
    pub(crate) async fn ask(
        &self,
        id: &MoveId,
        verb: Verb,
        body: &Json,
    ) -> Result<Json, (StatusCode, String)> {
        let request = Request::post(path(id, verb))
            .extension(PeerRole(Some(FleetRole::Control)))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.site.answer(request).await;
        let status = answer.status();
        let json = read_json(answer).await;
        if status == StatusCode::OK {
            return Ok(json);
        }
        let (error, message) = (json["error"].as_str(), json["message"].as_str());
        Err((status, format!("{}: {}", error.unwrap(), message.unwrap())))
    }

    /// What an edge hears that sends a request of an org on.
    pub(crate) async fn visit(&self, call: Call<'_>) -> Response<Body> {
        let placement = Placement {
            org: call.org.clone(),
            epoch: call.epoch,
        };
        let cookie = pair(CookieKind::Session, call.org, SESSION);
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(header::HOST, "main.id.example")
            .header(PLACEMENT_HEADER, placement.to_string())
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((name, secret)) = call.basic {
            let pair = STANDARD.encode(format!("{name}:{secret}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        let request = request
            .extension(PeerRole(Some(FleetRole::Edge)))
            .body(Body::from(call.form))
            .unwrap();
        self.site.answer(request).await
    }
}

/// A request of an org.
pub(crate) struct Call<'c> {
    pub(crate) org: &'c OrgId,
    pub(crate) epoch: Epoch,
    pub(crate) method: Method,
    pub(crate) path: &'c str,
    pub(crate) form: String,
    pub(crate) basic: Option<(&'c str, &'c str)>,
}

pub(crate) fn standing(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(STANDING_HEADER)
        .and_then(|value| value.to_str().ok())
}

pub(crate) async fn read_json(answer: Response<Body>) -> Json {
    let bytes = to_bytes(answer.into_body(), 1 << 26).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or(Json::Null)
}

/// The fleet.
pub(crate) struct World {
    pub(crate) source: TestCell,
    pub(crate) target: TestCell,
    /// The org that moves.
    pub(crate) org: OrgId,
    /// The one that does not.
    pub(crate) other: OrgId,
    pub(crate) app: String,
    _authority: TempDir,
}

impl World {
    /// Both orgs at the source, at epoch 1, with a row in every table.
    pub(crate) async fn make(source: Engine, target: Engine) -> Self {
        let authority_folder = TempDir::new().unwrap();
        let authority =
            FleetAuthority::open_or_create(&authority_folder.path().join("ca")).unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let source = TestCell::make("source", source, &authority, Arc::clone(&clock)).await;
        let target = TestCell::make("target", target, &authority, clock).await;
        let orgs = render_orgs().replace(
            "settings: {",
            "settings: { grants: [authorization_code, refresh_token], id_token_algorithm: ES256,",
        );
        declare(&source.cell, &orgs, "https://id.example").await;
        let org = find(&source.cell, "main").await;
        let other = find(&source.cell, "acme").await;
        for (org, slug) in [(&org, "main"), (&other, "acme")] {
            let login = format!("grace@{slug}.example");
            let proved = [AuthenticatorKind::Password];
            let at = source.cell.now();
            begin_session(&source.cell, (slug, &login), SESSION, (&proved, at)).await;
            adopt(&source, org, slug).await;
            let (keys, scope) = (&source.cell.signing_keys, ServerKeyScope::Org);
            keys.ensure_signer(org, &scope, Algorithm::Es256)
                .await
                .unwrap();
            // What is read with every request is no row that stands for any.
            make_provider(&source.cell, org).await;
            fill(&source, org).await;
        }
        let mut tx = source.cell.database.read().await.unwrap();
        let row = tx.query_optional(APP, params![&org]).await.unwrap();
        let app = row.unwrap().get(0).unwrap();
        drop(tx);
        Self {
            source,
            target,
            org,
            other,
            app,
            _authority: authority_folder,
        }
    }

    pub(crate) fn at(&self, at: At) -> &TestCell {
        match at {
            At::Source => &self.source,
            At::Target => &self.target,
        }
    }

    /// Both cells crash.
    pub(crate) async fn crash(self) -> Self {
        Self {
            source: self.source.crash().await,
            target: self.target.crash().await,
            ..self
        }
    }

    /// A code for the app, by the session of the person.
    pub(crate) async fn code(&self, at: At, epoch: Epoch) -> String {
        let path = format!(
            "/oauth2/v1/authorize?client_id={}&redirect_uri={CALLBACK}&response_type=code&scope=openid+offline_access\
             &state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256",
            self.app
        );
        let call = Call {
            org: &self.org,
            epoch,
            method: Method::GET,
            path: &path,
            form: String::new(),
            basic: None,
        };
        let answer = self.at(at).visit(call).await;
        let location = answer.headers().get(header::LOCATION);
        let location = location.unwrap_or_else(|| panic!("{}", answer.status()));
        let location: Url = location.to_str().unwrap().parse().unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code");
        code.unwrap_or_else(|| panic!("{location}")).1.into_owned()
    }

    /// What the token endpoint says to the app.
    pub(crate) async fn token(&self, at: At, epoch: Epoch, form: String) -> (StatusCode, Json) {
        let call = Call {
            org: &self.org,
            epoch,
            method: Method::POST,
            path: "/oauth2/v1/token",
            form,
            basic: Some((&self.app, "web-secret-of-main-0123456789-0123456789")),
        };
        let answer = self.at(at).visit(call).await;
        (answer.status(), read_json(answer).await)
    }

    pub(crate) async fn redeem(&self, at: At, epoch: Epoch, code: &str) -> (StatusCode, Json) {
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}"
        );
        self.token(at, epoch, form).await
    }

    pub(crate) async fn refresh(&self, at: At, epoch: Epoch, token: &str) -> (StatusCode, Json) {
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        self.token(at, epoch, form).await
    }
}

async fn find(cell: &Cell, slug: &str) -> OrgId {
    let mut tx = cell.database.read().await.unwrap();
    let found = identity::org::store::find_by_slug(&mut tx, slug).await;
    found.unwrap().unwrap()
}

async fn adopt(at: &TestCell, org: &OrgId, slug: &str) {
    let body = serde_json::json!({ "slug": slug, "name": slug, "epoch": 1 });
    let request = Request::put(wire::cell::org_path(org))
        .extension(PeerRole(Some(FleetRole::Control)))
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = at.site.answer(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

/// A row in every table that has none, whatever the table is.
async fn fill(at: &TestCell, org: &OrgId) {
    let shapes = Arc::new(at.shapes().await);
    let of = org.clone();
    let filled: Result<(), database::tenancy::TenancyError> =
        at.cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for shape in shapes.arrival() {
                        if shape.count_up_to(tx, of.as_str(), 1).await? > 0 {
                            continue;
                        }
                        let values = shape.columns().iter().map(|column| {
                            match (column.name(), column.kind()) {
                                ("org_id", _) => Value::from(&of),
                                (_, ColumnType::Text) => Value::from(
                                    format!("{}-of-{}-{of}", column.name(), shape.table()).as_str(),
                                ),
                                (_, ColumnType::Integer) => Value::from(1_i64),
                                (_, ColumnType::Real) => Value::Real(0.25),
                                (_, ColumnType::Bytes) => Value::from(vec![7_u8; 9]),
                            }
                        });
                        let record = shape.record(values.collect())?;
                        shape.replace(tx, of.as_str(), &[record]).await?;
                    }
                    Ok(())
                })
            })
            .await;
    filled.unwrap();
}
