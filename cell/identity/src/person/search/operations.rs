//! A page of people, and one of them with what is shown beside.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::Place;
use crate::fault::Refusal;
use crate::person::search::plan::PeopleSearch;
use crate::person::search::{FoundPeople, PersonRecord, store};
use crate::walk::Page;
use vocab::id::{GroupId, UserId};

impl Cell {
    /// A page of the people who are looked for, after that place. It looks at no more than [`EXAMINED_MAX`](crate::walk::EXAMINED_MAX) of them,
    /// so that it may be shorter than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub async fn search_people(
        &self,
        permit: &Permit,
        search: &PeopleSearch,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundPeople, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        if after
            .as_ref()
            .is_some_and(|place| !search.0.has_place(place))
        {
            return Err(Refusal::invalid("after", "it is of another list"));
        }
        let mut page = Page::new(&search.0, after, limit);
        let mut tx = self.database.read().await?;
        while let Some(batch) = page.wanted() {
            let met = store::load_batch(&mut tx, permit.org(), &batch).await?;
            page.take(batch, met);
        }
        let (people, next) = page.finish();
        Ok(FoundPeople { people, next })
    }

    /// The person of that id, or else of that login.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if this org has nobody such.
    pub async fn find_person(
        &self,
        permit: &Permit,
        id_or_login: &str,
    ) -> Result<PersonRecord, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        store::find(&mut tx, permit.org(), id_or_login)
            .await?
            .ok_or(Refusal::NotFound)
    }

    /// A page of a group's members, by id, after that id; none where the page is the last.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group that this org does not have.
    pub async fn list_members(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<PersonRecord>, Option<UserId>), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let org = permit.org();
        crate::group::store::load(&mut tx, org, group_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        let mut members = store::load_members(&mut tx, org, group_id, after, limit + 1).await?;
        let has_more = members.len() > limit;
        members.truncate(limit);
        let last = members.last().map(|record| record.person.id.clone());
        Ok((members, last.filter(|_| has_more)))
    }
}
