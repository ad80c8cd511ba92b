//! Files that hold secrets, must survive a crash, or could have been put there by somebody else.

use rustix::fs::OFlags;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest file that holds a secret: keys, and chains of certificates beside them.
const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// What nobody but the owner may have of such a file.
const FORBIDDEN_MODE: u32 = 0o077;

/// Makes a folder for its owner alone, if there is none.
///
/// # Errors
/// What the file system says.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Writes a file, for its owner alone, whole or not at all: temporary name, fsync, rename, fsync of the folder.
///
/// # Errors
/// What the file system says.
pub fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{name}.new"));
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// Reads a file that holds a secret, at most 64 KiB.
///
/// # Errors
/// What the file system says; and what is wrong with the file, with the way out, if it is none, too large, or if others than
/// its owner may do anything with it.
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open_regular(path)?;
    let facts = file.metadata()?;
    let mode = facts.permissions().mode() & 0o777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(refused(&format!(
            "others than its owner may use it (its mode is {mode:03o}): `chmod 600` it, and if somebody may have read it, have it made anew"
        )));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX {
        return Err(refused("it is larger than any key"));
    }
    Ok(bytes)
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Opens a file to read it. A pipe in its place would keep whoever opens it until somebody writes: it is refused, as is
/// whatever else is no file.
///
/// # Errors
/// What the file system says, and [`io::ErrorKind::InvalidInput`] for what is no file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Not looked at before it is opened: it could be another one then.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    Ok(file)
}

/// What a file holds; nothing if that is more than it may.
///
/// # Errors
/// What [`open_regular`] and the file system say.
pub fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if length > bytes_max {
        return Ok(None);
    }
    // At once: a buffer that grows leaves copies of a key behind. What is added meanwhile counts too.
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_or(0, |length| length + 1));
    let read = file
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok((read as u64 <= bytes_max).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::{SECRET_BYTES_MAX, read_bounded, read_secret, write_durably};
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::fs::{self, Permissions};
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_durably(folder.path(), "key", b"a key").unwrap();
        assert_eq!(read_secret(&path).unwrap().as_slice(), b"a key");
        for mode in [0o604, 0o640, 0o620, 0o666, 0o400, 0o600] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = read_secret(&path);
            assert_eq!(read.is_ok(), mode & 0o077 == 0, "{mode:o}: {read:?}");
        }
    }

    #[test]
    fn what_is_no_file_or_too_large_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_secret(folder.path()).is_err());
        assert!(read_secret(&folder.path().join("missing")).is_err());
        let room = usize::try_from(SECRET_BYTES_MAX).unwrap();
        for (bytes, taken) in [(room, true), (room + 1, false)] {
            write_durably(folder.path(), "key", &vec![0; bytes]).unwrap();
            let read = read_secret(&folder.path().join("key"));
            assert_eq!(read.is_ok(), taken, "{bytes}");
        }
    }

    #[test]
    fn files_are_read_within_a_bound_and_nothing_else_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, read) in [(0, true), (8, true), (9, false)] {
            fs::write(&path, vec![0; bytes]).unwrap();
            let found = read_bounded(&path, 8).unwrap();
            assert_eq!(found.map(|found| found.len()), read.then_some(bytes));
        }
        let pipe = folder.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, &pipe, FileType::Fifo, mode, 0).unwrap();
        for odd in [pipe.as_path(), folder.path()] {
            let error = read_bounded(odd, 8).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(read_secret(odd).is_err());
        }
        let missing = folder.path().join("missing");
        assert_eq!(
            read_bounded(&missing, 8).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
}
