//! What an operator declares in one document: read, compared with what is there, and made so.
//!
//! It adds and changes what the document names and never removes anything. Applying it twice changes nothing.

mod apply;
mod apply_apps;
pub mod document;
pub mod parse;
pub mod plan;
pub mod secret;
#[cfg(test)]
mod tests;

use crate::declaration::document::Document;
use crate::declaration::parse::ParseError;
use crate::declaration::secret::SecretError;
use identity::cell::Cell;
use identity::fault::Refusal;
use std::path::{Path, PathBuf};

/// Why a declaration was not applied, or not to its end. What was done before stays; a later start goes on.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// The document cannot be used; nothing was done.
    #[error("--bootstrap {}: {source}", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        source: ParseError,
    },
    /// One thing that it declares was refused.
    #[error("--bootstrap: {what}: {source}")]
    Refused {
        /// Which thing.
        what: String,
        /// Why.
        source: Refusal,
    },
    /// The password of a person was refused.
    #[error("--bootstrap: {what}: {reason}")]
    Password {
        /// Which person.
        what: String,
        /// Why.
        reason: String,
    },
    /// A bug: the task that made a person ended early.
    #[error("--bootstrap: a person could not be made: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A secret could not be had.
    #[error("--bootstrap: {what}: {source}")]
    Secret {
        /// Whose.
        what: String,
        /// Why.
        source: SecretError,
    },
}

/// Reads and checks a document.
///
/// # Errors
/// [`DeclarationError::Document`] with line and column.
pub fn load(path: &Path) -> Result<Document, DeclarationError> {
    parse::load_text(path)
        .and_then(|text| parse::parse_document(&text))
        .map_err(|source| DeclarationError::Document {
            path: path.to_owned(),
            source,
        })
}

/// Makes what the document declares; `base_url` is where invitations lead.
///
/// # Errors
/// [`DeclarationError`] naming the first thing that was refused.
pub async fn run(cell: &Cell, document: Document, base_url: &str) -> Result<(), DeclarationError> {
    for org in document.orgs {
        apply::apply_org(cell, org, base_url).await?;
    }
    Ok(())
}

/// The JSON schema of a document.
#[must_use]
pub fn render_schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}
