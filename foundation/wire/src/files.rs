//! Files that hold secrets or must survive a crash.

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
    // Looked at before it is opened: what is no file, a pipe say, could keep whoever opens it waiting.
    if !fs::metadata(path)?.is_file() {
        return Err(refused("it is no file"));
    }
    let file = File::open(path)?;
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

#[cfg(test)]
mod tests {
    use super::{SECRET_BYTES_MAX, read_secret, write_durably};
    use std::fs::{self, Permissions};
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
}
