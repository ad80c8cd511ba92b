//! What super administrators do with custom roles. Each change and its log rows are one transaction, and counts from the
//! next call on: nothing of it is cached.

use crate::access::ceiling::begin_role_giving;
use crate::access::custom::capability::Capability;
use crate::access::custom::labelled;
use crate::access::custom::store::labelled::load;
use crate::access::custom::store::{bindings, roles as store};
use crate::access::custom::{CustomRole, Named, ROLES_MAX, decide_named};
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::Refusal;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::CustomRoleId;

/// What happens to a custom role that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChange {
    /// It is called otherwise.
    Name(Named),
    /// It permits that too.
    Grant(Capability),
    /// It permits that no more.
    Revoke(Capability),
    /// It becomes so, if it still is as it was seen: what another changed meanwhile is not undone unknown to anybody.
    Set {
        /// What was seen. A role has no revision.
        seen: RoleContent,
        /// What it becomes, and nothing else.
        wanted: RoleContent,
    },
}

/// What a role is called, and what it permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleContent {
    /// Label and description.
    pub named: Named,
    /// What it permits.
    pub capabilities: BTreeSet<Capability>,
}

impl RoleContent {
    fn is_seen_of(&self, other: &Self) -> bool {
        self.capabilities == other.capabilities && self.named.is_seen_of(&other.named)
    }
}

/// The role as a target of a log row.
pub(super) fn as_target(role: &CustomRole) -> Target {
    Target::other("CustomRole", role.id.as_str(), &role.named.label)
}

impl Cell {
    /// Adds a custom role. It counts for nobody until it is bound.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of labels say; [`Refusal::Taken`] for a label that there is; [`Refusal::OutOfReach`] for
    /// whoever is no super administrator.
    #[boxed]
    pub async fn create_custom_role(
        &self,
        permit: &Permit,
        named: Named,
        capabilities: BTreeSet<Capability>,
    ) -> Result<CustomRole, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let named = decide_named(&named)?;
        some(&capabilities)?;
        let role = CustomRole {
            id: CustomRoleId::generate(self.entropy()),
            named,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let (cell, by, added) = (self.clone(), permit.clone(), role.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    labelled::add(tx, org, &added, ("custom roles", ROLES_MAX)).await?;
                    for capability in &capabilities {
                        store::grant(tx, org, &added.id, (*capability, added.created_at)).await?;
                    }
                    let names: Vec<&str> = capabilities.iter().map(|one| one.as_str()).collect();
                    let event = cell
                        .role_event(&by, EventType::IamRoleCreate, &added)
                        .detail("permissions", names.join(" "));
                    ledger::append(tx, org, event).await.map_err(Refusal::from)
                })
            })
            .await?;
        Ok(role)
    }

    /// Changes a custom role; nothing is written where it is so already. Whoever holds the role can do more or less from the next call on.
    ///
    /// # Errors
    /// As [`Cell::create_custom_role`]; [`Refusal::NotFound`] for a role that this org does not have; [`Refusal::Changed`] for one
    /// that no longer is as it was seen.
    #[boxed]
    pub async fn change_custom_role(
        &self,
        permit: &Permit,
        id: &CustomRoleId,
        change: RoleChange,
    ) -> Result<CustomRole, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let role = load(tx, org, &id).await?.ok_or(Refusal::NotFound)?;
                    let granted = store::load_capabilities(tx, org, &id).await?;
                    let present = RoleContent {
                        named: role.named.clone(),
                        capabilities: granted.iter().map(|one| one.capability).collect(),
                    };
                    let plan = plan_change(&present, change)?;
                    let role = match plan.named {
                        Some(named) => cell.apply_name(tx, &by, role, named).await?,
                        None => role,
                    };
                    cell.apply_capabilities(
                        tx,
                        &by,
                        &role,
                        (plan.granted.as_slice(), plan.revoked.as_slice()),
                    )
                    .await?;
                    Ok(role)
                })
            })
            .await
    }

    async fn apply_name(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        present: CustomRole,
        named: Named,
    ) -> Result<CustomRole, Refusal> {
        let (org, called) = (permit.org(), (named, self.now()));
        let Some(role) = labelled::rename(tx, org, &present, called).await? else {
            return Ok(present);
        };
        let event = self.role_event(permit, EventType::IamRoleUpdate, &role);
        ledger::append(tx, org, event).await?;
        Ok(role)
    }

    async fn apply_capabilities(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        role: &CustomRole,
        (granted, revoked): (&[Capability], &[Capability]),
    ) -> Result<(), Refusal> {
        let (org, now) = (permit.org(), self.now());
        for capability in granted {
            if store::grant(tx, org, &role.id, (*capability, now)).await? {
                let event = self.role_event(permit, EventType::IamRolePermissionsAdd, role);
                let event = event.detail("permission", capability.as_str());
                ledger::append(tx, org, event).await?;
            }
        }
        for capability in revoked {
            if store::revoke(tx, org, &role.id, *capability).await? {
                let event = self.role_event(permit, EventType::IamRolePermissionsDelete, role);
                let event = event.detail("permission", capability.as_str());
                ledger::append(tx, org, event).await?;
            }
        }
        Ok(())
    }

    /// Removes a custom role that nobody holds.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for one that is bound; [`Refusal::NotFound`] for one that this org does not have.
    #[boxed]
    pub async fn delete_custom_role(
        &self,
        permit: &Permit,
        id: &CustomRoleId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let role = load(tx, org, &id).await?.ok_or(Refusal::NotFound)?;
                    if bindings::is_role_held(tx, org, &id).await? {
                        let problem = "somebody holds this role; take it from them before";
                        return Err(Refusal::invalid("role", problem));
                    }
                    store::delete(tx, org, &id).await?;
                    let event = cell.role_event(&by, EventType::IamRoleDelete, &role);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    fn role_event(&self, permit: &Permit, kind: EventType, role: &CustomRole) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(role))
    }
}

struct Plan {
    named: Option<Named>,
    granted: Vec<Capability>,
    revoked: Vec<Capability>,
}

/// What changes, so that a role which permits this becomes what it is to be. It permits something always: a role that
/// permits nothing would be held by people who are no administrators.
fn plan_change(present: &RoleContent, change: RoleChange) -> Result<Plan, Refusal> {
    let held = &present.capabilities;
    let mut wanted = held.clone();
    let named = match change {
        RoleChange::Name(named) => Some(decide_named(&named)?),
        RoleChange::Grant(capability) => {
            wanted.insert(capability);
            None
        }
        RoleChange::Revoke(capability) => {
            if !wanted.remove(&capability) {
                return Err(Refusal::NotFound);
            }
            None
        }
        RoleChange::Set {
            seen,
            wanted: other,
        } => {
            if !seen.is_seen_of(present) {
                return Err(Refusal::Changed);
            }
            wanted = other.capabilities;
            Some(decide_named(&other.named)?)
        }
    };
    some(&wanted)?;
    Ok(Plan {
        named,
        granted: wanted.difference(held).copied().collect(),
        revoked: held.difference(&wanted).copied().collect(),
    })
}

fn some(capabilities: &BTreeSet<Capability>) -> Result<(), Refusal> {
    match capabilities.is_empty() {
        true => Err(Refusal::invalid("permissions", "name one at least")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{RoleChange, RoleContent, plan_change};
    use crate::access::custom::Named;
    use crate::access::custom::capability::Capability::{self, GroupsRead, UsersRead};
    use crate::fault::Refusal;

    fn content(label: &str, description: &str, capabilities: &[Capability]) -> RoleContent {
        RoleContent {
            named: Named {
                label: label.to_owned(),
                description: description.to_owned(),
            },
            capabilities: capabilities.iter().copied().collect(),
        }
    }

    #[test]
    fn only_what_differs_changes_and_something_is_left() {
        type Expected<'e> = Option<(&'e [Capability], &'e [Capability])>;
        let present = content("Desk", "", &[UsersRead]);
        let named = || present.named.clone();
        let set = |some: &[Capability]| RoleChange::Set {
            seen: present.clone(),
            wanted: content("Desk", "", some),
        };
        let table: [(RoleChange, Expected<'_>); 8] = [
            (RoleChange::Name(named()), Some((&[], &[]))),
            (RoleChange::Grant(UsersRead), Some((&[], &[]))),
            (RoleChange::Grant(GroupsRead), Some((&[GroupsRead], &[]))),
            (RoleChange::Revoke(GroupsRead), None),
            (RoleChange::Revoke(UsersRead), None),
            (set(&[GroupsRead]), Some((&[GroupsRead], &[UsersRead]))),
            (set(&[UsersRead, GroupsRead]), Some((&[GroupsRead], &[]))),
            (set(&[]), None),
        ];
        for (change, expected) in table {
            let told = format!("{change:?}");
            let plan = plan_change(&present, change).ok();
            let seen = plan.as_ref();
            let seen = seen.map(|plan| (plan.granted.as_slice(), plan.revoked.as_slice()));
            assert_eq!(seen, expected, "{told}");
        }
    }

    #[test]
    fn what_another_changed_meanwhile_is_not_undone() {
        let present = content("Desk", "Helps\nwith little", &[UsersRead]);
        for (seen, is_done) in [
            (present.clone(), true),
            // As a browser sends it back.
            (content("Desk", "Helps\r\nwith little", &[UsersRead]), true),
            (content("Desk", "Helps", &[UsersRead]), false),
            (content("Board", "Helps\nwith little", &[UsersRead]), false),
            (
                content("Desk", "Helps\nwith little", &[UsersRead, GroupsRead]),
                false,
            ),
            (content("Desk", "Helps\nwith little", &[]), false),
        ] {
            let wanted = content("Desk", "", &[UsersRead, GroupsRead]);
            let told = format!("{seen:?}");
            match plan_change(&present, RoleChange::Set { seen, wanted }) {
                Ok(plan) => assert!(is_done && plan.granted == [GroupsRead], "{told}"),
                Err(refusal) => {
                    assert!(!is_done && matches!(refusal, Refusal::Changed), "{told}");
                }
            }
        }
    }
}
