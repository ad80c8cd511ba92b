//! Who answers for a group: people and groups of the same org, named by administrators and shown to them. Nothing is decided by
//! it: whoever owns a group may do no more than before.
//!
//! Who owns a group that holds a role is changed by super administrators alone, as who is in it.

pub mod store;

use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::{guard, within};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::{Group, store as groups};
use crate::person::operations::as_target;
use crate::person::store as people;
use database::{ReadTx, WriteTx};
use ledger::{EventType, Target};
use vocab::future::boxed;
use vocab::id::{GroupId, UserId};
use vocab::time::Timestamp;

/// Most owners of one group.
pub const OWNERS_MAX: usize = 30;

/// Who can own a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnerId {
    /// A person.
    User(UserId),
    /// Whoever is in the group.
    Group(GroupId),
}

impl OwnerId {
    /// Reads the id of a person or of a group: no two kinds of ids are alike.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let person = UserId::parse(text).map(Self::User);
        person
            .or_else(|_| GroupId::parse(text).map(Self::Group))
            .ok()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }
}

/// An owner of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOwner {
    /// Who it is.
    pub id: OwnerId,
    /// The name of the person, or of the group.
    pub name: String,
    /// What a person signs in with; empty for a group.
    pub login: String,
    /// Since when.
    pub added_at: Timestamp,
}

impl Cell {
    /// The owners of a group by id, as far as the permit goes.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group that this org does not have.
    #[boxed]
    pub async fn list_group_owners(
        &self,
        permit: &Permit,
        group: &GroupId,
    ) -> Result<Vec<GroupOwner>, Refusal> {
        permit.covers_within(Permission::ReadDirectory, Capability::GroupsRead)?;
        let mut tx = self.database.read().await?;
        let found = groups::load(&mut tx, permit.org(), group).await?;
        found.ok_or(Refusal::NotFound)?;
        within::check_group(&mut tx, permit, group).await?;
        let owners = store::load_of_group(&mut tx, permit.org(), group).await?;
        keep_within(&mut tx, permit, owners).await
    }

    /// Names an owner of a group beside those that it has.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group or an owner that this org does not have; [`Refusal::Taken`] for one that owns the group;
    /// [`Refusal::TooMany`] beyond [`OWNERS_MAX`]; [`Refusal::OutOfReach`] where the group holds a role and the caller may not.
    #[boxed]
    pub async fn add_group_owner(
        &self,
        permit: &Permit,
        group: &GroupId,
        owner: &OwnerId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (group, owner) = (group.clone(), owner.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    let (group, target) = hold(tx, &by, (&group, &owner)).await?;
                    if !store::insert(tx, org, (&group.id, &owner), cell.now()).await? {
                        return Err(Refusal::Taken { field: "id" });
                    }
                    if store::count(tx, org, &group.id).await? > OWNERS_MAX {
                        return Err(Refusal::TooMany {
                            what: "owners of a group",
                            max: OWNERS_MAX,
                        });
                    }
                    let event = cell
                        .group_event(&by, EventType::ResourceOwnerUpdate, &group)
                        .target(target)
                        .detail("ownerAdded", owner.as_str());
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    /// Takes an owner from a group.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group that this org does not have, and for somebody who does not own it;
    /// [`Refusal::OutOfReach`] as for [`Cell::add_group_owner`].
    #[boxed]
    pub async fn remove_group_owner(
        &self,
        permit: &Permit,
        group: &GroupId,
        owner: &OwnerId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (group, owner) = (group.clone(), owner.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    let (group, target) = hold(tx, &by, (&group, &owner)).await?;
                    if !store::delete(tx, org, (&group.id, &owner)).await? {
                        return Err(Refusal::NotFound);
                    }
                    let event = cell
                        .group_event(&by, EventType::ResourceOwnerUpdate, &group)
                        .target(target)
                        .detail("ownerRemoved", owner.as_str());
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }
}

/// A group and an owner of it, held until the end of the transaction: whoever is removed at the same moment would stay its
/// owner. A person is held before groups, and of groups that of the lesser id first, as whoever else takes several does.
///
/// # Errors
/// [`Refusal::NotFound`] for what this org does not have; [`Refusal::OutOfReach`] where the group holds a role.
async fn hold(
    tx: &mut WriteTx,
    permit: &Permit,
    (group, owner): (&GroupId, &OwnerId),
) -> Result<(Group, Target), Refusal> {
    let org = permit.org();
    let mut held = vec![group];
    let mut target = None;
    match owner {
        OwnerId::User(id) => {
            let person = people::load_held(tx, org, id).await?;
            target = person.as_ref().map(as_target);
        }
        OwnerId::Group(id) => held.push(id),
    }
    held.sort();
    held.dedup();
    for id in held {
        if !groups::hold(tx, org, id).await? {
            return Err(Refusal::NotFound);
        }
    }
    if let OwnerId::Group(id) = owner {
        let found = groups::load(tx, org, id).await?;
        target = found.map(|found| Target::group(&found.id, &found.name));
    }
    let target = target.ok_or(Refusal::NotFound)?;
    let group = groups::load(tx, org, group).await?;
    let group = group.ok_or(Refusal::NotFound)?;
    guard::check_group(tx, permit, &group.id).await?;
    Ok((group, target))
}

/// Those owners that the permit shows: whoever lies outside is not found here either.
async fn keep_within(
    tx: &mut ReadTx,
    permit: &Permit,
    mut owners: Vec<GroupOwner>,
) -> Result<Vec<GroupOwner>, Refusal> {
    let Some(groups) = within::load_extent(tx, permit, ThingKind::Group).await? else {
        return Ok(owners);
    };
    let Some(people) = within::load_extent(tx, permit, ThingKind::Person).await? else {
        return Ok(owners);
    };
    let ids = owners.iter().filter_map(|owner| match &owner.id {
        OwnerId::User(id) => Some(id.clone()),
        OwnerId::Group(_) => None,
    });
    let ids: Vec<UserId> = ids.collect();
    let people = within::load_people_within(tx, permit, &people, &ids).await?;
    owners.retain(|owner| match &owner.id {
        OwnerId::User(id) => people.contains(id),
        OwnerId::Group(id) => groups.reach.holds(id.as_str()),
    });
    Ok(owners)
}

#[cfg(test)]
mod tests {
    use super::OwnerId;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, GroupId, UserId};

    #[test]
    fn an_owner_is_a_person_or_a_group_by_its_id() {
        let entropy = SeededEntropy::new(53);
        let (user, group) = (UserId::generate(&entropy), GroupId::generate(&entropy));
        let app = AppId::generate(&entropy);
        for (text, expected) in [
            (user.as_str(), Some(OwnerId::User(user.clone()))),
            (group.as_str(), Some(OwnerId::Group(group.clone()))),
            (app.as_str(), None),
            ("", None),
            ("00u", None),
        ] {
            assert_eq!(OwnerId::parse(text), expected, "{text}");
            if let Some(owner) = expected {
                assert_eq!(owner.as_str(), text);
            }
        }
    }
}
