//! Targets of the standard roles of apps.

use crate::api_access::app_of;
use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use identity::access::narrowed::RoleHolder;

async fn holder(call: &Call) -> Result<RoleHolder, ApiError> {
    Ok(RoleHolder::App(app_of(call).await?.id.clone()))
}

handlers!();
