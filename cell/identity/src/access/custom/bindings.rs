//! Giving people and groups a custom role over a resource set, and taking it. It counts from the next call on, and what is
//! taken counts no more from then on.

use crate::access::ceiling::{begin_role_giving, hold_within_reach};
use crate::access::custom::guard::TOO_MANY;
use crate::access::custom::store::bindings as store;
use crate::access::custom::store::labelled::load;
use crate::access::custom::{
    BINDINGS_OF_ONE_MAX, Binding, CustomRole, GIVING_GROUPS_OF_ONE_MAX, Holder, MEMBERS_MAX,
    ResourceSet,
};
use crate::access::custom::{roles as of_roles, sets as of_sets};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group_rule::{active, store as rules};
use crate::person::operations::as_target;
use crate::person::roles::{HALF_OPEN, refuse_half_open};
use crate::problem::{Problem, named};
use crate::walk::rows_max;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{CustomRoleId, GroupId, ResourceSetId, RoleBindingId};

/// Most people who are in a group that is given a role: each of them becomes an administrator by it.
pub const GROUP_MEMBERS_MAX: usize = 1_000;

impl Cell {
    /// Gives somebody a role over a set, all of them or nobody; nothing happens to whoever has it. Returns the bindings of
    /// whoever was given it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a role or a set that this org does not have, [`Refusal::Invalid`] for a holder that it
    /// does not have; [`Refusal::TooMany`]; [`Refusal::WrongState`] for somebody who is getting back in by mail;
    /// [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn bind_role(
        &self,
        permit: &Permit,
        (role, set): (&CustomRoleId, &ResourceSetId),
        holders: BTreeSet<Holder>,
    ) -> Result<Vec<Binding>, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (role, set) = (role.clone(), set.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let role = load(tx, org, &role).await?;
                    let set = load(tx, org, &set).await?;
                    let pair = (
                        role.ok_or(Refusal::NotFound)?,
                        set.ok_or(Refusal::NotFound)?,
                    );
                    let ids = (&pair.0.id, &pair.1.id);
                    let present = store::load_of_pair(tx, org, ids).await?;
                    let new = plan_holders(&present, holders)?;
                    let mut bound = Vec::new();
                    for holder in new {
                        if let Some(binding) = cell.apply_binding(tx, &by, &pair, holder).await? {
                            bound.push(binding);
                        }
                    }
                    Ok(bound)
                })
            })
            .await
    }

    async fn apply_binding(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        pair: &(CustomRole, ResourceSet),
        holder: Holder,
    ) -> Result<Option<Binding>, Refusal> {
        let org = permit.org();
        let target = hold(tx, self, permit, &holder).await?;
        if store::load_of_holder(tx, org, &holder).await?.len() >= BINDINGS_OF_ONE_MAX {
            return Err(Refusal::TooMany {
                what: "custom roles of one person or group",
                max: BINDINGS_OF_ONE_MAX,
            });
        }
        let binding = Binding {
            id: RoleBindingId::generate(self.entropy()),
            role: pair.0.id.clone(),
            set: pair.1.id.clone(),
            holder,
            bound_at: self.now(),
        };
        if !store::insert(tx, org, &binding).await? {
            return Ok(None);
        }
        let kind = EventType::IamResourcesetBindingsAdd;
        ledger::append(tx, org, self.binding_event(permit, kind, pair, target)).await?;
        Ok(Some(binding))
    }

    /// Takes a role over a set from one holder.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a binding that this org does not have; [`Refusal::OutOfReach`] for whoever is no super
    /// administrator.
    #[boxed]
    pub async fn unbind_role(&self, permit: &Permit, id: &RoleBindingId) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    begin_role_giving(tx, &by).await?;
                    let binding = store::load(tx, by.org(), &id).await?;
                    let binding = binding.ok_or(Refusal::NotFound)?;
                    cell.end_binding(tx, &by, &binding).await
                })
            })
            .await
    }

    /// Takes a role over a set from everybody who holds it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where nobody does; else as [`Cell::unbind_role`].
    #[boxed]
    pub async fn unbind_everybody(
        &self,
        permit: &Permit,
        (role, set): (&CustomRoleId, &ResourceSetId),
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by) = (self.clone(), permit.clone());
        let (role, set) = (role.clone(), set.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    begin_role_giving(tx, &by).await?;
                    let bindings = store::load_of_pair(tx, by.org(), (&role, &set)).await?;
                    if bindings.is_empty() {
                        return Err(Refusal::NotFound);
                    }
                    for binding in &bindings {
                        cell.end_binding(tx, &by, binding).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn end_binding(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        binding: &Binding,
    ) -> Result<(), Refusal> {
        let org = permit.org();
        let role = load(tx, org, &binding.role).await?;
        let set = load(tx, org, &binding.set).await?;
        let pair = (
            role.ok_or(Refusal::NotFound)?,
            set.ok_or(Refusal::NotFound)?,
        );
        if !store::delete(tx, org, &binding.id).await? {
            return Err(Refusal::NotFound);
        }
        // Of whoever is no more, the id alone is told.
        let target = match &binding.holder {
            Holder::User(id) => crate::person::store::load(tx, org, id)
                .await?
                .map_or_else(|| Target::user(id, "", ""), |person| as_target(&person)),
            Holder::Group(id) => crate::group::store::load(tx, org, id).await?.map_or_else(
                || Target::group(id, ""),
                |group| Target::group(&group.id, &group.name),
            ),
        };
        let kind = EventType::IamResourcesetBindingsDelete;
        Ok(ledger::append(tx, org, self.binding_event(permit, kind, &pair, target)).await?)
    }

    fn binding_event(
        &self,
        permit: &Permit,
        kind: EventType,
        (role, set): &(CustomRole, ResourceSet),
        holder: Target,
    ) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(of_sets::as_target(set))
            .target(of_roles::as_target(role))
            .target(holder)
    }
}

/// Those who do not hold it yet, before anybody is looked at: how much is to be done is bounded by it.
///
/// # Errors
/// [`Refusal::TooMany`] where more than [`MEMBERS_MAX`] would hold it.
fn plan_holders(
    present: &[Binding],
    mut holders: BTreeSet<Holder>,
) -> Result<BTreeSet<Holder>, Refusal> {
    for binding in present {
        holders.remove(&binding.holder);
    }
    if present.len() + holders.len() > MEMBERS_MAX {
        return Err(Refusal::TooMany {
            what: "members of a binding",
            max: MEMBERS_MAX,
        });
    }
    Ok(holders)
}

/// Whoever is about to hold a role, held until the end of the transaction.
async fn hold(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    holder: &Holder,
) -> Result<Target, Refusal> {
    let missing = |id: &str| {
        let problem = Problem::of("there is nobody {name}", [named(id)]);
        Refusal::invalid("members", problem)
    };
    match holder {
        Holder::User(id) => {
            let person = match hold_within_reach(tx, permit, id).await {
                Err(Refusal::NotFound) => return Err(missing(id.as_str())),
                other => other?,
            };
            refuse_half_open(tx, permit, &person).await?;
            Ok(as_target(&person))
        }
        Holder::Group(id) => match hold_group(tx, cell, permit, id).await {
            Err(Refusal::NotFound) => Err(missing(id.as_str())),
            other => other,
        },
    }
}

/// A group that is about to give a role, held until the end of the transaction.
///
/// # Errors
/// [`Refusal::NotFound`] for one that this org does not have; [`Refusal::Invalid`] for one that a rule fills;
/// [`Refusal::TooMany`] members; [`Refusal::WrongState`] where one of them is getting back in by mail.
pub(crate) async fn hold_group(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    id: &GroupId,
) -> Result<Target, Refusal> {
    let org = permit.org();
    // Whoever writes a rule takes both, too.
    active::hold(tx, cell, org).await?;
    if !crate::group::store::hold(tx, org, id).await? {
        return Err(Refusal::NotFound);
    }
    let group = crate::group::store::load(tx, org, id).await?;
    let group = group.ok_or(Refusal::NotFound)?;
    if !rules::load_filling(tx, org, id).await?.is_empty() {
        let problem = "a group that a rule fills gives nobody a role: it would be given by whoever changes profiles";
        return Err(Refusal::invalid("members", problem));
    }
    let limit = rows_max(GROUP_MEMBERS_MAX + 1);
    let members = crate::group::store::load_member_ids(tx, org, id, limit).await?;
    if members.len() > GROUP_MEMBERS_MAX {
        return Err(Refusal::TooMany {
            what: "members of a group with a role",
            max: GROUP_MEMBERS_MAX,
        });
    }
    let most = rows_max(GIVING_GROUPS_OF_ONE_MAX);
    if store::has_full_member(tx, org, (id, most)).await? {
        return Err(TOO_MANY);
    }
    if !permit.is_operators() && store::has_half_open(tx, org, id).await? {
        return Err(HALF_OPEN);
    }
    Ok(Target::group(&group.id, &group.name))
}

#[cfg(test)]
mod tests {
    use super::plan_holders;
    use crate::access::custom::{Binding, Holder, MEMBERS_MAX};
    use std::collections::BTreeSet;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{CustomRoleId, GroupId, ResourceSetId, RoleBindingId, UserId};
    use vocab::time::Timestamp;

    #[test]
    fn whoever_is_bound_is_passed_over_and_the_others_are_counted() {
        let entropy = SeededEntropy::new(61);
        let holders: Vec<Holder> = (0..=MEMBERS_MAX)
            .map(|number| match number % 2 {
                0 => Holder::User(UserId::generate(&entropy)),
                _ => Holder::Group(GroupId::generate(&entropy)),
            })
            .collect();
        let (role, set) = (
            CustomRoleId::generate(&entropy),
            ResourceSetId::generate(&entropy),
        );
        let bound = |some: &[Holder]| -> Vec<Binding> {
            let some = some.iter().map(|holder| Binding {
                id: RoleBindingId::generate(&entropy),
                role: role.clone(),
                set: set.clone(),
                holder: holder.clone(),
                bound_at: Timestamp::from_seconds(0),
            });
            some.collect()
        };
        let some = |from: usize, to: usize| -> BTreeSet<Holder> {
            holders.iter().skip(from).take(to - from).cloned().collect()
        };
        let planned = |present: usize, from: usize, to: usize| {
            let present: Vec<Holder> = holders.iter().take(present).cloned().collect();
            plan_holders(&bound(&present), some(from, to)).ok()
        };
        assert_eq!(planned(0, 0, MEMBERS_MAX), Some(some(0, MEMBERS_MAX)));
        assert_eq!(planned(0, 0, MEMBERS_MAX + 1), None);
        assert_eq!(planned(2, 0, 4), Some(some(2, 4)));
        assert_eq!(planned(MEMBERS_MAX, 0, MEMBERS_MAX), Some(BTreeSet::new()));
        assert_eq!(planned(MEMBERS_MAX, MEMBERS_MAX, MEMBERS_MAX + 1), None);
    }
}
