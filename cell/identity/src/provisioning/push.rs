//! Groups that are pushed: a group of the org and the one at the peer that is to have its members.

use crate::access::{Permission, Permit};
use crate::app::App;
use crate::app::operations::load_for_change;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::{self, Group};
use crate::provisioning::store::{connections, groups};
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Target};
use protocol::scim::peer::is_usable_id;
use vocab::future::boxed;
use vocab::id::{AppId, GroupId, GroupPushId, OrgId};
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Most pushed groups of one app.
pub const PUSHES_MAX: usize = 500;
/// Longest name at the peer.
pub const NAME_CHARS_MAX: usize = 255;

/// A group that is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Its id.
    pub id: GroupPushId,
    /// The group of the org.
    pub group_id: GroupId,
    /// The group at the peer, if it is known.
    pub peer_id: Option<String>,
    /// What it is called there; empty for one that was named by its id, and keeps its name.
    pub name: String,
    /// Whether it is called there what the group of the org is called.
    pub follows_name: bool,
    /// What it was last called there by us.
    pub sent_name: String,
    /// Whether it is pushed now.
    pub active: bool,
    /// Whether the group at the peer is to be removed, and then this.
    pub removing: bool,
    /// The place of the walk over its members that is under way: behind this person, from the beginning at `-`, or none.
    pub walk_at: String,
    /// Rises with each change.
    pub version: i64,
    /// When it is to be looked at.
    pub due_at: Option<Timestamp>,
    /// How often it failed in a row.
    pub attempts: i64,
    /// What went wrong the last time.
    pub trouble: Option<String>,
    /// When something was last sent.
    pub pushed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A group that is to be pushed.
#[derive(Debug, Clone)]
pub struct NewPush {
    /// The group of the org.
    pub group_id: GroupId,
    /// The group at the peer.
    pub to: PushTo,
    /// Whether it is pushed at once.
    pub active: bool,
}

/// Which group of a peer is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTo {
    /// The one of this name, which is made if there is none.
    Named(String),
    /// The one of this id, which keeps its name.
    Known(String),
}

/// What becomes of the group at the peer when it is pushed no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// It stays as it is.
    Stays,
    /// It is removed.
    Goes,
}

fn decide_to(to: &PushTo) -> Result<(), Refusal> {
    match to {
        PushTo::Named(name) => {
            let chars = name.chars().count();
            match (1..=NAME_CHARS_MAX).contains(&chars) && !name.chars().any(disguises) {
                true => Ok(()),
                false => Err(Refusal::invalid(
                    "targetGroupName",
                    "use 1 to 255 characters on one line",
                )),
            }
        }
        PushTo::Known(id) => match is_usable_id(id) {
            true => Ok(()),
            false => Err(Refusal::invalid(
                "targetGroupId",
                "this is no id of a group",
            )),
        },
    }
}

impl Cell {
    /// The groups of an app that are pushed, but for those that are being removed.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_pushes(&self, permit: &Permit, app: &AppId) -> Result<Vec<Push>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let mut pushes = groups::load_all(&mut tx, (permit.org(), app)).await?;
        pushes.retain(|push| !push.removing);
        Ok(pushes)
    }

    /// A group that is pushed.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this app does not have.
    #[boxed]
    pub async fn find_push(
        &self,
        permit: &Permit,
        app: &AppId,
        id: &GroupPushId,
    ) -> Result<Push, Refusal> {
        permit
            .covers(Permission::ReadDirectory)
            .or_else(|_| permit.covers(Permission::ManageApps))?;
        let mut tx = self.database.read().await?;
        let found = groups::load(&mut tx, (permit.org(), app), id).await?;
        found.filter(|push| !push.removing).ok_or(Refusal::NotFound)
    }

    /// Lets a group be pushed.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for an app without a connection; [`Refusal::Taken`] for a group that is pushed already.
    #[boxed]
    pub async fn add_push(
        &self,
        permit: &Permit,
        app: &App,
        new: NewPush,
    ) -> Result<Push, Refusal> {
        permit.covers(Permission::ManageApps)?;
        decide_to(&new.to)?;
        let now = self.now();
        let mut push = Push {
            id: GroupPushId::generate(self.entropy()),
            group_id: new.group_id,
            peer_id: None,
            name: String::new(),
            follows_name: false,
            sent_name: String::new(),
            active: new.active,
            removing: false,
            walk_at: if new.active {
                "-".to_owned()
            } else {
                String::new()
            },
            version: 1,
            due_at: new.active.then_some(now),
            attempts: 0,
            trouble: None,
            pushed_at: None,
            created_at: now,
            updated_at: now,
        };
        let (cell, by, id) = (self.clone(), permit.clone(), app.id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &id).await?;
                    let key = (by.org(), &app.id);
                    if connections::load(tx, key).await?.is_none() {
                        return Err(Refusal::WrongState(
                            "set up the connection of the app first",
                        ));
                    }
                    let group = load_source(tx, key, &push.group_id).await?;
                    aim(tx, key, (&mut push, &group), new.to).await?;
                    groups::insert(tx, key, &push).await?;
                    let kind = EventType::ApplicationProvisionGroupPushMappingCreated;
                    let event = push_event(&cell, &by, kind, &app);
                    let event = event.target(Target::group(&group.id, &group.name));
                    ledger::append(tx, key.0, event).await?;
                    Ok(push)
                })
            })
            .await
    }

    /// Lets a group be pushed again, from the beginning, or no more; what is at the peer stays.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that this app does not have.
    #[boxed]
    pub async fn switch_push(
        &self,
        permit: &Permit,
        app: &App,
        id: &GroupPushId,
        active: bool,
    ) -> Result<Push, Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, app, id) = (self.clone(), permit.clone(), app.id.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &app).await?;
                    let key = (by.org(), &app.id);
                    let now = cell.now();
                    if !groups::switch(tx, key, &id, active, now).await? {
                        return Err(Refusal::NotFound);
                    }
                    let kind = match active {
                        true => EventType::ApplicationProvisionGroupPushActivateMapping,
                        false => EventType::ApplicationProvisionGroupPushDeactivateMapping,
                    };
                    let push = groups::load(tx, key, &id).await?.ok_or(Refusal::NotFound)?;
                    let event = push_event(&cell, &by, kind, &app);
                    let event = event.target(Target::group(&push.group_id, &push.name));
                    ledger::append(tx, key.0, event).await?;
                    Ok(push)
                })
            })
            .await
    }

    /// Pushes a group no more that was switched off before. Where the group at the peer is to go, that is done in the background.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for one that is switched on.
    #[boxed]
    pub async fn remove_push(
        &self,
        permit: &Permit,
        app: &App,
        id: &GroupPushId,
        target: Afterwards,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageApps)?;
        let (cell, by, app, id) = (self.clone(), permit.clone(), app.id.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let app = load_for_change(tx, &by, &app).await?;
                    let key = (by.org(), &app.id);
                    let push = groups::load(tx, key, &id).await?;
                    let push = push
                        .filter(|push| !push.removing)
                        .ok_or(Refusal::NotFound)?;
                    let is_gone = match (target, &push.peer_id) {
                        (Afterwards::Goes, Some(_)) => {
                            groups::begin_removal(tx, key, &id, cell.now()).await?
                        }
                        _ => groups::delete(tx, key, &id).await?,
                    };
                    if !is_gone {
                        return Err(Refusal::WrongState(
                            "switch the push of the group off first",
                        ));
                    }
                    let kind = match target {
                        Afterwards::Stays => EventType::ApplicationProvisionGroupPushRemoved,
                        Afterwards::Goes => EventType::ApplicationProvisionGroupPushDeleteAppgroup,
                    };
                    let event = push_event(&cell, &by, kind, &app);
                    let event = event.target(Target::group(&push.group_id, &push.name));
                    Ok(ledger::append(tx, key.0, event).await?)
                })
            })
            .await
    }
}

/// The group that is to be pushed, if one more may be and it is not pushed already.
async fn load_source(
    tx: &mut WriteTx,
    key: (&OrgId, &AppId),
    group_id: &GroupId,
) -> Result<Group, Refusal> {
    let group = group::store::load(tx, key.0, group_id).await?;
    let group = group
        .ok_or_else(|| Refusal::invalid("sourceGroupId", "this organisation has no such group"))?;
    let present = groups::find_of_group(tx, key, group_id.as_str()).await?;
    if present.is_some() {
        return Err(Refusal::Taken {
            field: "sourceGroupId",
        });
    }
    let count = groups::count(tx, key.0, key.1).await?;
    if usize::try_from(count).is_ok_and(|count| count >= PUSHES_MAX) {
        return Err(Refusal::TooMany {
            what: "pushed groups of one app",
            max: PUSHES_MAX,
        });
    }
    Ok(group)
}

/// Sets which group at the peer is meant.
async fn aim(
    tx: &mut WriteTx,
    key: (&OrgId, &AppId),
    (push, group): (&mut Push, &Group),
    to: PushTo,
) -> Result<(), Refusal> {
    match to {
        PushTo::Named(name) => {
            push.follows_name = name == group.name;
            push.name = name;
        }
        PushTo::Known(id) => {
            if is_other_target(tx, key, &id).await? {
                let problem = "another group is pushed to it";
                return Err(Refusal::invalid("targetGroupId", problem));
            }
            push.peer_id = Some(id);
        }
    }
    Ok(())
}

async fn is_other_target(
    tx: &mut ReadTx,
    key: (&OrgId, &AppId),
    id: &str,
) -> Result<bool, Refusal> {
    Ok(groups::find_by_peer(tx, key, id).await?.is_some())
}

fn push_event(cell: &Cell, permit: &Permit, kind: EventType, app: &App) -> Event {
    cell.app_event(permit, kind, app)
}
