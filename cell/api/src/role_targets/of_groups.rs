//! Targets of the standard roles of groups.

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use identity::access::narrowed::RoleHolder;

async fn holder(call: &Call) -> Result<RoleHolder, ApiError> {
    Ok(RoleHolder::Group(call.group("id").await?.id))
}

handlers!();
