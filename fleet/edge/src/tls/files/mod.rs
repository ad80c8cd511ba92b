//! Certificates from a folder of files, which others renew: looked at again and again, without a restart.
//!
//! A file that cannot be used never takes away what was good before it.

mod index;
mod pairs;
#[cfg(test)]
mod tests;

use crate::tls::certificate::{Age, Certificate, CertificateError};
use crate::tls::server_kit::ServerKit;
use arc_swap::ArcSwap;
use index::Index;
use pairs::plan_pairs;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use vocab::time::{Clock, Timestamp};
use wire::files::read_bounded;
use zeroize::Zeroizing;

/// How often the folder is looked at.
const LOOK_ROUND: Duration = Duration::from_secs(2);
/// Most pairs that are served.
const PAIRS_MAX: usize = 10_000;
/// Most entries of one folder that are looked at.
const ENTRIES_MAX: usize = 40_000;
/// Largest file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Why no file of the folder can be served.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder cannot be read.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is none that could.
    #[error(
        "{0}: no certificate in it can be used; put NAME.pem (the host's certificate, then those that signed it) and NAME.key there"
    )]
    Nothing(PathBuf),
}

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
enum PairError {
    #[error("{0}: {1}")]
    File(String, io::Error),
    #[error("{0}: larger than {FILE_BYTES_MAX} bytes")]
    Large(String),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The certificates of one folder. Clones share them.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    kit: ServerKit,
    clock: Arc<dyn Clock>,
    index: ArcSwap<Index>,
    seen: Mutex<Seen>,
}

/// What was there at the last look.
#[derive(Default)]
struct Seen {
    pairs: BTreeMap<PathBuf, Known>,
    alone: BTreeSet<PathBuf>,
}

/// A pair by the path of its chain.
struct Known {
    print: Print,
    certificate: Option<Arc<Certificate>>,
    /// The age that was told last.
    told: Age,
    /// It was not there at the last look. Who replaces a file by removing it first has this long.
    missing: bool,
}

/// By this it is known whether a file is another one than before: a second has many writes, and a name may lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Print(FilePrint, FilePrint);

type FilePrint = (u64, u64, u64, (i64, i64), (i64, i64));

impl Files {
    /// Reads the folder for the first time.
    ///
    /// # Errors
    /// [`FilesError::Folder`] if it cannot be read.
    pub fn open(folder: &Path, kit: ServerKit, clock: Arc<dyn Clock>) -> Result<Self, FilesError> {
        let files = Self(Arc::new(Inner {
            folder: folder.to_path_buf(),
            kit,
            clock,
            index: ArcSwap::default(),
            seen: Mutex::default(),
        }));
        files.look().map_err(|source| FilesError::Folder {
            path: folder.to_path_buf(),
            source,
        })?;
        Ok(files)
    }

    /// Refuses a folder that holds nothing to serve, where there is no other source.
    ///
    /// # Errors
    /// [`FilesError::Nothing`].
    pub fn require_any(&self) -> Result<(), FilesError> {
        if self.0.index.load().is_empty() {
            return Err(FilesError::Nothing(self.0.folder.clone()));
        }
        Ok(())
    }

    /// The certificate of a host.
    #[must_use]
    pub fn find(&self, host: &str) -> Option<Arc<Certificate>> {
        self.0.index.load().find(host).map(Arc::clone)
    }

    /// Every certificate that is served.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Certificate>> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.pairs.values();
        known
            .filter_map(|known| known.certificate.clone())
            .collect()
    }

    /// Takes what changed since the last look. Blocks: it reads files.
    ///
    /// # Errors
    /// The folder cannot be read; then everything stays as it was.
    pub fn look(&self) -> io::Result<()> {
        let inner = &*self.0;
        let found = list_pairs(&inner.folder)?;
        let mut seen = inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for chain in found.alone.difference(&seen.alone) {
            tracing::warn!(file = %chain.display(), "a certificate without a key beside it is not served");
        }
        seen.alone = found.alone;
        let mut changed = forget_missing(&mut seen.pairs, &found.pairs);
        for (chain, key) in &found.pairs {
            changed |= self.take(&mut seen.pairs, chain, key);
        }
        let now = inner.clock.now();
        for (chain, known) in &mut seen.pairs {
            changed |= tell_age(chain, known, now);
        }
        if changed {
            let known = seen.pairs.values();
            let certificates = known.filter_map(|known| known.certificate.as_ref());
            inner.index.store(Arc::new(Index::build(certificates, now)));
        }
        Ok(())
    }

    /// Reads a pair if it is another one than before; whether there is something new to serve.
    fn take(&self, pairs: &mut BTreeMap<PathBuf, Known>, chain: &Path, key: &Path) -> bool {
        let print = match (print(chain), print(key)) {
            (Ok(chain), Ok(key)) => Print(chain, key),
            // Removed since the folder was listed: the next look will tell.
            (Err(_), _) | (_, Err(_)) => return false,
        };
        if let Some(known) = pairs.get_mut(chain) {
            known.missing = false;
            if known.print == print {
                return false;
            }
        }
        let read = read_pair(&self.0.kit, chain, key);
        let known = pairs.entry(chain.to_path_buf()).or_insert(Known {
            print: print.clone(),
            certificate: None,
            told: Age::Good,
            missing: false,
        });
        known.print = print;
        match read {
            Ok(certificate) => {
                let names: Vec<String> =
                    certificate.names.iter().map(ToString::to_string).collect();
                let ends = certificate.ends.to_rfc3339_millis();
                // One that no client takes is told as that, and not as served.
                if is_taken_by_clients(certificate.age(self.0.clock.now())) {
                    tracing::info!(file = %chain.display(), ?names, ends, "a certificate is served");
                }
                warn_of_open_key(key);
                known.certificate = Some(Arc::new(certificate));
                known.told = Age::Good;
                true
            }
            Err(error) => {
                match &known.certificate {
                    Some(last) => tracing::error!(
                        file = %chain.display(), %error, ends = last.ends.to_rfc3339_millis(),
                        "a new certificate cannot be used; the one before it stays in use"
                    ),
                    None => {
                        tracing::error!(file = %chain.display(), %error, "a certificate cannot be used")
                    }
                }
                false
            }
        }
    }
}

/// Looks at the folder for ever.
pub async fn follow(files: Files) {
    let mut round = interval(LOOK_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let looking = files.clone();
        match tokio::task::spawn_blocking(move || looking.look()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let folder = files.0.folder.display();
                tracing::error!(%folder, %error, "the certificates cannot be looked at; those in use stay so");
            }
            Err(error) => tracing::error!(%error, "looking at the certificates failed"),
        }
    }
}

/// Drops what was missing twice in a row; whether anything was dropped.
fn forget_missing(
    pairs: &mut BTreeMap<PathBuf, Known>,
    found: &BTreeMap<PathBuf, PathBuf>,
) -> bool {
    let before = pairs.len();
    pairs.retain(|chain, known| {
        if found.contains_key(chain) {
            return true;
        }
        let dropped = known.missing;
        known.missing = true;
        if dropped {
            tracing::warn!(file = %chain.display(), "a certificate was removed and is served no more");
        }
        !dropped
    });
    pairs.len() != before
}

const fn is_taken_by_clients(age: Age) -> bool {
    matches!(age, Age::Good | Age::EndsSoon)
}

/// Whoever has a key can be the host: it is served all the same, for clients would have nothing else.
fn warn_of_open_key(key: &Path) {
    let mode = fs::metadata(key).map(|data| data.mode());
    if mode.is_ok_and(is_open_to_all) {
        tracing::warn!(file = %key.display(), "the key of a certificate can be read by every user of this machine; run: chmod 600 {}", key.display());
    }
}

/// A group may be meant to read a key, everybody is not.
const fn is_open_to_all(mode: u32) -> bool {
    mode & 0o004 != 0
}

/// Says once when a certificate comes to another age; whether it did.
fn tell_age(chain: &Path, known: &mut Known, now: Timestamp) -> bool {
    let Some(certificate) = &known.certificate else {
        return false;
    };
    let age = certificate.age(now);
    if age == known.told {
        return false;
    }
    known.told = age;
    let (file, ends) = (chain.display(), certificate.ends.to_rfc3339_millis());
    match age {
        Age::Good => tracing::info!(%file, ends, "a certificate is good now"),
        Age::EndsSoon => tracing::warn!(%file, ends, "a certificate ends soon; renew it"),
        Age::Ended => {
            tracing::error!(%file, ends, "a certificate HAS ENDED: clients refuse it; renew it")
        }
        Age::NotYet => {
            let begins = certificate.begins.to_rfc3339_millis();
            tracing::error!(%file, begins, "a certificate is not good yet: clients refuse it; is the clock right?");
        }
    }
    true
}

struct Found {
    /// Chain to key.
    pairs: BTreeMap<PathBuf, PathBuf>,
    alone: BTreeSet<PathBuf>,
}

/// The pairs in the folder and in the folders in it.
fn list_pairs(folder: &Path) -> io::Result<Found> {
    let mut found = Found {
        pairs: BTreeMap::new(),
        alone: BTreeSet::new(),
    };
    let (files, folders) = list(folder)?;
    take_found(folder, &files, &mut found);
    for inner in folders {
        // Removed since it was listed, or not for us: what was read from it is missing then.
        if let Ok((files, _)) = list(&inner) {
            take_found(&inner, &files, &mut found);
        }
    }
    Ok(found)
}

fn take_found(folder: &Path, files: &BTreeSet<String>, found: &mut Found) {
    let (pairs, alone) = plan_pairs(files);
    for pair in pairs {
        if found.pairs.len() >= PAIRS_MAX {
            tracing::error!(
                max = PAIRS_MAX,
                "there are more certificates than are served"
            );
            return;
        }
        found
            .pairs
            .insert(folder.join(pair.chain), folder.join(pair.key));
    }
    found
        .alone
        .extend(alone.iter().map(|name| folder.join(name)));
}

fn list(folder: &Path) -> io::Result<(BTreeSet<String>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (BTreeSet::new(), Vec::new());
    for entry in fs::read_dir(folder)?.take(ENTRIES_MAX) {
        let path = entry?.path();
        // A name that is no text is none that we look for.
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else {
            files.insert(name.to_owned());
        }
    }
    Ok((files, folders))
}

fn print(path: &Path) -> io::Result<FilePrint> {
    let data = fs::metadata(path)?;
    Ok((
        data.dev(),
        data.ino(),
        data.size(),
        (data.mtime(), data.mtime_nsec()),
        (data.ctime(), data.ctime_nsec()),
    ))
}

fn read_pair(kit: &ServerKit, chain: &Path, key: &Path) -> Result<Certificate, PairError> {
    let (chain, key) = (read(chain)?, read(key)?);
    Ok(Certificate::from_pem(kit, &chain, &key)?)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PairError> {
    let name = || path.display().to_string();
    match read_bounded(path, FILE_BYTES_MAX) {
        Ok(Some(bytes)) => Ok(Zeroizing::new(bytes)),
        Ok(None) => Err(PairError::Large(name())),
        Err(error) => Err(PairError::File(name(), error)),
    }
}
