//! `testudo log`: `verify` walks every organisation's chain in the store; the others ask a running server.

use crate::admin;
use crate::home::{self, Home, STORE_FILE};
use crate::options::{Log, LogCommand, Store};
use database::{Database, Location};
use ledger::ChainVerdict;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs the command.
///
/// # Errors
/// Whatever keeps the store from being read.
pub async fn run(log: Log) -> anyhow::Result<ExitCode> {
    match log.command {
        LogCommand::Verify(store) => verify(store).await,
        LogCommand::List(options) => admin::log::list(options).await,
        LogCommand::Follow(options) => admin::log::follow(options).await,
    }
}

async fn verify(store: Store) -> anyhow::Result<ExitCode> {
    let location = match store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => {
            let data = store.data.display();
            anyhow::ensure!(
                home::find(&store.data)? != Home::Fleet,
                "{data} is the folder of a fleet: name the folder of a cell, such as {data}/cell-a; each organisation's log is \
                 proved in its cell, and the register's own by `testudo fleet verify`"
            );
            let path = store.data.join(STORE_FILE);
            anyhow::ensure!(
                path.exists(),
                "there is no store at {}; name its folder with --data",
                path.display()
            );
            Location::Sqlite { path }
        }
    };
    let database = Database::open(&location, &server::start::MIGRATIONS).await?;
    let mut tx = database.read().await?;
    let mut out = std::io::stdout().lock();
    let (mut after, mut broken) = (None, 0_u64);
    while let Some(org) = ledger::next_org(&mut tx, after.as_ref()).await? {
        match ledger::verify_chain(&mut tx, &org, None).await? {
            ChainVerdict::Whole(chain) => writeln!(out, "{org}: whole, {} rows", chain.rows)?,
            ChainVerdict::Broken(row) => {
                broken += 1;
                writeln!(out, "{org}: BROKEN at row {}: {}", row.seq, row.reason)?;
            }
        }
        after = Some(org);
    }
    if after.is_none() {
        writeln!(out, "there are no organisations, and so no logs")?;
    }
    drop((tx, out));
    database.close().await;
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
