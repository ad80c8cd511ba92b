//! The table `group_rule_members`: who is in which group by which rule, and what of it makes a membership.

use crate::fault::Fault;
use crate::person::Person;
use crate::person::store as people;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use protocol::expression::GroupFact;
use vocab::future::boxed;
use vocab::id::{GroupId, GroupRuleId, OrgId, UserId};
use vocab::time::Timestamp;

/// What rules gave somebody, by rule.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_of_person(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<Vec<(GroupRuleId, GroupId)>, DatabaseFault> {
    let sql = "SELECT rule_id, group_id FROM group_rule_members WHERE org_id = $1 AND user_id = $2";
    let rows = tx.query(sql, params![org, user]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// What a rule gave, by person and group, so many at most.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_of_rule(
    tx: &mut ReadTx,
    org: &OrgId,
    rule: &GroupRuleId,
    limit: i64,
) -> Result<Vec<(UserId, GroupId)>, DatabaseFault> {
    let sql = "SELECT user_id, group_id FROM group_rule_members WHERE org_id = $1 AND rule_id = $2 \
               ORDER BY user_id, group_id LIMIT $3";
    let rows = tx.query(sql, params![org, rule, limit]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// What a rule gave people behind one id and up to another.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_of_rule_between(
    tx: &mut ReadTx,
    org: &OrgId,
    rule: &GroupRuleId,
    after: &str,
    last: &UserId,
) -> Result<Vec<(UserId, GroupId)>, DatabaseFault> {
    let sql = "SELECT user_id, group_id FROM group_rule_members WHERE org_id = $1 AND rule_id = $2 \
               AND user_id > $3 AND user_id <= $4";
    let rows = tx.query(sql, params![org, rule, after, last]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// How many people are in a group by a rule; no more are counted than that.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count_of_rule(
    tx: &mut ReadTx,
    org: &OrgId,
    rule: &GroupRuleId,
    max: i64,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM (SELECT DISTINCT user_id FROM group_rule_members \
               WHERE org_id = $1 AND rule_id = $2 LIMIT $3) AS few";
    let row = tx.query_optional(sql, params![org, rule, max]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// The rules by which somebody is in a group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_rules_of(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    group: &GroupId,
) -> Result<Vec<(GroupRuleId, String)>, DatabaseFault> {
    let sql = "SELECT r.id, r.name FROM group_rule_members m \
               JOIN group_rules r ON r.org_id = m.org_id AND r.id = m.rule_id \
               WHERE m.org_id = $1 AND m.group_id = $2 AND m.user_id = $3 ORDER BY r.id";
    let rows = tx.query(sql, params![org, group, user]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Puts somebody in by a rule; true if they were not in the group before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn give(
    tx: &mut WriteTx,
    org: &OrgId,
    (rule, group, user): (&GroupRuleId, &GroupId, &UserId),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let reason = "INSERT INTO group_rule_members (org_id, user_id, rule_id, group_id) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (org_id, user_id, rule_id, group_id) DO NOTHING";
    tx.execute(reason, params![org, user, rule, group]).await?;
    let member = "INSERT INTO group_members (org_id, group_id, user_id, added_at, by_hand) VALUES ($1, $2, $3, $4, 0) \
                  ON CONFLICT (org_id, group_id, user_id) DO NOTHING";
    Ok(tx.execute(member, params![org, group, user, now]).await? == 1)
}

/// Takes back what a rule gave; true if they are not in the group any more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn take_back(
    tx: &mut WriteTx,
    org: &OrgId,
    (rule, group, user): (&GroupRuleId, &GroupId, &UserId),
) -> Result<bool, DatabaseFault> {
    delete_reason(tx, org, (rule, group, user)).await?;
    let member = "DELETE FROM group_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3 AND by_hand = 0 \
                  AND NOT EXISTS (SELECT 1 FROM group_rule_members e WHERE e.org_id = $1 AND e.user_id = $3 AND e.group_id = $2)";
    Ok(tx.execute(member, params![org, group, user]).await? == 1)
}

/// Hands over what a rule gave: from now on it is by hand.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn hand_over(
    tx: &mut WriteTx,
    org: &OrgId,
    (rule, group, user): (&GroupRuleId, &GroupId, &UserId),
) -> Result<(), DatabaseFault> {
    delete_reason(tx, org, (rule, group, user)).await?;
    let member =
        "UPDATE group_members SET by_hand = 1 WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    tx.execute(member, params![org, group, user])
        .await
        .map(|_| ())
}

async fn delete_reason(
    tx: &mut WriteTx,
    org: &OrgId,
    (rule, group, user): (&GroupRuleId, &GroupId, &UserId),
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM group_rule_members WHERE org_id = $1 AND user_id = $2 AND rule_id = $3 AND group_id = $4";
    tx.execute(sql, params![org, user, rule, group])
        .await
        .map(|_| ())
}

/// The groups in which somebody is by hand, so many at most.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_groups_by_hand(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    limit: i64,
) -> Result<Vec<GroupFact>, DatabaseFault> {
    let sql = "SELECT g.id, g.name FROM group_members m JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id \
               WHERE m.org_id = $1 AND m.user_id = $2 AND m.by_hand = 1 LIMIT $3";
    let rows = tx.query(sql, params![org, user, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(GroupFact {
                id: row.get(0)?,
                name: row.get(1)?,
            })
        })
        .collect()
}

/// People by id, after that one, so many at most.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_people(
    tx: &mut ReadTx,
    org: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<Person>, Fault> {
    let rows = tx
        .query(people::BY_ID_AFTER, params![org, after, limit])
        .await?;
    rows.iter().map(people::read).collect()
}
