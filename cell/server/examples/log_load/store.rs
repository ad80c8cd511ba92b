//! What the store is asked behind the code that writes logs.

use database::{Database, DatabaseFault, params};
use vocab::id::OrgId;

/// How many rows have no words yet.
pub async fn count_bare(database: &Database, org: &OrgId) -> Result<i64, DatabaseFault> {
    const COUNT: &str = "SELECT h.seq - COALESCE(p.blocks_to, 0) FROM log_heads h
         LEFT JOIN log_word_places p ON p.org_id = h.org_id WHERE h.org_id = $1";
    let mut tx = database.read().await?;
    let row = tx.query_optional(COUNT, params![org]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}
