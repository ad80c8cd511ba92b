//! What the control plane asks of a cell.

use crate::membership::{FleetSide, Membership, hosts, invite, store};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use database::Engine;
use identity::cell::Cell;
use identity::fault::Refusal;
use vocab::id::OrgId;
use wire::cell::{AdoptOrg, AdoptedOrg, CellHealth};
use wire::control::Problem;
use wire::org_move::side::{Place, PlaceState};

/// Largest body of a request.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The endpoints of the control plane, for a router that lets nobody else in.
pub fn router(side: FleetSide) -> Router {
    Router::new()
        .route("/fleet/v1/status", get(status))
        .route("/fleet/v1/orgs/{id}", put(adopt))
        .route("/fleet/v1/orgs/{id}/invite", post(invite::invite))
        .route(
            "/fleet/v1/orgs/{id}/hosts/{host}",
            put(hosts::add).delete(hosts::remove),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(side)
}

async fn status(State(side): State<FleetSide>) -> Response {
    let counted = async {
        let mut tx = side.cell.database.read().await?;
        store::count_served(&mut tx).await
    };
    let counted = counted.await;
    Json(CellHealth {
        name: side.membership.name().to_string(),
        ready: counted.is_ok() && side.pulse.check().is_ok(),
        orgs: counted.unwrap_or_default(),
        version: String::from(env!("CARGO_PKG_VERSION")),
        store: String::from(match side.cell.database.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }),
    })
    .into_response()
}

async fn adopt(
    State(side): State<FleetSide>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<AdoptedOrg>, Response> {
    let id = OrgId::parse(&id)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, "invalid", &error.to_string()))?;
    let wanted: AdoptOrg = serde_json::from_slice(&body)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, "invalid", &error.to_string()))?;
    let known = run(&side.cell, &side.membership, &id, &wanted)
        .await
        .map_err(|refusal| refused(&refusal))?;
    if known.epoch != wanted.epoch || known.state != PlaceState::Serving {
        let (epoch, state) = (known.epoch, known.state.as_str());
        let text = format!("this cell knows the org at epoch {epoch} already: {state}");
        return Err(problem(StatusCode::CONFLICT, "changed", &text));
    }
    let token = side
        .cell
        .make_setup_link(&id)
        .await
        .map_err(|refusal| refused(&refusal))?;
    Ok(Json(AdoptedOrg {
        setup_token: token.map(|token| token.expose().clone()),
    }))
}

/// Makes the org if it is not there, and serves it from then on; says how it stands then. Once more, it changes nothing.
async fn run(
    cell: &Cell,
    membership: &Membership,
    id: &OrgId,
    wanted: &AdoptOrg,
) -> Result<Place, Refusal> {
    let mut tx = cell.database.read().await?;
    let place = store::load_place(&mut tx, id).await?;
    if let Some(place) = place.filter(|place| place.state != PlaceState::Serving) {
        return Ok(place);
    }
    let there = identity::org::store::load(&mut tx, id).await?;
    drop(tx);
    match there {
        Some(org) if org.slug != wanted.slug => {
            return Err(Refusal::WrongState("the org has another short name here"));
        }
        Some(_) => {}
        None => {
            cell.create_org_as(id.clone(), &wanted.slug, &wanted.name)
                .await?;
        }
    }
    let (org, epoch, now) = (id.clone(), wanted.epoch, cell.now());
    let known = cell
        .database
        .write(move |tx| Box::pin(async move { store::raise_epoch(tx, &org, epoch, now).await }))
        .await?;
    membership.learn(id, known);
    Ok(known)
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    let text = refusal.to_string();
    match refusal {
        Refusal::Fault(fault) => {
            tracing::error!(error = %fault, cause = ?std::error::Error::source(fault), "an org could not be taken in");
            problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &text)
        }
        Refusal::Taken { .. } => problem(StatusCode::CONFLICT, "taken", &text),
        _ => problem(StatusCode::UNPROCESSABLE_ENTITY, "refused", &text),
    }
}

pub(super) fn problem(status: StatusCode, error: &str, message: &str) -> Response {
    let body = Problem {
        error: error.to_owned(),
        message: message.to_owned(),
    };
    (status, Json(body)).into_response()
}
