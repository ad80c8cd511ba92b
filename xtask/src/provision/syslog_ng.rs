//! syslog-ng, a receiver of syslog: the one of the system when there is one, else Debian's packages unpacked into the build folder.
//! Installed, it would take the place of whatever keeps the log of this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::{Call, find_program};
use crate::report;
use crate::workspace::Workspace;

/// The program, and what it needs that few machines have.
const PACKAGES: [&str; 6] = [
    "syslog-ng-core",
    "libivykis0",
    "libnet1",
    "libjson-c5",
    "libpcre3",
    "libwrap0",
];
/// Where the program lies below the folder.
const PROGRAM: &str = "usr/sbin/syslog-ng";
/// The longest that fetching may take.
const FETCH_MAX: Duration = Duration::from_secs(5 * 60);
/// The longest that one package may take to unpack.
const UNPACK_MAX: Duration = Duration::from_secs(60);

/// The folder below which it lies.
pub fn provide(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if find_program("syslog-ng", &[PathBuf::from("/usr/sbin")]).is_some() {
        return Ok(PathBuf::from("/"));
    }
    let folder = workspace.scratch().join("syslog-ng");
    if folder.join(PROGRAM).is_file() {
        return Ok(folder);
    }
    report::line("unpacking Debian's syslog-ng into the build folder, once");
    // Whole or not at all: what broke off in the middle is begun anew.
    let begun = workspace.scratch().join("syslog-ng.begun");
    if begun.exists() {
        std::fs::remove_dir_all(&begun)?;
    }
    let packages = begun.join("packages");
    std::fs::create_dir_all(&packages)?;
    if download(&packages).is_err() {
        // A machine that has never asked what there is.
        Call::new("apt-get")
            .args(["-q", "update"])
            .stream(FETCH_MAX)?;
        download(&packages)?;
    }
    for entry in std::fs::read_dir(&packages)? {
        Call::new("dpkg-deb")
            .args(["-x".into(), entry?.path(), begun.clone()])
            .stream(UNPACK_MAX)?;
    }
    std::fs::rename(&begun, &folder)?;
    Ok(folder)
}

fn download(into: &Path) -> anyhow::Result<()> {
    Call::new("apt-get")
        .args(["-q", "download"])
        .args(PACKAGES)
        .dir(into)
        .stream(FETCH_MAX)
}
