//! Host names of an org, as the control plane knows them: what it says is done once, however often it says so.

use crate::membership::http::{problem, refused};
use crate::membership::{FleetSide, store};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use identity::access::{Caller, Permission, Permit, authorize};
use identity::fault::Refusal;
use ledger::ClientFacts;
use serde::Deserialize;
use serde_json::{Value, json};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use wire::org_move::side::PlaceState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostQuery {
    /// The epoch at which the control plane believes the org to be here.
    pub(super) epoch: Epoch,
}

type Told = Result<Json<Value>, Response>;

/// `PUT /fleet/v1/orgs/{id}/hosts/{host}`.
pub(super) async fn add(
    State(side): State<FleetSide>,
    Path((id, host)): Path<(String, String)>,
    Query(query): Query<HostQuery>,
) -> Told {
    let org = admit(&side, &id, query.epoch).await?;
    let done = put(&side, &org, &host).await;
    done.map_err(|refusal| refused(&refusal))?;
    Ok(Json(json!({})))
}

/// `DELETE /fleet/v1/orgs/{id}/hosts/{host}`.
pub(super) async fn remove(
    State(side): State<FleetSide>,
    Path((id, host)): Path<(String, String)>,
    Query(query): Query<HostQuery>,
) -> Told {
    let org = admit(&side, &id, query.epoch).await?;
    let removed = async { side.cell.remove_host(&permit(&org)?, &host).await };
    match removed.await {
        Ok(()) | Err(Refusal::NotFound) => Ok(Json(json!({}))),
        Err(refusal) => Err(refused(&refusal)),
    }
}

/// The org, if this cell has it at that epoch: what is told to a cell that an org has left must not be lost there.
pub(super) async fn admit(side: &FleetSide, id: &str, epoch: Epoch) -> Result<OrgId, Response> {
    let org = OrgId::parse(id)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, "invalid", &error.to_string()))?;
    let known = async {
        let mut tx = side.cell.database.read().await?;
        store::load_place(&mut tx, &org).await
    };
    let known = known
        .await
        .map_err(|fault| refused(&Refusal::Fault(fault.into())))?;
    let here =
        known.is_some_and(|place| place.epoch == epoch && place.state == PlaceState::Serving);
    if here {
        return Ok(org);
    }
    let text = "this cell does not serve the org at that epoch";
    Err(problem(StatusCode::CONFLICT, "changed", text))
}

async fn put(side: &FleetSide, org: &OrgId, host: &str) -> Result<(), Refusal> {
    let is_there = async || {
        let mut tx = side.cell.database.read().await?;
        let owner = identity::org::store::find_by_host(&mut tx, host).await?;
        Ok::<_, Refusal>(owner)
    };
    match is_there().await? {
        Some(owner) if owner == *org => return Ok(()),
        Some(_) => return Err(Refusal::Taken { field: "host" }),
        None => {}
    }
    match side.cell.add_host(&permit(org)?, host).await {
        Ok(()) => Ok(()),
        // Another one may have said the same meanwhile.
        Err(refusal) => match is_there().await? {
            Some(owner) if owner == *org => Ok(()),
            Some(_) | None => Err(refusal),
        },
    }
}

fn permit(org: &OrgId) -> Result<Permit, Refusal> {
    authorize(
        &Caller::Operator,
        org,
        Permission::ManageOrg,
        &ClientFacts::default(),
    )
}
