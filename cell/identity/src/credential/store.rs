//! The tables of credentials: `passwords`, `password_history`, `passkeys`, `totp_factors`, `recovery_codes` and
//! `one_time_codes`.

use crate::org::settings::Aaguid;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::{OneTimeCodeId, OrgId, PasskeyId, TotpId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

/// A stored password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The hash with its parameters.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
    /// Whether the next sign-in must replace it.
    pub must_change: bool,
}

/// The password of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_password(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<StoredPassword>, DatabaseFault> {
    let sql =
        "SELECT hash, changed_at, must_change FROM passwords WHERE org_id = $1 AND user_id = $2";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map(|row| {
        Ok(StoredPassword {
            hash: row.get(0)?,
            changed_at: row.get(1)?,
            must_change: row.get(2)?,
        })
    })
    .transpose()
}

/// Sets the password of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn put_password(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    password: &StoredPassword,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO passwords (org_id, user_id, hash, changed_at, must_change) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (org_id, user_id) DO UPDATE SET hash = EXCLUDED.hash, changed_at = EXCLUDED.changed_at, \
               must_change = EXCLUDED.must_change";
    let values = params![
        org_id,
        user_id,
        &password.hash,
        password.changed_at,
        password.must_change
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Replaces the hash by one of the same password, if it is still the one that was verified.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn replace_hash(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    old: &str,
    new: &str,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE passwords SET hash = $1 WHERE org_id = $2 AND user_id = $3 AND hash = $4";
    tx.execute(sql, params![new, org_id, user_id, old])
        .await
        .map(|_| ())
}

/// Takes the password away; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_password(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM passwords WHERE org_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![org_id, user_id]).await? == 1)
}

/// The newest former hashes of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_history(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
    limit: i64,
) -> Result<Vec<String>, DatabaseFault> {
    let sql = "SELECT hash FROM password_history WHERE org_id = $1 AND user_id = $2 \
               ORDER BY replaced_at DESC LIMIT $3";
    let rows = tx.query(sql, params![org_id, user_id, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Keeps a former hash, and no more than the newest `keep` of them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_history(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hash: &str,
    now: Timestamp,
    keep: i64,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO password_history (org_id, user_id, replaced_at, hash) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, user_id, replaced_at) DO NOTHING";
    tx.execute(sql, params![org_id, user_id, now, hash]).await?;
    let sql = "DELETE FROM password_history WHERE org_id = $1 AND user_id = $2 AND replaced_at NOT IN \
               (SELECT replaced_at FROM password_history WHERE org_id = $1 AND user_id = $2 \
               ORDER BY replaced_at DESC LIMIT $3)";
    tx.execute(sql, params![org_id, user_id, keep])
        .await
        .map(|_| ())
}

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

/// A stored TOTP authenticator.
#[derive(Debug, Clone)]
pub struct StoredTotp {
    /// Its id.
    pub id: TotpId,
    /// The seed, sealed under the org's key.
    pub sealed_seed: Vec<u8>,
    /// When the person proved to hold it.
    pub confirmed_at: Option<Timestamp>,
    /// The last time step that was accepted.
    pub last_step: i64,
    /// When its enrolment began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// The TOTP authenticators of a person: a confirmed one, and one that is being enrolled.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_totp(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<StoredTotp>, DatabaseFault> {
    let sql = "SELECT id, sealed_seed, confirmed_at, last_step, created_at, last_used_at FROM totp_factors \
               WHERE org_id = $1 AND user_id = $2 ORDER BY created_at, id";
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredTotp {
                id: row.get(0)?,
                sealed_seed: row.get(1)?,
                confirmed_at: row.get(2)?,
                last_step: row.get(3)?,
                created_at: row.get(4)?,
                last_used_at: row.get(5)?,
            })
        })
        .collect()
}

/// Begins an enrolment; an unfinished one of that person is dropped.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_pending_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    totp: &StoredTotp,
) -> Result<(), DatabaseFault> {
    delete_pending_totp(tx, org_id, user_id).await?;
    let sql = "INSERT INTO totp_factors (org_id, id, user_id, sealed_seed, last_step, created_at) \
               VALUES ($1, $2, $3, $4, 0, $5)";
    let values = params![
        org_id,
        &totp.id,
        user_id,
        totp.sealed_seed.clone(),
        totp.created_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Drops an unfinished enrolment of that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_pending_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql =
        "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2 AND confirmed_at IS NULL";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}

/// Confirms an enrolment with the step that proved it, and drops the authenticator that it replaces.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn confirm_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &TotpId,
    step: i64,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE totp_factors SET confirmed_at = $1, last_step = $2, last_used_at = $1 \
               WHERE org_id = $3 AND user_id = $4 AND id = $5 AND confirmed_at IS NULL";
    if tx
        .execute(sql, params![now, step, org_id, user_id, id])
        .await?
        != 1
    {
        return Ok(false);
    }
    let sql = "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2 AND id <> $3";
    tx.execute(sql, params![org_id, user_id, id]).await?;
    Ok(true)
}

/// Accepts a time step once: false if that step or a later one was accepted before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn use_totp_step(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &TotpId,
    step: i64,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE totp_factors SET last_step = $1, last_used_at = $2 \
               WHERE org_id = $3 AND id = $4 AND confirmed_at IS NOT NULL AND last_step < $1";
    Ok(tx.execute(sql, params![step, now, org_id, id]).await? == 1)
}

/// Removes every TOTP authenticator of a person; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![org_id, user_id]).await? > 0)
}

/// Replaces the recovery codes of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn replace_recovery_codes(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hashes: &[SecretHash],
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    tx.execute(
        "DELETE FROM recovery_codes WHERE org_id = $1 AND user_id = $2",
        params![org_id, user_id],
    )
    .await?;
    for hash in hashes {
        let sql = "INSERT INTO recovery_codes (org_id, user_id, code_hash, created_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, params![org_id, user_id, hash, now]).await?;
    }
    Ok(())
}

/// How many recovery codes a person has left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_recovery_codes(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// When the recovery codes that a person has left were made; none if there are none left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_recovery_codes_made(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<Timestamp>, DatabaseFault> {
    let sql = "SELECT MIN(created_at) FROM recovery_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map_or(Ok(None), |row| row.get(0))
}

/// Uses a recovery code once: false if it is unknown or was used.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn use_recovery_code(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE recovery_codes SET used_at = $1 \
               WHERE org_id = $2 AND user_id = $3 AND code_hash = $4 AND used_at IS NULL";
    Ok(tx.execute(sql, params![now, org_id, user_id, hash]).await? == 1)
}

/// A one-time code or link.
#[derive(Debug, Clone)]
pub struct OneTimeCode {
    /// Its id.
    pub id: OneTimeCodeId,
    /// For whom; none for the first administrator, who does not exist yet.
    pub user_id: Option<UserId>,
    /// What it opens.
    pub purpose: &'static str,
    /// The hash of the secret.
    pub hash: SecretHash,
    /// The sign-in that it belongs to, or empty.
    pub bound_to: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a code; unused ones of the same person and purpose end.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_one_time(
    tx: &mut WriteTx,
    org_id: &OrgId,
    code: &OneTimeCode,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let user = code.user_id.as_ref().map_or("", UserId::as_str);
    let sql = "DELETE FROM one_time_codes WHERE org_id = $1 AND COALESCE(user_id, '') = $2 AND purpose = $3";
    tx.execute(sql, params![org_id, user, code.purpose]).await?;
    let sql = "INSERT INTO one_time_codes (org_id, id, user_id, purpose, secret_hash, bound_to, attempts, created_at, \
               expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)";
    let values = params![
        org_id,
        &code.id,
        code.user_id.as_ref(),
        code.purpose,
        code.hash,
        &code.bound_to,
        now,
        code.expires_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Whom an unused link opens for, without using it: the person, or none for the first administrator.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    purpose: &str,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<Option<UserId>>, DatabaseFault> {
    let sql = "SELECT user_id FROM one_time_codes WHERE org_id = $1 AND purpose = $2 AND secret_hash = $3 \
               AND used_at IS NULL AND expires_at > $4";
    let row = tx
        .query_optional(sql, params![org_id, purpose, hash, now])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Uses a link once: the person it was for, or none for the first administrator; nothing if it is unknown, used or
/// has ended.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn use_link(
    tx: &mut WriteTx,
    org_id: &OrgId,
    purpose: &str,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<Option<UserId>>, DatabaseFault> {
    let sql = "UPDATE one_time_codes SET used_at = $1 WHERE org_id = $2 AND purpose = $3 AND secret_hash = $4 \
               AND used_at IS NULL AND expires_at > $1 RETURNING user_id";
    let row = tx
        .query_optional(sql, params![now, org_id, purpose, hash])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Counts an attempt at a short code, if it still lives and has attempts left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_attempt(
    tx: &mut WriteTx,
    org_id: &OrgId,
    bound_to: &str,
    purpose: &str,
    attempts_max: i64,
    now: Timestamp,
) -> Result<Option<SecretHash>, DatabaseFault> {
    let sql = "UPDATE one_time_codes SET attempts = attempts + 1 WHERE org_id = $1 AND bound_to = $2 \
               AND purpose = $3 AND used_at IS NULL AND expires_at > $4 AND attempts < $5 RETURNING secret_hash";
    let row = tx
        .query_optional(sql, params![org_id, bound_to, purpose, now, attempts_max])
        .await?;
    row.map(|row| row.get(0)).transpose()
}
