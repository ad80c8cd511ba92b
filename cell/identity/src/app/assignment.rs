//! To whom an app is assigned: people one by one, or groups. Each change and its log row are one transaction.

use crate::access::ceiling::check_assignee_reach;
use crate::access::custom::capability::Capability;
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::app::store;
use crate::attribute_schema::{Owner, store as schemas};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::person::operations::as_target;
use database::WriteTx;
use ledger::{EventType, Target};
use serde_json::{Map, Value};
use vocab::id::{AppId, GroupId, UserId};
use vocab::time::Timestamp;

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Assignee {
    Person(UserId),
    Group(GroupId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    Assign,
    /// The same, with a change of what the person has in the app.
    AssignWith(Map<String, Value>),
    Unassign,
}

impl Cell {
    /// Assigns an app to a person; nothing happens if it is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or person that this org does not have.
    pub async fn assign_app_to_person(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
    ) -> Result<(), Refusal> {
        self.change_assignment(permit, app, Assignee::Person(user.clone()), Wish::Assign)
            .await
    }

    /// Assigns an app to a person and changes what the person has in it: what is named, and no more.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or person that this org does not have; [`Refusal::Invalid`] as the schema of the app says.
    pub async fn assign_app_with(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
        attributes: Map<String, Value>,
    ) -> Result<(), Refusal> {
        let to = Assignee::Person(user.clone());
        self.change_assignment(permit, app, to, Wish::AssignWith(attributes))
            .await
    }

    /// Takes an app from a person; nothing happens if it is not assigned.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or person that this org does not have.
    pub async fn unassign_app_from_person(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
    ) -> Result<(), Refusal> {
        self.change_assignment(permit, app, Assignee::Person(user.clone()), Wish::Unassign)
            .await
    }

    /// Assigns an app to a group; nothing happens if it is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or group that this org does not have.
    pub async fn assign_app_to_group(
        &self,
        permit: &Permit,
        app: &AppId,
        group: &GroupId,
    ) -> Result<(), Refusal> {
        self.change_assignment(permit, app, Assignee::Group(group.clone()), Wish::Assign)
            .await
    }

    /// Takes an app from a group; nothing happens if it is not assigned.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or group that this org does not have.
    pub async fn unassign_app_from_group(
        &self,
        permit: &Permit,
        app: &AppId,
        group: &GroupId,
    ) -> Result<(), Refusal> {
        self.change_assignment(permit, app, Assignee::Group(group.clone()), Wish::Unassign)
            .await
    }

    async fn change_assignment(
        &self,
        permit: &Permit,
        app_id: &AppId,
        to: Assignee,
        wish: Wish,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageApps, Capability::AppsAssignment)?;
        let (cell, by, id) = (self.clone(), permit.clone(), app_id.clone());
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move { apply_assignment(tx, &cell, &by, (&id, &to), wish).await })
            })
            .await;
        self.forget_app(permit.org(), app_id);
        outcome
    }
}

async fn apply_assignment(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    (app_id, to): (&AppId, &Assignee),
    wish: Wish,
) -> Result<(), Refusal> {
    let (org, now) = (permit.org(), cell.now());
    let app = store::load(tx, org, app_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    within::check_app(tx, permit, app_id).await?;
    let target = load_target(tx, permit, app_id, to).await?;
    let (changed, kind) = match (to, wish) {
        (Assignee::Person(user), Wish::AssignWith(change)) => {
            apply_profile(tx, permit, (app_id, user), change, now).await?
        }
        (Assignee::Person(user), Wish::Assign) => (
            store::assign_person(tx, org, app_id, user, now).await?,
            EventType::ApplicationUserMembershipAdd,
        ),
        (Assignee::Person(user), Wish::Unassign) => (
            store::unassign_person(tx, org, app_id, user).await?,
            EventType::ApplicationUserMembershipRemove,
        ),
        (Assignee::Group(group), Wish::Assign | Wish::AssignWith(_)) => (
            store::assign_group(tx, org, app_id, group, now).await?,
            EventType::GroupApplicationAssignmentAdd,
        ),
        (Assignee::Group(group), Wish::Unassign) => (
            store::unassign_group(tx, org, app_id, group).await?,
            EventType::GroupApplicationAssignmentRemove,
        ),
    };
    if changed {
        let event = cell.app_event(permit, kind, &app).target(target);
        ledger::append(tx, org, event).await?;
    }
    Ok(())
}

/// Assigns an app to a person, who is held, and changes what they have in it; whether anything changed, and what.
async fn apply_profile(
    tx: &mut WriteTx,
    permit: &Permit,
    (app_id, user): (&AppId, &UserId),
    change: Map<String, Value>,
    now: Timestamp,
) -> Result<(bool, EventType), Refusal> {
    let org = permit.org();
    let added = store::assign_person(tx, org, app_id, user, now).await?;
    let owner = Owner::App(app_id.clone());
    let schema = schemas::load(tx, org, &owner).await?.attributes;
    let present = store::load_attributes(tx, org, app_id, user).await?;
    let planned = present.changed(change, &schema)?;
    let changed = planned != present;
    if changed {
        store::put_attributes(tx, org, app_id, user, &planned).await?;
    }
    let kind = match added {
        true => EventType::ApplicationUserMembershipAdd,
        false => EventType::ApplicationUserMembershipUpdate,
    };
    Ok((added || changed, kind))
}

/// To whom it is assigned. A person is held: one who is removed at the same moment would keep it for ever.
async fn load_target(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
    to: &Assignee,
) -> Result<Target, Refusal> {
    match to {
        Assignee::Person(user) => {
            let person = crate::person::store::load_held(tx, permit.org(), user)
                .await?
                .ok_or(Refusal::NotFound)?;
            check_assignee_reach(tx, permit, user, app_id).await?;
            Ok(as_target(&person))
        }
        Assignee::Group(group) => {
            let group = crate::group::store::load(tx, permit.org(), group)
                .await?
                .ok_or(Refusal::NotFound)?;
            within::check_assigned_group(tx, permit, &group.id, app_id).await?;
            Ok(Target::group(&group.id, &group.name))
        }
    }
}
