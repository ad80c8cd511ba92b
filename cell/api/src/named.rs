//! What a rule or policy names must be there when it is named: whoever mistypes an id is told so, and an id of another org
//! is none of this one. What was named before is kept, even if it is gone since.

use crate::call::Call;
use crate::error::ApiError;
use identity::fault::Fault;
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
            let shown: String = id.chars().take(crate::limits::SHOWN_ID_CHARS_MAX).collect();
            let what = match kind {
                Named::App => "app",
                Named::Person => "person",
                Named::Group => "group",
            };
            let problem = format!("there is no {what} {shown}");
            return Err(ApiError::invalid(field, &problem));
        }
    }
    Ok(())
}
