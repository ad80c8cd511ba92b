//! Who has a role of whatever kind by themselves, page by page.

use crate::access::{Permission, Permit, store};
use crate::cell::Cell;
use crate::condition::Place;
use crate::fault::Refusal;
use crate::walk::rows_max;
use vocab::future::boxed;
use vocab::id::UserId;

/// A page of people who have a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignees {
    /// By id.
    pub people: Vec<UserId>,
    /// Where the next page begins, if there is one.
    pub next: Option<Place>,
}

impl Cell {
    /// People who have a standard role, whole or narrowed, or a custom one, by themselves.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_assignees(
        &self,
        permit: &Permit,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Assignees, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let after = after.map_or_else(String::new, |place| place.id);
        let mut tx = self.database.read().await?;
        let rows = rows_max(limit.saturating_add(1));
        let mut people = store::load_assignees(&mut tx, permit.org(), &after, rows).await?;
        let is_last = people.len() <= limit;
        people.truncate(limit);
        let last = people.last().filter(|_| !is_last);
        let next = last.map(|user| Place::at(user.as_str()));
        Ok(Assignees { people, next })
    }
}
