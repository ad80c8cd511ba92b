//! What administrators do with rules. Each change and its log row are one transaction; what a rule does to everybody is done
//! afterwards, page by page ([`crate::group_rule::pass`]).

use crate::access::custom::guard;
use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::group;
use crate::group_rule::active::{ActiveRule, draw_stamp, hold};
use crate::group_rule::allowance::decide_room;
use crate::group_rule::decide::{Wiring, decide_rule, decide_wiring, parse_expression};
use crate::group_rule::store::passes::{self, PassKind};
use crate::group_rule::{GroupRule, PutIn, RULES_MAX, RuleInput, RuleStatus, store};
use crate::org::settings::ProfileAttribute;
use crate::person::profile::fold;
use crate::person::store as people;
use crate::problem::{Problem, named};
use crate::sign_on::of_administrators;
use crate::walk::rows_max;
use database::WriteTx;
use ledger::{Event, EventType, Outcome, Target};
use protocol::expression::Membership;
use vocab::future::boxed;
use vocab::id::{GroupId, GroupRuleId, OrgId, UserId};

/// Rules that are read at once while one is looked for.
const SEARCH_ROWS: usize = 200;

impl Cell {
    /// Adds a rule, which rests.
    ///
    /// # Errors
    /// [`Refusal`] as the rules of rules say.
    #[boxed]
    pub async fn create_group_rule(
        &self,
        permit: &Permit,
        input: RuleInput,
    ) -> Result<GroupRule, Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (input, expression) = decide_rule(input, &self.every_attribute(permit.org()).await?)?;
        let id = GroupRuleId::generate(self.entropy());
        let (cell, permit, asks) = (
            self.clone(),
            permit.clone(),
            expression.memberships().to_vec(),
        );
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    // Whoever changes a schema while there is no rule yet has nothing to let follow: the first rule comes before or after.
                    crate::org::store::lock(tx, org).await?;
                    store::put_set(tx, org, &draw_stamp(&cell)).await?;
                    if store::count(tx, org, rows_max(RULES_MAX)).await? >= rows_max(RULES_MAX) {
                        return Err(Refusal::TooMany {
                            what: "group rules",
                            max: RULES_MAX,
                        });
                    }
                    check_parts(tx, &permit, &input, &asks).await?;
                    store::insert(tx, org, &id, &input, cell.now()).await?;
                    let rule = reload(tx, org, &id).await?;
                    let kind = EventType::GroupUserMembershipRuleCreate;
                    ledger::append(tx, org, cell.rule_event(&permit, kind, &rule)).await?;
                    Ok(rule)
                })
            })
            .await
    }

    /// Replaces what a rule is like that is not on. `revision` is what was read, if it was.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for a rule that is on, and what [`Cell::create_group_rule`] refuses.
    #[boxed]
    pub async fn change_group_rule(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
        revision: Option<i64>,
        input: RuleInput,
    ) -> Result<GroupRule, Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (input, expression) = decide_rule(input, &self.every_attribute(permit.org()).await?)?;
        let (cell, permit, id) = (self.clone(), permit.clone(), id.clone());
        let asks = expression.memberships().to_vec();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let org = permit.org();
                    store::put_set(tx, org, &draw_stamp(&cell)).await?;
                    let present = reload(tx, org, &id).await?;
                    if present.status == RuleStatus::Active {
                        return Err(Refusal::WrongState(
                            "a rule that is on cannot be changed; deactivate it first",
                        ));
                    }
                    if revision.is_some_and(|revision| revision != present.revision) {
                        return Err(Refusal::Changed);
                    }
                    check_reach(tx, &permit, &present.groups).await?;
                    check_parts(tx, &permit, &input, &asks).await?;
                    store::update(tx, &present, &input, cell.now()).await?;
                    let rule = reload(tx, org, &id).await?;
                    let kind = EventType::GroupUserMembershipRuleUpdate;
                    ledger::append(tx, org, cell.rule_event(&permit, kind, &rule)).await?;
                    Ok(rule)
                })
            })
            .await
    }

    /// Switches a rule on: from now on it follows every change, and in the background it is applied to everybody.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for a rule that lost a group; [`Refusal::Invalid`] for one that asks about what a rule fills.
    #[boxed]
    pub async fn activate_group_rule(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let schema = self.every_attribute(permit.org()).await?;
        let (cell, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, now) = (permit.org(), cell.now());
                    hold(tx, &cell, org).await?;
                    let rule = reload(tx, org, &id).await?;
                    match rule.status {
                        RuleStatus::Active => return Ok(()),
                        RuleStatus::Invalid => {
                            return Err(Refusal::WrongState(
                                "a group that this rule fills is no more; change the rule first",
                            ));
                        }
                        RuleStatus::Inactive | RuleStatus::Removed => {}
                    }
                    check_reach(tx, &permit, &rule.groups).await?;
                    // The schema may have become another one since.
                    parse_expression(&rule.expression, &schema)?;
                    check_together(tx, &cell, &rule).await?;
                    if !store::update_status(tx, &rule, RuleStatus::Active, now).await? {
                        return Err(Refusal::Changed);
                    }
                    let stamp = draw_stamp(&cell);
                    store::put_set(tx, org, &stamp).await?;
                    passes::put(tx, org, &id, PassKind::Apply, &stamp, now).await?;
                    let kind = EventType::GroupUserMembershipRuleTrigger;
                    Ok(ledger::append(tx, org, cell.rule_event(&permit, kind, &rule)).await?)
                })
            })
            .await
    }

    /// Switches a rule off: it rests. Whoever it put in stays in until it is switched on again, or leaves in the background.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none.
    #[boxed]
    pub async fn deactivate_group_rule(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
        put_in: PutIn,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (cell, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, now) = (permit.org(), cell.now());
                    hold(tx, &cell, org).await?;
                    let rule = reload(tx, org, &id).await?;
                    let is_on = rule.status == RuleStatus::Active;
                    if !is_on && put_in == PutIn::Stay {
                        return Ok(());
                    }
                    check_reach(tx, &permit, &rule.groups).await?;
                    if is_on {
                        store::update_status(tx, &rule, RuleStatus::Inactive, now).await?;
                    }
                    let stamp = draw_stamp(&cell);
                    store::put_set(tx, org, &stamp).await?;
                    match put_in {
                        PutIn::Stay => passes::delete(tx, org, &id).await?,
                        PutIn::Leave => {
                            passes::put(tx, org, &id, PassKind::TakeBack, &stamp, now).await?;
                        }
                    }
                    let kind = EventType::GroupUserMembershipRuleDeactivated;
                    let event = cell.rule_event(&permit, kind, &rule);
                    let event = event.detail("membersLeave", put_in == PutIn::Leave);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    /// Removes a rule that is not on. Whoever it put in stays, by hand from now on, or leaves; either in the background.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] for a rule that is on.
    #[boxed]
    pub async fn delete_group_rule(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
        put_in: PutIn,
    ) -> Result<(), Refusal> {
        permit.covers(Permission::ManageGroups)?;
        let (cell, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let (org, now) = (permit.org(), cell.now());
                    hold(tx, &cell, org).await?;
                    let rule = reload(tx, org, &id).await?;
                    check_reach(tx, &permit, &rule.groups).await?;
                    if !store::hide(tx, &rule).await? {
                        return Err(Refusal::WrongState(
                            "a rule that is on cannot be removed; deactivate it first",
                        ));
                    }
                    let kind = match put_in {
                        PutIn::Stay => PassKind::HandOver,
                        PutIn::Leave => PassKind::TakeBack,
                    };
                    passes::put(tx, org, &id, kind, &draw_stamp(&cell), now).await?;
                    let kind = EventType::GroupUserMembershipRuleDelete;
                    let event = cell.rule_event(&permit, kind, &rule);
                    let event = event.detail("membersLeave", put_in == PutIn::Leave);
                    Ok(ledger::append(tx, org, event).await?)
                })
            })
            .await
    }

    /// The rule of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is none.
    #[boxed]
    pub async fn find_group_rule(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
    ) -> Result<GroupRule, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        let rule = store::load(&mut tx, permit.org(), id).await?;
        rule.ok_or(Refusal::NotFound)
    }

    /// Rules by id, behind that one, whose name contains the text, and where the next page begins. No org has more of them
    /// than [`RULES_MAX`], so that no search looks at more.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_group_rules(
        &self,
        permit: &Permit,
        search: &str,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<GroupRule>, Option<GroupRuleId>), Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let (search, org) = (fold(search), permit.org());
        let mut tx = self.database.read().await?;
        let (mut found, mut place) = (Vec::new(), after.to_owned());
        loop {
            let rows = store::load_page(&mut tx, org, &place, rows_max(SEARCH_ROWS)).await?;
            let is_last = rows.len() < SEARCH_ROWS;
            for rule in rows {
                place = rule.id.to_string();
                if !fold(&rule.name).contains(&search) {
                    continue;
                }
                if found.len() == limit {
                    let next = found.last().map(|last: &GroupRule| last.id.clone());
                    return Ok((found, next));
                }
                found.push(store::complete(&mut tx, rule).await?);
            }
            if is_last {
                return Ok((found, None));
            }
        }
    }

    /// The groups that a rule fills, with their names.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn load_rule_groups(
        &self,
        permit: &Permit,
        id: &GroupRuleId,
    ) -> Result<Vec<(GroupId, String)>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_group_names(&mut tx, permit.org(), id).await?)
    }

    /// The attributes that expressions may name: those of people of any type.
    async fn every_attribute(&self, org: &OrgId) -> Result<Vec<ProfileAttribute>, Refusal> {
        let snapshot = self.snapshot(org).await?.ok_or(Refusal::NotFound)?;
        Ok(snapshot.schemas().every().into_owned())
    }

    fn rule_event(&self, permit: &Permit, kind: EventType, rule: &GroupRule) -> Event {
        Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(Target::group_rule(&rule.id, &rule.name))
    }
}

async fn reload(tx: &mut WriteTx, org: &OrgId, id: &GroupRuleId) -> Result<GroupRule, Refusal> {
    store::load(tx, org, id).await?.ok_or(Refusal::NotFound)
}

/// A group by which the policies tell administrators apart is filled by a rule of those alone who may fill it by hand.
async fn check_reach(tx: &mut WriteTx, permit: &Permit, groups: &[GroupId]) -> Result<(), Refusal> {
    for group in groups {
        of_administrators::check_group(tx, permit, group).await?;
        guard::refuse_rule(tx, permit, group).await?;
    }
    Ok(())
}

/// What a rule names is there.
async fn check_parts(
    tx: &mut WriteTx,
    permit: &Permit,
    input: &RuleInput,
    asks: &[Membership],
) -> Result<(), Refusal> {
    let org = permit.org();
    let missing = |field, id: &str| {
        let problem = Problem::of("there is no group {name}", [named(id)]);
        Refusal::invalid(field, problem)
    };
    for group in &input.groups {
        if group::store::load(tx, org, group).await?.is_none() {
            return Err(missing("groups", group.as_str()));
        }
    }
    check_reach(tx, permit, &input.groups).await?;
    let ids = asks.iter().flat_map(|membership| match membership {
        Membership::Ids(ids) => ids.as_slice(),
        _ => &[],
    });
    for id in ids {
        let known = match GroupId::parse(id) {
            Ok(group) => group::store::load(tx, org, &group).await?,
            Err(_) => None,
        };
        known.ok_or_else(|| missing("expression", id))?;
    }
    for user in &input.excluded {
        check_person(tx, org, user).await?;
    }
    Ok(())
}

async fn check_person(tx: &mut WriteTx, org: &OrgId, user: &UserId) -> Result<(), Refusal> {
    match people::load(tx, org, user).await? {
        Some(_) => Ok(()),
        None => {
            let problem = Problem::of("there is nobody {name}", [named(user.as_str())]);
            Err(Refusal::invalid("excluded", problem))
        }
    }
}

/// Whether a rule may be on together with those that are.
async fn check_together(tx: &mut WriteTx, cell: &Cell, rule: &GroupRule) -> Result<(), Refusal> {
    let org = &rule.org_id;
    let set = hold(tx, cell, org).await?;
    let active = set.as_deref().map_or(&[][..], |set| set.rules.as_slice());
    decide_room(&ActiveRule::of(rule), active)?;
    let filled = store::load_filled(tx, org).await?;
    let active = set.iter().flat_map(|set| &set.rules).map(|other| {
        let own = filled.iter().filter(|(of, ..)| *of == other.id);
        let fills = own.map(|(_, group, name)| (group.clone(), name.clone()));
        wiring(other, fills.collect())
    });
    let active: Vec<Wiring> = active.collect();
    let own = store::load_group_names(tx, org, &rule.id)
        .await
        .map_err(Fault::from)?;
    decide_wiring(&wiring(&ActiveRule::of(rule), own), &active)
}

fn wiring(rule: &ActiveRule, fills: Vec<(GroupId, String)>) -> Wiring {
    Wiring {
        id: rule.id.clone(),
        name: rule.name.clone(),
        asks: rule.asks().to_vec(),
        fills,
    }
}
