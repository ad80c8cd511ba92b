//! The folder of a fleet on one machine.

use crate::fleet::command;
use crate::fleet::members::CONTROL_NAME;
use anyhow::Context as _;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use server::data_folder::DataFolder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use wire::client::FleetClient;
use wire::files::write_durably;
use wire::identity::{FleetIdentity, FleetRole, server_name};

/// The name of whoever operates in the certificate that commands use.
pub const OPERATOR_NAME: &str = "local";
const RUNNING_FILE: &str = "running.json";
/// Where people reach the fleet, or the server whose folder it is; kept while it does not run.
const ORIGIN_FILE: &str = "origin";

/// What a running fleet says of itself, for the commands that ask it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// The process that started all others.
    pub process: u32,
    /// Where the control plane is.
    pub control: SocketAddr,
    /// Where the page is.
    pub page: Option<SocketAddr>,
    /// Where people reach the fleet.
    pub origin: String,
    /// The processes that it started.
    #[serde(default)]
    pub members: Vec<String>,
}

/// The folder of the certificate of one process.
#[must_use]
pub fn identity(fleet: &Path, role: FleetRole, name: &str) -> PathBuf {
    fleet
        .join("identities")
        .join(format!("{}-{name}", role.as_str()))
}

/// Where it is noted which process a member is.
#[must_use]
pub fn process_file(fleet: &Path, name: &str) -> PathBuf {
    fleet.join("logs").join(format!("{name}.pid"))
}

/// The process of a member, unless it ended.
#[must_use]
pub fn load_process(fleet: &Path, name: &str) -> Option<u32> {
    let text = std::fs::read_to_string(process_file(fleet, name)).ok()?;
    let process = text.trim().parse().ok()?;
    let lives = test_kill_process(Pid::from_raw(process)?).is_ok();
    u32::try_from(process).ok().filter(|_| lives)
}

/// Where people reached the fleet or server of this folder last, if it ever ran.
#[must_use]
pub fn load_origin(fleet: &Path) -> Option<String> {
    let text = std::fs::read_to_string(fleet.join(ORIGIN_FILE)).ok()?;
    let origin = text.trim();
    (!origin.is_empty()).then(|| origin.to_owned())
}

/// Notes where people reach the fleet.
///
/// # Errors
/// What the file system says.
pub fn keep_origin(fleet: &Path, origin: &str) -> std::io::Result<()> {
    write_durably(fleet, ORIGIN_FILE, format!("{origin}\n").as_bytes())
}

/// The same of what has just started in a folder, for its next start and for commands that make links.
pub fn note_origin(folder: &Path, origin: &str) {
    let origin = origin.trim_end_matches('/');
    if load_origin(folder).as_deref() == Some(origin) {
        return;
    }
    // A disk may be full, and what started serves.
    if let Err(error) = keep_origin(folder, origin) {
        tracing::warn!(%error, "it is not noted in the data folder where people reach it");
    }
}

impl Running {
    /// Reads what the running fleet wrote.
    ///
    /// # Errors
    /// What to do, if none runs.
    pub fn load(fleet: &Path) -> anyhow::Result<Self> {
        let path = fleet.join(RUNNING_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => anyhow::bail!(
                "no fleet runs in {}; start one with `{}`, or name its folder with --data",
                fleet.display(),
                command::up(fleet)
            ),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => anyhow::bail!(
                "the fleet in {} is another user's, and {} cannot be read: run this as the user who started it, or name another \
                 folder with --data",
                fleet.display(),
                path.display()
            ),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let running: Self =
            serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        // Its number may be another process's by now: only whoever holds the folder is the fleet.
        if !DataFolder::is_held(fleet) {
            anyhow::bail!(
                "no fleet runs in {}: the one that did (process {}) ended without a word; start it again with `{}`",
                fleet.display(),
                running.process,
                command::up(fleet)
            );
        }
        Ok(running)
    }

    /// The process that started all others.
    ///
    /// # Errors
    /// The file holds no number of a process.
    pub fn process(&self) -> anyhow::Result<Pid> {
        let process = i32::try_from(self.process).ok().and_then(Pid::from_raw);
        process.context("the fleet's process has no number")
    }

    /// Whether the fleet of this folder runs, as far as can be seen.
    #[must_use]
    pub fn is_there(&self, fleet: &Path) -> bool {
        let lives = self
            .process()
            .is_ok_and(|process| test_kill_process(process).is_ok());
        lives && fleet.join(RUNNING_FILE).exists()
    }

    /// Lets others know.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, fleet: &Path) -> anyhow::Result<()> {
        Ok(write_durably(
            fleet,
            RUNNING_FILE,
            &serde_json::to_vec(self)?,
        )?)
    }

    /// It runs no more.
    pub fn remove(fleet: &Path) {
        // Whoever finds it all the same is told that nobody answers.
        let _ = std::fs::remove_file(fleet.join(RUNNING_FILE));
    }

    /// A way to ask the control plane, as an operator.
    ///
    /// # Errors
    /// The certificate cannot be used.
    pub fn control(&self, fleet: &Path) -> anyhow::Result<FleetClient> {
        let identity = FleetIdentity::load(&identity(fleet, FleetRole::Operator, OPERATOR_NAME))?;
        let name = server_name(FleetRole::Control, CONTROL_NAME);
        Ok(FleetClient::new(
            &identity,
            &self.control.to_string(),
            &name,
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Running, keep_origin, load_origin, load_process, note_origin, process_file};
    use server::data_folder::DataFolder;

    #[test]
    fn what_a_fleet_left_behind_is_not_a_fleet() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("fleet");
        let said = |path| Running::load(path).unwrap_err().to_string();
        assert!(said(&path).contains("start one with"));
        let folder = DataFolder::open(&path).unwrap();
        let running = Running {
            process: std::process::id(),
            control: "127.0.0.1:1".parse().unwrap(),
            page: None,
            origin: String::from("http://localhost:8080"),
            members: Vec::new(),
        };
        running.write(&path).unwrap();
        assert_eq!(Running::load(&path).unwrap().process, running.process);
        assert!(running.is_there(&path));
        drop(folder);
        // A process has its number all the same.
        assert!(said(&path).contains("ended without a word"));
    }

    #[test]
    fn a_member_has_a_process_as_long_as_it_lives() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        assert_eq!(load_process(folder.path(), "cell-a"), None);
        let own = std::process::id();
        // No system has that many.
        for (text, found) in [
            (own.to_string(), Some(own)),
            (String::from("0"), None),
            (String::from("2147483646"), None),
        ] {
            std::fs::write(process_file(folder.path(), "cell-a"), &text).unwrap();
            assert_eq!(load_process(folder.path(), "cell-a"), found, "{text}");
        }
    }

    #[test]
    fn an_address_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load_origin(folder.path()), None);
        keep_origin(folder.path(), "https://localhost:1").unwrap();
        let kept = load_origin(folder.path());
        assert_eq!(kept.as_deref(), Some("https://localhost:1"));
        for (origin, noted) in [
            ("http://localhost:2", "http://localhost:2"),
            ("https://id.example.com/", "https://id.example.com"),
        ] {
            note_origin(folder.path(), origin);
            assert_eq!(load_origin(folder.path()).as_deref(), Some(noted));
        }
        // Where it cannot be noted, what started goes on.
        note_origin(&folder.path().join("none"), "http://localhost:3");
    }
}
