//! Holds a permit that comes of custom or narrowed roles against a thing, in the transaction that acts: whether the caller's resource
//! sets hold it at that moment. For any other permit there is nothing to hold; what it covers, it covers everywhere.
//!
//! What lies outside is not found, so that nobody learns of it.

use crate::access::custom::Reach;
use crate::access::custom::capability::{Capability, ThingKind};
use crate::access::custom::store::reach;
use crate::access::{Permit, Principal};
use crate::embedded::TOGETHER_MAX;
use crate::fault::Refusal;
use database::ReadTx;
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::{AppId, GroupId, ServerId, UserId};

/// How far a permit goes over things of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Extent {
    caller: Principal,
    capability: Capability,
    pub(crate) reach: Reach,
}

/// How far a permit goes over things of that kind; none for one that goes everywhere.
///
/// # Errors
/// [`Refusal::Forbidden`] for one that does not open such things.
pub(crate) async fn load_extent(
    tx: &mut ReadTx,
    permit: &Permit,
    kind: ThingKind,
) -> Result<Option<Extent>, Refusal> {
    load_extent_of_act(tx, permit, kind, None).await
}

/// The same for an act upon that app, if it is one upon an app.
async fn load_extent_of_act(
    tx: &mut ReadTx,
    permit: &Permit,
    kind: ThingKind,
    act_upon: Option<&AppId>,
) -> Result<Option<Extent>, Refusal> {
    let Some((caller, capability)) = permit.held_over(kind)? else {
        return Ok(None);
    };
    let whose = (permit.org(), &caller);
    let resources = reach::load_resources(tx, whose, capability, act_upon).await?;
    Ok(Some(Extent {
        caller,
        capability,
        reach: Reach::of(kind, &resources),
    }))
}

/// Those of these people who are within.
///
/// # Errors
/// [`Refusal`] if the store fails.
pub(crate) async fn load_people_within(
    tx: &mut ReadTx,
    permit: &Permit,
    extent: &Extent,
    people: &[UserId],
) -> Result<BTreeSet<UserId>, Refusal> {
    if extent.reach.all {
        return Ok(people.iter().cloned().collect());
    }
    let groups = load_groups_of_people(tx, permit, extent, people).await?;
    Ok(groups.into_keys().collect())
}

/// Those of these people who are within because of a group, each with one such group, which is always the same.
///
/// # Errors
/// [`Refusal`] if the store fails.
pub(crate) async fn load_groups_of_people(
    tx: &mut ReadTx,
    permit: &Permit,
    extent: &Extent,
    people: &[UserId],
) -> Result<BTreeMap<UserId, GroupId>, Refusal> {
    let mut within = BTreeMap::new();
    let whose = (permit.org(), &extent.caller);
    for some in people.chunks(TOGETHER_MAX) {
        within.extend(reach::load_within_groups(tx, whose, extent.capability, some).await?);
    }
    Ok(within)
}

/// Holds the permit against a person.
///
/// # Errors
/// [`Refusal::NotFound`] for somebody outside.
pub(crate) async fn check_person(
    tx: &mut ReadTx,
    permit: &Permit,
    user: &UserId,
) -> Result<(), Refusal> {
    check_person_of_act(tx, permit, user, None).await
}

/// Holds the permit against a person to whom that app is assigned, or who is shown as such.
///
/// # Errors
/// [`Refusal::NotFound`] for somebody outside.
pub(crate) async fn check_assignee(
    tx: &mut ReadTx,
    permit: &Permit,
    user: &UserId,
    app: &AppId,
) -> Result<(), Refusal> {
    check_person_of_act(tx, permit, user, Some(app)).await
}

async fn check_person_of_act(
    tx: &mut ReadTx,
    permit: &Permit,
    user: &UserId,
    act_upon: Option<&AppId>,
) -> Result<(), Refusal> {
    let kind = ThingKind::Person;
    let Some(extent) = load_extent_of_act(tx, permit, kind, act_upon).await? else {
        return Ok(());
    };
    let people = std::slice::from_ref(user);
    match load_people_within(tx, permit, &extent, people)
        .await?
        .is_empty()
    {
        true => Err(Refusal::NotFound),
        false => Ok(()),
    }
}

/// Holds the permit against a group.
///
/// # Errors
/// [`Refusal::NotFound`] for one outside.
pub(crate) async fn check_group(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
) -> Result<(), Refusal> {
    let extent = load_extent(tx, permit, ThingKind::Group).await?;
    decide_held(extent.as_ref(), group.as_str())
}

/// Holds the permit against a group to which that app is assigned, or which is shown as such.
///
/// # Errors
/// [`Refusal::NotFound`] for one outside.
pub(crate) async fn check_assigned_group(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    app: &AppId,
) -> Result<(), Refusal> {
    let extent = load_extent_of_act(tx, permit, ThingKind::Group, Some(app)).await?;
    decide_held(extent.as_ref(), group.as_str())
}

/// Holds the permit against an app.
///
/// # Errors
/// [`Refusal::NotFound`] for one outside.
pub(crate) async fn check_app(
    tx: &mut ReadTx,
    permit: &Permit,
    app: &AppId,
) -> Result<(), Refusal> {
    let extent = load_extent(tx, permit, ThingKind::App).await?;
    decide_held(extent.as_ref(), app.as_str())
}

/// Holds the permit against an authorization server.
///
/// # Errors
/// [`Refusal::NotFound`] for one outside.
pub(crate) async fn check_server(
    tx: &mut ReadTx,
    permit: &Permit,
    server: &ServerId,
) -> Result<(), Refusal> {
    let extent = load_extent(tx, permit, ThingKind::Server).await?;
    decide_held(extent.as_ref(), server.as_str())
}

fn decide_held(extent: Option<&Extent>, id: &str) -> Result<(), Refusal> {
    match extent {
        Some(extent) if !extent.reach.holds(id) => Err(Refusal::NotFound),
        _ => Ok(()),
    }
}

/// Holds the permit against something that is about to be added, which no set names yet: the caller must hold
/// everything of its kind.
///
/// # Errors
/// [`Refusal::Forbidden`] for whoever holds single things alone.
pub(crate) async fn check_everything(
    tx: &mut ReadTx,
    permit: &Permit,
    kind: ThingKind,
) -> Result<(), Refusal> {
    match load_extent(tx, permit, kind).await? {
        Some(extent) if !extent.reach.all => Err(Refusal::Forbidden),
        _ => Ok(()),
    }
}
