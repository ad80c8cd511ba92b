//! Who administers an org: the roles of each, given and taken by somebody else.
//!
//! Whoever gives or takes a role locks the org's row, so that the administrators can be counted, and then the person's,
//! behind which whoever acts upon the person reads the roles: see [`crate::access::ceiling`].

use crate::access::ceiling::{check_grant, hold_within_reach};
use crate::access::narrowed::Breadth;
use crate::access::{Permission, Permit, Role};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::person::operations::refuse_last_super_admin;
use crate::person::{Person, PersonStatus, store};
use database::{ReadTx, WriteTx};
use ledger::EventType;
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;

/// Most administrators of one org, so that their list is one page.
pub const ADMINISTRATORS_MAX: usize = 200;

/// A role that a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantedRole {
    /// The role.
    pub role: Role,
    /// Since when.
    pub granted_at: Timestamp,
    /// Over what.
    pub breadth: Breadth,
}

/// What is to be done so that a person has certain roles and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePlan {
    /// Roles to take away.
    pub revoked: Vec<Role>,
    /// Roles to give.
    pub granted: Vec<Role>,
}

/// Decides what changes for somebody who has these roles and shall have those.
#[must_use]
pub fn plan_roles(present: &[Role], wanted: &[Role]) -> RolePlan {
    let without = |roles: &[Role], others: &[Role]| {
        let mut left: Vec<Role> = roles.to_vec();
        left.retain(|role| !others.contains(role));
        left.sort_unstable();
        left.dedup();
        left
    };
    RolePlan {
        revoked: without(present, wanted),
        granted: without(wanted, present),
    }
}

impl Cell {
    /// The roles of a person.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a person that this org does not have.
    #[boxed]
    pub async fn list_roles(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<Vec<GrantedRole>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        store::load(&mut tx, permit.org(), user_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        Ok(store::load_granted_roles(&mut tx, permit.org(), user_id).await?)
    }

    /// Grants a role; false if the person has it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a person that this org does not have; [`Refusal::TooMany`] administrators;
    /// [`Refusal::WrongState`] for the first role of somebody who is getting back in by mail; [`Refusal::OutOfReach`] for a
    /// role that permits more than the caller's own.
    #[boxed]
    pub async fn grant_role(
        &self,
        permit: &Permit,
        user_id: &UserId,
        role: Role,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_administrator(tx, &permit, &user_id).await?;
                    let present = load_own(tx, permit.org(), &user_id).await?;
                    let plan = RolePlan {
                        revoked: Vec::new(),
                        granted: plan_roles(&present, &[role]).granted,
                    };
                    apply_roles(tx, &cell, &permit, (&person, present.as_slice()), &plan).await?;
                    Ok(!plan.granted.is_empty())
                })
            })
            .await
    }

    /// Takes a role away; false if the person does not have it. The last super administrator of an org keeps it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for the last super administrator; else as for [`Cell::grant_role`].
    #[boxed]
    pub async fn revoke_role(
        &self,
        permit: &Permit,
        user_id: &UserId,
        role: Role,
    ) -> Result<bool, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    if role == Role::SuperAdmin {
                        refuse_last_super_admin(tx, org, &user_id).await?;
                    }
                    let person = hold_administrator(tx, &permit, &user_id).await?;
                    let present = load_own(tx, org, &user_id).await?;
                    let mut left = present.clone();
                    left.retain(|kept| *kept != role);
                    let plan = plan_roles(&present, &left);
                    apply_roles(tx, &cell, &permit, (&person, present.as_slice()), &plan).await?;
                    Ok(!plan.revoked.is_empty())
                })
            })
            .await
    }

    /// Makes a person an administrator who may see and change nothing; nothing happens to somebody who is one.
    ///
    /// # Errors
    /// As for [`Cell::grant_role`].
    #[boxed]
    pub async fn add_administrator(
        &self,
        permit: &Permit,
        user_id: &UserId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_administrator(tx, &permit, &user_id).await?;
                    let present = load_own(tx, permit.org(), &user_id).await?;
                    if !present.is_empty() {
                        return Ok(());
                    }
                    let plan = plan_roles(&[], &[Role::ReadOnlyAdmin]);
                    apply_roles(tx, &cell, &permit, (&person, present.as_slice()), &plan).await
                })
            })
            .await
    }

    /// Gives a person those roles and no others, or none at all. Nobody changes the own roles, and the last super
    /// administrator of an org stays one.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for oneself and for the last super administrator; else as for [`Cell::grant_role`].
    #[boxed]
    pub async fn change_roles(
        &self,
        permit: &Permit,
        user_id: &UserId,
        wanted: Vec<Role>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        refuse_own_role(permit, user_id)?;
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    // Locks the org's row: of two administrators who remove each other at once, one is refused.
                    if !wanted.contains(&Role::SuperAdmin) {
                        refuse_last_super_admin(tx, org, &user_id).await?;
                    }
                    let person = hold_administrator(tx, &permit, &user_id).await?;
                    let present = load_own(tx, org, &user_id).await?;
                    // Somebody becomes an administrator by being added, never by a form that is older than a removal.
                    if present.is_empty() {
                        return Err(Refusal::Changed);
                    }
                    let plan = plan_roles(&present, &wanted);
                    apply_roles(tx, &cell, &permit, (&person, present.as_slice()), &plan).await
                })
            })
            .await
    }
}

/// Whoever sits at the console changes what others may do, and never what they may do themselves.
///
/// # Errors
/// [`Refusal::WrongState`] for oneself.
pub fn refuse_own_role(permit: &Permit, user_id: &UserId) -> Result<(), Refusal> {
    if permit.own_user() == Some(user_id) {
        return Err(Refusal::WrongState(
            "nobody changes their own role; another administrator can",
        ));
    }
    Ok(())
}

/// The roles that somebody has by themselves: what comes of a group is given and taken there.
async fn load_own(tx: &mut WriteTx, org: &OrgId, user_id: &UserId) -> Result<Vec<Role>, Fault> {
    let granted = store::load_granted_roles(tx, org, user_id).await?;
    Ok(granted.into_iter().map(|granted| granted.role).collect())
}

/// The person whose roles are about to change, with the locks in the order in which everybody takes them.
async fn hold_administrator(
    tx: &mut WriteTx,
    permit: &Permit,
    user_id: &UserId,
) -> Result<Person, Refusal> {
    crate::org::store::lock(tx, permit.org()).await?;
    hold_within_reach(tx, permit, user_id).await
}

async fn apply_roles(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    (person, present): (&Person, &[Role]),
    plan: &RolePlan,
) -> Result<(), Refusal> {
    let (org, now) = (permit.org(), cell.now());
    for role in plan.revoked.iter().chain(&plan.granted) {
        check_grant(tx, permit, *role).await?;
    }
    if present.is_empty() && !plan.granted.is_empty() {
        refuse_half_open(tx, permit, person).await?;
        refuse_too_many(tx, org).await?;
    }
    for role in &plan.revoked {
        if store::delete_role(tx, org, &person.id, *role).await? {
            let event = cell
                .person_event(permit, EventType::UserAccountPrivilegeRevoke, person)
                .detail("privilegeRevoked", role.as_str());
            ledger::append(tx, org, event).await?;
        }
    }
    for role in &plan.granted {
        if store::insert_role(tx, org, &person.id, *role, now).await? {
            let event = cell
                .person_event(permit, EventType::UserAccountPrivilegeGrant, person)
                .detail("privilegeGranted", role.as_str());
            ledger::append(tx, org, event).await?;
        }
    }
    Ok(())
}

/// Whoever is let back in by a mailbox alone, at once or when they are not kept out any more, was helped as somebody without a role:
/// a mailbox opens no administrator.
pub(crate) const HALF_OPEN: Refusal =
    Refusal::WrongState("the person is getting back in by mail; give the role afterwards");

/// Refuses a role to whoever is [`HALF_OPEN`]; the operator answers for whom they give one.
pub(crate) async fn refuse_half_open(
    tx: &mut ReadTx,
    permit: &Permit,
    person: &Person,
) -> Result<(), Refusal> {
    if permit.is_operators() {
        return Ok(());
    }
    let returns_to = store::load_return(tx, &person.org_id, &person.id).await?;
    match [Some(person.status), returns_to].contains(&Some(PersonStatus::Recovery)) {
        true => Err(HALF_OPEN),
        false => Ok(()),
    }
}

async fn refuse_too_many(tx: &mut WriteTx, org_id: &OrgId) -> Result<(), Refusal> {
    let present = store::count_administrators(tx, org_id)
        .await
        .map_err(Fault::from)?;
    if usize::try_from(present).is_ok_and(|present| present < ADMINISTRATORS_MAX) {
        return Ok(());
    }
    Err(Refusal::TooMany {
        what: "administrators",
        max: ADMINISTRATORS_MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::plan_roles;
    use crate::access::Role::{self, AppAdmin, HelpDeskAdmin, ReadOnlyAdmin, SuperAdmin};

    #[test]
    fn only_what_differs_is_done() {
        type Case<'a> = (&'a [Role], &'a [Role], &'a [Role], &'a [Role]);
        let cases: [Case<'_>; 8] = [
            (&[], &[], &[], &[]),
            (&[], &[ReadOnlyAdmin], &[], &[ReadOnlyAdmin]),
            (&[], &[AppAdmin, AppAdmin], &[], &[AppAdmin]),
            (&[SuperAdmin], &[SuperAdmin], &[], &[]),
            (
                &[SuperAdmin],
                &[ReadOnlyAdmin],
                &[SuperAdmin],
                &[ReadOnlyAdmin],
            ),
            (
                &[SuperAdmin, ReadOnlyAdmin],
                &[],
                &[SuperAdmin, ReadOnlyAdmin],
                &[],
            ),
            (
                &[SuperAdmin, ReadOnlyAdmin],
                &[SuperAdmin],
                &[ReadOnlyAdmin],
                &[],
            ),
            (
                &[AppAdmin, ReadOnlyAdmin],
                &[HelpDeskAdmin, AppAdmin],
                &[ReadOnlyAdmin],
                &[HelpDeskAdmin],
            ),
        ];
        for (present, wanted, revoked, granted) in cases {
            let plan = plan_roles(present, wanted);
            let seen = (plan.revoked.as_slice(), plan.granted.as_slice());
            assert_eq!(seen, (revoked, granted), "{present:?} {wanted:?}");
        }
    }
}
