//! What the tables `custom_roles` and `resource_sets` have in common: something that an org calls by a label of its own.

use crate::access::custom::{Labelled, Named};
use crate::person::profile::fold;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use std::fmt::Display;
use vocab::id::{CustomRoleId, OrgId, ResourceSetId};
use vocab::value::FromValue;

/// The statements on one of the tables.
#[derive(Debug)]
pub struct Statements {
    all: &'static str,
    one: &'static str,
    insert: &'static str,
    update: &'static str,
}

macro_rules! statements {
    ($table:literal) => {
        Statements {
            all: concat!(
                "SELECT id, label, description, created_at, updated_at FROM ",
                $table,
                " WHERE org_id = $1 ORDER BY label_key"
            ),
            one: concat!(
                "SELECT id, label, description, created_at, updated_at FROM ",
                $table,
                " WHERE org_id = $1 AND id = $2"
            ),
            insert: concat!(
                "INSERT INTO ",
                $table,
                " (org_id, id, label, label_key, description, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)"
            ),
            update: concat!(
                "UPDATE ",
                $table,
                " SET label = $3, label_key = $4, description = $5, updated_at = $6 \
                 WHERE org_id = $1 AND id = $2"
            ),
        }
    };
}

/// The id of what has a label: it tells which table is meant.
pub trait LabelledId: FromValue + Display + TryFrom<String> + Clone + PartialEq + Sync {
    /// The statements on the table.
    const STATEMENTS: Statements;
}

impl LabelledId for CustomRoleId {
    const STATEMENTS: Statements = statements!("custom_roles");
}

impl LabelledId for ResourceSetId {
    const STATEMENTS: Statements = statements!("resource_sets");
}

fn read<Id: LabelledId>(row: &Row) -> Result<Labelled<Id>, DatabaseFault> {
    Ok(Labelled {
        id: row.get(0)?,
        named: Named {
            label: row.get(1)?,
            description: row.get(2)?,
        },
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

/// Every one of an org by label; there are at most [`ROLES_MAX`](crate::access::custom::ROLES_MAX) roles and
/// [`SETS_MAX`](crate::access::custom::SETS_MAX) sets.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_all<Id: LabelledId>(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<Labelled<Id>>, DatabaseFault> {
    let rows = tx.query(Id::STATEMENTS.all, params![org]).await?;
    rows.iter().map(read).collect()
}

/// The one of that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load<Id: LabelledId>(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &Id,
) -> Result<Option<Labelled<Id>>, DatabaseFault> {
    let values = params![org, id.to_string()];
    let row = tx.query_optional(Id::STATEMENTS.one, values).await?;
    row.as_ref().map(read).transpose()
}

/// Adds one. The row of the org is locked, and the label was compared with those that there are.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn insert<Id: LabelledId>(
    tx: &mut WriteTx,
    org: &OrgId,
    added: &Labelled<Id>,
) -> Result<(), DatabaseFault> {
    let named = &added.named;
    let values = params![
        org,
        added.id.to_string(),
        &named.label,
        fold(&named.label),
        &named.description,
        added.created_at,
        added.updated_at
    ];
    let inserted = tx.execute(Id::STATEMENTS.insert, values).await;
    inserted.map(|_| ())
}

/// Changes label and description; false if there is no such one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn update<Id: LabelledId>(
    tx: &mut WriteTx,
    org: &OrgId,
    changed: &Labelled<Id>,
) -> Result<bool, DatabaseFault> {
    let named = &changed.named;
    let values = params![
        org,
        changed.id.to_string(),
        &named.label,
        fold(&named.label),
        &named.description,
        changed.updated_at
    ];
    Ok(tx.execute(Id::STATEMENTS.update, values).await? == 1)
}
