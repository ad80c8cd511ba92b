//! The table `group_rule_passes`: rules that are being applied to everybody, or taken back.

use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupRuleId, OrgId};
use vocab::time::Timestamp;

/// What is done with everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassKind {
    /// Whoever fits is put in, and whoever does not is taken out.
    Apply,
    /// Whoever was put in leaves.
    TakeBack,
    /// Whoever was put in stays, by hand from then on.
    HandOver,
}

impl PassKind {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "APPLY",
            Self::TakeBack => "TAKE_BACK",
            Self::HandOver => "HAND_OVER",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Apply, Self::TakeBack, Self::HandOver]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A pass over the people of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The org.
    pub org_id: OrgId,
    /// The rule.
    pub rule_id: GroupRuleId,
    /// What is done.
    pub kind: PassKind,
    /// Tells it from another pass of the same rule.
    pub stamp: String,
    /// Behind whom it stands.
    pub place: String,
    /// How many memberships came and went so far.
    pub changed: i64,
    /// When it began.
    pub begun_at: Timestamp,
}

/// Begins a pass, in place of whatever else was under way with the rule.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn put(
    tx: &mut WriteTx,
    org: &OrgId,
    rule: &GroupRuleId,
    kind: PassKind,
    stamp: &str,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO group_rule_passes (org_id, rule_id, kind, stamp, place, changed, begun_at, due_at) \
               VALUES ($1, $2, $3, $4, '', 0, $5, $5) ON CONFLICT (org_id, rule_id) \
               DO UPDATE SET kind = $3, stamp = $4, place = '', changed = 0, begun_at = $5, due_at = $5";
    tx.execute(sql, params![org, rule, kind.as_str(), stamp, now])
        .await
        .map(|_| ())
}

/// Ends whatever is under way with a rule.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    rule: &GroupRuleId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM group_rule_passes WHERE org_id = $1 AND rule_id = $2";
    tx.execute(sql, params![org, rule]).await.map(|_| ())
}

/// Of each org behind that one the pass that is due and has waited longest; none of an org that is closed.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_due(
    tx: &mut ReadTx,
    now: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<Pass>, Fault> {
    let sql = "SELECT org_id, rule_id, kind, stamp, place, changed, begun_at FROM \
               (SELECT org_id, rule_id, kind, stamp, place, changed, begun_at, \
               ROW_NUMBER() OVER (PARTITION BY org_id ORDER BY due_at, rule_id) AS own_turn \
               FROM group_rule_passes WHERE due_at <= $1 AND org_id > $2 \
               AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open')) AS due \
               WHERE own_turn = 1 ORDER BY org_id LIMIT $3";
    let rows = tx.query(sql, params![now, after, limit]).await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.get(2)?;
            Ok(Pass {
                org_id: row.get(0)?,
                rule_id: row.get(1)?,
                kind: PassKind::from_word(&kind)
                    .ok_or_else(|| Fault::stored("kind of a pass", &kind))?,
                stamp: row.get(3)?,
                place: row.get(4)?,
                changed: row.get(5)?,
                begun_at: row.get(6)?,
            })
        })
        .collect()
}

/// Whether a rule is being applied or taken back.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_under_way(
    tx: &mut ReadTx,
    org: &OrgId,
    rule: &GroupRuleId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM group_rule_passes WHERE org_id = $1 AND rule_id = $2";
    Ok(tx.query_optional(sql, params![org, rule]).await?.is_some())
}

/// Moves a pass on, if it stands where it was read; false if another moved it, or it is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn advance(
    tx: &mut WriteTx,
    pass: &Pass,
    place: &str,
    changed: i64,
    due_at: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE group_rule_passes SET place = $1, changed = changed + $2, due_at = $3 \
               WHERE org_id = $4 AND rule_id = $5 AND stamp = $6 AND place = $7 AND changed = $8";
    let values = params![
        place,
        changed,
        due_at,
        &pass.org_id,
        &pass.rule_id,
        &pass.stamp,
        &pass.place,
        pass.changed
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Ends a pass, if it stands where it was read; false if another ended it, or it is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn finish(tx: &mut WriteTx, pass: &Pass) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM group_rule_passes WHERE org_id = $1 AND rule_id = $2 AND stamp = $3 AND place = $4";
    let values = params![&pass.org_id, &pass.rule_id, &pass.stamp, &pass.place];
    Ok(tx.execute(sql, values).await? == 1)
}
