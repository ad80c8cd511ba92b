//! Rows that several grants write: opaque access tokens and refresh families.

use crate::grant::{GrantDocument, Grantor};
use crate::token::issue::StoredAccessToken;
use crate::token::refresh::decide::PresentedToken;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use identity::fault::Fault;
use vocab::id::{AppId, OrgId, RefreshFamilyId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

/// Stores an opaque access token.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_access_token(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &str,
    app: &AppId,
    token: &StoredAccessToken,
    expires_at: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO access_tokens (org_id, token_hash, server_id, app_id, claims, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![org, &token.hash, server, app, &token.claims, expires_at];
    tx.execute(sql, values).await.map(|_| ())
}

/// A refresh family as it is stored: all refresh tokens that descend from one grant.
#[derive(Debug, Clone)]
pub struct RefreshFamily {
    /// The org.
    pub org: OrgId,
    /// Its id, the first part of its tokens.
    pub id: RefreshFamilyId,
    /// The server that issued it.
    pub server: String,
    /// The app that it was issued to.
    pub app: AppId,
    /// Whose grant it is.
    pub grantor: Grantor,
    /// What was granted.
    pub grant: GrantDocument,
    /// The hash of the part that all tokens of the family share.
    pub member_hash: SecretHash,
    /// The hash of the latest token.
    pub token_hash: SecretHash,
    /// The hash of the one before it.
    pub previous_hash: Option<SecretHash>,
    /// With the previous token, gives the latest one again.
    pub salt: String,
    /// When the latest token was issued.
    pub rotated_at: Timestamp,
    /// When it ends unless used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
}

/// Stores a new family.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn insert_family(
    tx: &mut WriteTx,
    family: &RefreshFamily,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO refresh_families (org_id, id, server_id, app_id, user_id, user_epoch, session_id, \
               grant_document, member_hash, token_hash, salt, rotated_at, created_at, idle_expires_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14)";
    let values = [
        Value::from(&family.org),
        Value::from(&family.id),
        Value::from(&family.server),
        Value::from(&family.app),
        Value::from(&family.grantor.user),
        Value::from(family.grantor.epoch),
        Value::from(&family.grantor.session),
        Value::from(family.grant.render()?),
        Value::from(family.member_hash),
        Value::from(family.token_hash),
        Value::from(&family.salt),
        Value::from(now),
        Value::from(family.idle_expires_at),
        Value::from(family.expires_at),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The family of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_family(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &RefreshFamilyId,
) -> Result<Option<RefreshFamily>, Fault> {
    let sql = "SELECT org_id, id, server_id, app_id, user_id, user_epoch, session_id, grant_document, member_hash, \
               token_hash, previous_hash, salt, rotated_at, idle_expires_at, expires_at, revoked_at \
               FROM refresh_families WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org, id]).await?;
    row.as_ref().map(read_family).transpose()
}

fn read_family(row: &Row) -> Result<RefreshFamily, Fault> {
    let (user, epoch, session): (UserId, i64, SessionId) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let grant: String = row.get(7)?;
    Ok(RefreshFamily {
        org: row.get(0)?,
        id: row.get(1)?,
        server: row.get(2)?,
        app: row.get(3)?,
        grantor: Grantor {
            user,
            epoch,
            session,
        },
        grant: GrantDocument::parse(&grant)?,
        member_hash: row.get(8)?,
        token_hash: row.get(9)?,
        previous_hash: row.get(10)?,
        salt: row.get(11)?,
        rotated_at: row.get(12)?,
        idle_expires_at: row.get(13)?,
        expires_at: row.get(14)?,
        revoked_at: row.get(15)?,
    })
}

/// Puts the next token in the place of the presented one; false if the latest is another by now, or the family ended.
/// Whose family it is, and at which server, never changes: the caller has checked it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn rotate_family(
    tx: &mut WriteTx,
    org: &OrgId,
    presented: &PresentedToken,
    next: &Rotation,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE refresh_families SET previous_hash = token_hash, token_hash = $1, salt = $2, rotated_at = $3, \
               idle_expires_at = $4 WHERE org_id = $5 AND id = $6 AND token_hash = $7 AND revoked_at IS NULL \
               AND idle_expires_at > $3 AND expires_at > $3";
    let values = params![
        next.token_hash,
        &next.salt,
        now,
        next.idle_expires_at,
        org,
        &presented.family,
        presented.hash
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What changes in a family when its next token is issued.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The hash of the next token.
    pub token_hash: SecretHash,
    /// With the token before, gives the next one again.
    pub salt: String,
    /// When it ends unless used.
    pub idle_expires_at: Timestamp,
}

/// Ends a family; false if it had ended.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_family(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &RefreshFamilyId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND id = $3 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![now, org, id]).await? == 1)
}

/// Ends the families that came of one session of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_families_of_session(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    session: &SessionId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND session_id = $4 \
               AND revoked_at IS NULL";
    tx.execute(sql, params![now, org, user, session])
        .await
        .map(|_| ())
}

/// Ends the families of a person that did not come of this session.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_other_families(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    kept: &SessionId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND session_id <> $4 \
               AND revoked_at IS NULL";
    tx.execute(sql, params![now, org, user, kept])
        .await
        .map(|_| ())
}

/// Ends every family of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_families_of_person(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND revoked_at IS NULL";
    tx.execute(sql, params![now, org, user]).await.map(|_| ())
}

/// Ends the families that an app has of a person at a server.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_families_of_app(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    (app, server): (&AppId, &str),
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND app_id = $4 \
               AND server_id = $5 AND revoked_at IS NULL";
    tx.execute(sql, params![now, org, user, app, server])
        .await
        .map(|_| ())
}

/// Lets the families of one session go on into the person's present epoch.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn carry_families_over(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    kept: &SessionId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET user_epoch = (SELECT epoch FROM users WHERE org_id = $1 AND id = $2) \
               WHERE org_id = $1 AND user_id = $2 AND session_id = $3 AND revoked_at IS NULL";
    tx.execute(sql, params![org, user, kept]).await.map(|_| ())
}

/// Ends the families of a person that were granted before the person's present epoch.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_families_before_epoch(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND revoked_at IS NULL \
               AND user_epoch < (SELECT epoch FROM users WHERE org_id = $2 AND id = $3)";
    tx.execute(sql, params![now, org, user]).await.map(|_| ())
}

/// Notes that an access token is ended before its time.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn spend_access_token(
    tx: &mut WriteTx,
    org: &OrgId,
    token_id: &str,
    expires_at: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO spent_token_ids (org_id, kind, token_id, expires_at) VALUES ($1, 'access', $2, $3) \
               ON CONFLICT (org_id, kind, token_id) DO NOTHING";
    Ok(tx.execute(sql, params![org, token_id, expires_at]).await? == 1)
}

/// Whether an access token was ended before its time.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_access_token_spent(
    tx: &mut ReadTx,
    org: &OrgId,
    token_id: &str,
) -> Result<bool, DatabaseFault> {
    let sql =
        "SELECT 1 FROM spent_token_ids WHERE org_id = $1 AND kind = 'access' AND token_id = $2";
    Ok(tx
        .query_optional(sql, params![org, token_id])
        .await?
        .is_some())
}

/// The claims of an opaque access token that has not ended by time: (app, claims).
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_access_token(
    tx: &mut ReadTx,
    org: &OrgId,
    server: &str,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT claims FROM access_tokens WHERE org_id = $1 AND token_hash = $2 AND server_id = $3 \
               AND expires_at > $4";
    let row = tx
        .query_optional(sql, params![org, hash, server, now])
        .await?;
    row.map(|row| row.get(0)).transpose()
}
