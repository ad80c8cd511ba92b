//! What administrators do with sign-on policies and network zones. Each change and its log row are one transaction,
//! and no cached configuration outlives it.
//!
//! The org's row is locked by each of them, so that a policy or zone cannot be removed while another change begins to
//! name it.

use crate::access::{Permission, Permit};
use crate::behavior::operations::check_named;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::problem::Problem;
use crate::sign_on::aside::{Aside, DESCRIPTION_CHARACTERS_MAX, all_rules};
use crate::sign_on::lock_out::DoorWatch;
use crate::sign_on::means;
use crate::sign_on::of_administrators;
use crate::sign_on::store::{self, POLICIES_MAX, StoredPolicy, ZONES_MAX};
use crate::sign_on::zone::{ZoneError, ZoneReach, ZoneState};
use crate::sign_on::{Outcome, PolicyError, PolicyScope, Rule, SignOnPolicy, Zone};
use database::{TxFuture, WriteTx};
use ipnet::IpNet;
use ledger::{Event, EventType, Target};
use vocab::future::boxed;
use vocab::id::{PolicyId, RuleId, ZoneId};

pub(crate) fn policy_refusal(error: &PolicyError) -> Refusal {
    let field = match error {
        PolicyError::Name(_) => "name",
        PolicyError::EntryCount(_) | PolicyError::UnknownZone { .. } => "conditions",
        PolicyError::UnknownBehavior { .. } => "behaviors",
        PolicyError::SessionAge(_) => "session_age_max_secs",
        PolicyError::Unattainable(_) => "require",
        PolicyError::TooLong
        | PolicyError::Unreadable(_)
        | PolicyError::RuleCount
        | PolicyError::RepeatedRule(_) => "rules",
    };
    Refusal::invalid(field, policy_problem(error))
}

fn policy_problem(error: &PolicyError) -> Problem {
    let id = |id: &RuleId| ("rule", id.to_string());
    match error {
        PolicyError::TooLong | PolicyError::RuleCount => Problem::from(error.to_string()),
        PolicyError::Unreadable(why) => {
            Problem::of("the policy cannot be read: {why}", [("why", why.clone())])
        }
        PolicyError::Name(what) => Problem::of(
            "the name of {what} must have between 1 and 100 characters",
            [("what", what.clone())],
        ),
        PolicyError::RepeatedRule(rule) => {
            Problem::of("the rule id {rule} stands twice", [id(rule)])
        }
        PolicyError::EntryCount(rule) => Problem::of(
            "each list of rule {rule} must have at most 200 entries, and a zone condition at least 1",
            [id(rule)],
        ),
        PolicyError::UnknownZone { rule, zone } => Problem::of(
            "rule {rule} names the zone {zone}, which does not exist",
            [id(rule), ("zone", zone.to_string())],
        ),
        PolicyError::UnknownBehavior { rule, behavior } => Problem::of(
            "rule {rule} names the behaviour {behavior}, which does not exist",
            [id(rule), ("behavior", behavior.to_string())],
        ),
        PolicyError::SessionAge(rule) => Problem::of(
            "rule {rule}: session_age_max_secs must be at least 60",
            [id(rule)],
        ),
        PolicyError::Unattainable(rule) => Problem::of(
            "rule {rule} asks for proof that no authenticator can give",
            [id(rule)],
        ),
    }
}

/// Holds a policy against its bounds. One that everybody must satisfy must let somebody in.
///
/// # Errors
/// [`Refusal::Invalid`] naming what is wrong.
pub fn decide_policy(scope: PolicyScope, policy: &SignOnPolicy) -> Result<(), Refusal> {
    policy.validate().map_err(|error| policy_refusal(&error))?;
    let denies_all = policy
        .rules
        .iter()
        .all(|rule| rule.outcome == Outcome::Deny);
    if scope != PolicyScope::App && denies_all {
        return Err(Refusal::invalid(
            "rules",
            "every rule refuses: nobody could sign in to change it again",
        ));
    }
    Ok(())
}

fn decide_zone(zone: &Zone) -> Result<(), Refusal> {
    zone.validate().map_err(|error| {
        let field = if error == ZoneError::Name {
            "name"
        } else {
            "ranges"
        };
        Refusal::invalid(field, zone_problem(&error))
    })
}

/// What is wrong with a zone.
#[must_use]
pub fn zone_problem(error: &ZoneError) -> Problem {
    match error {
        ZoneError::Name | ZoneError::RangeCount => Problem::from(error.to_string()),
        ZoneError::Range { line, word } => Problem::of(
            "line {line}: {word} is neither an address nor a range such as 192.0.2.0/24 or 2001:db8::/32",
            [("line", line.to_string()), ("word", format!("{word:?}"))],
        ),
    }
}

/// Holds what stands beside a policy against the bounds: a rule at rest must be able to be in force, and with those that
/// are there are no more than there may be.
fn decide_aside(policy: &SignOnPolicy, aside: &Aside) -> Result<(), Refusal> {
    if aside.description.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        return Err(Refusal::invalid(
            "description",
            "use at most 1,000 characters",
        ));
    }
    let resting = aside.resting.iter().map(|resting| resting.rule.clone());
    let whole = SignOnPolicy {
        rules: policy.rules.iter().cloned().chain(resting).collect(),
        ..policy.clone()
    };
    whole.validate().map_err(|error| policy_refusal(&error))
}

/// What a change of a policy is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChange {
    /// Name and rules; what stands beside them stays.
    Rules,
    /// All of it.
    Whole(Aside),
    /// A rule comes into force.
    Activate(Aside, Rule),
    /// A rule rests from now on.
    Deactivate(Aside, Rule),
}

impl PolicyChange {
    const fn aside(&self) -> Option<&Aside> {
        match self {
            Self::Rules => None,
            Self::Whole(aside) | Self::Activate(aside, _) | Self::Deactivate(aside, _) => {
                Some(aside)
            }
        }
    }

    const fn event(&self) -> EventType {
        match self {
            Self::Rules | Self::Whole(_) => EventType::PolicyLifecycleUpdate,
            Self::Activate(..) => EventType::PolicyRuleActivate,
            Self::Deactivate(..) => EventType::PolicyRuleDeactivate,
        }
    }

    fn rule(&self) -> Option<(&str, &str)> {
        match self {
            Self::Rules | Self::Whole(_) => None,
            Self::Activate(_, rule) | Self::Deactivate(_, rule) => {
                Some((rule.id.as_str(), &rule.name))
            }
        }
    }
}

impl Cell {
    /// Adds a policy that apps may name.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of policies say; [`Refusal::Taken`] for a name in use.
    #[boxed]
    pub async fn create_policy(
        &self,
        permit: &Permit,
        name: &str,
        rules: Vec<Rule>,
    ) -> Result<SignOnPolicy, Refusal> {
        let aside = Aside::default();
        self.create_policy_with(permit, name, rules, (aside, true))
            .await
    }

    /// The same with what administrators read beside it.
    ///
    /// # Errors
    /// As [`Cell::create_policy`].
    #[boxed]
    pub async fn create_policy_with(
        &self,
        permit: &Permit,
        name: &str,
        rules: Vec<Rule>,
        (aside, active): (Aside, bool),
    ) -> Result<SignOnPolicy, Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let id = PolicyId::generate(self.entropy());
        let policy = SignOnPolicy {
            id,
            name: name.trim().to_owned(),
            rules,
        };
        decide_policy(PolicyScope::App, &policy)?;
        decide_aside(&policy, &aside)?;
        let (cell, by, stored) = (self.clone(), permit.clone(), policy.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                check_zones(tx, &by, &stored).await?;
                check_named(tx, &by, (&stored, &aside)).await?;
                means::check_policy(tx, &by, &stored).await?;
                if store::load_all_policies(tx, by.org()).await?.len() >= POLICIES_MAX {
                    return Err(Refusal::TooMany {
                        what: "policies",
                        max: POLICIES_MAX,
                    });
                }
                store::insert_policy(tx, by.org(), PolicyScope::App, &stored, cell.now()).await?;
                if aside != Aside::default() {
                    store::set_aside(tx, by.org(), &stored.id, &aside).await?;
                }
                let event = cell.policy_event(&by, EventType::PolicyLifecycleCreate, &stored);
                ledger::append(tx, by.org(), event).await?;
                if active {
                    return Ok(());
                }
                // Nobody names it yet.
                store::switch_app_policy(tx, by.org(), &stored.id, false, cell.now()).await?;
                let kind = EventType::PolicyLifecycleDeactivate;
                let event = cell.policy_event(&by, kind, &stored);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await?;
        Ok(policy)
    }

    /// Changes name and rules of a policy.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision; [`Refusal::Invalid`] for what would shut the
    /// caller out.
    #[boxed]
    pub async fn update_policy(
        &self,
        permit: &Permit,
        policy: SignOnPolicy,
        revision: i64,
    ) -> Result<(), Refusal> {
        let change = PolicyChange::Rules;
        self.change_policy(permit, policy, change, revision).await
    }

    /// Changes name and rules of a policy, and what administrators read beside them.
    ///
    /// # Errors
    /// As [`Cell::update_policy`].
    #[boxed]
    pub async fn change_policy(
        &self,
        permit: &Permit,
        policy: SignOnPolicy,
        change: PolicyChange,
        revision: i64,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by) = (self.clone(), permit.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load_policy(tx, by.org(), &policy.id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                decide_policy(stored.scope, &policy)?;
                of_administrators::check_policy(tx, &by, &stored, &policy).await?;
                check_zones(tx, &by, &policy).await?;
                means::check_policy(tx, &by, &policy).await?;
                let aside = change.aside().unwrap_or(&stored.aside);
                decide_aside(&policy, aside)?;
                check_named(tx, &by, (&policy, aside)).await?;
                let door = DoorWatch::begin(tx, &by, cell.now()).await?;
                store::update_policy(tx, by.org(), &policy, revision, cell.now()).await?;
                door.end(tx, &by, "rules").await?;
                if let Some(aside) = change.aside() {
                    store::set_aside(tx, by.org(), &policy.id, aside).await?;
                }
                let event = cell.policy_event(&by, change.event(), &policy);
                let event = match change.rule() {
                    Some((id, name)) => event.target(Target::other("PolicyRule", id, name)),
                    None => event,
                };
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Lets a policy for apps be named, or lets one rest that no app names; nothing happens if it does so.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while an app names one that is to rest, and for the policies that every org has.
    #[boxed]
    pub async fn switch_policy(
        &self,
        permit: &Permit,
        id: &PolicyId,
        active: bool,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load_policy(tx, by.org(), &id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                if !active && stored.scope != PolicyScope::App {
                    return Err(Refusal::WrongState(
                        "this policy is always in force; change its rules instead",
                    ));
                }
                // Who lets an app name a policy holds the same lock.
                if !active && store::is_policy_named(tx, by.org(), &id).await? {
                    return Err(Refusal::WrongState("an app names this policy"));
                }
                if active {
                    means::check_policy(tx, &by, &stored.policy).await?;
                }
                if !store::switch_app_policy(tx, by.org(), &id, active, cell.now()).await? {
                    return Ok(());
                }
                let kind = match active {
                    true => EventType::PolicyLifecycleActivate,
                    false => EventType::PolicyLifecycleDeactivate,
                };
                let event = cell.policy_event(&by, kind, &stored.policy);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Removes a policy that no app names.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while an app names it, and for the policies that every org has.
    #[boxed]
    pub async fn delete_policy(&self, permit: &Permit, id: &PolicyId) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load_policy(tx, by.org(), &id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                if store::is_policy_named(tx, by.org(), &id).await? {
                    return Err(Refusal::WrongState("an app names this policy"));
                }
                if !store::delete_app_policy(tx, by.org(), &id).await? {
                    return Err(Refusal::WrongState(
                        "every organisation has this policy; change its rules instead",
                    ));
                }
                let event =
                    cell.policy_event(&by, EventType::PolicyLifecycleDelete, &stored.policy);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Adds a network zone.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of zones say; [`Refusal::Taken`] for a name in use; [`Refusal::Invalid`] for what would
    /// shut the caller out.
    #[boxed]
    pub async fn create_zone(
        &self,
        permit: &Permit,
        name: &str,
        ranges: Vec<IpNet>,
        reach: ZoneReach,
    ) -> Result<Zone, Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let zone = Zone {
            id: ZoneId::generate(self.entropy()),
            name: name.trim().to_owned(),
            ranges,
            blocked: reach == ZoneReach::Blocked,
        };
        decide_zone(&zone)?;
        let (cell, by, stored) = (self.clone(), permit.clone(), zone.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                if store::load_all_zones(tx, by.org()).await?.len() >= ZONES_MAX {
                    return Err(Refusal::TooMany {
                        what: "zones",
                        max: ZONES_MAX,
                    });
                }
                of_administrators::check_zone(tx, &by, None, Some(&stored)).await?;
                let door = DoorWatch::begin(tx, &by, cell.now()).await?;
                store::insert_zone(tx, by.org(), &stored, cell.now()).await?;
                door.end(tx, &by, "ranges").await?;
                let event = cell.zone_event(&by, EventType::ZoneCreate, &stored);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await?;
        Ok(zone)
    }

    /// Changes name, ranges and reach of a zone.
    ///
    /// # Errors
    /// [`Refusal`], above all [`Refusal::Changed`] for a stale revision; [`Refusal::Invalid`] for what would shut the
    /// caller out.
    #[boxed]
    pub async fn update_zone(
        &self,
        permit: &Permit,
        zone: Zone,
        revision: i64,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        decide_zone(&zone)?;
        let (cell, by) = (self.clone(), permit.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let before = store::load_zone(tx, by.org(), &zone.id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                of_administrators::check_zone(tx, &by, Some(&before.zone), Some(&zone)).await?;
                let door = DoorWatch::begin(tx, &by, cell.now()).await?;
                store::update_zone(tx, by.org(), &zone, revision, cell.now()).await?;
                door.end(tx, &by, "ranges").await?;
                let event = cell.zone_event(&by, EventType::ZoneUpdate, &zone);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Lets a zone count, or rest; nothing happens if it does so already.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for a rest while a policy or the settings of threats name it; [`Refusal::Invalid`] for what would shut the caller
    /// out.
    #[boxed]
    pub async fn switch_zone(
        &self,
        permit: &Permit,
        id: &ZoneId,
        state: ZoneState,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load_zone(tx, by.org(), &id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                let zone = Some(&stored.zone);
                // A zone that rests is to everybody as if it were not there.
                let (before, after, kind) = match state {
                    ZoneState::Active => (None, zone, EventType::ZoneActivate),
                    ZoneState::Resting => (zone, None, EventType::ZoneDeactivate),
                };
                of_administrators::check_zone(tx, &by, before, after).await?;
                if state == ZoneState::Resting {
                    check_unnamed(tx, &by, &id).await?;
                }
                let door = DoorWatch::begin(tx, &by, cell.now()).await?;
                let active = state == ZoneState::Active;
                if !store::switch_zone(tx, by.org(), &id, active, cell.now()).await? {
                    return Ok(());
                }
                door.end(tx, &by, "ranges").await?;
                let event = cell.zone_event(&by, kind, &stored.zone);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Removes a zone that neither a policy nor the settings of threats name.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] while one does: such a policy would refuse everyone.
    #[boxed]
    pub async fn delete_zone(&self, permit: &Permit, id: &ZoneId) -> Result<(), Refusal> {
        permit.covers(Permission::ManagePolicies)?;
        let (cell, by, id) = (self.clone(), permit.clone(), id.clone());
        self.change_sign_on(permit, move |tx| {
            Box::pin(async move {
                let stored = store::load_zone(tx, by.org(), &id)
                    .await?
                    .ok_or(Refusal::NotFound)?;
                of_administrators::check_zone(tx, &by, Some(&stored.zone), None).await?;
                check_unnamed(tx, &by, &id).await?;
                store::delete_zone(tx, by.org(), &id).await?;
                let event = cell.zone_event(&by, EventType::ZoneDelete, &stored.zone);
                Ok(ledger::append(tx, by.org(), event).await?)
            })
        })
        .await
    }

    /// Runs a change with the org's row locked; whatever comes of it, no cached configuration outlives it.
    pub(crate) async fn change_sign_on(
        &self,
        permit: &Permit,
        change: impl for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, (), Refusal> + Send + 'static,
    ) -> Result<(), Refusal> {
        let org = permit.org().clone();
        let outcome = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    crate::org::store::lock(tx, &org).await?;
                    change(tx).await
                })
            })
            .await;
        self.snapshots.invalidate(permit.org());
        outcome
    }

    fn policy_event(&self, permit: &Permit, kind: EventType, policy: &SignOnPolicy) -> Event {
        self.sign_on_event(permit, kind).target(Target::other(
            "PolicyEntity",
            policy.id.as_str(),
            &policy.name,
        ))
    }

    fn zone_event(&self, permit: &Permit, kind: EventType, zone: &Zone) -> Event {
        self.sign_on_event(permit, kind).target(Target::other(
            "NetworkZone",
            zone.id.as_str(),
            &zone.name,
        ))
    }

    fn sign_on_event(&self, permit: &Permit, kind: EventType) -> Event {
        Event::new(kind, ledger::Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
    }
}

/// Whether a rule of the policy, in force or at rest, names the zone.
fn names_zone(stored: &StoredPolicy, zone: &ZoneId) -> bool {
    let mut all = all_rules(&stored.policy, &stored.aside);
    all.any(|rule| rule.conditions.zones.named().contains(zone))
}

/// A zone that is named stays: without it such a rule would fit others than it says, and what was excluded would count.
async fn check_unnamed(tx: &mut WriteTx, permit: &Permit, id: &ZoneId) -> Result<(), Refusal> {
    let policies = store::load_all_policies(tx, permit.org()).await?;
    if policies.iter().any(|stored| names_zone(stored, id)) {
        return Err(Refusal::WrongState("a policy names this zone"));
    }
    let org = crate::org::store::load(tx, permit.org()).await?;
    let threats = org.ok_or(Refusal::NotFound)?.settings.threats;
    match threats.exclude_zones.contains(id) {
        true => Err(Refusal::WrongState(
            "the settings of threats name this zone",
        )),
        false => Ok(()),
    }
}

async fn check_zones(
    tx: &mut WriteTx,
    permit: &Permit,
    policy: &SignOnPolicy,
) -> Result<(), Refusal> {
    let zones = store::load_zones(tx, permit.org()).await?;
    policy
        .check_zones(&zones)
        .map_err(|error| policy_refusal(&error))
}
