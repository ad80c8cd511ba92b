//! The table `pulses`.

#[cfg(test)]
use database::ReadTx;
use database::{DatabaseFault, WriteTx, params};

/// Writes a row and removes it again.
///
/// # Errors
/// The store's fault.
pub async fn beat(tx: &mut WriteTx, key: &str) -> Result<(), DatabaseFault> {
    tx.execute("INSERT INTO pulses (id) VALUES ($1)", params![key])
        .await?;
    tx.execute("DELETE FROM pulses WHERE id = $1", params![key])
        .await
        .map(|_| ())
}

#[cfg(test)]
pub(super) async fn count(tx: &mut ReadTx) -> Result<i64, DatabaseFault> {
    let row = tx
        .query_optional("SELECT COUNT(*) FROM pulses", params![])
        .await?;
    row.map_or(Ok(0), |row| row.get(0))
}

#[cfg(test)]
pub(super) async fn remove_table(tx: &mut WriteTx) -> Result<(), DatabaseFault> {
    tx.execute("DROP TABLE pulses", params![]).await.map(|_| ())
}
