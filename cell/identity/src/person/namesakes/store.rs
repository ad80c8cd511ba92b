//! Who has a name in the table `users`, by its indexes of logins and of mail addresses.

use database::{DatabaseFault, ReadTx, params};
use vocab::id::{OrgId, UserId};

/// Whether it is the login or the mail address of somebody else.
pub(super) async fn is_anybodys(
    tx: &mut ReadTx,
    (org, user): (&OrgId, &UserId),
    key: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT id FROM users WHERE org_id = $1 AND login_key = $2 AND id <> $3 \
               UNION ALL SELECT id FROM users WHERE org_id = $1 AND email_key = $2 AND id <> $3 LIMIT 1";
    let found = tx.query_optional(sql, params![org, key, user]).await?;
    Ok(found.is_some())
}

/// Whether it is the login of somebody else.
pub(super) async fn is_a_login(
    tx: &mut ReadTx,
    (org, user): (&OrgId, &UserId),
    key: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT id FROM users WHERE org_id = $1 AND login_key = $2 AND id <> $3";
    let found = tx.query_optional(sql, params![org, key, user]).await?;
    Ok(found.is_some())
}
