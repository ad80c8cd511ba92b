//! `testudo recover`: a link that lets a person back in whom nobody else can help.

use crate::options::Recover;
use database::Location;
use std::io::Write as _;
use std::process::ExitCode;

/// Makes the link and prints it.
///
/// # Errors
/// Whatever keeps it from being made, with what to do.
pub async fn run(recover: Recover) -> anyhow::Result<ExitCode> {
    let location = match recover.store.store {
        Some(url) => Location::Postgres { url: url.into() },
        None => {
            let path = recover.store.data.join("testudo.db");
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
        recover.origin.as_str(),
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
