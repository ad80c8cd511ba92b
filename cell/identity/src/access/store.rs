//! Who has a role of whatever kind by themselves: of several tables together.

use database::{DatabaseFault, ReadTx, params};
use vocab::id::{OrgId, UserId};

/// People who have a role by themselves, by id, behind that one; so many at most. What comes of a group is told by the group.
pub(super) async fn load_assignees(
    tx: &mut ReadTx,
    org: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT a.id FROM (SELECT id FROM (SELECT DISTINCT user_id AS id FROM administrators \
               WHERE org_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3) b \
               UNION SELECT id FROM (SELECT DISTINCT holder_id AS id FROM narrowed_roles \
               WHERE org_id = $1 AND holder_kind = 'USER' AND holder_id > $2 ORDER BY holder_id LIMIT $3) c \
               UNION SELECT id FROM (SELECT DISTINCT member_id AS id FROM role_bindings \
               WHERE org_id = $1 AND member_kind = 'USER' AND member_id > $2 ORDER BY member_id LIMIT $3) d) a \
               ORDER BY a.id LIMIT $3";
    let rows = tx.query(sql, params![org, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
