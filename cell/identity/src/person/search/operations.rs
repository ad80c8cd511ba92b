//! A page of people, and one of them with what is shown beside.

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::within::{self, Extent};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::condition::Place;
use crate::fault::Refusal;
use crate::person::search::plan::PeopleSearch;
use crate::person::search::{FoundPeople, PersonRecord, store};
use crate::walk::{EXAMINED_MAX, Page, rows_max};
use database::ReadTx;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, UserId};

impl Cell {
    /// A page of the people who are looked for, after that place. It looks at no more than [`EXAMINED_MAX`](crate::walk::EXAMINED_MAX) of them,
    /// so that it may be shorter than asked for, or empty, and yet not the last.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn search_people(
        &self,
        permit: &Permit,
        search: &PeopleSearch,
        after: Option<Place>,
        limit: usize,
    ) -> Result<FoundPeople, Refusal> {
        permit.covers_within(Permission::ReadDirectory, Capability::UsersRead)?;
        let mut tx = self.database.read().await?;
        if let Some(extent) = within::load_extent(&mut tx, permit, ThingKind::Person).await?
            && !extent.reach.all
        {
            return search_within(&mut tx, permit, &extent, search, (after, limit)).await;
        }
        let mut page = Page::begin(&search.0, after, limit)?;
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
    #[boxed]
    pub async fn find_person(
        &self,
        permit: &Permit,
        id_or_login: &str,
    ) -> Result<PersonRecord, Refusal> {
        permit.covers_finding(ThingKind::Person)?;
        let mut tx = self.database.read().await?;
        let found = store::find(&mut tx, permit.org(), id_or_login).await?;
        let found = found.ok_or(Refusal::NotFound)?;
        within::check_person(&mut tx, permit, &found.person.id).await?;
        Ok(found)
    }

    /// The same, for an act upon that app that is also one upon the person: whether it is assigned to them.
    ///
    /// # Errors
    /// As for [`Cell::find_person`].
    #[boxed]
    pub async fn find_assignee(
        &self,
        permit: &Permit,
        app: &AppId,
        id_or_login: &str,
    ) -> Result<PersonRecord, Refusal> {
        permit.covers_finding(ThingKind::Person)?;
        let mut tx = self.database.read().await?;
        let found = store::find(&mut tx, permit.org(), id_or_login).await?;
        let found = found.ok_or(Refusal::NotFound)?;
        within::check_assignee(&mut tx, permit, &found.person.id, app).await?;
        Ok(found)
    }

    /// How many people the org has, those who have left included; no more are counted than that.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
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
    #[boxed]
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

    /// A page of a group's members, by id, after that place among the ids; none where the page is the last.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group that this org does not have.
    #[boxed]
    pub async fn list_members(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<PersonRecord>, Option<String>), Refusal> {
        permit.covers_within(Permission::ReadDirectory, Capability::GroupsRead)?;
        let mut tx = self.database.read().await?;
        let org = permit.org();
        crate::group::store::load(&mut tx, org, group_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        within::check_group(&mut tx, permit, group_id).await?;
        if let Some(extent) = within::load_extent(&mut tx, permit, ThingKind::Person).await? {
            return members_within(&mut tx, permit, &extent, group_id, (after, limit)).await;
        }
        let mut members = store::load_members(&mut tx, org, group_id, after, limit + 1).await?;
        let has_more = members.len() > limit;
        members.truncate(limit);
        let last = members.last().map(|record| record.person.id.to_string());
        Ok((members, last.filter(|_| has_more)))
    }
}

/// A page of those who are looked for among the people of resource sets: their groups are walked, and each person is looked
/// at, so that nothing of anybody outside is in the page or in the place behind it.
async fn search_within(
    tx: &mut ReadTx,
    permit: &Permit,
    extent: &Extent,
    search: &PeopleSearch,
    (after, limit): (Option<Place>, usize),
) -> Result<FoundPeople, Refusal> {
    let walked = search.within(&extent.reach.ids)?;
    let mut page = Page::begin(&walked.0, after, limit)?.sifted();
    while let Some(batch) = page.wanted() {
        let met = store::load_batch(tx, permit.org(), &batch).await?;
        let ids: Vec<UserId> = met.iter().map(|met| met.0.person.id.clone()).collect();
        let groups = within::load_groups_of_people(tx, permit, extent, &ids).await?;
        // Whoever is in several of the groups is shown once.
        page.take_those(batch, met, |record, group| {
            let shown_in = groups.get(&record.person.id);
            shown_in.is_some_and(|own| own.as_str() == group) && search.fits(record)
        });
    }
    let (people, next) = page.finish();
    Ok(FoundPeople { people, next })
}

/// A page of those members of a group who are within; it looks at a bounded number of them. The place behind it is that of
/// the last of them who is shown, or one that is nobody's.
async fn members_within(
    tx: &mut ReadTx,
    permit: &Permit,
    extent: &Extent,
    group: &GroupId,
    (after, limit): (&str, usize),
) -> Result<(Vec<PersonRecord>, Option<String>), Refusal> {
    let (mut found, mut examined) = (Vec::<PersonRecord>::new(), 0);
    let mut behind = after.to_owned();
    loop {
        let met = store::load_members(tx, permit.org(), group, &behind, limit + 1).await?;
        let is_last = met.len() <= limit;
        let ids: Vec<UserId> = met.iter().map(|record| record.person.id.clone()).collect();
        let within = within::load_people_within(tx, permit, extent, &ids).await?;
        for record in met {
            if found.len() == limit {
                let last = found.last().map(|record| record.person.id.to_string());
                return Ok((found, last));
            }
            if examined == EXAMINED_MAX {
                let shown = found.last().map_or("", |record| record.person.id.as_str());
                let place = place_behind(after, shown, &behind);
                return Ok((found, place));
            }
            examined += 1;
            behind = record.person.id.to_string();
            if within.contains(&record.person.id) {
                found.push(record);
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
}

/// Where a page begins behind an id that nobody is to learn: behind the one that was shown last, or at a place that is no id,
/// as near before the other as its first half tells. None where neither goes on from where the page began.
fn place_behind(after: &str, shown: &str, id: &str) -> Option<String> {
    let place = id.get(..id.len() / 2)?.max(shown);
    (place > after).then(|| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::place_behind;

    #[test]
    fn a_place_tells_no_id_that_was_not_shown_and_goes_on() {
        let id = "00uBcdEfgHijKlmNopq0";
        for (after, shown, place) in [
            ("", "", Some("00uBcdEfgH")),
            ("00uAzzzzzzzzzzzzzzzz", "", Some("00uBcdEfgH")),
            ("00uBcdEfgG", "", Some("00uBcdEfgH")),
            ("", "00uAzzzzzzzzzzzzzzzz", Some("00uBcdEfgH")),
            ("", "00uBcdEfgHijKlmNopp9", Some("00uBcdEfgHijKlmNopp9")),
            ("", id, Some(id)),
            ("00uBcdEfgH", "", None),
            ("00uBcdEfgHijKlmNopp9", "", None),
        ] {
            assert_eq!(
                place_behind(after, shown, id).as_deref(),
                place,
                "{after} {shown}"
            );
        }
    }
}
