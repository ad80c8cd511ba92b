//! Fetches secrets from where the document says they are.

use crate::declaration::document::SecretSource;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use vocab::secret::Secret;

/// Longest secret.
const SECRET_BYTES_MAX: u64 = 4096;

/// Why a secret could not be had. It never shows the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or is no text.
    #[error("the environment variable {0:?} is not set")]
    Variable(String),
    /// The file cannot be read.
    #[error("the file {} cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is empty or longer than a secret may be.
    #[error("the secret must have between 1 and {SECRET_BYTES_MAX} bytes")]
    Length,
}

/// Fetches a secret.
///
/// # Errors
/// [`SecretError`] that says where it was looked for.
pub fn load_secret(source: &SecretSource) -> Result<Secret<String>, SecretError> {
    let secret = match source {
        SecretSource::Clear(secret) => secret.clone(),
        SecretSource::Env(name) => std::env::var(name)
            .map(Secret::new)
            .map_err(|_| SecretError::Variable(name.clone()))?,
        SecretSource::File(path) => load_file(path).map_err(|source| SecretError::File {
            path: path.clone(),
            source,
        })?,
    };
    let bytes = u64::try_from(secret.expose().len()).unwrap_or(u64::MAX);
    if (1..=SECRET_BYTES_MAX).contains(&bytes) {
        Ok(secret)
    } else {
        Err(SecretError::Length)
    }
}

fn load_file(path: &PathBuf) -> io::Result<Secret<String>> {
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
