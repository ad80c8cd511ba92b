//! The tables `group_rules`, `group_rule_targets`, `group_rule_exclusions` and `group_rule_sets`.

pub mod members;
pub mod passes;

use crate::fault::{Fault, Refusal};
use crate::group_rule::{GroupRule, RuleInput, RuleStatus};
use crate::person::profile::fold;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use std::collections::BTreeSet;
use vocab::future::boxed;
use vocab::id::{GroupId, GroupRuleId, OrgId, UserId};
use vocab::time::Timestamp;

macro_rules! columns {
    () => {
        "SELECT r.org_id, r.id, r.name, r.status, r.expression, r.revision, r.created_at, r.updated_at \
         FROM group_rules r "
    };
}

/// The stamp of the org's rules, held until the end of the transaction: whoever evaluates or switches rules waits. None
/// where there has never been a rule.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn hold_set(tx: &mut WriteTx, org: &OrgId) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT stamp FROM group_rule_sets WHERE org_id = $1 FOR UPDATE";
    let row = tx.query_optional(sql, params![org]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Notes that the org's rules are others from now on, and holds them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn put_set(tx: &mut WriteTx, org: &OrgId, stamp: &str) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO group_rule_sets (org_id, stamp) VALUES ($1, $2) \
               ON CONFLICT (org_id) DO UPDATE SET stamp = $2";
    tx.execute(sql, params![org, stamp]).await.map(|_| ())
}

/// The rule of that id, with its groups and whom it passes over; none that was removed.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<Option<GroupRule>, Fault> {
    let sql = concat!(
        columns!(),
        "WHERE r.org_id = $1 AND r.id = $2 AND r.status <> 'REMOVED'"
    );
    let Some(row) = tx.query_optional(sql, params![org, id]).await? else {
        return Ok(None);
    };
    complete(tx, read(&row)?).await.map(Some)
}

/// The name of a rule, also of one that was removed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_name(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<String, DatabaseFault> {
    let sql = "SELECT name FROM group_rules WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org, id]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// Rules by id, after that one, without those that were removed, so many at most. Groups and people are left out.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    org: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<GroupRule>, Fault> {
    let sql = concat!(
        columns!(),
        "WHERE r.org_id = $1 AND r.id > $2 AND r.status <> 'REMOVED' ORDER BY r.id LIMIT $3"
    );
    let rows = tx.query(sql, params![org, after, limit]).await?;
    rows.iter().map(read).collect()
}

/// The rule with its groups and whom it passes over.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn complete(tx: &mut ReadTx, rule: GroupRule) -> Result<GroupRule, Fault> {
    let (org, id) = (&rule.org_id, &rule.id);
    let targets = "SELECT group_id FROM group_rule_targets WHERE org_id = $1 AND rule_id = $2 ORDER BY group_id";
    let groups = tx.query(targets, params![org, id]).await?;
    let exclusions = "SELECT user_id FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2 ORDER BY user_id";
    let excluded = tx.query(exclusions, params![org, id]).await?;
    Ok(GroupRule {
        groups: groups
            .iter()
            .map(|row| row.get(0))
            .collect::<Result<_, _>>()?,
        excluded: excluded
            .iter()
            .map(|row| row.get(0))
            .collect::<Result<_, _>>()?,
        ..rule
    })
}

fn read(row: &Row) -> Result<GroupRule, Fault> {
    let status: String = row.get(3)?;
    Ok(GroupRule {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        status: RuleStatus::from_word(&status)
            .ok_or_else(|| Fault::stored("status of a group rule", &status))?,
        expression: row.get(4)?,
        groups: Vec::new(),
        excluded: Vec::new(),
        revision: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// The rules that are on, with the groups that they fill: a row for each group.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_active(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<(GroupRuleId, String, String, GroupId)>, Fault> {
    let sql = "SELECT r.id, r.name, r.expression, t.group_id FROM group_rules r \
               JOIN group_rule_targets t ON t.org_id = r.org_id AND t.rule_id = r.id \
               WHERE r.org_id = $1 AND r.status = 'ACTIVE' ORDER BY r.id, t.group_id";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .collect()
}

/// The groups that rules which are on fill, with their names.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_filled(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<(GroupRuleId, GroupId, String)>, DatabaseFault> {
    let sql = "SELECT r.id, g.id, g.name FROM group_rules r \
               JOIN group_rule_targets t ON t.org_id = r.org_id AND t.rule_id = r.id \
               JOIN groups g ON g.org_id = t.org_id AND g.id = t.group_id \
               WHERE r.org_id = $1 AND r.status = 'ACTIVE' ORDER BY r.id, g.id";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .collect()
}

/// The groups that a rule fills, with their names.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_group_names(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<Vec<(GroupId, String)>, DatabaseFault> {
    let sql = "SELECT g.id, g.name FROM group_rule_targets t JOIN groups g ON g.org_id = t.org_id AND g.id = t.group_id \
               WHERE t.org_id = $1 AND t.rule_id = $2 ORDER BY g.id";
    let rows = tx.query(sql, params![org, id]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// How many rules the org has; no more are counted than that.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org: &OrgId, max: i64) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM group_rules WHERE org_id = $1 AND status <> 'REMOVED' LIMIT $2) AS few";
    let row = tx.query_optional(sql, params![org, max]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// The rules that fill a group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_filling(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<Vec<(GroupRuleId, String)>, DatabaseFault> {
    let sql = "SELECT r.id, r.name FROM group_rule_targets t \
               JOIN group_rules r ON r.org_id = t.org_id AND r.id = t.rule_id \
               WHERE t.org_id = $1 AND t.group_id = $2 ORDER BY r.id";
    let rows = tx.query(sql, params![org, group]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// The groups that are filled by a rule which fills that one, itself among them; also by rules that rest.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_filled_beside(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<BTreeSet<GroupId>, DatabaseFault> {
    let sql = "SELECT DISTINCT o.group_id FROM group_rule_targets t \
               JOIN group_rule_targets o ON o.org_id = t.org_id AND o.rule_id = t.rule_id \
               WHERE t.org_id = $1 AND t.group_id = $2";
    let rows = tx.query(sql, params![org, group]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Adds a rule that rests.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &GroupRuleId,
    input: &RuleInput,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "INSERT INTO group_rules (org_id, id, name, name_key, status, expression, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, 'INACTIVE', $5, 1, $6, $6)";
    let values = params![
        org,
        id,
        &input.name,
        fold(&input.name),
        &input.expression,
        now
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(insert_parts(tx, org, id, input).await?),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

async fn insert_parts(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &GroupRuleId,
    input: &RuleInput,
) -> Result<(), DatabaseFault> {
    for group in &input.groups {
        let sql = "INSERT INTO group_rule_targets (org_id, rule_id, group_id) VALUES ($1, $2, $3)";
        tx.execute(sql, params![org, id, group]).await?;
    }
    for user in &input.excluded {
        insert_exclusion(tx, org, id, user).await?;
    }
    Ok(())
}

/// Passes somebody over from now on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_exclusion(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &GroupRuleId,
    user: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO group_rule_exclusions (org_id, user_id, rule_id) VALUES ($1, $2, $3) \
               ON CONFLICT (org_id, user_id, rule_id) DO NOTHING";
    tx.execute(sql, params![org, user, id]).await.map(|_| ())
}

/// How many people a rule passes over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_excluded(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2";
    let row = tx.query_optional(sql, params![org, id]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// The rules that pass somebody over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_exclusions_of(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<Vec<GroupRuleId>, DatabaseFault> {
    let sql = "SELECT rule_id FROM group_rule_exclusions WHERE org_id = $1 AND user_id = $2";
    let rows = tx.query(sql, params![org, user]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Replaces what a rule is like, if it is not on and still what was read; it rests from then on.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    rule: &GroupRule,
    input: &RuleInput,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (org, id) = (&rule.org_id, &rule.id);
    let sql = "UPDATE group_rules SET name = $1, name_key = $2, status = 'INACTIVE', expression = $3, \
               revision = revision + 1, updated_at = $4 WHERE org_id = $5 AND id = $6 AND revision = $7 \
               AND status IN ('INACTIVE', 'INVALID')";
    let values = params![
        &input.name,
        fold(&input.name),
        &input.expression,
        now,
        org,
        id,
        rule.revision
    ];
    match tx.execute(sql, values).await {
        Ok(1) => {}
        Ok(_) => return Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => return Err(Refusal::Taken { field: "name" }),
        Err(fault) => return Err(fault.into()),
    }
    delete_parts(tx, org, id).await?;
    Ok(insert_parts(tx, org, id, input).await?)
}

async fn delete_parts(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<(), DatabaseFault> {
    for sql in [
        "DELETE FROM group_rule_targets WHERE org_id = $1 AND rule_id = $2",
        "DELETE FROM group_rule_exclusions WHERE org_id = $1 AND rule_id = $2",
    ] {
        tx.execute(sql, params![org, id]).await?;
    }
    Ok(())
}

/// Switches a rule, if it is where it was; false if it is not.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn update_status(
    tx: &mut WriteTx,
    rule: &GroupRule,
    status: RuleStatus,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE group_rules SET status = $1, revision = revision + 1, updated_at = $2 \
               WHERE org_id = $3 AND id = $4 AND status = $5";
    let values = params![
        status.as_str(),
        now,
        &rule.org_id,
        &rule.id,
        rule.status.as_str()
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a rule out of sight, and gives its name free; false if it is on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn hide(tx: &mut WriteTx, rule: &GroupRule) -> Result<bool, DatabaseFault> {
    let (org, id) = (&rule.org_id, &rule.id);
    let sql = "UPDATE group_rules SET status = 'REMOVED', name_key = id \
               WHERE org_id = $1 AND id = $2 AND status IN ('INACTIVE', 'INVALID')";
    let hidden = tx.execute(sql, params![org, id]).await? == 1;
    if hidden {
        delete_parts(tx, org, id).await?;
    }
    Ok(hidden)
}

/// Removes a rule that was taken out of sight.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_hidden(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &GroupRuleId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM group_rules WHERE org_id = $1 AND id = $2 AND status = 'REMOVED'";
    tx.execute(sql, params![org, id]).await.map(|_| ())
}

/// A group is no more: the rules that filled it rest, and nobody is in it by them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete_group(
    tx: &mut WriteTx,
    org: &OrgId,
    group: &GroupId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let rest = "UPDATE group_rules SET status = 'INVALID', revision = revision + 1, updated_at = $3 \
                WHERE org_id = $1 AND status IN ('ACTIVE', 'INACTIVE') \
                AND id IN (SELECT rule_id FROM group_rule_targets WHERE org_id = $1 AND group_id = $2)";
    tx.execute(rest, params![org, group, now]).await?;
    for sql in [
        "DELETE FROM group_rule_passes WHERE org_id = $1 AND kind = 'APPLY' \
         AND rule_id IN (SELECT rule_id FROM group_rule_targets WHERE org_id = $1 AND group_id = $2)",
        "DELETE FROM group_rule_targets WHERE org_id = $1 AND group_id = $2",
        "DELETE FROM group_rule_members WHERE org_id = $1 AND group_id = $2",
    ] {
        tx.execute(sql, params![org, group]).await?;
    }
    Ok(())
}
