//! Compares network zones, behaviours and sign-on policies with what is declared of them, and makes what differs.

use crate::declaration::Mode;
use crate::declaration::apply::{Presence, Site};
use crate::declaration::document::{BehaviorDeclaration, PolicyDeclaration, ZoneDeclaration};
use crate::declaration::plan::Known;
use crate::declaration::plan_policies::{plan_behavior, plan_policy, plan_zone};
use crate::declaration::problem::{Problem, placed};
use crate::declaration::report::{Kind, Report, Standing};
use identity::access::Permission;
use identity::behavior::operations::NewBehavior;
use identity::fault::Refusal;
use identity::person::profile::fold;
use identity::sign_on::aside::Aside;
use identity::sign_on::store::{self, StoredPolicy, StoredZone};
use identity::sign_on::zone::ZoneReach;
use identity::sign_on::{PolicyScope, presets};
use vocab::id::PolicyId;

pub(super) async fn apply_zones(
    site: &Site,
    declared: &[ZoneDeclaration],
    known: &mut Known,
    report: &mut Report,
) -> Result<(), Problem> {
    for zone in declared {
        let done = apply_zone(site, zone, known).await;
        let standing = placed(Kind::Zone, &zone.name, done)?;
        site.note(report, Kind::Zone, &zone.name, standing);
    }
    Ok(())
}

async fn apply_zone(
    site: &Site,
    declared: &ZoneDeclaration,
    known: &mut Known,
) -> Result<Standing, Refusal> {
    let key = fold(&declared.name.value);
    let present = find_zone(site, &key).await?;
    let before = present.as_ref().map(|stored| &stored.zone);
    let plan = plan_zone(declared, before, site.cell.entropy())?;
    let (mut id, name) = (plan.zone.id.clone(), plan.zone.name.clone());
    if site.mode == Mode::Apply && plan.standing != Standing::Same {
        let permit = site.permit(Permission::ManagePolicies)?;
        match present {
            None => {
                let zone = plan.zone;
                let reach = ZoneReach::of(&zone);
                let made = site.cell.create_zone(&permit, &name, zone.ranges, reach);
                id = made.await?.id;
            }
            Some(stored) => {
                site.cell
                    .update_zone(&permit, plan.zone, stored.revision)
                    .await?;
            }
        }
    }
    known.names.insert(id.to_string(), name);
    known.zones.insert(key, id);
    Ok(plan.standing)
}

async fn find_zone(site: &Site, key: &str) -> Result<Option<StoredZone>, Refusal> {
    let mut tx = site.cell.database.read().await?;
    let zones = store::load_all_zones(&mut tx, &site.org).await?;
    Ok(zones
        .into_iter()
        .find(|stored| fold(&stored.zone.name) == key))
}

pub(super) async fn apply_behaviors(
    site: &Site,
    declared: &[BehaviorDeclaration],
    known: &mut Known,
    report: &mut Report,
) -> Result<(), Problem> {
    for behavior in declared {
        let done = apply_behavior(site, behavior, known).await;
        let standing = placed(Kind::Behavior, &behavior.name, done)?;
        site.note(report, Kind::Behavior, &behavior.name, standing);
    }
    Ok(())
}

async fn apply_behavior(
    site: &Site,
    declared: &BehaviorDeclaration,
    known: &mut Known,
) -> Result<Standing, Refusal> {
    let key = fold(&declared.name.value);
    let present = {
        let mut tx = site.cell.database.read().await?;
        let all = identity::behavior::store::load_all(&mut tx, &site.org).await?;
        let mut all = all.into_iter();
        all.find(|stored| fold(&stored.behavior.name) == key)
    };
    let before = present.as_ref().map(|stored| &stored.behavior);
    let plan = plan_behavior(declared, before, site.cell.entropy())?;
    let (mut id, name) = (plan.behavior.id.clone(), plan.behavior.name.clone());
    if site.mode == Mode::Apply && plan.standing != Standing::Same {
        let permit = site.permit(Permission::ManagePolicies)?;
        let behavior = plan.behavior;
        match present {
            None => {
                let wanted = NewBehavior {
                    name: behavior.name,
                    kind: behavior.kind,
                    events_max: behavior.events_max,
                    events_min: behavior.events_min,
                    active: true,
                };
                id = site.cell.create_behavior(&permit, wanted).await?.id;
            }
            Some(stored) => {
                site.cell
                    .update_behavior(&permit, behavior, stored.revision)
                    .await?;
            }
        }
    }
    known.names.insert(id.to_string(), name);
    known.behaviors.insert(key, id);
    Ok(plan.standing)
}

pub(super) async fn apply_policies(
    site: &Site,
    declared: &[PolicyDeclaration],
    known: &mut Known,
    report: &mut Report,
) -> Result<(), Problem> {
    for policy in declared {
        let done = apply_policy(site, policy, known).await;
        let standing = placed(Kind::Policy, &policy.name, done)?;
        site.note(report, Kind::Policy, &policy.name, standing);
    }
    Ok(())
}

async fn apply_policy(
    site: &Site,
    declared: &PolicyDeclaration,
    known: &mut Known,
) -> Result<Standing, Refusal> {
    let key = fold(&declared.name.value);
    let mut present = None;
    // Those that nobody declares are shown by name too, where an app leaves one for a declared one.
    for stored in load_policies(site).await? {
        let policy = &stored.policy;
        known
            .names
            .insert(policy.id.to_string(), policy.name.clone());
        if fold(&policy.name) == key {
            present = Some(stored);
        }
    }
    let before = present
        .as_ref()
        .map(|stored| (&stored.policy, stored.scope));
    let plan = plan_policy(declared, before, known, site.cell.entropy())?;
    let (mut id, name): (PolicyId, String) = (plan.policy.id.clone(), plan.policy.name.clone());
    if site.mode == Mode::Apply && plan.standing != Standing::Same {
        let permit = site.permit(Permission::ManagePolicies)?;
        match present {
            None => {
                let made = site.cell.create_policy(&permit, &name, plan.policy.rules);
                id = made.await?.id;
            }
            Some(stored) => {
                site.cell
                    .update_policy(&permit, plan.policy, stored.revision)
                    .await?;
            }
        }
    }
    known.names.insert(id.to_string(), name);
    known.policies.insert(key, id);
    Ok(plan.standing)
}

/// The policies of the org; of one that is only planned, those that it will begin with.
async fn load_policies(site: &Site) -> Result<Vec<StoredPolicy>, Refusal> {
    if site.presence == Presence::There {
        let mut tx = site.cell.database.read().await?;
        return Ok(store::load_all_policies(&mut tx, &site.org).await?);
    }
    let entropy = site.cell.entropy();
    let presets = [
        presets::org_policy(PolicyId::generate(entropy), entropy),
        presets::console_policy(PolicyId::generate(entropy), entropy),
    ];
    let stored = presets.map(|(scope, policy): (PolicyScope, _)| StoredPolicy {
        policy,
        scope,
        aside: Aside::default(),
        active: true,
        revision: 1,
        created_at: site.cell.now(),
        updated_at: site.cell.now(),
    });
    Ok(Vec::from(stored))
}
