//! What an operator declares in one document: read, compared with what is there, and made so.
//!
//! It adds and changes what the document names and never removes anything. Applying it twice changes nothing.

mod apply;
mod apply_apps;
mod apply_people;
mod apply_policies;
mod difference;
pub mod document;
pub mod offline;
mod origins;
pub mod parse;
pub mod plan;
pub mod plan_apps;
pub mod plan_policies;
pub mod problem;
pub mod progress;
pub mod report;
pub mod secret;
#[cfg(test)]
pub(crate) mod tests;
pub mod types;

use crate::declaration::document::Document;
use crate::declaration::problem::{DeclarationError, Problem, Unfinished};
use crate::declaration::progress::Progress;
use crate::declaration::report::Report;
use crate::declaration::secret::Secrets;
use identity::cell::Cell;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::secret::Secret;

/// Whether a declaration is only compared, or carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Say what would change.
    Plan,
    /// Change it.
    Apply,
}

/// A document that holds together, with its secrets.
pub struct Declaration {
    /// As it was written.
    pub text: Secret<String>,
    /// What it says.
    pub document: Document,
    /// The secrets that it names.
    pub secrets: Secrets,
}

impl Declaration {
    /// Reads a document whose secrets are known.
    ///
    /// # Errors
    /// [`Problem`] with line and column.
    pub fn parse(text: Secret<String>, secrets: Secrets) -> Result<Self, Problem> {
        let document = parse::parse_document(text.expose())?;
        secrets.check_lasting(&document)?;
        Ok(Self {
            text,
            document,
            secrets,
        })
    }
}

/// Reads and checks a document, and fetches its secrets from the environment and the files of this process.
///
/// # Errors
/// [`DeclarationError`] with line and column.
pub fn load(path: &Path) -> Result<Declaration, DeclarationError> {
    let read = || {
        let text = parse::load_text(path)?;
        let document = parse::parse_document(text.expose())?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let secrets = Secrets::fetch(&document, folder);
        secrets.check_lasting(&document)?;
        Ok(Declaration {
            text,
            document,
            secrets,
        })
    };
    read().map_err(|problem: Problem| problem.of_file(path))
}

/// Compares the cell with the declaration and, to apply it, makes what differs; `base_url` is where invitations lead.
/// Tells what differed.
///
/// # Errors
/// [`Unfinished`] with the first thing that was refused, and what was made before.
#[boxed]
pub async fn run(
    cell: &Cell,
    declaration: Declaration,
    mode: Mode,
    base_url: &str,
    progress: &Progress,
) -> Result<Report, Unfinished> {
    let Declaration {
        document, secrets, ..
    } = declaration;
    let secrets = Arc::new(secrets);
    let mut report = Report::default();
    progress.begin(document.things());
    for org in document.orgs {
        let errand = apply::Errand {
            cell,
            mode,
            base_url,
            secrets: &secrets,
            progress,
        };
        if let Err(problem) = apply::apply_org(&errand, org, &mut report).await {
            let made = match mode {
                Mode::Plan => Report::default(),
                Mode::Apply => report,
            };
            return Err(Unfinished { problem, made });
        }
    }
    Ok(report)
}

/// The JSON schema of a document.
#[must_use]
pub fn render_schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}
