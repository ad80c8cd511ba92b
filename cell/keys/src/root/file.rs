//! A root of trust that is a file: 32 random bytes that only their owner may read.
//!
//! Whoever has this file and the database has every secret in it; the file belongs into another backup than the
//! database. Without it nothing that was sealed can be opened, so a missing file is never quietly replaced.

use crate::envelope;
use crate::fault::{RootFault, RootProblem};
use crate::org_key::{KEY_BYTES, KeyBytes};
use crate::root::{RootFuture, RootOfTrust};
use aws_lc_rs::digest::{SHA256, digest};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use vocab::entropy::Entropy;
use zeroize::Zeroizing;

/// Others than the owner may do nothing with the file.
const FORBIDDEN_MODE: u32 = 0o077;

/// A root of trust in a file.
pub struct FileRoot {
    id: String,
    key: envelope::SealingKey,
}

/// Why a root file was not used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct FileRootError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: FileRootProblem,
}

/// What is wrong with a root file.
#[derive(Debug, thiserror::Error)]
pub enum FileRootProblem {
    /// The file system said no.
    #[error("the root key cannot be {attempted}")]
    Io {
        /// What was attempted.
        attempted: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Others could read it.
    #[error(
        "the root key may be read by others (mode {mode:03o}); after making sure that nobody did: chmod 600"
    )]
    TooOpen {
        /// The permissions that it has.
        mode: u32,
    },
    /// Somebody else owns it.
    #[error("the root key belongs to another user (uid {owner})")]
    NotOurs {
        /// Who owns it.
        owner: u32,
    },
    /// It is not a root key.
    #[error("the root key has {bytes} bytes instead of {KEY_BYTES}: restore it from its backup")]
    WrongLength {
        /// How many bytes it has.
        bytes: u64,
    },
    /// It is a folder, a device or a link.
    #[error("the root key is not a plain file")]
    NotAFile,
    /// It is not there, but keys that it wrapped are.
    #[error(
        "the root key is missing, and the database holds keys that it wrapped: restore it from its backup"
    )]
    Missing,
    /// There is one already.
    #[error("there is a root key already")]
    Exists,
    /// The library refused the key.
    #[error("the root key cannot be used")]
    Unusable,
}

impl FileRootError {
    pub(crate) fn missing(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            problem: FileRootProblem::Missing,
        }
    }
}

impl FileRoot {
    /// Reads the file; none if there is none.
    ///
    /// # Errors
    /// [`FileRootError`] for a file that others can read, that has another length, or that cannot be read.
    pub fn load(path: &Path) -> Result<Option<Self>, FileRootError> {
        let refuse = |problem| FileRootError {
            path: path.to_owned(),
            problem,
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(opened) => opened,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => return Err(refuse(FileRootProblem::NotAFile)),
            Err(error) => return Err(refuse(io("opened", error.into()))),
        };
        read_key(File::from(opened))
            .and_then(|key| Self::from_key(&key))
            .map(Some)
            .map_err(refuse)
    }

    /// Draws a new key and keeps it in a new file, durably.
    ///
    /// # Errors
    /// [`FileRootError`], above all when there is a file already: it is never replaced.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, FileRootError> {
        let refuse = |problem| FileRootError {
            path: path.to_owned(),
            problem,
        };
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        entropy.fill(key.as_mut());
        let root = Self::from_key(&key).map_err(refuse)?;
        write_new(path, key.as_ref()).map_err(refuse)?;
        Ok(root)
    }

    fn from_key(key: &KeyBytes) -> Result<Self, FileRootProblem> {
        let sealing = envelope::SealingKey::new(key).map_err(|_| FileRootProblem::Unusable)?;
        Ok(Self {
            id: render_id(key),
            key: sealing,
        })
    }
}

impl RootOfTrust for FileRoot {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap_key<'r>(&'r self, context: &'r [u8], key: &'r KeyBytes) -> RootFuture<'r, Vec<u8>> {
        let wrapped = self.key.seal(context, key.as_ref());
        let wrapped = wrapped.map_err(|_| self.fault(RootProblem::Unavailable));
        Box::pin(std::future::ready(wrapped))
    }

    fn unwrap_key<'r>(&'r self, context: &'r [u8], wrapped: &'r [u8]) -> RootFuture<'r, KeyBytes> {
        let key = self.key.open(context, wrapped).and_then(|opened| {
            let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
            if opened.len() != KEY_BYTES {
                return None;
            }
            key.copy_from_slice(&opened);
            Some(key)
        });
        Box::pin(std::future::ready(
            key.ok_or_else(|| self.fault(RootProblem::Refused)),
        ))
    }
}

impl FileRoot {
    fn fault(&self, problem: RootProblem) -> RootFault {
        RootFault {
            root: self.id.clone(),
            problem,
        }
    }
}

/// The id is a hash of the key, so that a wrong file is told from a changed value. 64 bits of it say nothing of a
/// random key.
fn render_id(key: &KeyBytes) -> String {
    let mut input = Zeroizing::new(b"testudo root id 1".to_vec());
    input.extend_from_slice(key.as_ref());
    let hash = digest(&SHA256, &input);
    let id: String = hash
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("file:{id}")
}

fn read_key(mut file: File) -> Result<KeyBytes, FileRootProblem> {
    let facts = rustix::fs::fstat(&file).map_err(|error| io("examined", error.into()))?;
    if rustix::fs::FileType::from_raw_mode(facts.st_mode) != rustix::fs::FileType::RegularFile {
        return Err(FileRootProblem::NotAFile);
    }
    if facts.st_mode & FORBIDDEN_MODE != 0 {
        return Err(FileRootProblem::TooOpen {
            mode: facts.st_mode & 0o777,
        });
    }
    if facts.st_uid != rustix::process::geteuid().as_raw() {
        return Err(FileRootProblem::NotOurs {
            owner: facts.st_uid,
        });
    }
    let bytes = u64::try_from(facts.st_size).unwrap_or(0);
    if bytes != KEY_BYTES as u64 {
        return Err(FileRootProblem::WrongLength { bytes });
    }
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    file.read_exact(key.as_mut())
        .map_err(|error| io("read", error))?;
    Ok(key)
}

/// Writes beside, makes it durable, and only then gives it its name: a crash leaves no half key under the name, and
/// an existing file is never replaced.
fn write_new(path: &Path, key: &[u8]) -> Result<(), FileRootProblem> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match std::fs::remove_file(&beside) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("written", error)),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&beside, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|error| io("written", error.into()))?;
    let mut file = File::from(opened);
    let written = file
        .write_all(key)
        .and_then(|()| file.sync_all())
        .map_err(|error| io("written", error))
        .and_then(|()| match std::fs::hard_link(&beside, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(FileRootProblem::Exists)
            }
            linked => linked.map_err(|error| io("written", error)),
        });
    let removed = std::fs::remove_file(&beside).map_err(|error| io("written", error));
    written.and(removed)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| io("written", error))
}

fn io(attempted: &'static str, source: std::io::Error) -> FileRootProblem {
    FileRootProblem::Io { attempted, source }
}

#[cfg(test)]
mod tests;
