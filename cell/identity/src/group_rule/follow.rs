//! Rules follow a change of one person: who they are, which groups they are in by hand, whether they left. It happens in
//! the transaction of the change, by the rules that are on at that moment.

use crate::access::Permit;
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::group;
use crate::group_rule::active::{
    self, ActiveRule, Fit, RuleSet, TOO_MUCH_TOGETHER, draw_stamp, load_groups,
};
use crate::group_rule::allowance::Allowance;
use crate::group_rule::store::passes::{self, PassKind};
use crate::group_rule::store::{self, members};
use crate::org::settings::ProfileAttribute;
use crate::person::operations::as_target;
use crate::person::{Person, store as people};
use crate::sign_on::of_administrators;
use database::WriteTx;
use ledger::{Actor, Event, EventType, Outcome, Target};
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::{GroupId, OrgId, UserId};

/// Memberships that rules change in one transaction, and what is told of them.
pub(super) struct Settlement<'s> {
    cell: &'s Cell,
    /// On whose behalf the cause of it all was done; none for a rule that is applied to everybody.
    permit: Option<&'s Permit>,
    names: BTreeMap<GroupId, String>,
    touched: BTreeSet<GroupId>,
    events: Vec<Event>,
    /// How many memberships came or went.
    pub(super) changed: i64,
}

impl<'s> Settlement<'s> {
    pub(super) fn new(cell: &'s Cell, permit: Option<&'s Permit>) -> Self {
        Self {
            cell,
            permit,
            names: BTreeMap::new(),
            touched: BTreeSet::new(),
            events: Vec::new(),
            changed: 0,
        }
    }

    /// Makes of what a rule gave somebody what it is to give.
    pub(super) async fn settle(
        &mut self,
        tx: &mut WriteTx,
        (rule, person): (&ActiveRule, &Person),
        wanted: &[GroupId],
        present: &[GroupId],
    ) -> Result<(), Refusal> {
        let org = &person.org_id;
        for group in present.iter().filter(|group| !wanted.contains(group)) {
            self.check(tx, group, person).await?;
            if members::take_back(tx, org, (&rule.id, group, &person.id)).await? {
                let kind = EventType::GroupUserMembershipRemove;
                self.note(tx, kind, (rule, person), group).await?;
            }
        }
        for group in wanted.iter().filter(|group| !present.contains(group)) {
            self.check(tx, group, person).await?;
            let now = self.cell.now();
            if members::give(tx, org, (&rule.id, group, &person.id), now).await? {
                let kind = EventType::GroupUserMembershipAdd;
                self.note(tx, kind, (rule, person), group).await?;
            }
        }
        Ok(())
    }

    /// Whoever changes an administrator's profile would else decide by it how that administrator gets in.
    async fn check(
        &self,
        tx: &mut WriteTx,
        group: &GroupId,
        person: &Person,
    ) -> Result<(), Refusal> {
        match self.permit {
            Some(permit) => of_administrators::check_member(tx, permit, group, &person.id).await,
            None => Ok(()),
        }
    }

    async fn note(
        &mut self,
        tx: &mut WriteTx,
        kind: EventType,
        (rule, person): (&ActiveRule, &Person),
        group: &GroupId,
    ) -> Result<(), Fault> {
        let name = match self.names.get(group) {
            Some(name) => name.clone(),
            None => {
                let found = group::store::load(tx, &person.org_id, group).await?;
                let name = found.map(|group| group.name).unwrap_or_default();
                self.names.insert(group.clone(), name.clone());
                name
            }
        };
        self.touched.insert(group.clone());
        self.changed += 1;
        let event = self.event(kind, Outcome::Success, rule);
        let event = event.target(as_target(person));
        self.events.push(event.target(Target::group(group, &name)));
        Ok(())
    }

    fn event(&self, kind: EventType, outcome: Outcome, rule: &ActiveRule) -> Event {
        Event::new(kind, outcome, self.cell.now()).actor(Actor::group_rule(&rule.id, &rule.name))
    }

    /// Tells that nobody knows whether somebody fits: what they are in stays as it is.
    pub(super) fn fail(&mut self, rule: &ActiveRule, person: &Person, reason: &'static str) {
        let kind = EventType::GroupUserMembershipRuleError;
        let event = self.event(kind, Outcome::Failure, rule).reason(reason);
        self.events.push(event.target(as_target(person)));
    }

    /// Notes at the groups that their members changed, each once; returns what is to be logged.
    pub(super) async fn finish(self, tx: &mut WriteTx, org: &OrgId) -> Result<Vec<Event>, Fault> {
        for group in &self.touched {
            group::store::note_change(tx, org, group, self.cell.now()).await?;
        }
        Ok(self.events)
    }
}

/// Asks every rule that is on about somebody who has changed, and does what it says. The rows for the log are returned:
/// they come behind those of the change itself.
///
/// # Errors
/// [`Refusal::OutOfReach`] if that would change how an administrator gets in, and the caller may not.
pub(crate) async fn follow(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: Option<&Permit>,
    set: Option<&RuleSet>,
    (org, user): (&OrgId, &UserId),
) -> Result<Vec<Event>, Refusal> {
    let Some(set) = set.filter(|set| !set.rules.is_empty()) else {
        return Ok(Vec::new());
    };
    let Some(person) = people::load(tx, org, user).await? else {
        return Ok(Vec::new());
    };
    let groups = match set.asks_about_groups() {
        true => load_groups(tx, &person).await?,
        false => None,
    };
    let excluded = store::load_exclusions_of(tx, org, user).await?;
    let given = members::load_of_person(tx, org, user).await?;
    let mut settlement = Settlement::new(cell, permit);
    let (mut allowance, mut is_told) = (Allowance::default(), false);
    for rule in &set.rules {
        let fit = match excluded.contains(&rule.id) {
            true => Fit::No,
            false => rule.fit(&person, &set.kinds, groups.as_ref(), &mut allowance),
        };
        let own = given.iter().filter(|(of, _)| *of == rule.id);
        let present: Vec<GroupId> = own.map(|(_, group)| group.clone()).collect();
        let wanted = match fit {
            Fit::Yes => rule.groups.as_slice(),
            Fit::No => &[],
            // Of all that are too much together, the log names the first.
            Fit::Unknown(TOO_MUCH_TOGETHER) if is_told => continue,
            Fit::Unknown(reason) => {
                is_told |= reason == TOO_MUCH_TOGETHER;
                settlement.fail(rule, &person, reason);
                continue;
            }
        };
        settlement
            .settle(tx, (rule, &person), wanted, &present)
            .await?;
    }
    Ok(settlement.finish(tx, org).await?)
}

/// A group is called otherwise from now on: the rules that ask about the one name or the other are applied anew.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn follow_name(
    tx: &mut WriteTx,
    cell: &Cell,
    set: Option<&RuleSet>,
    (org, group): (&OrgId, &GroupId),
    names: [&str; 2],
) -> Result<(), Fault> {
    let Some(set) = set else {
        return Ok(());
    };
    let mut asking = BTreeSet::new();
    for name in names {
        asking.extend(set.asking_about(group, name).map(|rule| &rule.id));
    }
    for rule in asking {
        let stamp = draw_stamp(cell);
        passes::put(tx, org, rule, PassKind::Apply, &stamp, cell.now()).await?;
    }
    Ok(())
}

/// The attributes of a type are others from now on: the rules that name one which came, went, or holds something else are applied anew, since
/// what is stored of it counts from now on, or does no more. Behind the people who are held, and before anything is logged.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn follow_schema(
    tx: &mut WriteTx,
    cell: &Cell,
    org: &OrgId,
    before: &[ProfileAttribute],
    after: &[ProfileAttribute],
) -> Result<(), Fault> {
    let changed = changed_names(before, after);
    if changed.is_empty() {
        return Ok(());
    }
    if store::hold_set(tx, org).await?.is_none() {
        return Ok(());
    }
    let (rules, _) = active::load_rules(tx, org).await?;
    store::put_set(tx, org, &draw_stamp(cell)).await?;
    for rule in rules.iter().filter(|rule| rule.names_one_of(&changed)) {
        let stamp = draw_stamp(cell);
        passes::put(tx, org, &rule.id, PassKind::Apply, &stamp, cell.now()).await?;
    }
    Ok(())
}

/// The attributes that only one of two schemas has, or that are of another kind in each.
fn changed_names<'s>(
    before: &'s [ProfileAttribute],
    after: &'s [ProfileAttribute],
) -> BTreeSet<&'s str> {
    let has = |schema: &[ProfileAttribute], one: &ProfileAttribute| {
        let mut others = schema.iter();
        others.any(|other| other.name == one.name && other.kind == one.kind)
    };
    let gone = before.iter().filter(|one| !has(after, one));
    let new = after.iter().filter(|one| !has(before, one));
    gone.chain(new).map(|one| one.name.as_str()).collect()
}

/// A group is no more: rules that filled it rest, and those that ask about it are applied anew. Returns what is to be logged.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn follow_removal(
    tx: &mut WriteTx,
    cell: &Cell,
    permit: &Permit,
    set: Option<&RuleSet>,
    group: &group::Group,
) -> Result<Vec<Event>, Fault> {
    if set.is_none() {
        return Ok(Vec::new());
    }
    let (org, now) = (&group.org_id, cell.now());
    let filling = store::load_filling(tx, org, &group.id).await?;
    let target = Target::group(&group.id, &group.name);
    follow_name(tx, cell, set, (org, &group.id), [group.name.as_str(); 2]).await?;
    store::delete_group(tx, org, &group.id, now).await?;
    if !filling.is_empty() {
        store::put_set(tx, org, &draw_stamp(cell)).await?;
    }
    let kind = EventType::GroupUserMembershipRuleInvalidate;
    let event = || Event::new(kind, Outcome::Success, now).actor(permit.actor().clone());
    let events = filling.iter().map(|(id, name)| {
        let rule = Target::group_rule(id, name);
        event()
            .client(permit.client())
            .target(rule)
            .target(target.clone())
    });
    Ok(events.collect())
}
