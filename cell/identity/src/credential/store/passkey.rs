//! The table `passkeys`.

use crate::org::settings::Aaguid;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, PasskeyId, UserId};
use vocab::time::Timestamp;
use vocab::value::Value;

/// A stored passkey.
#[derive(Debug, Clone)]
pub struct StoredPasskey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// The authenticator's own id, base64url.
    pub credential_id: String,
    /// The host name that it is bound to.
    pub rp_id: String,
    /// Its name for the person.
    pub name: String,
    /// Public key and state, as the WebAuthn library keeps them.
    pub document: String,
    /// Whether it cannot leave its device; otherwise it is synced.
    pub device_bound: bool,
    /// The model of its authenticator, if that was proved when it was enrolled.
    pub attested_aaguid: Option<Aaguid>,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

fn read_passkey(row: &Row) -> Result<StoredPasskey, DatabaseFault> {
    Ok(StoredPasskey {
        id: row.get(0)?,
        user_id: row.get(1)?,
        credential_id: row.get(2)?,
        rp_id: row.get(3)?,
        name: row.get(4)?,
        document: row.get(5)?,
        device_bound: row.get(6)?,
        created_at: row.get(7)?,
        last_used_at: row.get(8)?,
        attested_aaguid: row
            .get::<Option<String>>(9)?
            .and_then(|text| Aaguid::parse(&text)),
    })
}

macro_rules! select_passkey {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, credential_id, rp_id, name, document, device_bound, created_at, last_used_at, ",
            "attested_aaguid FROM passkeys ",
            $rest
        )
    };
}

/// The passkeys of a person, oldest first; their number is bounded at enrolment.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_passkeys(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<StoredPasskey>, DatabaseFault> {
    let sql = select_passkey!("WHERE org_id = $1 AND user_id = $2 ORDER BY created_at, id");
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter().map(read_passkey).collect()
}

/// How many passkeys a person has.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_passkeys(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM passkeys WHERE org_id = $1 AND user_id = $2";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// The passkey with that credential id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_passkey(
    tx: &mut ReadTx,
    org_id: &OrgId,
    credential_id: &str,
) -> Result<Option<StoredPasskey>, DatabaseFault> {
    let sql = select_passkey!("WHERE org_id = $1 AND credential_id = $2");
    let row = tx
        .query_optional(sql, params![org_id, credential_id])
        .await?;
    row.as_ref().map(read_passkey).transpose()
}

/// Adds a passkey.
///
/// # Errors
/// [`DatabaseFault`]; a unique violation if the authenticator is enrolled already.
pub async fn insert_passkey(
    tx: &mut WriteTx,
    org_id: &OrgId,
    passkey: &StoredPasskey,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO passkeys (org_id, id, user_id, credential_id, rp_id, name, document, device_bound, \
               created_at, attested_aaguid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        Value::from(org_id),
        Value::from(&passkey.id),
        Value::from(&passkey.user_id),
        Value::from(&passkey.credential_id),
        Value::from(&passkey.rp_id),
        Value::from(&passkey.name),
        Value::from(&passkey.document),
        Value::from(passkey.device_bound),
        Value::from(passkey.created_at),
        Value::from(passkey.attested_aaguid.map(String::from)),
    ];
    tx.execute(sql, &values).await.map(|_| ())
}

/// Notes a use, with the state that the library wants kept; false if the passkey was removed meanwhile.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn update_passkey_use(
    tx: &mut WriteTx,
    org_id: &OrgId,
    passkey: &StoredPasskey,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE passkeys SET document = $1, last_used_at = $2 WHERE org_id = $3 AND id = $4";
    Ok(tx
        .execute(sql, params![&passkey.document, now, org_id, &passkey.id])
        .await?
        == 1)
}

/// Renames a passkey of that person; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn rename_passkey(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &PasskeyId,
    name: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE passkeys SET name = $1 WHERE org_id = $2 AND user_id = $3 AND id = $4";
    Ok(tx.execute(sql, params![name, org_id, user_id, id]).await? == 1)
}

/// Removes a passkey of that person; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_passkey(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &PasskeyId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM passkeys WHERE org_id = $1 AND user_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org_id, user_id, id]).await? == 1)
}

/// Removes every passkey of a person; returns how many there were.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_passkeys(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<u64, DatabaseFault> {
    tx.execute(
        "DELETE FROM passkeys WHERE org_id = $1 AND user_id = $2",
        params![org_id, user_id],
    )
    .await
}
