//! Somebody is taken out of a group by hand who is in by a rule: the rule passes them over from then on, or it would put
//! them in again at once.

use crate::access::Permit;
use crate::access::custom::capability::ThingKind;
use crate::access::custom::within;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::group::Group;
use crate::group_rule::EXCLUDED_MAX;
use crate::group_rule::active::ActiveRule;
use crate::group_rule::follow::Settlement;
use crate::group_rule::store::{self, members};
use crate::person::Person;
use crate::person::operations::as_target;
use crate::walk::rows_max;
use database::{ReadTx, WriteTx};
use ledger::{Event, EventType, Outcome, Target};
use vocab::id::{GroupId, GroupRuleId};

const ELSEWHERE: Refusal = Refusal::OutOfReach(
    "they are in this group by a rule that fills groups out of your reach, too; somebody above you can take them out",
);

/// Passes somebody over in each rule by which they are in the group; they leave its other groups, and are in this one by
/// hand alone until the caller takes them out. Returns what is to be logged.
///
/// # Errors
/// [`Refusal::TooMany`] where a rule passes over as many as it may; [`Refusal::OutOfReach`] where one fills groups that the
/// caller does not reach.
pub(crate) async fn exclude(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    group: &Group,
    person: &Person,
) -> Result<Vec<Event>, Refusal> {
    let (org, user) = (permit.org(), &person.id);
    let rules = members::load_rules_of(tx, org, user, &group.id).await?;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let given = members::load_of_person(tx, org, user).await?;
    let mut settlement = Settlement::new(cell, Some(permit));
    let mut events = Vec::new();
    for (id, name) in rules {
        check_filled(tx, permit, &id).await?;
        if store::count_excluded(tx, org, &id).await? >= rows_max(EXCLUDED_MAX) {
            return Err(Refusal::TooMany {
                what: "people whom a rule passes over",
                max: EXCLUDED_MAX,
            });
        }
        store::insert_exclusion(tx, org, &id, user).await?;
        let kind = EventType::GroupUserMembershipRuleAddExclusion;
        let event = Event::new(kind, Outcome::Success, cell.now()).actor(permit.actor().clone());
        let event = event.client(permit.client()).target(as_target(person));
        events.push(event.target(Target::group_rule(&id, &name)));
        members::hand_over(tx, org, (&id, &group.id, user)).await?;
        let others = given
            .iter()
            .filter(|(of, other)| *of == id && *other != group.id);
        let others: Vec<GroupId> = others.map(|(_, other)| other.clone()).collect();
        let rule = ActiveRule {
            id,
            name,
            expression: None,
            groups: Vec::new(),
        };
        settlement.settle(tx, (&rule, person), &[], &others).await?;
    }
    events.extend(settlement.finish(tx, org).await?);
    Ok(events)
}

/// Whoever is passed over leaves every group that the rule fills, and a holder of custom roles must reach each of them.
async fn check_filled(tx: &mut ReadTx, permit: &Permit, rule: &GroupRuleId) -> Result<(), Refusal> {
    let Some(extent) = within::load_extent(tx, permit, ThingKind::Group).await? else {
        return Ok(());
    };
    let filled = store::load_group_names(tx, permit.org(), rule).await?;
    match filled
        .iter()
        .all(|(group, _)| extent.reach.holds(group.as_str()))
    {
        true => Ok(()),
        false => Err(ELSEWHERE),
    }
}
