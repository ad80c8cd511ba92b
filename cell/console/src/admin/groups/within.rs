//! The lists of groups and of their members as far as the reader's roles over a part of the organisation go: walked from what
//! those hold, as the API walks them.

use crate::admin::caller::{Detour, done};
use crate::admin::paging::{
    FOUND_ROWS, PAGE_ROWS, after_of, place_of, render_cursor, render_place,
};
use crate::admin::row::person_link;
use crate::view::admin::Picker;
use crate::view::row::LinkRow;
use crate::visit::Visit;
use identity::access::custom::capability::Capability;
use identity::access::{Permission, Permit};
use identity::condition::Direction;
use identity::group::Group;
use identity::group::search::{GroupOrder, GroupSearch};
use identity::person::search::plan::PeopleSearch;

/// The parameters that a place of the list is bound to.
const KEPT: [&str; 1] = ["q"];

/// A page of those within, and the cursor of the next one.
///
/// # Errors
/// The page for a refusal.
pub async fn groups(
    visit: &Visit,
    permit: &Permit,
    query: &str,
) -> Result<(Vec<Group>, Option<String>), Detour> {
    let search = match query {
        "" => GroupSearch::every(GroupOrder::Natural, Direction::Ascending),
        text => GroupSearch::by_beginning(text),
    };
    let after = place_of(visit, &KEPT);
    let found = visit
        .cell
        .search_groups(permit, &search, after, PAGE_ROWS)
        .await;
    let found = done(visit, found)?;
    let next = found.next.map(|place| render_place(visit, &KEPT, &place));
    Ok((found.groups, next))
}

/// A page of those members of a group who are within.
///
/// # Errors
/// The page for a refusal.
pub async fn members(
    visit: &Visit,
    permit: &Permit,
    group: &Group,
) -> Result<(Vec<LinkRow>, Option<String>), Detour> {
    let after = after_of(visit);
    let found = visit
        .cell
        .list_members(permit, &group.id, &after, PAGE_ROWS)
        .await;
    let (members, next) = done(visit, found)?;
    let rows = members.iter().map(|record| person_link(&record.person));
    Ok((rows.collect(), next.map(|last| render_cursor(&[&last]))))
}

/// People within whom the reader can add, as far as they see any.
///
/// # Errors
/// The page for a refusal.
pub async fn find_people(
    visit: &Visit,
    permit: Option<&Permit>,
    query: &str,
) -> Result<Picker, Detour> {
    let (Some(permit), false) = (permit, query.is_empty()) else {
        return Ok(Picker::default());
    };
    let search = PeopleSearch::by_beginning(query);
    let limit = usize::try_from(FOUND_ROWS).unwrap_or_default();
    let found = visit.cell.search_people(permit, &search, None, limit).await;
    let found = done(visit, found)?.people;
    Ok(Picker {
        query: query.to_owned(),
        found: found
            .iter()
            .map(|record| person_link(&record.person))
            .collect(),
    })
}

/// What opens the members of a group to whoever changes them.
pub const CHANGES_MEMBERS: (Permission, Capability) =
    (Permission::ManageGroups, Capability::GroupsMembers);
