//! What super administrators do with the targets of standard roles. Each change and its log row are one transaction, and
//! counts from the next call on.

use crate::access::ceiling::{begin_role_giving, check_grant, hold_within_reach};
use crate::access::narrowed::{
    AddedTarget, RoleHolder, RoleTarget, TARGETS_MAX, TargetKind, narrowed_by, store,
};
use crate::access::{Permission, Permit, Role};
use crate::app::operations::load_to_give_role;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::operations::as_target;
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::{GroupId, UserId};

const OTHER_KIND: &str = "this role is not narrowed by such a target";
const LAST: &str =
    "a narrowed role keeps one target at least; take the role, and give it anew for everything";
const ALL_APPS: &str = "every app of this kind is a target already";

impl Cell {
    /// What a role of somebody is narrowed to; nothing for one that is held over everything, or whose targets are gone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a role that the holder does not have.
    #[boxed]
    pub async fn list_role_targets(
        &self,
        permit: &Permit,
        held: (&RoleHolder, Role),
    ) -> Result<Vec<AddedTarget>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        if store::load_since(&mut tx, permit.org(), held)
            .await?
            .is_none()
        {
            return match is_held_whole(&mut tx, permit, held).await? {
                true => Ok(Vec::new()),
                false => Err(Refusal::NotFound),
            };
        }
        Ok(store::load_targets(&mut tx, permit.org(), held).await?)
    }

    /// What a role that a person has by themselves or by groups is narrowed to, each with whose it is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a role that the person has neither way.
    #[boxed]
    pub async fn list_targets_of_person(
        &self,
        permit: &Permit,
        user: &UserId,
        role: Role,
    ) -> Result<Vec<(RoleHolder, RoleTarget)>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let (org, mut tx) = (permit.org(), self.database.read().await?);
        let own = crate::person::store::load_granted_roles(&mut tx, org, user).await?;
        let given = crate::group::roles::store::load_of_person(&mut tx, org, user).await?;
        let mut given = given.iter().map(|(given, _)| given);
        if !own.iter().chain(&mut given).any(|held| held.role == role) {
            return Err(Refusal::NotFound);
        }
        Ok(store::load_targets_of_person(&mut tx, org, user, role).await?)
    }

    /// Adds a target to a role. With the first one, the role is held over everything no more; nothing happens for what is
    /// a target.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a role that the holder does not have, and for a target that this org does not have;
    /// [`Refusal::Invalid`] for a role that such a target does not narrow; [`Refusal::TooMany`];
    /// [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn add_role_target(
        &self,
        permit: &Permit,
        (holder, role): (&RoleHolder, Role),
        target: RoleTarget,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        if narrowed_by(role) != Some(target.kind()) {
            return Err(Refusal::invalid("role", OTHER_KIND));
        }
        let (cell, by, holder) = (self.clone(), permit.clone(), holder.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let held = (&holder, role);
                    let who = hold(tx, &by, held).await?;
                    narrow(tx, &by, held).await?;
                    let named = hold_target(tx, &by, &target).await?;
                    if cell.apply_target(tx, &by, held, target).await? {
                        let event = cell.target_event(&by, held, (who, named), Change::Given);
                        ledger::append(tx, by.org(), event).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn apply_target(
        &self,
        tx: &mut WriteTx,
        permit: &Permit,
        held: (&RoleHolder, Role),
        target: RoleTarget,
    ) -> Result<bool, Refusal> {
        let org = permit.org();
        let present = store::load_targets(tx, org, held).await?;
        let is_present = |wanted: &RoleTarget| present.iter().any(|one| one.target == *wanted);
        if is_present(&target) {
            return Ok(false);
        }
        match target {
            RoleTarget::App(_) if is_present(&RoleTarget::Apps) => {
                return Err(Refusal::invalid("target", ALL_APPS));
            }
            _ if present.len() >= TARGETS_MAX => {
                return Err(Refusal::TooMany {
                    what: "targets of a role",
                    max: TARGETS_MAX,
                });
            }
            RoleTarget::App(_) | RoleTarget::Apps | RoleTarget::Group(_) => {}
        }
        let added = AddedTarget {
            target,
            added_at: self.now(),
        };
        Ok(store::add_target(tx, org, held, &added).await?)
    }

    /// Removes a target of a role, but the last one: nobody comes to everything by having less.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for the last one; [`Refusal::NotFound`] for a role that the holder does not have, and for what
    /// is no target of it; [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn remove_role_target(
        &self,
        permit: &Permit,
        (holder, role): (&RoleHolder, Role),
        target: RoleTarget,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let (cell, by, holder) = (self.clone(), permit.clone(), holder.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, held) = (by.org(), (&holder, role));
                    let who = hold(tx, &by, held).await?;
                    let present = store::load_targets(tx, org, held).await?;
                    if !present.iter().any(|one| one.target == target) {
                        return Err(Refusal::NotFound);
                    }
                    if present.len() == 1 {
                        return Err(Refusal::invalid("target", LAST));
                    }
                    if !store::remove_target(tx, org, held, &target).await? {
                        return Err(Refusal::NotFound);
                    }
                    let named = load_target(tx, &by, &target).await?;
                    let event = cell.target_event(&by, held, (who, named), Change::Taken);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    /// Lets a narrowed role of a person be held over everything again; nothing happens to one that is.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a role that apps do not narrow; [`Refusal::NotFound`] for a role that the person does not
    /// have; [`Refusal::OutOfReach`] for whoever is no super administrator.
    #[boxed]
    pub async fn widen_role(
        &self,
        permit: &Permit,
        holder: &RoleHolder,
        role: Role,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageOrg)?;
        let RoleHolder::User(user) = holder.clone() else {
            return Err(Refusal::NotFound);
        };
        if narrowed_by(role) != Some(TargetKind::Apps) {
            return Err(Refusal::invalid("role", OTHER_KIND));
        }
        let (cell, by) = (self.clone(), permit.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let holder = RoleHolder::User(user.clone());
                    let (org, held) = (by.org(), (&holder, role));
                    let who = hold(tx, &by, held).await?;
                    let Some(since) = store::load_since(tx, org, held).await? else {
                        return match is_held_whole(tx, &by, held).await? {
                            true => Ok(()),
                            false => Err(Refusal::NotFound),
                        };
                    };
                    store::delete(tx, org, held).await?;
                    store::give_whole(tx, org, (&user, role), since).await?;
                    let event = cell
                        .privilege_change(&by, &holder, Change::Given)
                        .target(who)
                        .detail("privilegeGranted", role.as_str());
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    fn target_event(
        &self,
        permit: &Permit,
        (holder, role): (&RoleHolder, Role),
        (who, named): (Target, Target),
        change: Change,
    ) -> Event {
        let detail = match change {
            Change::Given => "privilegeGranted",
            Change::Taken => "privilegeRevoked",
        };
        self.privilege_change(permit, holder, change)
            .target(who)
            .target(named)
            .detail(detail, role.as_str())
    }

    fn privilege_change(&self, permit: &Permit, holder: &RoleHolder, change: Change) -> Event {
        let (given, taken) = match holder {
            RoleHolder::User(_) => (
                EventType::UserAccountPrivilegeGrant,
                EventType::UserAccountPrivilegeRevoke,
            ),
            RoleHolder::Group(_) => (
                EventType::GroupPrivilegeGrant,
                EventType::GroupPrivilegeRevoke,
            ),
            RoleHolder::App(_) => (
                EventType::AppOauth2ClientPrivilegeGrant,
                EventType::AppOauth2ClientPrivilegeRevoke,
            ),
        };
        let kind = match change {
            Change::Given => given,
            Change::Taken => taken,
        };
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
    }
}

/// Whether a target was given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Given,
    Taken,
}

/// Whoever has a role whose targets are about to change, held until the end of the transaction behind the org's row.
async fn hold(
    tx: &mut WriteTx,
    permit: &Permit,
    (holder, role): (&RoleHolder, Role),
) -> Result<Target, Refusal> {
    begin_role_giving(tx, permit).await?;
    check_grant(tx, permit, role).await?;
    match holder {
        RoleHolder::User(id) => Ok(as_target(&hold_within_reach(tx, permit, id).await?)),
        RoleHolder::Group(id) => hold_group(tx, permit, id).await,
        RoleHolder::App(id) => {
            let app = load_to_give_role(tx, permit, id).await?;
            Ok(Target::app(&app.id, &app.label))
        }
    }
}

/// From here on the role is no role that is held over everything.
async fn narrow(
    tx: &mut WriteTx,
    permit: &Permit,
    held: (&RoleHolder, Role),
) -> Result<(), Refusal> {
    let org = permit.org();
    if let Some(since) = store::take_whole(tx, org, held).await? {
        store::insert(tx, org, held, since).await?;
        return Ok(());
    }
    match store::load_since(tx, org, held).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound),
    }
}

/// What a role is about to be narrowed to: a group is held, so that it does not end at the same moment.
async fn hold_target(
    tx: &mut WriteTx,
    permit: &Permit,
    target: &RoleTarget,
) -> Result<Target, Refusal> {
    match target {
        RoleTarget::Group(id) => hold_group(tx, permit, id).await,
        RoleTarget::App(id) => {
            let app = crate::app::store::load(tx, permit.org(), id).await?;
            let app = app.ok_or(Refusal::NotFound)?;
            Ok(Target::app(&app.id, &app.label))
        }
        RoleTarget::Apps => load_target(tx, permit, target).await,
    }
}

async fn hold_group(tx: &mut WriteTx, permit: &Permit, id: &GroupId) -> Result<Target, Refusal> {
    if !crate::group::store::hold(tx, permit.org(), id).await? {
        return Err(Refusal::NotFound);
    }
    let group = crate::group::store::load(tx, permit.org(), id).await?;
    let group = group.ok_or(Refusal::NotFound)?;
    Ok(Target::group(&group.id, &group.name))
}

/// A target as the log names it; of what is no more, the id alone is told.
async fn load_target(
    tx: &mut ReadTx,
    permit: &Permit,
    target: &RoleTarget,
) -> Result<Target, Refusal> {
    let org = permit.org();
    Ok(match target {
        RoleTarget::Group(id) => {
            let group = crate::group::store::load(tx, org, id).await?;
            let name = group.map_or_else(String::new, |group| group.name);
            Target::group(id, &name)
        }
        RoleTarget::App(id) => {
            let app = crate::app::store::load(tx, org, id).await?;
            let label = app.map_or_else(String::new, |app| app.label.clone());
            Target::app(id, &label)
        }
        RoleTarget::Apps => Target::other("AppInstance", target.stored().1, ""),
    })
}

async fn is_held_whole(
    tx: &mut ReadTx,
    permit: &Permit,
    (holder, role): (&RoleHolder, Role),
) -> Result<bool, Refusal> {
    let org = permit.org();
    let held: Vec<Role> = match holder {
        RoleHolder::User(id) => {
            let held = crate::person::store::load_granted_roles(tx, org, id).await?;
            held.into_iter().map(|held| held.role).collect()
        }
        RoleHolder::Group(id) => {
            let held = crate::group::roles::store::load_of_group(tx, org, id).await?;
            held.into_iter().map(|held| held.role).collect()
        }
        RoleHolder::App(id) => {
            let held = crate::app::api_access::store::load_granted_roles(tx, org, id).await?;
            held.into_iter().map(|held| held.role).collect()
        }
    };
    Ok(held.contains(&role))
}
