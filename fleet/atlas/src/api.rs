//! The control API: what edges follow, and what operators do. Who may do what hangs on the role in the certificate.

use crate::declaration::parse_declaration;
use crate::feed::{Answer as News, Feed};
use crate::glance;
use crate::listener::{Peer, PeerCertificate};
use crate::org_host;
use crate::page::keys::PageKeys;
use crate::placement::PlacementDenial;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::tls_seen::TlsSeen;
use crate::watch::Watch;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRef, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;
use vocab::slug::Slug;
use wire::control::{
    CellView, CreateOrg, CreatedOrg, EdgeReport, FleetView, OrgPage, OrgView, PageLink, Problem,
    SetCellState, TlsView,
};
use wire::identity::{FleetRole, peer_is};
use wire::names::{CellName, org_address};
use wire::org_move::view::{MovePage, MoveView, StartMove};
use wire::routes::file::{MEDIA_TYPE, encode};

/// Largest body of a request.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Longest wait for news of the route map.
const WAIT_SECS_MAX: u64 = 30;
/// How long a request may take, its body and the longest wait included.
const REQUEST_SECS_MAX: u64 = 60;
/// Whom the log names for what comes over this interface.
pub(crate) const OPERATOR: &str = "operator";

/// What the API works on.
#[derive(Clone)]
pub struct Side {
    /// The register.
    pub register: Register,
    /// What is known at the moment.
    pub watch: Watch,
    /// What clients speak.
    pub tls: TlsSeen,
    /// How people reach the fleet.
    pub origin: Url,
    /// Where the page is, if there is one.
    pub page: Option<SocketAddr>,
    /// Who may do more there than look.
    pub page_keys: PageKeys,
}

impl FromRef<Side> for Register {
    fn from_ref(side: &Side) -> Self {
        side.register.clone()
    }
}

impl FromRef<Side> for Feed {
    fn from_ref(side: &Side) -> Self {
        side.register.feed.clone()
    }
}

impl FromRef<Side> for Watch {
    fn from_ref(side: &Side) -> Self {
        side.watch.clone()
    }
}

/// Every path of the API.
pub fn router(side: Side) -> Router {
    Router::new()
        .route("/v1/routes", get(routes))
        .route("/v1/edges/report", post(report))
        .route("/v1/fleet", get(fleet))
        .route("/v1/cells", get(cells).post(declare_cell))
        .route("/v1/cells/{name}", get(cell))
        .route("/v1/cells/{name}/state", post(set_cell_state))
        .route("/v1/orgs", get(orgs).post(create_org))
        .route("/v1/orgs/{slug}", get(org))
        .route("/v1/orgs/{slug}/invite", post(invite))
        .route("/v1/orgs/{slug}/move", get(move_of).post(start_move))
        .route("/v1/orgs/{slug}/move/undo", post(undo_move))
        .route("/v1/orgs/{slug}/move/back", post(take_move_back))
        .route("/v1/orgs/{slug}/move/settle", post(settle_move))
        .route("/v1/orgs/{slug}/move/abandon-target", post(abandon_target))
        .route("/v1/moves", get(moves))
        .route("/v1/fleet/tls", get(fleet_tls))
        .route("/v1/fleet/page", post(open_page))
        .merge(org_host::http::router())
        .fallback(async || problem(StatusCode::NOT_FOUND, "not_found", "there is no such path"))
        .method_not_allowed_fallback(async || {
            let text = "this path is not asked so";
            problem(StatusCode::METHOD_NOT_ALLOWED, "invalid", text)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(limit_time))
        .with_state(side)
}

async fn limit_time(request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(REQUEST_SECS_MAX);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let text = "the request took too long; what it began is carried on with by itself";
            problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text).into_response()
        }
    }
}

pub(crate) type Answer<T> = Result<Json<T>, Said>;

/// A refusal in the API's words.
pub(crate) struct Said {
    status: StatusCode,
    problem: Problem,
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        (self.status, Json(self.problem)).into_response()
    }
}

/// Refuses peers of other roles. Operators may do what edges may.
pub(crate) fn only(peer: Peer, role: FleetRole) -> Result<(), Said> {
    if peer.0 == role || peer.0 == FleetRole::Operator {
        return Ok(());
    }
    let text = format!("a certificate for a {} may not do this", peer.0.as_str());
    Err(problem(StatusCode::FORBIDDEN, "forbidden", &text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoutesQuery {
    #[serde(default)]
    after: i64,
    #[serde(default)]
    wait_secs: u64,
}

async fn routes(
    Extension(peer): Extension<Peer>,
    State(feed): State<Feed>,
    query: Result<Query<RoutesQuery>, QueryRejection>,
) -> Result<Response, Said> {
    only(peer, FleetRole::Edge)?;
    let Query(query) = query.map_err(|error| invalid(&error.body_text()))?;
    if query.wait_secs > 0 {
        let time = Duration::from_secs(query.wait_secs.min(WAIT_SECS_MAX));
        feed.wait(query.after, time).await;
    }
    match feed.news(query.after) {
        News::Steps(delta) => Ok(Json(delta).into_response()),
        News::Whole(followed) => {
            // A million entries take a while: nobody else waits for them.
            let rendered = tokio::task::spawn_blocking(move || encode(&followed)).await;
            let rendered = rendered.ok().flatten().ok_or_else(|| {
                let text = "the route map could not be rendered";
                problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)
            })?;
            Ok(([(CONTENT_TYPE, MEDIA_TYPE)], rendered).into_response())
        }
    }
}

/// What an edge measured counts as its own: under another's name it would stand in the place of what that one measured.
async fn report(
    Extension(peer): Extension<Peer>,
    Extension(PeerCertificate(certificate)): Extension<PeerCertificate>,
    State(side): State<Side>,
    body: Sent,
) -> Answer<serde_json::Value> {
    only(peer, FleetRole::Edge)?;
    let mut report: EdgeReport = parse(body)?;
    if !peer_is(&certificate, FleetRole::Edge, &report.edge) {
        let text = "the report is of another edge than the certificate of this connection names";
        return Err(problem(StatusCode::FORBIDDEN, "forbidden", text));
    }
    side.tls.add(std::mem::take(&mut report.tls));
    side.watch.report(report);
    Ok(Json(serde_json::json!({})))
}

async fn fleet(Extension(peer): Extension<Peer>, State(side): State<Side>) -> Answer<FleetView> {
    only(peer, FleetRole::Operator)?;
    let view = glance::load(&side.register, &side.watch).await;
    view.map(Json).map_err(|refusal| refused(&refusal))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsQuery {
    org: Option<Slug>,
}

async fn fleet_tls(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    query: Result<Query<TlsQuery>, QueryRejection>,
) -> Answer<TlsView> {
    only(peer, FleetRole::Operator)?;
    let Query(query) = query.map_err(|error| invalid(&error.body_text()))?;
    Ok(Json(side.tls.view(query.org.as_ref())))
}

async fn open_page(Extension(peer): Extension<Peer>, State(side): State<Side>) -> Answer<PageLink> {
    only(peer, FleetRole::Operator)?;
    let page = side.page.ok_or_else(|| {
        let text = "this control plane has no page; start it with --page";
        problem(StatusCode::NOT_FOUND, "not_found", text)
    })?;
    let register = &side.register;
    let key = side
        .page_keys
        .make_link(register.entropy.as_ref(), register.clock.now());
    // Behind the #, it is sent to nobody, and stands in no log.
    let link = format!("http://localhost:{}/#key={}", page.port(), key.expose());
    Ok(Json(PageLink { link }))
}

async fn cells(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
) -> Answer<Vec<CellView>> {
    only(peer, FleetRole::Operator)?;
    let cells = side.register.cells().await;
    let mut cells = cells.map_err(|refusal| refused(&refusal))?;
    side.watch.complete(&mut cells);
    Ok(Json(cells))
}

async fn cell(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    Path(name): Path<String>,
) -> Answer<CellView> {
    only(peer, FleetRole::Operator)?;
    let found = side.register.cell(&cell_name(&name)?).await;
    side.show(found).await
}

async fn declare_cell(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    body: Sent,
) -> Answer<CellView> {
    only(peer, FleetRole::Operator)?;
    let body = read(body)?;
    let wanted = parse_declaration(&body).map_err(|refusal| refused(&refusal))?;
    let done = side.register.declare_cell(wanted, OPERATOR).await;
    let mut done = [done.map_err(|refusal| refused(&refusal))?];
    for cell in &done {
        side.watch.ask_now(&side.register, cell).await;
    }
    side.watch.complete(&mut done);
    let [done] = done;
    Ok(Json(done))
}

async fn set_cell_state(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    Path(name): Path<String>,
    body: Sent,
) -> Answer<CellView> {
    only(peer, FleetRole::Operator)?;
    let wanted: SetCellState = parse(body)?;
    let name = cell_name(&name)?;
    let done = side.register.set_cell_state(&name, wanted, OPERATOR).await;
    side.show(done).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrgsQuery {
    #[serde(default)]
    after: String,
    #[serde(default = "page_orgs")]
    limit: i64,
    cell: Option<CellName>,
}

const fn page_orgs() -> i64 {
    100
}

async fn orgs(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    query: Result<Query<OrgsQuery>, QueryRejection>,
) -> Answer<OrgPage> {
    only(peer, FleetRole::Operator)?;
    let Query(query) = query.map_err(|error| invalid(&error.body_text()))?;
    if let Some(cell) = &query.cell {
        // No org of a cell that there is not, is not the same as none of one that there is.
        let known = register.cell(cell).await;
        known.map_err(|refusal| refused(&refusal))?;
    }
    let page = register.orgs(query.cell.as_ref(), &query.after, query.limit);
    page.await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn org(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<OrgView> {
    only(peer, FleetRole::Operator)?;
    let found = register.org(&slug_of(&slug)?).await;
    found.map(Json).map_err(|refusal| refused(&refusal))
}

fn slug_of(text: &str) -> Result<Slug, Said> {
    Slug::parse(text).map_err(|error| invalid(&error.to_string()))
}

async fn start_move(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
    body: Sent,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let wanted: StartMove = parse(body)?;
    let slug = slug_of(&slug)?;
    let begun = register.start_move(&slug, wanted, OPERATOR).await;
    begun.map(Json).map_err(|refusal| refused(&refusal))
}

async fn move_of(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let found = register.move_of(&slug_of(&slug)?).await;
    found.map(Json).map_err(|refusal| refused(&refusal))
}

async fn undo_move(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let undone = register.undo_move(&slug_of(&slug)?, OPERATOR).await;
    undone.map(Json).map_err(|refusal| refused(&refusal))
}

async fn take_move_back(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let taken = register.take_move_back(&slug_of(&slug)?, OPERATOR).await;
    taken.map(Json).map_err(|refusal| refused(&refusal))
}

async fn settle_move(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let settled = register.settle_move(&slug_of(&slug)?, OPERATOR).await;
    settled.map(Json).map_err(|refusal| refused(&refusal))
}

async fn abandon_target(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
    Path(slug): Path<String>,
) -> Answer<MoveView> {
    only(peer, FleetRole::Operator)?;
    let abandoned = register.abandon_target(&slug_of(&slug)?, OPERATOR).await;
    abandoned.map(Json).map_err(|refusal| refused(&refusal))
}

async fn moves(
    Extension(peer): Extension<Peer>,
    State(register): State<Register>,
) -> Answer<MovePage> {
    only(peer, FleetRole::Operator)?;
    let moves = register.newest_moves().await;
    let moves = moves.map_err(|refusal| refused(&refusal))?;
    Ok(Json(MovePage { moves }))
}

async fn create_org(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    body: Sent,
) -> Answer<CreatedOrg> {
    only(peer, FleetRole::Operator)?;
    let wanted: CreateOrg = parse(body)?;
    let (org, adopted) = side
        .register
        .create_org(wanted, OPERATOR)
        .await
        .map_err(|refusal| refused(&refusal))?;
    Ok(Json(side.render_created(org, adopted.setup_token)))
}

async fn invite(
    Extension(peer): Extension<Peer>,
    State(side): State<Side>,
    Path(slug): Path<String>,
) -> Answer<CreatedOrg> {
    only(peer, FleetRole::Operator)?;
    let invited = side.register.invite(&slug_of(&slug)?, OPERATOR).await;
    let (org, token) = invited.map_err(|refusal| refused(&refusal))?;
    Ok(Json(side.render_created(org, Some(token))))
}

impl Side {
    /// One cell, with what is known of it, and whom it waits for while it is emptied.
    async fn show(&self, cell: Result<CellView, Refusal>) -> Answer<CellView> {
        let mut cell = [cell.map_err(|refusal| refused(&refusal))?];
        self.watch.complete(&mut cell);
        let [mut cell] = cell;
        let waiting = self.register.find_waiting(&cell).await;
        cell.waiting = waiting.map_err(|refusal| refused(&refusal))?;
        Ok(Json(cell))
    }

    fn render_created(&self, org: OrgView, token: Option<String>) -> CreatedOrg {
        let url = org_address(self.origin.as_str(), org.slug.as_str());
        CreatedOrg {
            setup_url: token.map(|token| format!("{url}/setup?token={token}")),
            url,
            org,
        }
    }
}

fn cell_name(text: &str) -> Result<CellName, Said> {
    CellName::parse(text).map_err(|error| invalid(&error.to_string()))
}

/// A body that was read whole, or why not.
type Sent = Result<Bytes, BytesRejection>;

fn read(body: Sent) -> Result<Bytes, Said> {
    body.map_err(|error| problem(error.status(), "invalid", &error.body_text()))
}

fn parse<T: DeserializeOwned>(body: Sent) -> Result<T, Said> {
    serde_json::from_slice(&read(body)?).map_err(|error| invalid(&error.to_string()))
}

pub(crate) fn invalid(message: &str) -> Said {
    problem(StatusCode::BAD_REQUEST, "invalid", message)
}

pub(crate) fn refused(refusal: &Refusal) -> Said {
    let (status, word) = match refusal {
        Refusal::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
        Refusal::NoCell { .. }
        | Refusal::NoHost { .. }
        | Refusal::Placement(PlacementDenial::Unknown { .. }) => {
            (StatusCode::NOT_FOUND, "not_found")
        }
        Refusal::Taken { .. }
        | Refusal::CellDiffers { .. }
        | Refusal::AddressTaken { .. }
        | Refusal::Moving { .. }
        | Refusal::Settling { .. }
        | Refusal::HostTaken { .. } => (StatusCode::CONFLICT, "taken"),
        Refusal::Placement(PlacementDenial::Unwell { .. }) | Refusal::NoLink { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
        Refusal::Changed { .. } => (StatusCode::CONFLICT, "changed"),
        Refusal::Invalid { .. } | Refusal::Fields { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        Refusal::Placement(_)
        | Refusal::State(_)
        | Refusal::CellRefused { .. }
        | Refusal::There { .. }
        | Refusal::HasAdministrator { .. }
        | Refusal::MoveState { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
        Refusal::NotYet { .. }
        | Refusal::UnderWay { .. }
        | Refusal::GiverSilent { .. }
        | Refusal::TakerSilent { .. }
        | Refusal::TooManyMoves { .. }
        | Refusal::HostNotYet { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Refusal::Store(_) | Refusal::Stored(_) => {
            tracing::error!(error = %refusal, cause = ?std::error::Error::source(refusal), "the register failed");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    problem(status, word, &refusal.to_string())
}

pub(crate) fn problem(status: StatusCode, error: &str, message: &str) -> Said {
    Said {
        status,
        problem: Problem {
            error: error.to_owned(),
            message: message.to_owned(),
        },
    }
}
