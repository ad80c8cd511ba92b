//! The table `device_grants`. A code is answered once and redeemed once: both are conditions of an UPDATE.

use crate::grant::{GrantDocument, Grantor};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use identity::fault::Fault;
use vocab::id::{AppId, DeviceGrantId, OrgId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

/// Where a device grant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStatus {
    /// Nobody has answered.
    Pending,
    /// A person said yes.
    Approved,
    /// A person said no.
    Denied,
    /// The device has its tokens.
    Redeemed,
}

impl DeviceStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Redeemed];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
        }
    }
}

/// A device grant as it is stored.
#[derive(Debug, Clone)]
pub struct DeviceGrant {
    /// Its id.
    pub id: DeviceGrantId,
    /// The server.
    pub server: String,
    /// The app.
    pub app: AppId,
    /// The scopes that were asked for, separated by spaces.
    pub scope: String,
    /// Where it stands.
    pub status: DeviceStatus,
    /// Who said yes.
    pub grantor: Option<Grantor>,
    /// What was granted.
    pub grant: Option<GrantDocument>,
    /// The address that the device asked from, or empty.
    pub address: String,
    /// How long the device must wait between questions.
    pub interval_secs: i64,
    /// When it asked last.
    pub last_poll_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn read(row: &Row) -> Result<DeviceGrant, Fault> {
    let status: String = row.get(4)?;
    let (user, epoch, session): (Option<UserId>, Option<i64>, Option<SessionId>) =
        (row.get(5)?, row.get(6)?, row.get(7)?);
    let grant: Option<String> = row.get(8)?;
    let grantor = match (user, epoch, session) {
        (Some(user), Some(epoch), Some(session)) => Some(Grantor {
            user,
            epoch,
            session,
        }),
        _ => None,
    };
    Ok(DeviceGrant {
        id: row.get(0)?,
        server: row.get(1)?,
        app: row.get(2)?,
        scope: row.get(3)?,
        status: DeviceStatus::ALL
            .into_iter()
            .find(|known| known.as_str() == status)
            .ok_or_else(|| Fault::stored("status of a device grant", &status))?,
        grantor,
        grant: grant.as_deref().map(GrantDocument::parse).transpose()?,
        address: row.get(9)?,
        interval_secs: row.get(10)?,
        last_poll_at: row.get(11)?,
        expires_at: row.get(12)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, server_id, app_id, scope, status, user_id, user_epoch, session_id, grant_document, address, ",
            "interval_secs, last_poll_at, expires_at FROM device_grants ",
            $rest
        )
    };
}

/// Stores a new grant under the hashes of its device code and user code; false if the user code is in use.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    grant: &DeviceGrant,
    (device, user): (SecretHash, SecretHash),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO device_grants (org_id, id, device_hash, user_code_hash, server_id, app_id, scope, status, \
               address, interval_secs, last_poll_at, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
               ON CONFLICT (org_id, user_code_hash) DO NOTHING";
    let values = [
        Value::from(org),
        Value::from(&grant.id),
        Value::from(device),
        Value::from(user),
        Value::from(&grant.server),
        Value::from(&grant.app),
        Value::from(&grant.scope),
        Value::from(grant.status.as_str()),
        Value::from(&grant.address),
        Value::from(grant.interval_secs),
        Value::from(grant.last_poll_at),
        Value::from(now),
        Value::from(grant.expires_at),
    ];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// The grant of a user code.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_by_user_code(
    tx: &mut ReadTx,
    org: &OrgId,
    hash: &SecretHash,
) -> Result<Option<DeviceGrant>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND user_code_hash = $2"),
            params![org, hash],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The grant of a device code.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_by_device_code(
    tx: &mut ReadTx,
    org: &OrgId,
    hash: &SecretHash,
) -> Result<Option<DeviceGrant>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND device_hash = $2"),
            params![org, hash],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Takes back what a person has said yes to for an app, where the device has not fetched it yet.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn withdraw(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    (app, server): (&AppId, &str),
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE device_grants SET status = 'denied' WHERE org_id = $1 AND user_id = $2 AND app_id = $3 \
               AND server_id = $4 AND status = 'approved'";
    tx.execute(sql, params![org, user, app, server])
        .await
        .map(|_| ())
}

/// Writes the person's answer; false if it was answered before or has expired.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn answer(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &DeviceGrantId,
    status: DeviceStatus,
    grantor: &Grantor,
    grant: &GrantDocument,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE device_grants SET status = $1, user_id = $2, user_epoch = $3, session_id = $4, \
               grant_document = $5 WHERE org_id = $6 AND id = $7 AND status = 'pending' AND expires_at > $8";
    let values = params![
        status.as_str(),
        &grantor.user,
        grantor.epoch,
        &grantor.session,
        grant.render()?,
        org,
        id,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes that the device asked, and how long it must wait from now on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_poll(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &DeviceGrantId,
    interval_secs: i64,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE device_grants SET last_poll_at = $1, interval_secs = $2 WHERE org_id = $3 AND id = $4";
    tx.execute(sql, params![now, interval_secs, org, id])
        .await
        .map(|_| ())
}

/// Redeems an approved grant; false if it was redeemed before or has expired.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn redeem(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &DeviceGrantId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE device_grants SET status = 'redeemed', last_poll_at = $1 \
               WHERE org_id = $2 AND id = $3 AND status = 'approved' AND expires_at > $1";
    Ok(tx.execute(sql, params![now, org, id]).await? == 1)
}
