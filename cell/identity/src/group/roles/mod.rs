//! Standard roles that a group gives whoever is in it: they count for each member at once, and with the membership they end.
//!
//! Who is in such a group is changed by super administrators alone, by hand alone: see `access/custom/guard.rs`. Whether an
//! org has a super administrator left is told by those who are one by themselves.

pub mod store;

use crate::access::ceiling::{begin_role_giving, check_grant};
use crate::access::custom::bindings::hold_group;
use crate::access::narrowed::{RoleHolder, store as narrowed};
use crate::access::{Permission, Permit, Role};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::roles::GrantedRole;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::GroupId;

impl Cell {
    /// The standard roles of a group.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_group_roles(
        &self,
        permit: &Permit,
        group: &GroupId,
    ) -> Result<Vec<GrantedRole>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_of_group(&mut tx, permit.org(), group).await?)
    }

    /// Gives a role to whoever is in a group; false if it gives it already.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group that this org does not have; [`Refusal::Invalid`] for one that a rule fills;
    /// [`Refusal::TooMany`] members; [`Refusal::WrongState`] where somebody in it is getting back in by mail;
    /// [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn grant_group_role(
        &self,
        permit: &Permit,
        group: &GroupId,
        role: Role,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), group.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    check_grant(tx, &by, role).await?;
                    let target = hold_group(tx, &cell, &by, &id).await?;
                    let holder = RoleHolder::Group(id.clone());
                    let narrowed = narrowed::load_since(tx, org, (&holder, role)).await?;
                    if narrowed.is_some()
                        || !store::insert(tx, org, (&id, role), cell.now()).await?
                    {
                        return Ok(false);
                    }
                    let event = cell
                        .privilege_event(&by, EventType::GroupPrivilegeGrant, target)
                        .detail("privilegeGranted", role.as_str());
                    ledger::append(tx, org, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Takes a role from a group; false if it gives none such.
    ///
    /// # Errors
    /// As [`Cell::grant_group_role`].
    #[boxed]
    pub async fn revoke_group_role(
        &self,
        permit: &Permit,
        group: &GroupId,
        role: Role,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, id) = (self.clone(), permit.clone(), group.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = by.org();
                    begin_role_giving(tx, &by).await?;
                    let group = crate::group::store::load(tx, org, &id).await?;
                    let group = group.ok_or(Refusal::NotFound)?;
                    if !store::delete(tx, org, (&id, role)).await? {
                        return Ok(false);
                    }
                    let target = Target::group(&group.id, &group.name);
                    let event = cell
                        .privilege_event(&by, EventType::GroupPrivilegeRevoke, target)
                        .detail("privilegeRevoked", role.as_str());
                    ledger::append(tx, org, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    fn privilege_event(&self, permit: &Permit, kind: EventType, group: Target) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(group)
    }
}
