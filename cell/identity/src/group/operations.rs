//! What administrators do with groups. Each change and its log row are one transaction.

use crate::access::ceiling::check_custom_reach;
use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::{guard, within};
use crate::access::{Permission, Permit};
use crate::attribute_schema::{Attributes, Owner, store as schemas};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::{DESCRIPTION_CHARS_MAX, Group, NAME_CHARS_MAX, store};
use crate::group_rule::{active, asked, exclude, follow};
use crate::sign_on::of_administrators;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use serde_json::{Map, Value};
use vocab::future::boxed;
use vocab::id::{GroupId, UserId};
use vocab::text::disguises;

pub(super) fn check(name: &str, description: &str) -> Result<(), Refusal> {
    let name_chars = name.chars().count();
    if name_chars == 0 || name_chars > NAME_CHARS_MAX || name.chars().any(disguises) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 100 characters on one line",
        ));
    }
    // No store takes U+0000 in a text.
    if description.chars().count() > DESCRIPTION_CHARS_MAX || description.contains('\0') {
        return Err(Refusal::invalid(
            "description",
            "use at most 1,000 characters",
        ));
    }
    Ok(())
}

impl Cell {
    /// Adds a group.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of names say.
    #[boxed]
    pub async fn create_group(
        &self,
        permit: &Permit,
        name: &str,
        description: &str,
    ) -> Result<Group, Refusal> {
        self.create_group_with(permit, (name, description), Map::new())
            .await
    }

    /// Adds a group with those attributes.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of names and the org's schema of groups say.
    #[boxed]
    pub async fn create_group_with(
        &self,
        permit: &Permit,
        (name, description): (&str, &str),
        attributes: Map<String, Value>,
    ) -> Result<Group, Refusal> {
        permit.covers_within(Permission::ManageGroups, Capability::GroupsCreate)?;
        let name = name.trim();
        check(name, description)?;
        let group = Group {
            org_id: permit.org().clone(),
            id: GroupId::generate(self.entropy()),
            name: name.to_owned(),
            description: description.to_owned(),
            attributes: Attributes::default(),
            revision: 1,
            created_at: self.now(),
            updated_at: self.now(),
            members_changed_at: self.now(),
            external_id: None,
        };
        let by = permit.clone();
        let event = self.group_event(permit, EventType::GroupLifecycleCreate, &group);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    within::check_everything(tx, &by, ThingKind::Group).await?;
                    let group = Group {
                        attributes: decide_attributes(tx, &by, attributes).await?,
                        ..group
                    };
                    store::insert(tx, &group).await?;
                    ledger::append(tx, &group.org_id, event).await?;
                    Ok::<_, Refusal>(group)
                })
            })
            .await
    }

    /// Changes name and description; the attributes stay as they are.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision.
    #[boxed]
    pub async fn update_group(&self, permit: &Permit, group: Group) -> Result<(), Refusal> {
        self.replace_group(permit, group, None).await
    }

    /// Changes name and description, and the attributes where they are named.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision.
    #[boxed]
    pub async fn replace_group(
        &self,
        permit: &Permit,
        group: Group,
        attributes: Option<Map<String, Value>>,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageGroups, Capability::GroupsManage)?;
        check(group.name.trim(), &group.description)?;
        if group.org_id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        let (cell, by, now, event) = (
            self.clone(),
            permit.clone(),
            self.now(),
            self.group_event(permit, EventType::GroupProfileUpdate, &group),
        );
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let rules = active::hold(tx, &cell, &group.org_id).await?;
                    within::check_group(tx, &by, &group.id).await?;
                    guard::check_group(tx, &by, &group.id).await?;
                    let present = store::load(tx, &group.org_id, &group.id).await?;
                    let group = match attributes {
                        Some(values) => Group {
                            attributes: decide_attributes(tx, &by, values).await?,
                            ..group
                        },
                        None => group,
                    };
                    store::update(tx, &group, now).await?;
                    if let Some(present) = present.filter(|present| present.name != group.name) {
                        let place = (&group.org_id, &group.id);
                        let names = [present.name.as_str(), group.name.as_str()];
                        asked::check_names(tx, &by, rules.as_deref(), &group.id, &names).await?;
                        follow::follow_name(tx, &cell, rules.as_deref(), place, names).await?;
                    }
                    Ok::<_, Refusal>(ledger::append(tx, &group.org_id, event).await?)
                })
            })
            .await
    }

    /// Removes a group, its memberships and its assignments.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none.
    #[boxed]
    pub async fn delete_group(&self, permit: &Permit, group_id: &GroupId) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageGroups, Capability::GroupsManage)?;
        let (permit, group_id, cell) = (permit.clone(), group_id.clone(), self.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let rules = active::hold(tx, &cell, permit.org()).await?;
                    // Held: a role that it is given at the same moment would be looked for before it is there.
                    if !store::hold(tx, permit.org(), &group_id).await? {
                        return Err(Refusal::NotFound);
                    }
                    let group = store::load(tx, permit.org(), &group_id).await?;
                    let group = group.ok_or(Refusal::NotFound)?;
                    within::check_group(tx, &permit, &group_id).await?;
                    asked::check_removal(tx, &permit, rules.as_deref(), &group).await?;
                    apply_removal(tx, &cell, &permit, &group).await
                })
            })
            .await
    }

    /// Adds a person to a group; nothing happens if the person is a member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group or person that this org does not have.
    #[boxed]
    pub async fn add_group_member(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<(), Refusal> {
        self.change_member(permit, group_id, user_id, Membership::Added)
            .await
    }

    /// Takes a person out of a group; nothing happens if the person is no member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a group or person that this org does not have.
    #[boxed]
    pub async fn remove_group_member(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<(), Refusal> {
        self.change_member(permit, group_id, user_id, Membership::Removed)
            .await
    }

    async fn change_member(
        &self,
        permit: &Permit,
        group_id: &GroupId,
        user_id: &UserId,
        membership: Membership,
    ) -> Result<(), Refusal> {
        permit.covers_within(Permission::ManageGroups, Capability::GroupsMembers)?;
        let (cell, permit) = (self.clone(), permit.clone());
        let (group_id, user_id) = (group_id.clone(), user_id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    apply_membership(tx, &cell, &permit, (&group_id, &user_id), membership).await
                })
            })
            .await
    }

    pub(super) fn group_event(&self, permit: &Permit, kind: EventType, group: &Group) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::group(&group.id, &group.name))
    }
}

/// Attributes of a group as the org's schema has them at this moment.
async fn decide_attributes(
    tx: &mut WriteTx,
    permit: &Permit,
    values: Map<String, Value>,
) -> Result<Attributes, Refusal> {
    if values.is_empty() {
        return Ok(Attributes::default());
    }
    let schema = schemas::load(tx, permit.org(), Owner::Groups.as_str()).await?;
    Attributes::decide(values, &schema.attributes)
}

/// Removes a group, in the caller's transaction; rules that filled it rest from then on.
///
/// # Errors
/// [`Refusal`] if the store fails.
pub(super) async fn apply_removal(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    group: &Group,
) -> Result<(), Refusal> {
    let org = permit.org();
    let rules = active::hold(tx, cell, org).await?;
    let ended = follow::follow_removal(tx, cell, permit, rules.as_deref(), group).await?;
    let apps = crate::provisioning::store::connections::load_of_group(tx, org, &group.id).await?;
    store::delete(tx, org, &group.id).await?;
    let mut event = cell.group_event(permit, EventType::GroupLifecycleDelete, group);
    // Who follows the log to provision an app reads of it whether the app lost people.
    for (app, label) in &apps {
        event = event.target(Target::app(app, label));
    }
    let mut events = vec![event];
    events.extend(ended);
    Ok(ledger::append_all(tx, org, events).await?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Membership {
    Added,
    Removed,
}

async fn apply_membership(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    (group_id, user_id): (&GroupId, &UserId),
    membership: Membership,
) -> Result<(), Refusal> {
    let org = permit.org();
    let group = store::load(tx, org, group_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    // Held: a person who is removed at the same moment would stay a member for ever.
    let person = crate::person::store::load_held(tx, org, user_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let rules = active::hold(tx, cell, org).await?;
    within::check_group(tx, permit, group_id).await?;
    check_custom_reach(tx, permit, user_id).await?;
    of_administrators::check_member(tx, permit, group_id, user_id).await?;
    if membership == Membership::Added {
        guard::check_added(tx, permit, group_id, &person).await?;
    }
    let mut followed = Vec::new();
    if membership == Membership::Removed {
        followed.extend(exclude::exclude(tx, cell, permit, &group, &person).await?);
    }
    let (changed, kind) = match membership {
        Membership::Added => (
            store::insert_member(tx, org, group_id, user_id, cell.now()).await?,
            EventType::GroupUserMembershipAdd,
        ),
        Membership::Removed => (
            store::delete_member(tx, org, group_id, user_id, cell.now()).await?,
            EventType::GroupUserMembershipRemove,
        ),
    };
    let mut events = Vec::new();
    if changed {
        let target = Target::user(&person.id, &person.login, &person.display_name());
        events.push(cell.group_event(permit, kind, &group).target(target));
    }
    events.extend(followed);
    if let Some(rules) = rules.filter(|rules| rules.asks_about_groups()) {
        let place = (org, user_id);
        events.extend(follow::follow(tx, cell, Some(permit), Some(&rules), place).await?);
    }
    Ok(ledger::append_all(tx, org, events).await?)
}
