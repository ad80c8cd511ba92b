//! How an edge hands its listening sockets over to the next one on the same data folder, so that no connection is refused
//! while it is replaced.
//!
//! The sockets themselves go over (SCM_RIGHTS), with all that waits in their queues; they are never closed. The one who is
//! replaced goes on until the next one is ready, and for ever if it never is. That a data folder has one edge is held by a
//! lock that goes over with them.

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::process::geteuid;
use std::fs::{File, Permissions};
use std::io::{self, IoSlice, IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::timeout;

/// Where the running edge can be asked; for its owner alone.
const SOCKET: &str = "take-over.sock";
/// The same before it is complete.
const SOCKET_NEW: &str = "take-over.new";
/// Whoever has it locked is the edge of the folder; it holds the number of its process, and that of the one which handed over.
pub const LOCK: &str = "edge.lock";
/// How long the next edge may take until it is ready.
const READY_SECS_MAX: u64 = 60;
/// How long each may take for a word.
const WORD_SECS_MAX: u64 = 5;
/// The lock and the sockets of all doors.
const DESCRIPTORS_MAX: usize = 8;
/// The words of both, so that two releases that differ refuse each other.
const ASK: &[u8] = b"take-over 1\n";
const GIVE: &[u8] = b"here 1\n";
const READY: &[u8] = b"ready 1\n";
const YOURS: &[u8] = b"yours 1\n";
/// The longest of them.
const WORD_BYTES_MAX: usize = 16;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;

/// Why a data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SuccessionError {
    /// Another edge runs on it.
    #[error(
        "an edge runs on {} already; to replace it without a refused connection, start this one with --take-over", .0.display()
    )]
    Taken(PathBuf),
    /// No edge runs on it that could hand over.
    #[error(
        "--take-over: the edge of {folder} does not hand over: {cause}; if none runs, start without --take-over",
        folder = .0.display(), cause = .1
    )]
    NotHanded(PathBuf, io::Error),
    /// The folder cannot be used.
    #[error("{}: {}", .0.display(), .1)]
    Folder(PathBuf, io::Error),
}

/// The data folder is ours while this lives.
#[derive(Debug)]
pub struct Tenure {
    folder: PathBuf,
    lock: File,
}

/// What the edge before us handed over.
#[derive(Debug)]
pub struct Handed {
    stream: UnixStream,
    tenure: Tenure,
    listeners: Vec<std::net::TcpListener>,
}

/// Where listening sockets come from: from the edge before us, or from the system.
#[derive(Debug)]
pub enum Sockets {
    /// There is none before us.
    New(Tenure),
    /// It waits until we are ready.
    Handed(Handed),
}

impl Sockets {
    /// The first edge of the folder.
    ///
    /// # Errors
    /// Another one runs.
    pub fn claim(folder: &Path) -> Result<Self, SuccessionError> {
        let failed = |error| SuccessionError::Folder(folder.to_path_buf(), error);
        let options = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .clone();
        let lock = options.open(folder.join(LOCK)).map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self::New(Tenure {
                folder: folder.to_path_buf(),
                lock,
            })),
            Err(Errno::WOULDBLOCK) => Err(SuccessionError::Taken(folder.to_path_buf())),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// The next edge of the folder.
    ///
    /// # Errors
    /// None runs, or it does not hand over.
    pub async fn take_over(folder: &Path) -> Result<Self, SuccessionError> {
        let asked = ask(folder).await;
        let handed =
            asked.map_err(|error| SuccessionError::NotHanded(folder.to_path_buf(), error))?;
        Ok(Self::Handed(handed))
    }

    /// A socket that listens there. One that was handed over serves if it listens at that address.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(&mut self, address: SocketAddr) -> io::Result<TcpListener> {
        if let Self::Handed(handed) = self
            && let Some(listener) = handed.take(address)
        {
            return TcpListener::from_std(listener);
        }
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        // As for every server: not to wait for connections of the process before that are long closed.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }

    /// Says to the one before us that we are ready, and lets the next one ask us for these sockets.
    ///
    /// # Errors
    /// The one before us changed its mind, or the data folder cannot be used.
    pub async fn settle(self, listeners: &[&TcpListener]) -> Result<Heir, SuccessionError> {
        let (tenure, source) = match self {
            Self::New(tenure) => (tenure, Source::System),
            Self::Handed(handed) => (handed.confirm().await?, Source::Predecessor),
        };
        let failed = |error| SuccessionError::Folder(tenure.folder.clone(), error);
        let sockets = listeners
            .iter()
            .map(|listener| listener.as_fd().try_clone_to_owned());
        let sockets = sockets.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        tenure.sign(source).map_err(failed)?;
        let door = open_door(&tenure.folder).map_err(failed)?;
        Ok(Heir {
            tenure,
            door,
            sockets,
        })
    }
}

/// Whom a data folder was had from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Nobody had it.
    System,
    /// The edge before.
    Predecessor,
}

/// What stands in the lock, after what stood there before.
fn render_tenure(process: u32, source: Source, before: &str) -> String {
    match (source, parse_tenure(before)) {
        (Source::Predecessor, Some((predecessor, _))) => {
            format!("{process} took over from {predecessor}\n")
        }
        _ => format!("{process}\n"),
    }
}

/// The process of an edge by what stands in its lock, and the one that handed the sockets over to it; none while it is written.
#[must_use]
pub fn parse_tenure(text: &str) -> Option<(u32, Option<u32>)> {
    let text = text.strip_suffix('\n')?;
    match text.split_once(" took over from ") {
        Some((process, predecessor)) => {
            Some((process.parse().ok()?, Some(predecessor.parse().ok()?)))
        }
        None => Some((text.parse().ok()?, None)),
    }
}

impl Tenure {
    /// Writes down whose it is, and who handed it over.
    fn sign(&self, source: Source) -> io::Result<()> {
        let mut lock = &self.lock;
        let mut before = String::new();
        io::Seek::rewind(&mut lock)?;
        io::Read::read_to_string(&mut lock, &mut before)?;
        let text = render_tenure(std::process::id(), source, &before);
        self.lock.set_len(0)?;
        io::Seek::rewind(&mut lock)?;
        lock.write_all(text.as_bytes())
    }
}

impl Handed {
    fn take(&mut self, address: SocketAddr) -> Option<std::net::TcpListener> {
        let fits = |listener: &std::net::TcpListener| {
            listener.local_addr().is_ok_and(|local| {
                local.ip() == address.ip()
                    && (local.port() == address.port() || address.port() == 0)
            })
        };
        let found = self.listeners.iter().position(fits)?;
        Some(self.listeners.remove(found))
    }

    async fn confirm(mut self) -> Result<Tenure, SuccessionError> {
        let said = async {
            self.stream.write_all(READY).await?;
            expect(&mut self.stream, YOURS, WORD_SECS_MAX).await
        };
        match said.await {
            Ok(()) => Ok(self.tenure),
            Err(error) => Err(SuccessionError::NotHanded(self.tenure.folder, error)),
        }
    }
}

async fn ask(folder: &Path) -> io::Result<Handed> {
    let mut stream = UnixStream::connect(folder.join(SOCKET)).await?;
    check_owner(&stream)?;
    stream.write_all(ASK).await?;
    let given = timeout(Duration::from_secs(WORD_SECS_MAX), receive(&stream)).await;
    let mut given = given??.into_iter();
    let lock = given.next().ok_or(io::ErrorKind::InvalidData)?;
    let listeners = given.map(|descriptor| {
        let listener = std::net::TcpListener::from(descriptor);
        listener.set_nonblocking(true)?;
        // Whatever is no socket of the network has no address.
        listener.local_addr()?;
        Ok(listener)
    });
    Ok(Handed {
        stream,
        tenure: Tenure {
            folder: folder.to_path_buf(),
            lock: lock.into(),
        },
        listeners: listeners.collect::<io::Result<_>>()?,
    })
}

/// Both are of one user; the modes of folder and socket say the same.
fn check_owner(stream: &UnixStream) -> io::Result<()> {
    if stream.peer_cred()?.uid() == geteuid().as_raw() {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is another user's",
        ))
    }
}

async fn receive(stream: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    stream
        .async_io(Interest::READABLE, || {
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut word = [0_u8; WORD_BYTES_MAX];
            let mut slices = [IoSliceMut::new(&mut word)];
            let got = recvmsg(stream, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            let mut descriptors = Vec::new();
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(rights) = message {
                    descriptors.extend(rights);
                }
            }
            // The word is short, and was written at once.
            match word.get(..got.bytes) {
                Some(GIVE) => Ok(descriptors),
                _ => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it does not know how",
                )),
            }
        })
        .await
}

async fn give(stream: &UnixStream, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    stream
        .async_io(Interest::WRITABLE, || {
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "there are too many sockets",
                ));
            }
            sendmsg(
                stream,
                &[IoSlice::new(GIVE)],
                &mut ancillary,
                SendFlags::NOSIGNAL,
            )?;
            Ok(())
        })
        .await
}

async fn expect(stream: &mut UnixStream, word: &[u8], secs_max: u64) -> io::Result<()> {
    let mut said = vec![0; word.len()];
    timeout(Duration::from_secs(secs_max), stream.read_exact(&mut said)).await??;
    if said == word {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it said something else",
        ))
    }
}

/// Complete, and for nobody else, before it can be found.
fn open_door(folder: &Path) -> io::Result<UnixListener> {
    let new = folder.join(SOCKET_NEW);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let door = UnixListener::bind(&new)?;
    std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    std::fs::rename(&new, folder.join(SOCKET))?;
    Ok(door)
}

/// Waits for the next edge.
#[derive(Debug)]
pub struct Heir {
    tenure: Tenure,
    door: UnixListener,
    sockets: Vec<OwnedFd>,
}

impl Heir {
    /// Resolves when another edge has taken over. Before it hands over, `prepare` puts on disk what the next one starts from.
    pub async fn wait(self, prepare: impl Fn() + Clone + Send + 'static) {
        loop {
            let handed = match self.door.accept().await {
                Ok((stream, _)) => self.hand(stream, prepare.clone()).await,
                Err(error) => Err(error),
            };
            match handed {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, "another edge wanted to take over and did not")
                }
            }
        }
    }

    async fn hand(
        &self,
        mut stream: UnixStream,
        prepare: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        check_owner(&stream)?;
        expect(&mut stream, ASK, WORD_SECS_MAX).await?;
        tokio::task::spawn_blocking(prepare).await?;
        let mut descriptors = vec![self.tenure.lock.as_fd()];
        descriptors.extend(self.sockets.iter().map(AsFd::as_fd));
        give(&stream, &descriptors).await?;
        expect(&mut stream, READY, READY_SECS_MAX).await?;
        stream.write_all(YOURS).await
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCK, Sockets, Source, SuccessionError, parse_tenure, render_tenure};
    use std::net::SocketAddr;
    use std::os::unix::fs::PermissionsExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpStream, UnixStream};

    const ANY: &str = "127.0.0.1:0";

    #[test]
    fn the_lock_says_who_handed_over_to_whom() {
        let table = [
            (Source::System, "", "7\n", Some((7, None))),
            (Source::System, "3\n", "7\n", Some((7, None))),
            (Source::Predecessor, "", "7\n", Some((7, None))),
            (
                Source::Predecessor,
                "3\n",
                "7 took over from 3\n",
                Some((7, Some(3))),
            ),
            (
                Source::Predecessor,
                "3 took over from 2\n",
                "7 took over from 3\n",
                Some((7, Some(3))),
            ),
        ];
        for (source, before, text, read) in table {
            assert_eq!(render_tenure(7, source, before), text);
            assert_eq!(parse_tenure(text), read);
        }
        for cut_off in ["", "7", "7 took over from", "7 took over from x\n", "x\n"] {
            assert_eq!(parse_tenure(cut_off), None, "{cut_off:?}");
        }
    }

    #[tokio::test]
    async fn a_folder_has_one_edge_and_the_next_one_gets_its_sockets() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Sockets::claim(folder.path()).unwrap();
        let listener = first.listen(ANY.parse().unwrap()).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let heir = first.settle(&[&listener]).await.unwrap();
        let mode = std::fs::metadata(folder.path().join(super::SOCKET))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let claimed = Sockets::claim(folder.path());
        assert!(
            matches!(claimed, Err(SuccessionError::Taken(_))),
            "{claimed:?}"
        );
        let waiting = tokio::spawn(heir.wait(|| {}));

        // Whoever talks nonsense, or ends before it is ready, takes nothing over.
        let mut nonsense = UnixStream::connect(folder.path().join(super::SOCKET))
            .await
            .unwrap();
        nonsense.write_all(b"give me all\n").await.unwrap();
        drop(Sockets::take_over(folder.path()).await.unwrap());
        assert!(!waiting.is_finished());

        let mut second = Sockets::take_over(folder.path()).await.unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let handed = second.listen(address).unwrap();
        assert_eq!(handed.local_addr().unwrap(), address);
        let heir = second.settle(&[&handed]).await.unwrap();
        waiting.await.unwrap();
        let lock = std::fs::read_to_string(folder.path().join(LOCK)).unwrap();
        let own = std::process::id();
        assert_eq!(parse_tenure(&lock), Some((own, Some(own))));
        drop(listener);
        let (mut accepted, _) = handed.accept().await.unwrap();
        accepted.write_all(b"x").await.unwrap();
        client.readable().await.unwrap();
        client.shutdown().await.unwrap();
        let claimed = Sockets::claim(folder.path());
        assert!(
            matches!(claimed, Err(SuccessionError::Taken(_))),
            "{claimed:?}"
        );
        drop((heir, handed));
        assert!(Sockets::claim(folder.path()).is_ok(), "it is free again");
        let taken = Sockets::take_over(folder.path()).await;
        assert!(
            matches!(taken, Err(SuccessionError::NotHanded(..))),
            "{taken:?}"
        );
    }
}
