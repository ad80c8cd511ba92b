//! `testudo recover`: a link that lets a person back in whom nobody else can help.

use crate::home::{self, Home, STORE_FILE};
use crate::options::Recover;
use database::Location;
use server::recovery::Answering;
use std::io::Write as _;
use std::process::ExitCode;

/// Where a server of this machine is reached, unless somebody says otherwise.
const ORIGIN: &str = "http://localhost:8080";

/// Makes the link and prints it.
///
/// # Errors
/// Whatever keeps it from being made, with what to do.
pub async fn run(recover: Recover) -> anyhow::Result<ExitCode> {
    let data = recover.store.data;
    let (known, answering) = match home::find(&data)? {
        Home::Server => (None, Answering::OfServer),
        Home::Cell(mark) => (Some(mark.origin), Answering::OfCell),
        Home::Fleet => anyhow::bail!(
            "{data} is the folder of a fleet: name the folder of the cell that serves the organisation, such as {data}/cell-a; \
             `testudo org show {org}` says which cell it is",
            data = data.display(),
            org = recover.org.as_deref().unwrap_or("acme"),
        ),
    };
    let origin = recover.origin.or(known);
    let origin = origin.as_ref().map_or(ORIGIN, |origin| origin.as_str());
    let location = match recover.store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => {
            let path = data.join(STORE_FILE);
            anyhow::ensure!(
                path.exists(),
                "there is no store at {}; name its folder with --data",
                path.display()
            );
            Location::Sqlite { path }
        }
    };
    let link = server::recovery::make_link(
        &location,
        (origin, answering),
        recover.org.as_deref(),
        &recover.login,
    )
    .await?;
    writeln!(
        std::io::stdout().lock(),
        "By this link {} sets a new password within one hour. It works once; hand it over in person:\n  {}",
        recover.login,
        link.expose()
    )?;
    Ok(ExitCode::SUCCESS)
}
