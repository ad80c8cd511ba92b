//! A new set-up link for an org that is here and has no administrator. It makes no org: one that has left is not made anew.

use crate::membership::FleetSide;
use crate::membership::hosts::{HostQuery, admit};
use crate::membership::http::refused;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use wire::cell::AdoptedOrg;

/// `POST /fleet/v1/orgs/{id}/invite`.
pub(super) async fn invite(
    State(side): State<FleetSide>,
    Path(id): Path<String>,
    Query(query): Query<HostQuery>,
) -> Result<Json<AdoptedOrg>, Response> {
    let org = admit(&side, &id, query.epoch).await?;
    let made = side.cell.make_setup_link(&org).await;
    let token = made.map_err(|refusal| refused(&refusal))?;
    Ok(Json(AdoptedOrg {
        setup_token: token.map(|token| token.expose().clone()),
    }))
}
