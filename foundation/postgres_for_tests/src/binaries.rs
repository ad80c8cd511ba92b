//! Finds the server's programs and the user to run them as.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::StartError;

/// Where Debian puts each major version: `/usr/lib/postgresql/15/bin`.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// What a server needs.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// The folder that holds all programs: Debian's newest version, else the first of PATH.
pub(crate) fn find_programs() -> Result<PathBuf, StartError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = list_debian_versions();
    folders.extend(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|folder| holds_all(folder))
        .ok_or(StartError::NotInstalled)
}

fn list_debian_versions() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(DEBIAN_FOLDER) else {
        return Vec::new();
    };
    let mut versions: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions
        .iter()
        .map(|version| {
            Path::new(DEBIAN_FOLDER)
                .join(version.to_string())
                .join("bin")
        })
        .collect()
}

fn holds_all(folder: &Path) -> bool {
    PROGRAMS
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// Who runs the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// The server refuses to run as root: then it is the user `postgres`, else whoever runs the tests.
pub(crate) fn find_owner() -> Result<Option<Owner>, StartError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |kind| -> Option<u32> {
        let output = Command::new("id").args([kind, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    match (id("-u"), id("-g")) {
        (Some(user), Some(group)) => Ok(Some(Owner { user, group })),
        _ => Err(StartError::NoUser),
    }
}
