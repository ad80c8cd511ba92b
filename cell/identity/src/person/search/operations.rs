//! A page of people, and one of them with what is shown beside.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::{BATCH_ROWS_MIN, EXAMINED_MAX, Place};
use crate::fault::Refusal;
use crate::person::search::plan::PeopleSearch;
use crate::person::search::{FoundPeople, PersonRecord, store};
use vocab::id::{GroupId, UserId};

impl Cell {
    /// A page of the people who are looked for, after that place. It looks at no more than [`EXAMINED_MAX`] of them,
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
        if after.as_ref().is_some_and(|place| !search.has_place(place)) {
            return Err(Refusal::invalid("after", "it is of another list"));
        }
        let mut found = FoundPeople::default();
        let (mut examined, mut after) = (0, after);
        let first = after.as_ref().map_or(0, |place| place.alternative);
        let mut tx = self.database.read().await?;
        for (number, alternative) in search.alternatives.iter().enumerate().skip(first) {
            let walk = &alternative.walk;
            let mut place = after
                .take()
                .unwrap_or_else(|| walk.start(number, search.direction));
            loop {
                let wanted = limit + 1 - found.people.len();
                let batch = if alternative.conditions.is_empty() {
                    wanted
                } else {
                    wanted.max(BATCH_ROWS_MIN)
                };
                let rows =
                    store::load_batch(&mut tx, permit.org(), walk, search.direction, &place, batch)
                        .await?;
                let is_last = rows.len() < batch;
                for (record, key, id) in rows {
                    if found.people.len() == limit || examined == EXAMINED_MAX {
                        found.next = Some(place);
                        return Ok(found);
                    }
                    examined += 1;
                    place = Place {
                        alternative: number,
                        key,
                        id,
                    };
                    let person = &record.person;
                    // Whoever an earlier alternative has met is not shown again.
                    let mut earlier = search.alternatives.iter().take(number);
                    if alternative.holds(person) && !earlier.any(|other| other.holds(person)) {
                        found.people.push(record);
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(found)
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
