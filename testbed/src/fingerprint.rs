//! What a folder holds, byte for byte, so that a test can tell whether a program has left it alone.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its permissions.
    pub mode: u32,
    /// The digest of its bytes; nothing for what is not a file.
    pub digest: Option<Vec<u8>>,
}

/// Every entry below a folder, and the folder itself as the empty path.
///
/// # Errors
/// When something cannot be read.
pub fn of(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Entry>> {
    let mut entries = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let path = folder.join(&relative);
        let metadata = std::fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                waiting.push(relative.join(entry?.file_name()));
            }
        }
        let digest = if metadata.is_file() {
            Some(digest(&SHA256, &std::fs::read(&path)?).as_ref().to_vec())
        } else {
            None
        };
        let mode = metadata.permissions().mode() & 0o777;
        entries.insert(relative, Entry { mode, digest });
    }
    Ok(entries)
}

/// Copies a folder with all that it holds and its permissions.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for (relative, entry) in of(from)? {
        let target = to.join(&relative);
        if entry.digest.is_some() {
            std::fs::copy(from.join(&relative), &target)?;
        } else {
            std::fs::create_dir_all(&target)?;
        }
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(entry.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn one_byte_or_one_permission_is_a_difference() {
        let scratch = Scratch::new("fingerprint").unwrap();
        let (first, second) = (scratch.path().join("a"), scratch.path().join("b"));
        std::fs::create_dir_all(first.join("inner")).unwrap();
        std::fs::write(first.join("inner/file"), "one").unwrap();
        copy(&first, &second).unwrap();
        let before = of(&first).unwrap();
        assert_eq!(of(&second).unwrap(), before);
        std::fs::write(second.join("inner/file"), "two").unwrap();
        assert_ne!(of(&second).unwrap(), before);
        copy(&first, &second).unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(second.join("inner/file"), open).unwrap();
        assert_ne!(of(&second).unwrap(), before);
    }
}
