//! Comparing a declaration with a data folder that no server uses at the moment. It changes nothing that is declared;
//! like any command on the folder it holds the lock and brings the tables up to this release.

use crate::config::{ConfigError, store_location};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::declaration::problem::Unfinished;
use crate::declaration::progress::Progress;
use crate::declaration::report::Report;
use crate::declaration::{Declaration, Mode, run};
use crate::start::{StartError, open_cell};
use std::path::Path;
use vocab::future::boxed;
use vocab::secret::Secret;

/// Why a folder could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The store is named wrongly.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StartError),
}

/// What applying the declaration would change; `None` where there is no data yet.
///
/// # Errors
/// [`OfflineError`] if the folder cannot be looked at.
#[boxed]
pub async fn plan(
    data: &Path,
    store: Option<&Secret<String>>,
    declaration: Declaration,
    progress: &Progress,
) -> Result<Option<Result<Report, Unfinished>>, OfflineError> {
    if !DataFolder::is_at(data) {
        return Ok(None);
    }
    let location = store_location(data, store)?;
    let folder = DataFolder::open(data)?;
    let cell = open_cell(&folder, &location).await?;
    // Nobody is invited by a plan, so there is no address to lead to.
    let report = run(&cell, declaration, Mode::Plan, "", progress).await;
    cell.database.close().await;
    Ok(Some(report))
}
