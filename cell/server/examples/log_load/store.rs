//! What is done to the store behind the code that writes logs: its indexes go while it is filled, and come back as they were.

use database::{Database, DatabaseFault, params};
use vocab::id::OrgId;

/// The statements that make the indexes of the log, each with the name of its index: from the schema itself.
fn indexes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let statements = ledger::MIGRATION.sql.split(';').map(str::trim);
    statements.filter_map(|statement| {
        let rest = statement.strip_prefix("CREATE INDEX ")?;
        let name = rest.split_whitespace().next()?;
        name.starts_with("log_").then_some((name, statement))
    })
}

pub async fn drop_indexes(database: &Database) -> Result<(), DatabaseFault> {
    for (name, _) in indexes() {
        let statement: &'static str = Box::leak(format!("DROP INDEX {name}").into_boxed_str());
        run(database, statement).await?;
    }
    Ok(())
}

pub async fn create_indexes(database: &Database) -> Result<(), DatabaseFault> {
    for (_, statement) in indexes() {
        run(database, statement).await?;
    }
    Ok(())
}

async fn run(database: &Database, statement: &'static str) -> Result<(), DatabaseFault> {
    let done = database
        .write(move |tx| Box::pin(async move { tx.execute(statement, &[]).await.map(drop) }));
    done.await
}

/// How many rows have no words yet.
pub async fn count_bare(database: &Database, org: &OrgId) -> Result<i64, DatabaseFault> {
    const COUNT: &str = "SELECT h.seq - COALESCE(p.blocks_to, 0) FROM log_heads h
         LEFT JOIN log_word_places p ON p.org_id = h.org_id WHERE h.org_id = $1";
    let mut tx = database.read().await?;
    let row = tx.query_optional(COUNT, params![org]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}
