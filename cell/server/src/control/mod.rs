//! The control socket: how the operator's commands reach a running cell. It lies in the data folder, which its owner
//! alone can open: whoever may connect could as well open the store. It is on no network, and it must never be.
//!
//! One line of JSON comes, lines of JSON go: how far it is, and at the end what came of it.

pub mod client;
pub mod message;
mod socket;
#[cfg(test)]
mod tests;

use crate::control::message::{FORMAT, REQUEST_BYTES_MAX, Reply, Request};
use crate::data_folder::DataFolder;
use crate::declaration::problem::{Problem, Unfinished};
use crate::declaration::progress::Progress;
use crate::declaration::report::Report;
use crate::declaration::secret::Secrets;
use crate::declaration::{self, Declaration};
use identity::cell::Cell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};
use vocab::secret::Secret;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4;
/// How long a request may take to arrive, and a reply to be taken.
const TRANSFER_MAX: Duration = Duration::from_secs(30);
/// Pause between two words on how far it is. The other side takes a longer silence for a hung server.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Pause after the system refused a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// A bound control socket.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

/// Binds the control socket. Where that is not possible, the cell works without: only `plan` and `apply` do not.
#[must_use]
pub fn bind_or_warn(folder: &DataFolder) -> Option<Control> {
    match socket::bind(folder.path()) {
        Ok((listener, path)) => Some(Control { listener, path }),
        Err(error) => {
            tracing::warn!(
                %error,
                "there is no control socket in the data folder: `testudo apply` cannot reach this process"
            );
            None
        }
    }
}

/// A control socket that is served until it is stopped.
pub struct Serving {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Serving {
    /// Begins to serve.
    #[must_use]
    pub fn start(control: Control, cell: Cell, base_url: String) -> Self {
        let (stop, stopped) = watch::channel(false);
        let desk = Arc::new(Desk {
            cell,
            base_url,
            turn: Mutex::new(()),
        });
        Self {
            stop,
            task: tokio::spawn(serve(control, desk, stopped)),
        }
    }

    /// Ends it. What is under way is cut off between two changes, and the other side told so by the end of the
    /// connection.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        // It ends by itself, and a panic in it was reported when it happened.
        let _ = self.task.await;
    }
}

/// What every connection needs.
struct Desk {
    cell: Cell,
    base_url: String,
    /// One command after the other: two that apply at once would find each other's changes half made.
    turn: Mutex<()>,
}

async fn serve(control: Control, desk: Arc<Desk>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accept = async {
            while connections.len() >= CONNECTIONS_MAX {
                connections.join_next().await;
            }
            control.listener.accept().await
        };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                connections.spawn(async move {
                    if let Err(error) = converse(&desk, stream).await {
                        tracing::debug!(%error, "a command on the control socket ended early");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the control socket could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    connections.shutdown().await;
    let _ = std::fs::remove_file(&control.path);
}

async fn converse(desk: &Desk, stream: UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    if !socket::may_command(peer) {
        let refusal = "this user is not the one that runs the server";
        return send(&mut to, &Reply::NotUnderstood(refusal.to_owned())).await;
    }
    let request = match receive(&mut from).await? {
        Ok(request) => request,
        Err(why) => return send(&mut to, &Reply::NotUnderstood(why)).await,
    };
    let progress = Progress::default();
    let work = obey(desk, request, &progress);
    tokio::pin!(work);
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let mut further = [0_u8; 1];
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            _ = heartbeat.tick() => send(&mut to, &Reply::Progress(progress.tally())).await?,
            // Nothing more is expected: the other side has gone, or does not keep to the form.
            _ = from.read(&mut further) => return Ok(()),
        }
    };
    let last = match outcome {
        Ok(report) => Reply::Done(report),
        Err(unfinished) => Reply::Unfinished(unfinished),
    };
    send(&mut to, &last).await
}

/// The request, or why it is none.
async fn receive(from: &mut BufReader<OwnedReadHalf>) -> io::Result<Result<Request, String>> {
    let mut line = Vec::new();
    let mut bounded = from.take(REQUEST_BYTES_MAX);
    let read = bounded.read_until(b'\n', &mut line);
    let read = tokio::time::timeout(TRANSFER_MAX, read).await;
    read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // It holds secrets: wiped when it is dropped.
    let line = Secret::new(line);
    if line.expose().last() != Some(&b'\n') {
        return Ok(Err(String::from("the request is cut off or too long")));
    }
    let request = serde_json::from_slice::<Request>(line.expose());
    Ok(match request {
        Ok(request) if request.format == FORMAT => Ok(request),
        // What is wrong with it could quote it.
        _ => Err(String::from(
            "the server is of another release than this command; restart it with this one",
        )),
    })
}

async fn obey(desk: &Desk, request: Request, progress: &Progress) -> Result<Report, Unfinished> {
    let _turn = desk.turn.lock().await;
    let secrets = Secrets::brought(request.found());
    let declaration = Declaration::parse(request.text, secrets).map_err(unbegun)?;
    declaration::run(
        &desk.cell,
        declaration,
        request.mode,
        &desk.base_url,
        progress,
    )
    .await
}

fn unbegun(problem: Problem) -> Unfinished {
    Unfinished {
        problem,
        made: Report::default(),
    }
}

async fn send(to: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    tokio::time::timeout(TRANSFER_MAX, to.write_all(&line))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
