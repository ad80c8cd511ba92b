//! Fetches secrets from where the document says they are: always in the process of whoever brings the document, with
//! that caller's environment and rights, never in the server.

use crate::declaration::document::{Document, Name, SecretPlace, SecretSource};
use crate::declaration::problem::Problem;
use crate::declaration::report::{Kind, render_named};
use identity::api_token::operations::check_declared;
use identity::app::operations::check_declared_secret;
use identity::fault::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use vocab::secret::Secret;

/// Longest secret.
const SECRET_BYTES_MAX: u64 = 4096;

/// Where a secret was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The environment variable of that name.
    Env(String),
    /// The file of that path, as the document writes it.
    File(String),
}

/// The secrets of a document, or why they could not be had.
#[derive(Default)]
pub struct Secrets {
    found: HashMap<Origin, Result<Secret<String>, String>>,
}

impl Secrets {
    /// Secrets that another process has fetched.
    #[must_use]
    pub const fn brought(found: HashMap<Origin, Result<Secret<String>, String>>) -> Self {
        Self { found }
    }

    /// Looks for every secret that the document names; the paths of files are seen from `folder`. A secret that is not
    /// there is a problem only once it is needed: a password is needed once, at the beginning.
    #[must_use]
    pub fn fetch(document: &Document, folder: &Path) -> Self {
        let mut found = HashMap::new();
        for (_, _, source) in document.secrets() {
            if let Some(origin) = origin(&source.value) {
                found
                    .entry(origin)
                    .or_insert_with_key(|origin| fetch(origin, folder));
            }
        }
        Self { found }
    }

    /// Every secret and where it came from, to hand them on.
    pub fn all(&self) -> impl Iterator<Item = (&Origin, Result<&str, &str>)> {
        self.found.iter().map(|(origin, found)| {
            let found = found.as_ref().map(|secret| secret.expose().as_str());
            (origin, found.map_err(String::as_str))
        })
    }

    /// A secret of the thing.
    ///
    /// # Errors
    /// [`Problem`] that says where it was looked for.
    pub fn get(
        &self,
        kind: Kind,
        name: &Name,
        source: &SecretPlace,
    ) -> Result<Secret<String>, Problem> {
        let found = match (&source.value, origin(&source.value)) {
            (SecretSource::Clear(secret), _) => bounded(secret.clone()),
            (_, Some(origin)) => self
                .found
                .get(&origin)
                .cloned()
                .unwrap_or_else(|| Err(String::from("its secret was not brought along"))),
            (_, None) => Err(String::from("its secret was not brought along")),
        };
        found.map_err(|why| {
            Problem::at(
                source,
                format!("{}: {why}", render_named(kind, &name.value)),
            )
        })
    }

    /// Whether what every application of the document needs is there, in a shape that can be used: secrets that are
    /// compared with the present ones.
    ///
    /// # Errors
    /// [`Problem`] of the first that is not.
    pub fn check_lasting(&self, document: &Document) -> Result<(), Problem> {
        for (kind, name, source) in document.secrets() {
            if kind == Kind::Person {
                continue;
            }
            let secret = self.get(kind, name, source)?;
            check_shape(kind, secret.expose()).map_err(|refusal| {
                let named = render_named(kind, &name.value);
                Problem::at(source, format!("{named}: {refusal}"))
            })?;
        }
        Ok(())
    }
}

fn check_shape(kind: Kind, secret: &str) -> Result<(), Refusal> {
    match kind {
        Kind::ApiToken => check_declared(secret),
        Kind::App => check_declared_secret(secret),
        _ => Ok(()),
    }
}

fn origin(source: &SecretSource) -> Option<Origin> {
    match source {
        SecretSource::Env(name) => Some(Origin::Env(name.clone())),
        SecretSource::File(path) => Some(Origin::File(path.clone())),
        SecretSource::Clear(_) => None,
    }
}

fn fetch(origin: &Origin, folder: &Path) -> Result<Secret<String>, String> {
    let secret = match origin {
        Origin::Env(name) => std::env::var(name)
            .map(Secret::new)
            .map_err(|_| format!("the environment variable {name:?} is not set; set it"))?,
        Origin::File(path) => load_file(&folder.join(path))
            .map_err(|error| format!("the file {path:?} cannot be read: {error}"))?,
    };
    bounded(secret)
}

fn bounded(secret: Secret<String>) -> Result<Secret<String>, String> {
    let bytes = u64::try_from(secret.expose().len()).unwrap_or(u64::MAX);
    if (1..=SECRET_BYTES_MAX).contains(&bytes) {
        Ok(secret)
    } else {
        Err(format!(
            "its secret must have between 1 and {SECRET_BYTES_MAX} bytes"
        ))
    }
}

fn load_file(path: &Path) -> std::io::Result<Secret<String>> {
    let mut text = String::new();
    // Two more bytes for the line break, and one to see that it is too long.
    File::open(path)?
        .take(SECRET_BYTES_MAX + 3)
        .read_to_string(&mut text)?;
    let text = Secret::new(text);
    Ok(Secret::new(
        text.expose().trim_end_matches(['\r', '\n']).to_owned(),
    ))
}
