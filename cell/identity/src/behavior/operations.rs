//! What administrators do with behaviours. Each change and its log row are one transaction, behind the lock that policies are changed
//! with, so that none is removed while a rule begins to name it.

use crate::access::{Permission, Permit};
use crate::behavior::store;
use crate::behavior::{BEHAVIORS_MAX, Behavior, BehaviorKind, decide_behavior};
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::sign_on::aside::{Aside, all_rules};
use crate::sign_on::lock_out::DoorWatch;
use crate::sign_on::of_administrators;
use crate::sign_on::operations::policy_refusal;
use crate::sign_on::store::{StoredPolicy, load_all_policies};
use crate::sign_on::{SignOnPolicy, check_behaviors};
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::BehaviorId;

/// A behaviour to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBehavior {
    /// Its name.
    pub name: String,
    /// What is compared.
    pub kind: BehaviorKind,
    /// With how many of the newest sign-ins.
    pub events_max: u32,
    /// How many there must be before anything is told.
    pub events_min: u32,
    /// Whether it counts.
    pub active: bool,
}

impl Cell {
    /// Adds a behaviour, which no rule names yet.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was added.
    #[boxed]
    pub async fn create_behavior(
        &self,
        permit: &Permit,
        wanted: NewBehavior,
    ) -> Result<Behavior, Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let behavior = Behavior {
            id: BehaviorId::generate(self.entropy()),
            name: wanted.name.trim().to_owned(),
            kind: wanted.kind,
            events_max: wanted.events_max,
            events_min: wanted.events_min,
            active: wanted.active,
        };
        decide_behavior(&behavior)?;
        let (cell, by, stored) = (self.clone(), permit.clone(), behavior.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                if store::load_all(tx, by.org()).await?.len() >= BEHAVIORS_MAX {
                    return Err(Refusal::TooMany {
                        what: "behaviors",
                        max: BEHAVIORS_MAX,
                    });
                }
                store::insert(tx, by.org(), &stored, cell.now()).await?;
                let kind = EventType::SecurityBehaviorSettingsCreate;
                let event = cell.behavior_event(&by, kind, &stored);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await?;
        Ok(behavior)
    }

    /// Changes name and numbers of a behaviour, and whether it counts; what is compared stays. Nothing happens, and nothing is
    /// logged, if it is so already.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision; [`Refusal::Invalid`] for what would shut the caller out.
    #[boxed]
    pub async fn update_behavior(
        &self,
        permit: &Permit,
        behavior: Behavior,
        revision: i64,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        decide_behavior(&behavior)?;
        let (cell, by) = (self.clone(), permit.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load(tx, by.org(), &behavior.id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                if stored.behavior.kind != behavior.kind {
                    let problem = "what is compared stays; add another behaviour instead";
                    return Err(Refusal::invalid("type", problem));
                }
                if stored.revision != revision {
                    return Err(Refusal::Changed);
                }
                if stored.behavior == behavior {
                    return Ok(());
                }
                of_administrators::check_behavior(tx, &by, &stored.behavior, &behavior).await?;
                let door = DoorWatch::begin(tx, &by, cell.now()).await?;
                store::update(tx, by.org(), &behavior, revision, cell.now()).await?;
                door.end(tx, &by, "status").await?;
                let kind = EventType::SecurityBehaviorSettingsUpdate;
                let event = cell.behavior_event(&by, kind, &behavior);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Removes a behaviour that no rule names.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while one does, in force or at rest: without it such a rule would not say any more when it applies.
    #[boxed]
    pub async fn delete_behavior(&self, permit: &Permit, id: &BehaviorId) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load(tx, by.org(), &id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                check_unnamed(tx, &by, &id).await?;
                if !store::delete(tx, by.org(), &id).await? {
                    return Err(Refusal::NotFound);
                }
                let kind = EventType::SecurityBehaviorSettingsDelete;
                let event = cell.behavior_event(&by, kind, &stored.behavior);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    fn behavior_event(&self, permit: &Permit, kind: EventType, behavior: &Behavior) -> Event {
        let state = if behavior.active {
            "ACTIVE"
        } else {
            "INACTIVE"
        };
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::other(
                "BehaviorRule",
                behavior.id.as_str(),
                &behavior.name,
            ))
            .detail("type", behavior.kind.as_str())
            .detail("status", state)
            .detail("maxEventsUsedForEvaluation", behavior.events_max)
            .detail("minEventsNeededForEvaluation", behavior.events_min)
    }
}

/// Whether a rule of the policy, in force or at rest, names the behaviour.
#[must_use]
pub fn names_behavior(stored: &StoredPolicy, id: &BehaviorId) -> bool {
    let mut all = all_rules(&stored.policy, &stored.aside);
    all.any(|rule| rule.conditions.behaviors.contains(id))
}

async fn check_unnamed(tx: &mut WriteTx, permit: &Permit, id: &BehaviorId) -> Result<(), Refusal> {
    let policies = load_all_policies(tx, permit.org()).await?;
    match policies.iter().any(|stored| names_behavior(stored, id)) {
        true => Err(Refusal::WrongState("a policy names this behaviour")),
        false => Ok(()),
    }
}

/// Holds the behaviours that a policy names against those that there are. Rules at rest are looked at as well: one that came into force
/// without its behaviour would say something else than it did.
pub(crate) async fn check_named(
    tx: &mut WriteTx,
    permit: &Permit,
    (policy, aside): (&SignOnPolicy, &Aside),
) -> Result<(), Refusal> {
    let naming = all_rules(policy, aside).filter(|rule| !rule.conditions.behaviors.is_empty());
    if naming.clone().next().is_none() {
        return Ok(());
    }
    let known = store::load_known(tx, permit.org()).await?;
    check_behaviors(naming, &known).map_err(|error| policy_refusal(&error))
}
