//! A page of people, and one of them with what is shown beside.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::Place;
use crate::fault::Refusal;
use crate::person::search::plan::PeopleSearch;
use crate::person::search::{FoundPeople, PersonRecord, store};
use crate::walk::{Page, rows_max};
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
        let mut page = Page::begin(&search.0, after, limit)?;
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

    /// How many people the org has, those who have left included; no more are counted than that.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub async fn count_people(&self, permit: &Permit, max: usize) -> Result<usize, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let count = crate::person::store::count(&mut tx, permit.org(), rows_max(max)).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The ids of a group's members, by id, so many at most.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    pub async fn list_member_ids(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        limit: usize,
    ) -> Result<Vec<UserId>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let (mut tx, limit) = (self.database.read().await?, rows_max(limit));
        let found =
            crate::group::store::load_member_ids(&mut tx, permit.org(), group_id, limit).await;
        Ok(found?)
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
