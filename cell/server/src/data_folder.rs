//! The data folder: readable by its owner alone, used by one process at a time, refused if it is not ours.

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::files::write_durably;

/// The format of the folder that this release writes.
const FORMAT: &str = "testudo-data 1\n";
const FORMAT_FILE: &str = "FORMAT";
const LOCK_FILE: &str = "lock";
/// What is found in no other folder: where one of them lies, others of a data folder are missing.
const OF_OURS: [&str; 2] = ["testudo.db", "root.key"];
/// How often the lock is tried for: somebody may only be asking whether it is held.
const LOCK_TRIES: usize = 5;
/// The pause before it is tried for again.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Why a data folder cannot be used. Nothing in it was touched.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another process uses it.
    #[error(
        "{path} is in use by another testudo process; stop that one first, or name another folder with --data"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 700 {path}")]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A newer release wrote it.
    #[error(
        "{path} was written by a newer release (it says {found:?}); use that release, or another folder"
    )]
    Future {
        /// The folder.
        path: PathBuf,
        /// What its format file says.
        found: String,
    },
    /// It holds something else.
    #[error(
        "{path} is not a testudo data folder and is not empty; name an empty or new folder with --data"
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// It was restored without the file that makes it one.
    #[error(
        "{path} holds a store or its key but not the file FORMAT that belongs to them: put that back too, from the same backup"
    )]
    Incomplete {
        /// The folder.
        path: PathBuf,
    },
    /// A file is where the folder, or one above it, should be.
    #[error("{path} is not a folder; name an empty or new folder with --data")]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// Whoever runs this may not write there.
    #[error(
        "{path} cannot be written to: {source}; run testudo as the user whose folder it is, or name another folder with --data"
    )]
    NotWritable {
        /// What was worked on.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// What was worked on.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A data folder that this process alone holds, until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: File,
}

impl DataFolderError {
    /// What the file system said of a path, in words that tell what to do.
    #[must_use]
    pub fn of_io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            // The system names neither which part of the path it is, nor that it is one.
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Self::NotAFolder {
                path: find_file(path).unwrap_or(path).to_path_buf(),
            },
            // Folders are made with those above them: where that finds nothing, nothing can be made, as in /proc.
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotFound => Self::NotWritable {
                path: path.to_path_buf(),
                source,
            },
            _ => Self::Io {
                path: path.to_path_buf(),
                source,
            },
        }
    }
}

/// The part of a path that is there and is no folder.
fn find_file(path: &Path) -> Option<&Path> {
    let is_file = |part: &&Path| fs::metadata(part).is_ok_and(|found| !found.is_dir());
    path.ancestors().find(is_file)
}

impl Drop for DataFolder {
    /// Gives the lock up for the whole process: to close the file would leave it to a child that was forked a moment
    /// ago and has not yet begun its own program.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl DataFolder {
    /// Whether a start has made a data folder there.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        path.join(FORMAT_FILE).exists()
    }

    /// Whether a process holds the folder. To ask takes nothing from others who ask, and from whoever is about to take it
    /// no more than a moment.
    #[must_use]
    pub fn is_held(path: &Path) -> bool {
        let Ok(lock) = File::open(path.join(LOCK_FILE)) else {
            return false;
        };
        let taken = flock(&lock, FlockOperation::NonBlockingLockShared);
        matches!(taken, Err(rustix::io::Errno::WOULDBLOCK))
    }

    /// Opens the folder, making it if it is not there.
    ///
    /// # Errors
    /// [`DataFolderError`], each with what to do.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| DataFolderError::of_io(&path, source)
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed(path))?;
        let format = path.join(FORMAT_FILE);
        let known = match fs::read_to_string(&format) {
            Ok(text) if text == FORMAT => true,
            Ok(text) => {
                let found = text
                    .chars()
                    .take(40)
                    .collect::<String>()
                    .trim_end()
                    .to_owned();
                return Err(DataFolderError::Future {
                    path: path.to_path_buf(),
                    found,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(&format)(error)),
        };
        if !known && OF_OURS.iter().any(|name| path.join(name).exists()) {
            return Err(DataFolderError::Incomplete {
                path: path.to_path_buf(),
            });
        }
        if !known && holds_anything(path).map_err(failed(path))? {
            return Err(DataFolderError::Foreign {
                path: path.to_path_buf(),
            });
        }
        // Only now: nobody is told to close a folder to others that is not ours.
        let mode = fs::metadata(path).map_err(failed(path))?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(DataFolderError::Open {
                path: path.to_path_buf(),
                mode,
            });
        }
        let lock = take_lock(path)?;
        if !known {
            write_durably(path, FORMAT_FILE, FORMAT.as_bytes()).map_err(failed(&format))?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            lock,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the folder.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a folder inside, for its owner alone.
    ///
    /// # Errors
    /// [`DataFolderError::Io`] if the file system refuses.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, DataFolderError> {
        let path = self.join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| DataFolderError::of_io(&path, source))?;
        Ok(path)
    }
}

/// A lock file may be left of a start that was interrupted before the format was written.
fn holds_anything(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK_FILE && name != format!("{FORMAT_FILE}.new").as_str() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn take_lock(path: &Path) -> Result<File, DataFolderError> {
    let lock_path = path.join(LOCK_FILE);
    let io_error = |source: io::Error| DataFolderError::of_io(&lock_path, source);
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(&lock_path, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|errno| io_error(errno.into()))?;
    for _ in 0..LOCK_TRIES {
        match flock(&descriptor, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(File::from(descriptor)),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            Err(errno) => return Err(io_error(errno.into())),
        }
    }
    Err(DataFolderError::InUse {
        path: path.to_path_buf(),
    })
}

#[cfg(test)]
mod tests {
    use super::{DataFolder, DataFolderError};
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    #[test]
    fn a_new_folder_is_private_and_held_by_one() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        assert!(!DataFolder::is_held(&path));
        let folder = DataFolder::open(&path).unwrap();
        assert!(DataFolder::is_held(&path));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(matches!(
            DataFolder::open(&path),
            Err(DataFolderError::InUse { .. })
        ));
        drop(folder);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_foreign_future_or_open_folder_is_refused_untouched() {
        let foreign = tempfile::tempdir().unwrap();
        fs::write(foreign.path().join("letter.txt"), "x").unwrap();
        for mode in [0o700, 0o755] {
            fs::set_permissions(foreign.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(
                DataFolder::open(foreign.path()),
                Err(DataFolderError::Foreign { .. })
            ));
        }
        assert_eq!(fs::read_dir(foreign.path()).unwrap().count(), 1);

        // What a backup held but for the file that says what it is.
        for name in ["testudo.db", "root.key"] {
            let restored = tempfile::tempdir().unwrap();
            fs::set_permissions(restored.path(), fs::Permissions::from_mode(0o700)).unwrap();
            fs::write(restored.path().join(name), "x").unwrap();
            assert!(matches!(
                DataFolder::open(restored.path()),
                Err(DataFolderError::Incomplete { .. })
            ));
            assert_eq!(fs::read_dir(restored.path()).unwrap().count(), 1);
        }

        let future = tempfile::tempdir().unwrap();
        fs::set_permissions(future.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(future.path().join("FORMAT"), "testudo-data 2\n").unwrap();
        assert!(matches!(
            DataFolder::open(future.path()),
            Err(DataFolderError::Future { .. })
        ));

        let open = tempfile::tempdir().unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(
            DataFolder::open(open.path()),
            Err(DataFolderError::Open { .. })
        ));
    }

    #[test]
    fn what_is_no_folder_or_cannot_be_written_to_is_told_in_words() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("letter.txt");
        fs::write(&file, "x").unwrap();
        for path in [file.clone(), file.join("below"), file.join("far/below")] {
            let said = DataFolder::open(&path).unwrap_err().to_string();
            let wanted = format!("{} is not a folder; name", file.display());
            assert!(said.starts_with(&wanted), "{said}");
        }
        for (kind, part) in [
            (ErrorKind::PermissionDenied, "cannot be written to"),
            (ErrorKind::ReadOnlyFilesystem, "cannot be written to"),
            (ErrorKind::NotFound, "another folder with --data"),
            (ErrorKind::StorageFull, "/data: "),
        ] {
            let said = DataFolderError::of_io(Path::new("/data"), kind.into()).to_string();
            assert!(said.contains(part), "{kind}: {said}");
        }
    }
}
