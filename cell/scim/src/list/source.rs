//! Where the resources of a list come from: a search over an index, or who belongs to what.

use crate::call::Call;
use crate::error::ScimError;
use identity::access::Permission;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::group::Group;
use identity::group::search::GroupSearch;
use identity::person::search::PersonRecord;
use identity::person::search::plan::PeopleSearch;
use vocab::id::{GroupId, UserId};

/// A resource that was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A user.
    Person(Box<PersonRecord>),
    /// A group.
    Group(Box<Group>),
}

/// How much of all there is a source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything, so that it can be counted without a look at each.
    Everything,
    /// Some of it.
    Some,
}

/// Where resources come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// There are none.
    Nothing,
    /// Users whom a search finds.
    People(PeopleSearch, Extent),
    /// Groups that a search finds.
    Groups(GroupSearch, Extent),
    /// Users who belong to a group.
    Members(GroupId),
    /// Groups that a user belongs to.
    GroupsOf(UserId),
    /// A group, if the user belongs to it.
    Membership(GroupId, UserId),
}

/// What was found, and the place behind it if there may be more.
pub type Step = (Vec<Found>, Option<Place>);

impl Source {
    /// The next few resources behind a place.
    ///
    /// # Errors
    /// [`ScimError`] for a place of another list, and if the store fails.
    pub async fn step(
        &self,
        call: &Call,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Step, ScimError> {
        let reader = call.permit(Permission::ReadDirectory)?;
        let cell = &call.cell;
        let id = after
            .as_ref()
            .map(|place| place.id.clone())
            .unwrap_or_default();
        let found = match self {
            Self::Nothing => (Vec::new(), None),
            Self::People(search, _) => {
                let found = cell.search_people(&reader, search, after, limit).await?;
                (people(found.people), found.next)
            }
            Self::Groups(search, _) => {
                let found = cell.search_groups(&reader, search, after, limit).await?;
                (groups(found.groups), found.next)
            }
            Self::Members(group) => match cell.list_members(&reader, group, &id, limit).await {
                Ok((members, next)) => {
                    let next = next.map(|id| Place::at(id.as_str()));
                    (people(members), next)
                }
                Err(Refusal::NotFound) => (Vec::new(), None),
                Err(refusal) => return Err(refusal.into()),
            },
            Self::GroupsOf(user) => {
                let (found, next) = cell.list_groups_of(&reader, user, &id, limit).await?;
                (groups(found), next.map(|id| Place::at(id.as_str())))
            }
            Self::Membership(group, user) => {
                let is_new = id.is_empty() && limit > 0;
                if !is_new || !cell.is_group_member(&reader, group, user).await? {
                    return Ok((Vec::new(), None));
                }
                match cell.find_group(&reader, group).await {
                    Ok(group) => (groups(vec![group]), None),
                    Err(Refusal::NotFound) => (Vec::new(), None),
                    Err(refusal) => return Err(refusal.into()),
                }
            }
        };
        Ok(found)
    }

    /// How many resources there are, as far as that is known without a look at each; no more are counted than that.
    ///
    /// # Errors
    /// [`ScimError`] if the store fails.
    pub async fn count(&self, call: &Call, max: usize) -> Result<Option<usize>, ScimError> {
        let reader = call.permit(Permission::ReadDirectory)?;
        Ok(match self {
            Self::Nothing => Some(0),
            Self::People(_, Extent::Everything) => {
                Some(call.cell.count_people(&reader, max).await?)
            }
            Self::Groups(_, Extent::Everything) => {
                Some(call.cell.count_groups(&reader, max).await?)
            }
            _ => None,
        })
    }
}

fn people(records: Vec<PersonRecord>) -> Vec<Found> {
    let records = records.into_iter();
    records
        .map(|record| Found::Person(Box::new(record)))
        .collect()
}

fn groups(groups: Vec<Group>) -> Vec<Found> {
    let groups = groups.into_iter();
    groups.map(|group| Found::Group(Box::new(group))).collect()
}
