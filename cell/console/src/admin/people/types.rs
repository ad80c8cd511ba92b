//! The choice of a type of people, on pages where there are several.

use crate::admin::caller::{Detour, administrator, done};
use crate::admin::settings::types::word_of;
use crate::view::part::Choice;
use crate::view::shell::Right;
use crate::visit::Visit;
use identity::access::Permission;
use identity::user_type::parse_id;
use vocab::id::UserTypeId;

/// The types among which somebody chooses; none where there is one, and for whoever sees a part of the organisation alone.
///
/// # Errors
/// The page for a refusal.
pub async fn type_choices(visit: &Visit) -> Result<Vec<Choice>, Detour> {
    if visit.snapshot.type_schemas.is_empty() || !visit.shell().may(Right::SeeDirectory) {
        return Ok(Vec::new());
    }
    let permit = administrator(visit, Permission::ReadDirectory).await?;
    let types = done(visit, visit.cell.list_user_types(&permit).await)?;
    let choices = types.into_iter().map(|one| {
        let word = word_of(one.key.as_ref());
        Choice::new(word, one.display_name)
    });
    Ok(choices.collect())
}

/// The type that a word names, if the organisation has it; without a word, the one that is meant otherwise.
#[must_use]
pub fn chosen_type(
    visit: &Visit,
    word: &str,
    otherwise: Option<&UserTypeId>,
) -> Option<Option<UserTypeId>> {
    if word.is_empty() {
        return Some(otherwise.cloned());
    }
    let key = parse_id(&visit.context.org, word).ok()?;
    let is_known = visit.snapshot.schemas().of(key.as_ref()).is_some();
    is_known.then_some(key)
}

/// The type that a list is filtered by, if it is by one.
#[must_use]
pub fn filtered_type(visit: &Visit) -> Option<Option<UserTypeId>> {
    match visit.parameter("type") {
        "" => None,
        word => parse_id(&visit.context.org, word).ok(),
    }
}
