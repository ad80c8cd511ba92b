//! What apps may do at this API when they act for themselves: scopes that they were granted, and roles of their own.

pub mod grants;
pub mod roles;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use identity::access::Permission;
use identity::app::App;
use std::sync::Arc;
use vocab::id::AppId;

/// The app that the path names.
pub(crate) async fn app_of(call: &Call) -> Result<Arc<App>, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::App, named);
    let id = AppId::parse(named).map_err(|_| missing())?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let app = call.cell.app(reader.org(), &id).await?;
    app.ok_or_else(missing)
}
