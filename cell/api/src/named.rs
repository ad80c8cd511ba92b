//! What a rule or policy names must be there when it is named: whoever mistypes an id is told so, and an id of another org
//! is none of this one. What was named before is kept, even if it is gone since.

use crate::call::Call;
use crate::error::ApiError;
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::fault::{Fault, Refusal};
use identity::{app, group, person};
use vocab::id::{AppId, GroupId, UserId};

/// Which kind of thing is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    App,
    Person,
    Group,
}

/// Holds the ids of a field against what there is in the org. Lists are bounded before.
///
/// # Errors
/// [`ApiError`] naming the field and the first id that is of nothing.
pub(crate) async fn check_named(
    call: &Call,
    kind: Named,
    field: &str,
    ids: &[String],
    before: &[String],
) -> Result<(), ApiError> {
    let new: Vec<&String> = ids.iter().filter(|id| !before.contains(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    if call.permit.custom_caller().is_some() && call.permit_for(Permission::ReadDirectory).is_err()
    {
        return check_seen(call, kind, field, &new).await;
    }
    let org = &call.context.org;
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    for id in new {
        let is_there = match kind {
            Named::App => match AppId::parse(id) {
                Ok(id) => app::store::load(&mut tx, org, &id).await?.is_some(),
                Err(_) => false,
            },
            Named::Person => match UserId::parse(id) {
                Ok(id) => person::store::load(&mut tx, org, &id).await?.is_some(),
                Err(_) => false,
            },
            Named::Group => match GroupId::parse(id) {
                Ok(id) => group::store::load(&mut tx, org, &id).await?.is_some(),
                Err(_) => false,
            },
        };
        if !is_there {
            return Err(missing(kind, field, id));
        }
    }
    Ok(())
}

/// The same for a holder of custom roles, who names only what they may look at: what there is besides, there is not.
async fn check_seen(
    call: &Call,
    kind: Named,
    field: &str,
    ids: &[&String],
) -> Result<(), ApiError> {
    let capability = match kind {
        Named::App => Capability::AppsRead,
        Named::Person => Capability::UsersRead,
        Named::Group => Capability::GroupsRead,
    };
    let reader = call.permit_within(capability);
    for id in ids {
        let Ok(reader) = &reader else {
            return Err(missing(kind, field, id));
        };
        let found = match kind {
            Named::App => match AppId::parse(id) {
                Ok(id) => call.cell.find_app(reader, &id).await.map(|_| ()),
                Err(_) => Err(Refusal::NotFound),
            },
            Named::Person => match UserId::parse(id) {
                Ok(id) => call.cell.find_person(reader, id.as_str()).await.map(|_| ()),
                Err(_) => Err(Refusal::NotFound),
            },
            Named::Group => match GroupId::parse(id) {
                Ok(id) => call.cell.find_group(reader, &id).await.map(|_| ()),
                Err(_) => Err(Refusal::NotFound),
            },
        };
        match found {
            Err(Refusal::NotFound) => return Err(missing(kind, field, id)),
            other => other?,
        }
    }
    Ok(())
}

fn missing(kind: Named, field: &str, id: &str) -> ApiError {
    let shown: String = id.chars().take(crate::limits::SHOWN_ID_CHARS_MAX).collect();
    let what = match kind {
        Named::App => "app",
        Named::Person => "person",
        Named::Group => "group",
    };
    let problem = format!("there is no {what} {shown}");
    ApiError::invalid(field, &problem)
}
