//! A rule is applied to everybody, or what it gave is taken back or handed over: page by page, each a transaction that
//! moves the place of the pass, so that it goes on from there whenever and wherever it is taken up again.
//!
//! Who might be concerned is found by reading alone; what is written is decided anew behind the lock on the org's rules.
//! Whoever changes in between is looked at by their own transaction, since the rule is on before its pass begins.

use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::group_rule::active::{ActiveRule, Fit, RuleSet, hold, load_groups, load_kinds};
use crate::group_rule::allowance::Allowance;
use crate::group_rule::follow::Settlement;
use crate::group_rule::store::members;
use crate::group_rule::store::passes::{self, Pass, PassKind};
use crate::group_rule::{GROUPS_SEEN_MAX, GroupRule, RuleStatus, store};
use crate::person::{Person, store as people};
use crate::user_type::schemas::Kinds;
use crate::walk::rows_max;
use database::{ReadTx, WriteTx};
use ledger::{Actor, Event, EventType, Outcome, Target};
use protocol::expression::Groups;
use std::collections::{BTreeMap, BTreeSet};
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId, UserId};

/// People who are read at once.
const PEOPLE_ROWS: usize = 100;
/// From so many on who are concerned, a page is written: what one transaction changes, others wait for.
const CONCERNED_ENOUGH: usize = 50;
/// Most reads of one page.
const READS_MAX: usize = 20;
/// Most work of looking at the people of a page, as steps of expressions: some tens of milliseconds. Those who are concerned are looked at
/// once more while others wait.
const PAGE_WORK_MAX: usize = 2_000_000;
/// As how many steps a group counts that is read for somebody.
const STEPS_OF_A_GROUP: usize = 40;
/// What one transaction takes back or hands over.
const GIVEN_ROWS: usize = 100;
/// Passes that are looked for at once.
const DUE_MAX: i64 = 16;
/// How long a pass that is under way is left alone by others: as long as one page may take, with much to spare.
const LEASE_SECS: i64 = 10;

/// Who is concerned by a page, and where the next one begins.
struct Page {
    concerned: Vec<UserId>,
    /// The first of whom nobody can tell whether they fit, and why.
    unknown: Option<(Person, &'static str)>,
    place: String,
    is_last: bool,
}

/// What is known of a rule whose page is written.
struct Known<'k> {
    rule: &'k ActiveRule,
    kinds: &'k Kinds,
    excluded: BTreeSet<UserId>,
    given: BTreeMap<UserId, Vec<GroupId>>,
}

impl Cell {
    /// Passes that wait to be taken up, one of each org: of orgs behind that one, in their order, so that each has its turn however
    /// many another has.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn due_group_passes(&self, after: &str) -> Result<Vec<Pass>, Fault> {
        let mut tx = self.database.read().await?;
        passes::load_due(&mut tx, self.now(), after, DUE_MAX).await
    }

    /// Does one page of a pass. Returns the pass as it stands then; none if it is through, or another has taken it up.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; nothing of the page was done then.
    #[boxed]
    pub async fn walk_group_pass(&self, pass: Pass) -> Result<Option<Pass>, Fault> {
        let written = match pass.kind {
            PassKind::Apply => self.apply_page(pass).await,
            PassKind::TakeBack | PassKind::HandOver => self.release_page(pass).await,
        };
        match written {
            Ok(next) => Ok(next),
            Err(Refusal::Fault(fault)) => Err(fault),
            // Another was quicker.
            Err(_) => Ok(None),
        }
    }

    /// Lets whoever comes next take up a pass at once; false if it is not any more as it was.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn put_group_pass_back(&self, pass: Pass) -> Result<bool, Fault> {
        let now = self.now();
        self.database
            .write(move |tx| {
                Box::pin(async move { Ok(passes::advance(tx, &pass, &pass.place, 0, now).await?) })
            })
            .await
    }

    async fn apply_page(&self, pass: Pass) -> Result<Option<Pass>, Refusal> {
        let page = {
            let mut tx = self.database.read().await?;
            let rule = store::load(&mut tx, &pass.org_id, &pass.rule_id).await?;
            match rule.filter(|rule| rule.status == RuleStatus::Active) {
                Some(rule) => Some(read_page(&mut tx, &pass, &rule).await?),
                None => None,
            }
        };
        let cell = self.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let set = hold(tx, &cell, &pass.org_id).await?;
                    let found = set.as_deref().and_then(|set| find(set, &pass));
                    let (Some(page), Some(found)) = (page, found) else {
                        passes::finish(tx, &pass).await?;
                        return Ok(None);
                    };
                    write_page(tx, &cell, pass, &page, found).await
                })
            })
            .await
    }

    async fn release_page(&self, pass: Pass) -> Result<Option<Pass>, Refusal> {
        let cell = self.clone();
        self.database
            .write(move |tx| Box::pin(async move { release(tx, &cell, pass).await }))
            .await
    }
}

fn find<'s>(set: &'s RuleSet, pass: &Pass) -> Option<(&'s ActiveRule, &'s Kinds)> {
    let rule = set.rules.iter().find(|rule| rule.id == pass.rule_id)?;
    Some((rule, &set.kinds))
}

async fn read_page(tx: &mut ReadTx, pass: &Pass, rule: &GroupRule) -> Result<Page, Fault> {
    let rule = ActiveRule::of(rule);
    let kinds = load_kinds(tx, &pass.org_id, std::slice::from_ref(&rule)).await?;
    let mut page = Page {
        concerned: Vec::new(),
        unknown: None,
        place: pass.place.clone(),
        is_last: false,
    };
    let mut work = 0;
    for _ in 0..READS_MAX {
        let rows = rows_max(PEOPLE_ROWS);
        let people = members::load_people(tx, &pass.org_id, &page.place, rows).await?;
        let is_end = people.len() < PEOPLE_ROWS;
        let given = match people.last() {
            Some(last) => load_given(tx, pass, &page.place, &last.id).await?,
            None => BTreeMap::new(),
        };
        for person in people {
            if work >= PAGE_WORK_MAX {
                return Ok(page);
            }
            let present = given.get(&person.id).map_or(&[][..], Vec::as_slice);
            work += look_at(tx, (&rule, &kinds), (person, present), &mut page).await?;
        }
        page.is_last = is_end;
        if page.is_last || page.concerned.len() >= CONCERNED_ENOUGH {
            break;
        }
    }
    Ok(page)
}

/// Notes at the page whether somebody is concerned; returns how much work that was.
async fn look_at(
    tx: &mut ReadTx,
    (rule, kinds): (&ActiveRule, &Kinds),
    (person, present): (Person, &[GroupId]),
    page: &mut Page,
) -> Result<usize, Fault> {
    let (groups, read) = match rule.asks().is_empty() {
        true => (None, 0),
        false => {
            let groups = load_groups(tx, &person).await?;
            let read = groups.as_ref().map_or(GROUPS_SEEN_MAX, Groups::count);
            (groups, read)
        }
    };
    let mut allowance = Allowance::default();
    let fit = rule.fit(&person, kinds, groups.as_ref(), &mut allowance);
    page.place = person.id.to_string();
    let is_concerned = match fit {
        Fit::Yes => !has_all_of(rule, present),
        Fit::No => !present.is_empty(),
        Fit::Unknown(_) => false,
    };
    if let Fit::Unknown(why) = fit {
        page.unknown.get_or_insert((person, why));
    } else if is_concerned {
        page.concerned.push(person.id);
    }
    Ok(allowance.work() + read * STEPS_OF_A_GROUP)
}

/// Whether somebody was put in all groups of a rule and, since those may have been others, in no other.
fn has_all_of(rule: &ActiveRule, present: &[GroupId]) -> bool {
    let is_own = |group: &GroupId| rule.groups.contains(group);
    present.len() == rule.groups.len() && present.iter().all(is_own)
}

async fn load_given(
    tx: &mut ReadTx,
    pass: &Pass,
    after: &str,
    last: &UserId,
) -> Result<BTreeMap<UserId, Vec<GroupId>>, Fault> {
    let rows = members::load_of_rule_between(tx, &pass.org_id, &pass.rule_id, after, last).await?;
    let mut given: BTreeMap<UserId, Vec<GroupId>> = BTreeMap::new();
    for (user, group) in rows {
        given.entry(user).or_default().push(group);
    }
    Ok(given)
}

async fn write_page(
    tx: &mut WriteTx,
    cell: &Cell,
    pass: Pass,
    page: &Page,
    (rule, kinds): (&ActiveRule, &Kinds),
) -> Result<Option<Pass>, Refusal> {
    let org = &pass.org_id;
    let mut settlement = Settlement::new(cell, None);
    if let Some(last) = page.concerned.last() {
        let stored = store::load(tx, org, &pass.rule_id).await?;
        let stored = stored.ok_or(Refusal::Changed)?;
        let known = Known {
            rule,
            kinds,
            excluded: stored.excluded.into_iter().collect(),
            given: load_given(tx, &pass, &pass.place, last).await?,
        };
        for user in &page.concerned {
            settle_one(tx, &mut settlement, (org, user), &known).await?;
        }
    }
    if let Some((person, why)) = &page.unknown {
        settlement.fail(rule, person, why);
    }
    let changed = settlement.changed;
    let mut events = settlement.finish(tx, org).await?;
    let next = Pass {
        place: page.place.clone(),
        changed: pass.changed + changed,
        ..pass.clone()
    };
    let is_ours = if page.is_last {
        let kind = EventType::GroupUserMembershipRuleEvaluation;
        let event = Event::new(kind, Outcome::Success, cell.now());
        let event = event.actor(Actor::group_rule(&rule.id, &rule.name));
        let event = event.target(Target::group_rule(&rule.id, &rule.name));
        events.push(event.detail("membershipsChanged", next.changed));
        passes::finish(tx, &pass).await?
    } else {
        let due_at = cell.now().plus_secs(LEASE_SECS);
        passes::advance(tx, &pass, &page.place, changed, due_at).await?
    };
    if !is_ours {
        return Err(Refusal::Changed);
    }
    ledger::append_all(tx, org, events).await?;
    Ok((!page.is_last).then_some(next))
}

async fn settle_one(
    tx: &mut WriteTx,
    settlement: &mut Settlement<'_>,
    (org, user): (&OrgId, &UserId),
    known: &Known<'_>,
) -> Result<(), Refusal> {
    let Some(person) = people::load(tx, org, user).await? else {
        return Ok(());
    };
    let groups = match known.rule.asks().is_empty() {
        true => None,
        false => load_groups(tx, &person).await?,
    };
    let fit = match known.excluded.contains(user) {
        true => Fit::No,
        false => known.rule.fit(
            &person,
            known.kinds,
            groups.as_ref(),
            &mut Allowance::default(),
        ),
    };
    let wanted = match fit {
        Fit::Yes => known.rule.groups.as_slice(),
        Fit::No => &[],
        Fit::Unknown(_) => return Ok(()),
    };
    let present = known.given.get(user).map_or(&[][..], Vec::as_slice);
    let both = (known.rule, &person);
    settlement.settle(tx, both, wanted, present).await
}

/// Takes back, or hands over, a few of the memberships that a rule gave.
async fn release(tx: &mut WriteTx, cell: &Cell, pass: Pass) -> Result<Option<Pass>, Refusal> {
    let org = &pass.org_id;
    hold(tx, cell, org).await?;
    let given = members::load_of_rule(tx, org, &pass.rule_id, rows_max(GIVEN_ROWS)).await?;
    let (is_last, count) = (given.len() < GIVEN_ROWS, rows_max(given.len()));
    let rule = ActiveRule {
        id: pass.rule_id.clone(),
        name: store::load_name(tx, org, &pass.rule_id).await?,
        expression: None,
        groups: Vec::new(),
    };
    let mut settlement = Settlement::new(cell, None);
    for (user, group) in given {
        let place = (&pass.rule_id, &group, &user);
        if pass.kind == PassKind::HandOver {
            members::hand_over(tx, org, place).await?;
            continue;
        }
        match people::load(tx, org, &user).await? {
            Some(person) => {
                let given = std::slice::from_ref(&group);
                settlement.settle(tx, (&rule, &person), &[], given).await?;
            }
            None => drop(members::take_back(tx, org, place).await?),
        }
    }
    let events = settlement.finish(tx, org).await?;
    let is_ours = if is_last {
        store::delete_hidden(tx, org, &pass.rule_id).await?;
        passes::finish(tx, &pass).await?
    } else {
        let due_at = cell.now().plus_secs(LEASE_SECS);
        passes::advance(tx, &pass, &pass.place, count, due_at).await?
    };
    if !is_ours {
        return Err(Refusal::Changed);
    }
    ledger::append_all(tx, org, events).await?;
    Ok((!is_last).then(|| Pass {
        changed: pass.changed + count,
        ..pass.clone()
    }))
}
