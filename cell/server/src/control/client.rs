//! The other end of the control socket: hands a declaration to the running cell and waits for what comes of it.

use crate::control::message::{REPLIES_BYTES_MAX, Reply, render_request};
use crate::control::socket;
use crate::declaration::problem::Unfinished;
use crate::declaration::progress::Progress;
use crate::declaration::report::Report;
use crate::declaration::{Declaration, Mode};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use vocab::future::boxed;

/// How long the server may be silent; it says how far it is far more often.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Why the running cell could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The system refused.
    #[error("the control socket cannot be used")]
    Io(#[from] io::Error),
    /// The server said nothing for [`SILENCE_MAX`].
    #[error("the server does not answer; look at its log")]
    Silent,
    /// The connection ended before the work did.
    #[error(
        "the server stopped before it was done; what it had done stays: start it and run this again"
    )]
    Gone,
    /// The server is of another release, or this user may not command it.
    #[error("the server refused: {0}")]
    NotUnderstood(String),
}

/// Hands the declaration to the cell that serves the data folder; `None` if no process does.
///
/// # Errors
/// [`ControlError`] if there was no proper answer.
#[boxed]
pub async fn send(
    data: &Path,
    mode: Mode,
    declaration: &Declaration,
    progress: &Progress,
) -> Result<Option<Result<Report, Unfinished>>, ControlError> {
    let Some(stream) = socket::connect(data).await? else {
        return Ok(None);
    };
    let (from, mut to) = stream.into_split();
    let request = render_request(mode, declaration).map_err(io::Error::from)?;
    let written = tokio::time::timeout(SILENCE_MAX, to.write_all(request.expose())).await;
    match written {
        Err(_) => return Err(ControlError::Silent),
        // A server that refuses before it has read everything says why.
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        Ok(_) => {}
    }
    let mut from = BufReader::new(from.take(REPLIES_BYTES_MAX));
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = tokio::time::timeout(SILENCE_MAX, from.read_until(b'\n', &mut line));
        match read.await {
            Err(_) => return Err(ControlError::Silent),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Err(ControlError::Gone);
            }
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(_)) => {}
        }
        if line.last() != Some(&b'\n') {
            return Err(ControlError::Gone);
        }
        match serde_json::from_slice(&line).map_err(io::Error::from)? {
            Reply::Progress(tally) => progress.set(tally),
            Reply::Done(report) => return Ok(Some(Ok(report))),
            Reply::Unfinished(unfinished) => return Ok(Some(Err(unfinished))),
            Reply::NotUnderstood(why) => return Err(ControlError::NotUnderstood(why)),
        }
    }
}
