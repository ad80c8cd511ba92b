//! The table `user_types`, what `attribute_schemas` has of types, and of which type people are.

use crate::attribute_schema::store::parse_attributes;
use crate::fault::{Fault, Refusal};
use crate::org::settings::OrgSettings;
use crate::user_type::schemas::{OrgSchemas, TypeSchema};
use crate::user_type::{DEFAULT_NAME, UserType, id_of};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::{OrgId, UserId, UserTypeId};

fn read(row: &Row) -> Result<UserType, DatabaseFault> {
    let org_id: OrgId = row.get(0)?;
    let (key, name): (UserTypeId, String) = (row.get(1)?, row.get(2)?);
    // No other type has that name.
    let key = (name != DEFAULT_NAME).then_some(key);
    Ok(UserType {
        org_id,
        key,
        name,
        display_name: row.get(3)?,
        description: row.get(4)?,
        created_by: row.get(5)?,
        updated_by: row.get(6)?,
        revision: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, name, display_name, description, created_by, updated_by, revision, created_at, updated_at ",
            "FROM user_types ",
            $rest
        )
    };
}

/// What is stored of the types of an org, the oldest first: few, and not always the one that every org has.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn load_all(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<UserType>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 ORDER BY created_at, id");
    let rows = tx.query(sql, params![org]).await?;
    rows.iter().map(read).collect()
}

/// What is stored of a type.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    key: Option<&UserTypeId>,
) -> Result<Option<UserType>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND id = $2");
    let row = tx
        .query_optional(sql, params![org, id_of(org, key)])
        .await?;
    row.as_ref().map(read).transpose()
}

/// Holds a type alone until the end of the transaction, so that nobody becomes one of it meanwhile; false if the org has none such.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn hold(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &UserTypeId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM user_types WHERE org_id = $1 AND id = $2 AND name <> $3 FOR UPDATE";
    let values = params![org, key, DEFAULT_NAME];
    Ok(tx.query_optional(sql, values).await?.is_some())
}

/// Holds a type beside others who make somebody one of it, and beside a change of its words: it is neither removed meanwhile, nor are its
/// attributes changed; false if the org has none such.
async fn hold_with_others(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &UserTypeId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM user_types WHERE org_id = $1 AND id = $2 AND name <> $3 FOR KEY SHARE";
    let values = params![org, key, DEFAULT_NAME];
    Ok(tx.query_optional(sql, values).await?.is_some())
}

/// Holds the type that somebody is to be of; nothing is held of the one that every org has.
///
/// # Errors
/// [`Refusal::Invalid`] for a type that the org does not have.
pub(crate) async fn hold_type(
    tx: &mut WriteTx,
    org: &OrgId,
    key: Option<&UserTypeId>,
) -> Result<(), Refusal> {
    let Some(key) = key else {
        return Ok(());
    };
    match hold_with_others(tx, org, key).await? {
        true => Ok(()),
        false => Err(Refusal::invalid(
            "type.id",
            "there is no such type of people",
        )),
    }
}

/// Makes somebody one of a type, which the org has. The type is held until the end of the transaction: it is not removed before somebody is
/// one of it.
///
/// # Errors
/// [`Refusal::Invalid`] for a type that the org does not have.
pub(crate) async fn put_type_of(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    key: Option<&UserTypeId>,
) -> Result<(), Refusal> {
    hold_type(tx, org, key).await?;
    let sql = "UPDATE users SET type_id = $1 WHERE org_id = $2 AND id = $3";
    tx.execute(sql, params![key, org, user]).await?;
    Ok(())
}

/// Stores a type as it is now, if nobody changed it since it was read; a revision of zero is of one of which nothing was stored.
///
/// # Errors
/// [`Refusal::Changed`] if somebody did, [`Refusal::Taken`] for the name of another one.
pub(super) async fn put(tx: &mut WriteTx, user_type: &UserType) -> Result<(), Refusal> {
    let id = user_type.id();
    let stored = if user_type.revision == 0 {
        let sql = "INSERT INTO user_types (org_id, id, name, display_name, description, created_by, updated_by, revision, \
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9) ON CONFLICT (org_id, id) DO NOTHING";
        let values = params![
            &user_type.org_id,
            id,
            &user_type.name,
            &user_type.display_name,
            &user_type.description,
            user_type.created_by.as_ref(),
            user_type.updated_by.as_ref(),
            user_type.created_at,
            user_type.updated_at
        ];
        tx.execute(sql, values).await
    } else {
        let sql = "UPDATE user_types SET display_name = $3, description = $4, updated_by = $5, updated_at = $6, \
                   revision = revision + 1 WHERE org_id = $1 AND id = $2 AND revision = $7";
        let values = params![
            &user_type.org_id,
            id,
            &user_type.display_name,
            &user_type.description,
            user_type.updated_by.as_ref(),
            user_type.updated_at,
            user_type.revision
        ];
        tx.execute(sql, values).await
    };
    match stored {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Removes a type that nobody is of; false if somebody is. The caller holds it: whoever was about to make somebody one of it came before,
/// or finds it gone.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn delete_unused(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &UserTypeId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM user_types WHERE org_id = $1 AND id = $2 \
               AND NOT EXISTS (SELECT 1 FROM users u WHERE u.org_id = $1 AND u.type_id = $2)";
    Ok(tx.execute(sql, params![org, key]).await? == 1)
}

/// The attributes of all types of an org, by one statement.
///
/// # Errors
/// [`Fault`] if they cannot be read.
pub(crate) async fn load_schemas(tx: &mut ReadTx, org: &OrgId) -> Result<OrgSchemas, Fault> {
    // The owners between these two are the types.
    let sql = "SELECT o.settings, s.owner, s.attributes FROM orgs o LEFT JOIN attribute_schemas s ON s.org_id = o.id \
               AND s.owner >= 'oty' AND s.owner < 'otz' WHERE o.id = $1 ORDER BY s.owner";
    let rows = tx.query(sql, params![org]).await?;
    let Some(first) = rows.first() else {
        return Ok(OrgSchemas::default());
    };
    let settings: String = first.get(0)?;
    let settings: OrgSettings = serde_json::from_str(&settings)
        .map_err(|error| Fault::stored("settings of an org", &error))?;
    let mut of_types = Vec::new();
    for row in &rows {
        let (Some(key), Some(attributes)) = (row.get(1)?, row.get::<Option<String>>(2)?) else {
            continue;
        };
        of_types.push(TypeSchema {
            key,
            attributes: parse_attributes(&attributes)?,
        });
    }
    Ok(OrgSchemas {
        of_default: settings.profile_schema,
        of_types,
    })
}
