//! A group that is changed whole: name, external id and members in one transaction, as provisioning clients do it in one
//! request. How many memberships one request changes is bounded, so that no other org waits for it.

use crate::access::custom::guard;
use crate::access::{Permission, Permit};
use crate::attribute_schema::Attributes;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::operations::{apply_removal, check};
use crate::group::{Group, store};
use crate::group_rule::active::{self, RuleSet};
use crate::group_rule::{asked, exclude, follow};
use crate::person::Person;
use crate::person::profile::decide_external_id;
use crate::person::store as people;
use crate::problem::{Problem, named};
use crate::sign_on::of_administrators;
use crate::walk::rows_max;
use database::WriteTx;
use ledger::{Event, EventType, Target};
use std::collections::{BTreeMap, BTreeSet};
use vocab::future::boxed;
use vocab::id::{GroupId, UserId};

/// Most memberships that one request changes.
pub const MEMBERS_CHANGED_MAX: usize = 1_000;

/// What becomes of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// The person is a member from now on.
    Added,
    /// The person is none from now on.
    Removed,
}

/// What the members are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersChange {
    /// As they are, but for these.
    But(BTreeMap<UserId, Membership>),
    /// These and nobody else.
    Exactly(BTreeSet<UserId>),
}

impl MembersChange {
    /// They stay as they are.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::But(BTreeMap::new())
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::But(changed) if changed.is_empty())
    }
}

/// What a group is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub name: String,
    /// What a provisioning client calls it.
    pub external_id: Option<String>,
    /// Its members.
    pub members: MembersChange,
}

/// Of what a change was thought when it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Of the name alone: whoever was added meanwhile stays.
    Name,
    /// Of the whole group, its members included.
    Whole,
}

/// Which memberships change, so that the present members become what they are to be.
///
/// # Errors
/// [`Refusal::TooMany`] for more than [`MEMBERS_CHANGED_MAX`].
pub fn plan_memberships(
    present: &[UserId],
    wanted: &MembersChange,
) -> Result<Vec<(UserId, Membership)>, Refusal> {
    let changes: Vec<(UserId, Membership)> = match wanted {
        MembersChange::But(changed) => changed
            .iter()
            .map(|(id, membership)| (id.clone(), *membership))
            .collect(),
        MembersChange::Exactly(members) => {
            let known: BTreeSet<&UserId> = present.iter().collect();
            let gone = present.iter().filter(|id| !members.contains(*id));
            let new = members.iter().filter(|id| !known.contains(*id));
            let gone = gone.map(|id| (id.clone(), Membership::Removed));
            gone.chain(new.map(|id| (id.clone(), Membership::Added)))
                .collect()
        }
    };
    if changes.len() > MEMBERS_CHANGED_MAX {
        return Err(Refusal::TooMany {
            what: "members changed at once",
            max: MEMBERS_CHANGED_MAX,
        });
    }
    Ok(changes)
}

impl Cell {
    /// Adds a group with its first members, all of it or nothing.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of names say, or for a member that this org does not have.
    #[boxed]
    pub async fn add_group(&self, permit: &Permit, new: GroupChange) -> Result<Group, Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let name = new.name.trim();
        check(name, "")?;
        let memberships = plan_memberships(&[], &new.members)?;
        let group = Group {
            org_id: permit.org().clone(),
            id: GroupId::generate(self.entropy()),
            name: name.to_owned(),
            description: String::new(),
            attributes: Attributes::default(),
            revision: 1,
            created_at: self.now(),
            updated_at: self.now(),
            members_changed_at: self.now(),
            external_id: decide_external_id(new.external_id)?,
        };
        let (cell, permit, id) = (self.clone(), permit.clone(), group.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let people = hold_people(tx, &permit, &new.members).await?;
                    let rules = active::hold(tx, &cell, &group.org_id).await?;
                    store::insert(tx, &group).await?;
                    let external_id = group.external_id.as_deref();
                    store::put_external_id(tx, &group.org_id, &group.id, external_id).await?;
                    let event = cell.group_event(&permit, EventType::GroupLifecycleCreate, &group);
                    let place = (&cell, &permit, rules.as_deref());
                    let changed = apply_memberships(tx, place, &group, (memberships, &people));
                    let mut events = vec![event];
                    events.extend(changed.await?);
                    ledger::append_all(tx, &group.org_id, events).await?;
                    reload(tx, &permit, &id).await
                })
            })
            .await
    }

    /// Changes a group, all of it or nothing.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] if it is not any more as it was seen.
    #[boxed]
    pub async fn change_group(
        &self,
        permit: &Permit,
        seen: &Group,
        basis: Basis,
        change: GroupChange,
    ) -> Result<Group, Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let name = change.name.trim().to_owned();
        check(&name, &seen.description)?;
        let external_id = decide_external_id(change.external_id)?;
        let members = change.members;
        let (cell, permit, seen) = (self.clone(), permit.clone(), seen.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let people = hold_people(tx, &permit, &members).await?;
                    let rules = active::hold(tx, &cell, permit.org()).await?;
                    let group = hold(tx, &permit, &seen, basis).await?;
                    let mut events = Vec::new();
                    if group.name != name || group.external_id != external_id {
                        guard::check_group(tx, &permit, &group.id).await?;
                        let renamed = Group {
                            name,
                            ..group.clone()
                        };
                        store::update(tx, &renamed, cell.now()).await?;
                        let external_id = external_id.as_deref();
                        store::put_external_id(tx, &group.org_id, &group.id, external_id).await?;
                        let kind = EventType::GroupProfileUpdate;
                        events.push(cell.group_event(&permit, kind, &renamed));
                        let place = (&group.org_id, &group.id);
                        let names = [group.name.as_str(), renamed.name.as_str()];
                        asked::check_names(tx, &permit, rules.as_deref(), place.1, &names).await?;
                        follow::follow_name(tx, &cell, rules.as_deref(), place, names).await?;
                    }
                    if !members.is_nothing() {
                        let present = load_present(tx, &group, &members).await?;
                        let memberships = plan_memberships(&present, &members)?;
                        let place = (&cell, &permit, rules.as_deref());
                        let changed = apply_memberships(tx, place, &group, (memberships, &people));
                        events.extend(changed.await?);
                    }
                    ledger::append_all(tx, &group.org_id, events).await?;
                    reload(tx, &permit, &group.id).await
                })
            })
            .await
    }

    /// Removes a group as it was seen.
    ///
    /// # Errors
    /// [`Refusal::Changed`] if it is not any more as it was seen.
    #[boxed]
    pub async fn remove_group(
        &self,
        permit: &Permit,
        seen: &Group,
        basis: Basis,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (cell, permit, seen) = (self.clone(), permit.clone(), seen.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // The org's rules before the group, as whoever evaluates them takes both.
                    let rules = active::hold(tx, &cell, permit.org()).await?;
                    let group = hold(tx, &permit, &seen, basis).await?;
                    asked::check_removal(tx, &permit, rules.as_deref(), &group).await?;
                    apply_removal(tx, &cell, &permit, &group).await
                })
            })
            .await
    }

    /// How many groups the org has; no more are counted than that.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn count_groups(&self, permit: &Permit, max: usize) -> Result<usize, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let count = store::count(&mut tx, permit.org(), rows_max(max)).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Whether the person is a member of the group.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn is_group_member(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::is_member(&mut tx, permit.org(), group_id, user_id).await?)
    }
}

async fn hold(
    tx: &mut WriteTx,
    permit: &Permit,
    seen: &Group,
    basis: Basis,
) -> Result<Group, Refusal> {
    if !store::hold(tx, permit.org(), &seen.id).await? {
        return Err(Refusal::NotFound);
    }
    let group = reload(tx, permit, &seen.id).await?;
    let is_other = group.revision != seen.revision;
    let has_others = group.members_changed_at != seen.members_changed_at;
    if is_other || (basis == Basis::Whole && has_others) {
        return Err(Refusal::Changed);
    }
    Ok(group)
}

async fn reload(tx: &mut WriteTx, permit: &Permit, id: &GroupId) -> Result<Group, Refusal> {
    let found = store::load(tx, permit.org(), id).await?;
    found.ok_or(Refusal::NotFound)
}

/// The present members, as far as it takes to tell that too many would change.
async fn load_present(
    tx: &mut WriteTx,
    group: &Group,
    wanted: &MembersChange,
) -> Result<Vec<UserId>, Refusal> {
    let MembersChange::Exactly(members) = wanted else {
        return Ok(Vec::new());
    };
    let limit = rows_max(members.len() + MEMBERS_CHANGED_MAX + 1);
    Ok(store::load_member_ids(tx, &group.org_id, &group.id, limit).await?)
}

/// Those who may be added, held in the order of their ids and before the group: a person who is removed at the same moment
/// would stay a member for ever.
async fn hold_people(
    tx: &mut WriteTx,
    permit: &Permit,
    wanted: &MembersChange,
) -> Result<BTreeMap<UserId, Person>, Refusal> {
    let ids: Vec<&UserId> = match wanted {
        MembersChange::Exactly(members) => members.iter().collect(),
        MembersChange::But(changed) => {
            let added = changed.iter();
            let added = added.filter(|(_, membership)| **membership == Membership::Added);
            added.map(|(id, _)| id).collect()
        }
    };
    let mut held = BTreeMap::new();
    for id in ids {
        let found = people::load_held(tx, permit.org(), id).await?;
        let person = found.ok_or_else(|| {
            let problem = Problem::of("there is nobody {name}", [named(id.as_str())]);
            Refusal::invalid("members", problem)
        })?;
        held.insert(id.clone(), person);
    }
    Ok(held)
}

async fn apply_memberships(
    tx: &mut WriteTx,
    (cell, permit, rules): (&Cell, &Permit, Option<&RuleSet>),
    group: &Group,
    (memberships, held): (Vec<(UserId, Membership)>, &BTreeMap<UserId, Person>),
) -> Result<Vec<Event>, Refusal> {
    let (org, now) = (permit.org(), cell.now());
    let rules = rules.filter(|rules| rules.asks_about_groups());
    let mut events = Vec::new();
    for (user_id, membership) in memberships {
        let person = match held.get(&user_id) {
            Some(person) => Some(person.clone()),
            None => people::load(tx, org, &user_id).await?,
        };
        // Whoever is nobody any more is no member either.
        let Some(person) = person else { continue };
        of_administrators::check_member(tx, permit, &group.id, &user_id).await?;
        if membership == Membership::Added {
            guard::check_added(tx, permit, &group.id, &person).await?;
        }
        let mut followed = Vec::new();
        let (changed, kind) = match membership {
            Membership::Added => (
                store::insert_member(tx, org, &group.id, &user_id, now).await?,
                EventType::GroupUserMembershipAdd,
            ),
            Membership::Removed => {
                followed.extend(exclude::exclude(tx, cell, permit, group, &person).await?);
                (
                    store::delete_member(tx, org, &group.id, &user_id, now).await?,
                    EventType::GroupUserMembershipRemove,
                )
            }
        };
        if changed {
            let event = cell.group_event(permit, kind, group);
            events.push(event.target(target_of(&person)));
        }
        events.extend(followed);
        let place = (org, &user_id);
        events.extend(follow::follow(tx, cell, Some(permit), rules, place).await?);
    }
    Ok(events)
}

fn target_of(person: &Person) -> Target {
    Target::user(&person.id, &person.login, &person.display_name())
}

#[cfg(test)]
mod tests {
    use super::{MEMBERS_CHANGED_MAX, MembersChange, Membership, plan_memberships};
    use std::collections::{BTreeMap, BTreeSet};
    use vocab::entropy::SeededEntropy;
    use vocab::id::UserId;

    #[test]
    fn the_fewest_memberships_change() {
        use Membership::{Added, Removed};
        let entropy = SeededEntropy::new(9);
        let mut ids: Vec<UserId> = (0..4).map(|_| UserId::generate(&entropy)).collect();
        ids.sort();
        let set = |places: &[usize]| places.iter().map(|place| ids[*place].clone()).collect();
        let change = |place: usize, membership| (ids[place].clone(), membership);
        for (wanted, expected) in [
            (MembersChange::Exactly(set(&[0, 1])), vec![]),
            (
                MembersChange::Exactly(set(&[1, 2])),
                vec![change(0, Removed), change(2, Added)],
            ),
            (
                MembersChange::Exactly(BTreeSet::new()),
                vec![change(0, Removed), change(1, Removed)],
            ),
            (MembersChange::nothing(), vec![]),
            (
                MembersChange::But(BTreeMap::from([change(3, Added), change(0, Removed)])),
                vec![change(0, Removed), change(3, Added)],
            ),
        ] {
            let planned = plan_memberships(&ids[..2], &wanted).unwrap();
            assert_eq!(planned, expected, "{wanted:?}");
        }
        let many: Vec<UserId> = (0..=MEMBERS_CHANGED_MAX)
            .map(|_| UserId::generate(&entropy))
            .collect();
        let all = MembersChange::Exactly(many.iter().cloned().collect());
        assert!(plan_memberships(&[], &all).is_err());
        assert!(plan_memberships(&many, &MembersChange::Exactly(BTreeSet::new())).is_err());
        assert!(plan_memberships(&many[1..], &all).is_ok());
    }
}
