//! The tables `policies` and `zones`.

use crate::fault::{Fault, Refusal};
use crate::person::profile::fold;
use crate::sign_on::aside::{Aside, ListedRule, list_rules, part_rules};
use crate::sign_on::{PolicyScope, SignOnPolicy, Zone};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use std::collections::HashMap;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{AppId, OrgId, PolicyId, ZoneId};
use vocab::time::Timestamp;

/// Most policies of one org: every sign-in reads them whole, from memory.
pub const POLICIES_MAX: usize = 100;
/// Most zones of one org.
pub const ZONES_MAX: usize = 100;

/// The sign-on policies of an org, as a sign-in needs them.
#[derive(Debug, Clone)]
pub struct Policies {
    /// For every sign-in to the org.
    pub org: Arc<SignOnPolicy>,
    /// For the administrators' console.
    pub console: Arc<SignOnPolicy>,
    /// Those that apps may name.
    pub apps: HashMap<PolicyId, Arc<SignOnPolicy>>,
}

/// A policy as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The policy.
    pub policy: SignOnPolicy,
    /// What it is for.
    pub scope: PolicyScope,
    /// What administrators read beside it.
    pub aside: Aside,
    /// Whether apps can name it; one that rests is evaluated for nobody.
    pub active: bool,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl StoredPolicy {
    /// All its rules in order.
    #[must_use]
    pub fn listed(&self) -> Vec<ListedRule> {
        list_rules(&self.policy, &self.aside)
    }

    /// The same policy with other rules, and what is read beside it then.
    #[must_use]
    pub fn with_rules(&self, listed: Vec<ListedRule>) -> (SignOnPolicy, Aside) {
        let (rules, resting) = part_rules(listed);
        let policy = SignOnPolicy {
            rules,
            ..self.policy.clone()
        };
        let aside = Aside {
            resting,
            ..self.aside.clone()
        };
        (policy, aside)
    }
}

/// A zone as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredZone {
    /// The zone.
    pub zone: Zone,
    /// Whether it counts; one that rests contains nobody, and no rule can name it.
    pub active: bool,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

fn read_policy(row: &Row) -> Result<StoredPolicy, Fault> {
    let scope: String = row.get(0)?;
    let (document, aside): (String, String) = (row.get(1)?, row.get(5)?);
    Ok(StoredPolicy {
        policy: serde_json::from_str(&document)
            .map_err(|error| Fault::stored("sign-on policy", &error))?,
        scope: PolicyScope::from_word(&scope)
            .ok_or_else(|| Fault::stored("scope of a policy", &scope))?,
        revision: row.get(2)?,
        updated_at: row.get(3)?,
        created_at: row.get(4)?,
        aside: match aside.as_str() {
            "" => Aside::default(),
            aside => serde_json::from_str(aside)
                .map_err(|error| Fault::stored("rules at rest", &error))?,
        },
        active: row.get(6)?,
    })
}

fn render_policy(policy: &SignOnPolicy) -> Result<String, Fault> {
    serde_json::to_string(policy).map_err(|error| Fault::stored("sign-on policy", &error))
}

/// The policies of an org that do not rest. It fails where one that must exist is missing or unreadable: no sign-in is better than one
/// without a policy.
///
/// # Errors
/// [`Fault`] if the store fails or the org's or the console's policy is missing.
#[boxed]
pub async fn load_policies(tx: &mut ReadTx, org_id: &OrgId) -> Result<Policies, Fault> {
    let (mut org, mut console, mut apps) = (None, None, HashMap::new());
    for stored in load_all_policies(tx, org_id).await? {
        let policy = Arc::new(stored.policy);
        match stored.scope {
            PolicyScope::Org => org = Some(policy),
            PolicyScope::Console => console = Some(policy),
            PolicyScope::App if stored.active => {
                apps.insert(policy.id.clone(), policy);
            }
            PolicyScope::App => {}
        }
    }
    let missing =
        |what: &'static str| move || Fault::stored("sign-on policy", &format!("{what} has none"));
    Ok(Policies {
        org: org.ok_or_else(missing("the organisation"))?,
        console: console.ok_or_else(missing("the console"))?,
        apps,
    })
}

/// Every policy of an org by name; there are at most [`POLICIES_MAX`].
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all_policies(
    tx: &mut ReadTx,
    org_id: &OrgId,
) -> Result<Vec<StoredPolicy>, Fault> {
    let sql = "SELECT scope, document, revision, updated_at, created_at, aside, active FROM policies WHERE org_id = $1 \
               ORDER BY name_key";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read_policy).collect()
}

/// The policy of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_policy(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &PolicyId,
) -> Result<Option<StoredPolicy>, Fault> {
    let sql = "SELECT scope, document, revision, updated_at, created_at, aside, active FROM policies \
               WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read_policy).transpose()
}

/// Whether the org has that policy, it does not rest, and apps may name it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_app_policy(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &PolicyId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM policies WHERE org_id = $1 AND id = $2 AND scope = $3 AND active = 1";
    Ok(tx
        .query_optional(sql, params![org_id, id, PolicyScope::App.as_str()])
        .await?
        .is_some())
}

/// Whether an app of the org names that policy.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_policy_named(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &PolicyId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM apps WHERE org_id = $1 AND policy_id = $2 LIMIT 1";
    Ok(tx.query_optional(sql, params![org_id, id]).await?.is_some())
}

/// Adds a policy.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
pub async fn insert_policy(
    tx: &mut WriteTx,
    org_id: &OrgId,
    scope: PolicyScope,
    policy: &SignOnPolicy,
    now: Timestamp,
) -> Result<(), Refusal> {
    let document = render_policy(policy)?;
    let sql = "INSERT INTO policies (org_id, id, name, name_key, scope, document, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
    let values = params![
        org_id,
        &policy.id,
        &policy.name,
        fold(&policy.name),
        scope.as_str(),
        document,
        now
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes a policy if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update_policy(
    tx: &mut WriteTx,
    org_id: &OrgId,
    policy: &SignOnPolicy,
    revision: i64,
    now: Timestamp,
) -> Result<(), Refusal> {
    let document = render_policy(policy)?;
    let sql = "UPDATE policies SET name = $1, name_key = $2, document = $3, revision = revision + 1, updated_at = $4 \
               WHERE org_id = $5 AND id = $6 AND revision = $7";
    let values = params![
        &policy.name,
        fold(&policy.name),
        document,
        now,
        org_id,
        &policy.id,
        revision
    ];
    match tx.execute(sql, values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Puts beside a policy what administrators read of it.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn set_aside(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &PolicyId,
    aside: &Aside,
) -> Result<(), Fault> {
    let document =
        serde_json::to_string(aside).map_err(|error| Fault::stored("rules at rest", &error))?;
    let sql = "UPDATE policies SET aside = $1 WHERE org_id = $2 AND id = $3";
    tx.execute(sql, params![document, org_id, id]).await?;
    Ok(())
}

/// Lets a policy for apps be named, or rest; false if it does so already.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn switch_app_policy(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &PolicyId,
    active: bool,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE policies SET active = $1, revision = revision + 1, updated_at = $2 \
               WHERE org_id = $3 AND id = $4 AND scope = $5 AND active <> $1";
    let values = params![active, now, org_id, id, PolicyScope::App.as_str()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a policy that apps may name; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_app_policy(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &PolicyId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM policies WHERE org_id = $1 AND id = $2 AND scope = $3";
    Ok(tx
        .execute(sql, params![org_id, id, PolicyScope::App.as_str()])
        .await?
        == 1)
}

fn read_zone(row: &Row) -> Result<StoredZone, Fault> {
    let ranges: String = row.get(2)?;
    let zone = Zone {
        id: row.get(0)?,
        name: row.get(1)?,
        ranges: serde_json::from_str(&ranges)
            .map_err(|error| Fault::stored("ranges of a zone", &error))?,
        blocked: row.get(3)?,
    };
    Ok(StoredZone {
        zone,
        revision: row.get(4)?,
        updated_at: row.get(5)?,
        active: row.get(6)?,
        created_at: row.get(7)?,
    })
}

fn render_ranges(zone: &Zone) -> Result<String, Fault> {
    serde_json::to_string(&zone.ranges).map_err(|error| Fault::stored("ranges of a zone", &error))
}

/// The zones of an org that count, as a sign-in needs them.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_zones(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<Zone>, Fault> {
    let stored = load_all_zones(tx, org_id).await?;
    let active = stored.into_iter().filter(|stored| stored.active);
    Ok(active.map(|stored| stored.zone).collect())
}

/// Every zone of an org by name; there are at most [`ZONES_MAX`].
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all_zones(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<StoredZone>, Fault> {
    let sql = "SELECT id, name, ranges, blocked, revision, updated_at, active, created_at FROM zones \
               WHERE org_id = $1 ORDER BY name_key";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read_zone).collect()
}

/// The zone of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_zone(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &ZoneId,
) -> Result<Option<StoredZone>, Fault> {
    let sql = "SELECT id, name, ranges, blocked, revision, updated_at, active, created_at FROM zones \
               WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read_zone).transpose()
}

/// Adds a zone.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
pub async fn insert_zone(
    tx: &mut WriteTx,
    org_id: &OrgId,
    zone: &Zone,
    now: Timestamp,
) -> Result<(), Refusal> {
    let ranges = render_ranges(zone)?;
    let sql = "INSERT INTO zones (org_id, id, name, name_key, ranges, blocked, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
    let values = params![
        org_id,
        &zone.id,
        &zone.name,
        fold(&zone.name),
        ranges,
        zone.blocked,
        now
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes a zone if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update_zone(
    tx: &mut WriteTx,
    org_id: &OrgId,
    zone: &Zone,
    revision: i64,
    now: Timestamp,
) -> Result<(), Refusal> {
    let ranges = render_ranges(zone)?;
    let sql = "UPDATE zones SET name = $1, name_key = $2, ranges = $3, blocked = $4, revision = revision + 1, \
               updated_at = $5 WHERE org_id = $6 AND id = $7 AND revision = $8";
    let values = params![
        &zone.name,
        fold(&zone.name),
        ranges,
        zone.blocked,
        now,
        org_id,
        &zone.id,
        revision
    ];
    match tx.execute(sql, values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Lets a zone count or rest; false if it does so already.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn switch_zone(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &ZoneId,
    active: bool,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE zones SET active = $1, revision = revision + 1, updated_at = $2 \
               WHERE org_id = $3 AND id = $4 AND active <> $1";
    Ok(tx.execute(sql, params![active, now, org_id, id]).await? == 1)
}

/// Removes a zone; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete_zone(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &ZoneId,
) -> Result<bool, DatabaseFault> {
    Ok(tx
        .execute(
            "DELETE FROM zones WHERE org_id = $1 AND id = $2",
            params![org_id, id],
        )
        .await?
        == 1)
}

/// How many apps name each policy of an org.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count_apps_by_policy(
    tx: &mut ReadTx,
    org_id: &OrgId,
) -> Result<HashMap<PolicyId, u64>, DatabaseFault> {
    let sql = "SELECT policy_id, COUNT(*) FROM apps WHERE org_id = $1 AND policy_id IS NOT NULL GROUP BY policy_id";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter()
        .map(|row| {
            let count: i64 = row.get(1)?;
            Ok((row.get(0)?, u64::try_from(count).unwrap_or(0)))
        })
        .collect()
}

/// The apps that name a policy, by label, a bounded few.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_apps_of_policy(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &PolicyId,
    limit: i64,
) -> Result<Vec<(AppId, String)>, DatabaseFault> {
    let sql = "SELECT id, label FROM apps WHERE org_id = $1 AND policy_id = $2 ORDER BY label_key LIMIT $3";
    let rows = tx.query(sql, params![org_id, id, limit]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// The apps that a policy governs, by id behind that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_governed_apps(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &PolicyId,
    after: &str,
    limit: i64,
) -> Result<Vec<AppId>, DatabaseFault> {
    let sql =
        "SELECT id FROM apps WHERE org_id = $1 AND policy_id = $2 AND id > $3 ORDER BY id LIMIT $4";
    let rows = tx.query(sql, params![org_id, id, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
