//! What a profile holds, and the one type of person that there is. The built-in attributes are shown and cannot be changed;
//! those of the org are added, changed and removed as on the page of its settings.

pub(crate) mod described;
pub mod input;
pub mod render;
pub mod types;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::org;
use crate::reply::Reply;
use crate::user_schema::input::{parse_changes, plan_schema};
use crate::user_schema::render::{render_base, render_schema};
use identity::fault::Refusal;
use identity::org::settings::ProfileAttribute;
use vocab::id::OrgId;
use vocab::secret::SecretHash;

/// The word for the one schema, and for the one type.
const DEFAULT: &str = "default";
/// What ids begin with.
const SCHEMA_PREFIX: &str = "osc";
const TYPE_PREFIX: &str = "oty";
/// How much of a hash makes the rest of an id.
const TAIL_CHARS: usize = 17;

/// An id that follows from the org's: a setting has none of its own.
pub(crate) fn schema_id(org: &OrgId) -> String {
    derived_id(SCHEMA_PREFIX, "schema of people", org)
}

/// The same of the type.
pub(crate) fn type_id(org: &OrgId) -> String {
    derived_id(TYPE_PREFIX, "type of people", org)
}

fn derived_id(prefix: &str, what: &str, org: &OrgId) -> String {
    let mut tail = SecretHash::of(&format!("{what} of {org}")).to_hex();
    tail.truncate(TAIL_CHARS);
    format!("{prefix}{tail}")
}

/// `GET /api/v1/meta/schemas/user/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    find_schema(&call)?;
    let org = org::load(&call).await?;
    Ok(Reply::of(render_schema(&call, &org)))
}

/// `POST /api/v1/meta/schemas/user/{id}`: attributes that are named are added or changed, those that are `null` removed.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    find_schema(&call)?;
    let changes = parse_changes(call.json()?, render_base())?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let org = org::load(&call).await?;
        let (name, mut settings) = (org.name.clone(), org.settings.clone());
        settings.profile_schema = plan_schema(
            &settings.profile_schema,
            &changes,
            &ProfileAttribute::default(),
        )?;
        if settings == org.settings {
            return Ok(Reply::of(render_schema(&call, &org)));
        }
        let updated = call.cell.update_org(&call.permit, org, &name, settings);
        match updated.await {
            Ok(()) => return Ok(Reply::of(render_schema(&call, &org::load(&call).await?))),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// A refusal of attributes, at the place where they stand.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid { problem, .. } => {
            ApiError::invalid("definitions.custom", &problem.to_string())
        }
        other => other.into(),
    }
}

fn find_schema(call: &Call) -> Result<(), ApiError> {
    let named = call.parameter("schema");
    if named == DEFAULT || named == schema_id(&call.context.org) {
        Ok(())
    } else {
        Err(ApiError::not_found(Thing::UserSchema, named))
    }
}
