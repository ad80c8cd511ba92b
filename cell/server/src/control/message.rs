//! What is said over the control socket: one request, then replies, each one line of JSON.

use crate::declaration::problem::Unfinished;
use crate::declaration::progress::Tally;
use crate::declaration::report::Report;
use crate::declaration::secret::Origin;
use crate::declaration::{Declaration, Mode};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use vocab::secret::Secret;

/// The form of the messages. A command and a server of different forms say so instead of guessing.
pub const FORMAT: u32 = 1;
/// Largest request: the largest document, every character of it escaped, and its secrets.
pub const REQUEST_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Largest sequence of replies: the report of the largest document, over and over how far it is.
pub const REPLIES_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a command asks for. The document goes as it was written: the server reads it by its own rules, and what it
/// refuses has the same line and column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`FORMAT`].
    pub format: u32,
    /// What to do with it.
    pub mode: Mode,
    /// The document.
    pub text: Secret<String>,
    /// Its secrets, as the command found them.
    secrets: Vec<Brought>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    origin: Origin,
    secret: Option<Secret<String>>,
    problem: Option<String>,
}

impl Request {
    /// The secrets by where they came from.
    #[must_use]
    pub fn found(&self) -> HashMap<Origin, Result<Secret<String>, String>> {
        let found = self.secrets.iter().cloned().map(|brought| {
            let problem = brought.problem.unwrap_or_default();
            (brought.origin, brought.secret.ok_or(problem))
        });
        found.collect()
    }
}

#[derive(Serialize)]
struct OutgoingRequest<'r> {
    format: u32,
    mode: Mode,
    text: &'r str,
    secrets: Vec<OutgoingSecret<'r>>,
}

#[derive(Serialize)]
struct OutgoingSecret<'r> {
    origin: &'r Origin,
    secret: Option<&'r str>,
    problem: Option<&'r str>,
}

/// The request as a line.
///
/// # Errors
/// What the serialisation says.
pub fn render_request(
    mode: Mode,
    declaration: &Declaration,
) -> Result<Secret<Vec<u8>>, serde_json::Error> {
    let secrets = declaration.secrets.all();
    let secrets = secrets.map(|(origin, found)| OutgoingSecret {
        origin,
        secret: found.ok(),
        problem: found.err(),
    });
    let request = OutgoingRequest {
        format: FORMAT,
        mode,
        text: declaration.text.expose(),
        secrets: secrets.collect(),
    };
    let mut line = serde_json::to_vec(&request)?;
    line.push(b'\n');
    Ok(Secret::new(line))
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How far it is; more comes.
    Progress(Tally),
    /// It is done: what differed.
    Done(Report),
    /// It was not done, or not to its end.
    Unfinished(Unfinished),
    /// The request cannot be used, with what to do.
    NotUnderstood(String),
}
