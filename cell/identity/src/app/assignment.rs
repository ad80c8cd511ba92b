//! To whom an app is assigned: people one by one, or groups. Each change and its log row are one transaction.

use crate::access::ceiling::check_assignee_reach;
use crate::access::custom::capability::Capability;
use crate::access::custom::within;
use crate::access::{Permission, Permit};
use crate::app::assigned::{self, Way};
use crate::app::store;
use crate::attribute_schema::Attributes;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::Group;
use crate::person::Person;
use crate::person::operations::as_target;
use crate::profile_mapping::store::load_mapped;
use database::WriteTx;
use ledger::{EventType, Target};
use serde_json::{Map, Value};
use vocab::future::boxed;
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
    /// The same, with a change of what the person has in the app, perhaps as it was seen.
    AssignWith(Map<String, Value>, Option<SeenInApp>),
    Unassign,
}

/// What somebody saw of a person in an app, who wishes to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenInApp {
    /// How the app was assigned to them.
    pub way: Way,
    /// What they had of the attributes that are to be changed.
    pub values: Map<String, Value>,
}

impl SeenInApp {
    /// Whether they still have the app, by themselves if they had it so, and what is to be changed is as it was.
    fn fits(&self, way: &Way, shown: &Attributes) -> bool {
        let is_kept = self.way != Way::Direct || *way == Way::Direct;
        let mut values = self.values.iter();
        is_kept
            && values.all(|(name, seen)| shown.values().get(name).unwrap_or(&Value::Null) == seen)
    }
}

/// The same, found.
enum Found {
    Person(Box<Person>),
    Group(Group),
}

impl Found {
    fn target(&self) -> Target {
        match self {
            Self::Person(person) => as_target(person),
            Self::Group(group) => Target::group(&group.id, &group.name),
        }
    }
}

impl Cell {
    /// Assigns an app to a person; nothing happens if it is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or person that this org does not have.
    #[boxed]
    pub async fn assign_app_to_person(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
    ) -> Result<(), Refusal> {
        self.change_assignment(permit, app, Assignee::Person(user.clone()), Wish::Assign)
            .await
    }

    /// Assigns an app to a person and changes what the person has in it: what is named, and no more. To assign an app is not to
    /// change that, so that a permit that comes of custom roles is none for it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else, or over a part of the org; [`Refusal::NotFound`] for an app
    /// or person that this org does not have; [`Refusal::Invalid`] as the schema of the app says.
    #[boxed]
    pub async fn assign_app_with(
        &self,
        permit: &Permit,
        app: &AppId,
        user: &UserId,
        attributes: Map<String, Value>,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let to = Assignee::Person(user.clone());
        self.change_assignment(permit, app, to, Wish::AssignWith(attributes, None))
            .await
    }

    /// The same for somebody who has the app, and as it was seen: by that, nobody is given an app, and no change of another is
    /// undone.
    ///
    /// # Errors
    /// As there; [`Refusal::Changed`] where it is not as it was.
    #[boxed]
    pub async fn change_in_app(
        &self,
        permit: &Permit,
        (app, user): (&AppId, &UserId),
        attributes: Map<String, Value>,
        seen: SeenInApp,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let to = Assignee::Person(user.clone());
        self.change_assignment(permit, app, to, Wish::AssignWith(attributes, Some(seen)))
            .await
    }

    /// Takes an app from a person; nothing happens if it is not assigned.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an app or person that this org does not have.
    #[boxed]
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
    #[boxed]
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
    #[boxed]
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
    let found = load_found(tx, permit, app_id, to).await?;
    let (changed, kind) = match (&found, wish) {
        (Found::Person(person), Wish::AssignWith(change, seen)) => {
            check_seen(tx, (app_id, person), seen).await?;
            apply_profile(tx, permit, (app_id, person), change, now).await?
        }
        (Found::Person(person), Wish::Assign) => (
            assign_held(tx, app_id, person, now).await?,
            EventType::ApplicationUserMembershipAdd,
        ),
        (Found::Person(person), Wish::Unassign) => (
            store::unassign_person(tx, org, app_id, &person.id).await?,
            EventType::ApplicationUserMembershipRemove,
        ),
        (Found::Group(group), Wish::Assign | Wish::AssignWith(..)) => (
            store::assign_group(tx, org, app_id, &group.id, now).await?,
            EventType::GroupApplicationAssignmentAdd,
        ),
        (Found::Group(group), Wish::Unassign) => (
            store::unassign_group(tx, org, app_id, &group.id).await?,
            EventType::GroupApplicationAssignmentRemove,
        ),
    };
    if changed {
        let event = cell.app_event(permit, kind, &app).target(found.target());
        ledger::append(tx, org, event).await?;
    }
    Ok(())
}

/// Assigns an app to a person, who is held: they begin with what its mapping makes of their profile once and for all. False if it was assigned.
///
/// # Errors
/// [`Refusal::Invalid`] where the mapping makes too much of it.
pub(crate) async fn assign_held(
    tx: &mut WriteTx,
    app_id: &AppId,
    person: &Person,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let (org, user) = (&person.org_id, &person.id);
    if !store::assign_person(tx, org, app_id, user, now).await? {
        return Ok(false);
    }
    let begun = load_mapped(tx, org, app_id).await?.begin(person)?;
    if !begun.values().is_empty() {
        store::put_attributes(tx, org, app_id, user, &begun).await?;
    }
    Ok(true)
}

async fn check_seen(
    tx: &mut WriteTx,
    (app_id, person): (&AppId, &Person),
    seen: Option<SeenInApp>,
) -> Result<(), Refusal> {
    let Some(seen) = seen else {
        return Ok(());
    };
    let (org, user) = (&person.org_id, &person.id);
    let found = assigned::store::find_person(tx, org, app_id, user).await?;
    let found = found.ok_or(Refusal::Changed)?;
    let mapped = load_mapped(tx, org, app_id).await?;
    match seen.fits(&found.way, &mapped.shown(person, &found.attributes)) {
        true => Ok(()),
        false => Err(Refusal::Changed),
    }
}

/// Assigns an app to a person, who is held, and changes what they have in it; whether anything changed, and what.
async fn apply_profile(
    tx: &mut WriteTx,
    permit: &Permit,
    (app_id, person): (&AppId, &Person),
    change: Map<String, Value>,
    now: Timestamp,
) -> Result<(bool, EventType), Refusal> {
    let (org, user) = (permit.org(), &person.id);
    let added = assign_held(tx, app_id, person, now).await?;
    let mapped = load_mapped(tx, org, app_id).await?;
    let present = store::load_attributes(tx, org, app_id, user).await?;
    let change = mapped.to_set(person, &present, change);
    let planned = present.changed(change, &mapped.of_app)?;
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
async fn load_found(
    tx: &mut WriteTx,
    permit: &Permit,
    app_id: &AppId,
    to: &Assignee,
) -> Result<Found, Refusal> {
    match to {
        Assignee::Person(user) => {
            let person = crate::person::store::load_held(tx, permit.org(), user)
                .await?
                .ok_or(Refusal::NotFound)?;
            check_assignee_reach(tx, permit, user, app_id).await?;
            Ok(Found::Person(Box::new(person)))
        }
        Assignee::Group(group) => {
            let group = crate::group::store::load(tx, permit.org(), group)
                .await?
                .ok_or(Refusal::NotFound)?;
            within::check_assigned_group(tx, permit, &group.id, app_id).await?;
            Ok(Found::Group(group))
        }
    }
}
