//! Commands of an administrator, through the management API of a running server.

pub mod app;
pub mod group;
pub mod log;
pub mod policy;
mod print;
pub mod token;
pub mod user;

use crate::options::admin::{Asking, Sure};
use anyhow::Context as _;
use client::groups::Group;
use client::{Client, ClientError, Settings};
use std::env::{self, VarError};

/// Where the text of the token is, unless it is in a file.
const TOKEN: &str = "TESTUDO_TOKEN";

/// A client of what the options say.
fn client_of(asking: &Asking) -> anyhow::Result<Client> {
    let token = match (&asking.token_file, env::var(TOKEN)) {
        (Some(path), _) => std::fs::read_to_string(path).with_context(|| {
            format!("the file of the token, {}, cannot be read", path.display())
        })?,
        (None, Ok(token)) => token,
        (None, Err(VarError::NotPresent)) => anyhow::bail!(
            "there is no API token: make one under Settings, API tokens, and put it into the variable {TOKEN} or into a file that \
             --token-file names"
        ),
        (None, Err(error)) => anyhow::bail!("{TOKEN}: {error}"),
    };
    anyhow::ensure!(!token.trim().is_empty(), "the API token is empty");
    let settings = Settings {
        url: asking.url.clone(),
        org: asking.org.clone(),
        token,
        roots: asking.roots.clone(),
    };
    Ok(Client::new(&settings)?)
}

/// Refuses what cannot be undone unless it was said to be meant.
fn ensure_sure(sure: Sure, what: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        sure.yes,
        "{what} would be gone for good: say --yes if that is meant"
    );
    Ok(())
}

/// The group of that id or name.
async fn find_group(client: &Client, named: &str) -> anyhow::Result<Group> {
    match client.group(named).await {
        Ok(group) => return Ok(group),
        Err(ClientError::Refused(refusal)) if refusal.status.as_u16() == 404 => {}
        Err(error) => return Err(error.into()),
    }
    let found = client.group_named(named).await?;
    found.with_context(|| {
        format!("no group has the id or the name {named:?}; `testudo group list` shows them")
    })
}
