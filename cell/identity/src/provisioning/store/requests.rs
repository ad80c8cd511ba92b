//! The table `provisioning_requests`.

use crate::provisioning::requests::{KEPT_MAX, Request};
use crate::provisioning::store::Key;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::time::Timestamp;

/// Requests with smaller numbers than that, the newest first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_page(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    before: i64,
    limit: i64,
) -> Result<Vec<Request>, DatabaseFault> {
    let sql = "SELECT number, at, subject, method, path, status, took_ms, trouble, answer FROM provisioning_requests \
               WHERE org_id = $1 AND app_id = $2 AND number < $3 ORDER BY number DESC LIMIT $4";
    let rows = tx.query(sql, params![org, app, before, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Request {
                number: row.get(0)?,
                at: row.get(1)?,
                subject: row.get(2)?,
                method: row.get(3)?,
                path: row.get(4)?,
                status: row.get(5)?,
                took_ms: row.get(6)?,
                trouble: row.get(7)?,
                answer: row.get(8)?,
            })
        })
        .collect()
}

/// Adds requests, and forgets those of the app that are too many.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn append(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    requests: &[Request],
) -> Result<(), DatabaseFault> {
    let count = i64::try_from(requests.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let sql = "UPDATE provisioning_connections SET requests = requests + $3 WHERE org_id = $1 AND app_id = $2 \
               RETURNING requests";
    let rows = tx.query(sql, params![org, app, count]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let last: i64 = row.get(0)?;
    let sql = "INSERT INTO provisioning_requests (org_id, app_id, number, at, subject, method, path, status, took_ms, \
               trouble, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    for (number, request) in (last - count + 1..).zip(requests) {
        let values = params![
            org,
            app,
            number,
            request.at,
            &request.subject,
            &request.method,
            &request.path,
            request.status,
            request.took_ms,
            request.trouble.clone(),
            request.answer.clone()
        ];
        tx.execute(sql, values).await?;
    }
    let sql =
        "DELETE FROM provisioning_requests WHERE org_id = $1 AND app_id = $2 AND number <= $3";
    tx.execute(sql, params![org, app, last - KEPT_MAX]).await?;
    Ok(())
}

/// Forgets requests that were made before a moment: at most so many. Orgs that are closed are passed over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_before(
    tx: &mut WriteTx,
    before: Timestamp,
    limit: i64,
) -> Result<u64, DatabaseFault> {
    let sql = "DELETE FROM provisioning_requests WHERE (org_id, app_id, number) IN ( \
               SELECT org_id, app_id, number FROM provisioning_requests WHERE at < $1 \
               AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY at, org_id, app_id, number LIMIT $2)";
    tx.execute(sql, params![before, limit]).await
}
