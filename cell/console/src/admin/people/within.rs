//! The list of people as far as the reader's roles over a part of the organisation go: walked from what those hold, as the
//! API walks it. The list of those of one type is walked in the same way.

use crate::admin::caller::{Detour, done};
use crate::admin::paging::{PAGE_ROWS, place_of, render_place};
use crate::visit::Visit;
use identity::access::Permit;
use identity::condition::Direction;
use identity::person::search::PersonOrder;
use identity::person::search::plan::PeopleSearch;
use identity::person::{Person, PersonStatus};
use vocab::id::UserTypeId;

/// The parameters that a place of this list is bound to.
const KEPT: [&str; 3] = ["q", "status", "type"];

/// A page of those within, and the cursor of the next one.
///
/// # Errors
/// The page for a refusal.
pub async fn people(
    visit: &Visit,
    permit: &Permit,
    query: &str,
    (status, of): (Option<PersonStatus>, Option<Option<UserTypeId>>),
) -> Result<(Vec<Person>, Option<String>), Detour> {
    let search = match (of, status, query) {
        (Some(key), status, text) => PeopleSearch::of_type(key.as_ref(), status, text),
        (None, Some(status), text) => PeopleSearch::in_state(status, text),
        (None, None, "") => PeopleSearch::everybody(PersonOrder::Natural, Direction::Ascending),
        (None, None, text) => PeopleSearch::by_beginning(text),
    };
    let after = place_of(visit, &KEPT);
    let found = visit
        .cell
        .search_people(permit, &search, after, PAGE_ROWS)
        .await;
    let found = done(visit, found)?;
    let people = found.people.into_iter().map(|record| record.person);
    let next = found.next.map(|place| render_place(visit, &KEPT, &place));
    Ok((people.collect(), next))
}
