//! Who administers an org: one role at a time for each, given by somebody else.

use crate::access::{Permission, Permit, Role};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::operations::refuse_last_super_admin;
use crate::person::{Person, store};
use database::WriteTx;
use ledger::EventType;
use vocab::id::UserId;

/// Most administrators of one org, so that their list is one page.
pub const ADMINISTRATORS_MAX: usize = 200;

/// What is to be done so that a person has that role alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePlan {
    /// Roles to take away.
    pub revoked: Vec<Role>,
    /// The role to give.
    pub granted: Option<Role>,
}

/// Decides what changes for somebody who has these roles and shall have that one, or none.
#[must_use]
pub fn plan_roles(present: &[Role], wanted: Option<Role>) -> RolePlan {
    RolePlan {
        revoked: present
            .iter()
            .copied()
            .filter(|role| Some(*role) != wanted)
            .collect(),
        granted: wanted.filter(|role| !present.contains(role)),
    }
}

impl Cell {
    /// Makes a person an administrator with the least role; nothing happens to somebody who is one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a person that this org does not have; [`Refusal::TooMany`].
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
                    let org = permit.org();
                    // Of two who add at once, the second counts the first one's.
                    crate::org::store::lock(tx, org).await?;
                    let person = store::load(tx, org, &user_id)
                        .await?
                        .ok_or(Refusal::NotFound)?;
                    if !store::load_roles(tx, org, &user_id).await?.is_empty() {
                        return Ok(());
                    }
                    let most = i64::try_from(ADMINISTRATORS_MAX).unwrap_or(i64::MAX);
                    let present = store::load_administrators(tx, org, "", most).await?;
                    if present.len() >= ADMINISTRATORS_MAX {
                        return Err(Refusal::TooMany {
                            what: "administrators",
                            max: ADMINISTRATORS_MAX,
                        });
                    }
                    let plan = plan_roles(&[], Some(Role::ReadOnlyAdmin));
                    apply_roles(tx, &cell, &permit, &person, &plan).await
                })
            })
            .await
    }

    /// Gives a person that role and no other, or none at all. Nobody changes the own role, and the last super
    /// administrator of an org stays one.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for oneself and for the last super administrator.
    pub async fn change_role(
        &self,
        permit: &Permit,
        user_id: &UserId,
        wanted: Option<Role>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if permit.own_user() == Some(user_id) {
            return Err(Refusal::WrongState(
                "nobody changes their own role; another administrator can",
            ));
        }
        let (cell, permit, user_id) = (self.clone(), permit.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    // Locks the org's row: of two administrators who remove each other at once, one is refused.
                    if wanted != Some(Role::SuperAdmin) {
                        refuse_last_super_admin(tx, org, &user_id).await?;
                    }
                    let person = store::load(tx, org, &user_id)
                        .await?
                        .ok_or(Refusal::NotFound)?;
                    let present = store::load_roles(tx, org, &user_id).await?;
                    // Somebody becomes an administrator by being added, never by a form that is older than a removal.
                    if present.is_empty() {
                        return Err(Refusal::Changed);
                    }
                    apply_roles(tx, &cell, &permit, &person, &plan_roles(&present, wanted)).await
                })
            })
            .await
    }
}

async fn apply_roles(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    person: &Person,
    plan: &RolePlan,
) -> Result<(), Refusal> {
    let (org, now) = (permit.org(), cell.now());
    for role in &plan.revoked {
        if store::delete_role(tx, org, &person.id, *role).await? {
            let event = cell
                .person_event(permit, EventType::UserAccountPrivilegeRevoke, person)
                .detail("privilegeRevoked", role.as_str());
            ledger::append(tx, org, event).await?;
        }
    }
    if let Some(role) = plan.granted
        && store::insert_role(tx, org, &person.id, role, now).await?
    {
        let event = cell
            .person_event(permit, EventType::UserAccountPrivilegeGrant, person)
            .detail("privilegeGranted", role.as_str());
        ledger::append(tx, org, event).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plan_roles;
    use crate::access::Role::{ReadOnlyAdmin, SuperAdmin};

    #[test]
    fn only_what_differs_is_done() {
        let cases = [
            (&[][..], None, &[][..], None),
            (&[], Some(ReadOnlyAdmin), &[], Some(ReadOnlyAdmin)),
            (&[SuperAdmin], Some(SuperAdmin), &[], None),
            (
                &[SuperAdmin],
                Some(ReadOnlyAdmin),
                &[SuperAdmin],
                Some(ReadOnlyAdmin),
            ),
            (
                &[SuperAdmin, ReadOnlyAdmin],
                None,
                &[SuperAdmin, ReadOnlyAdmin],
                None,
            ),
            (
                &[SuperAdmin, ReadOnlyAdmin],
                Some(SuperAdmin),
                &[ReadOnlyAdmin],
                None,
            ),
        ];
        for (present, wanted, revoked, granted) in cases {
            let plan = plan_roles(present, wanted);
            assert_eq!((plan.revoked.as_slice(), plan.granted), (revoked, granted));
        }
    }
}
