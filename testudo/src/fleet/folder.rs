//! The folder of a fleet on one machine.

use crate::fleet::members::CONTROL_NAME;
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use wire::client::FleetClient;
use wire::files::write_durably;
use wire::identity::{FleetIdentity, FleetRole, server_name};

const RUNNING_FILE: &str = "running.json";

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
}

/// The folder of the certificate of one process.
#[must_use]
pub fn identity(fleet: &Path, role: FleetRole, name: &str) -> PathBuf {
    fleet
        .join("identities")
        .join(format!("{}-{name}", role.as_str()))
}

impl Running {
    /// Reads what the running fleet wrote.
    ///
    /// # Errors
    /// What to do, if none runs.
    pub fn load(fleet: &Path) -> anyhow::Result<Self> {
        let path = fleet.join(RUNNING_FILE);
        let text = std::fs::read(&path).with_context(|| {
            format!(
                "no fleet runs in {}; start one with `testudo fleet up`, or name its folder with --data",
                fleet.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| path.display().to_string())
    }

    /// Whether a fleet runs there, as far as it says.
    #[must_use]
    pub fn is_there(fleet: &Path) -> bool {
        fleet.join(RUNNING_FILE).exists()
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
        let identity = FleetIdentity::load(&identity(fleet, FleetRole::Operator, "local"))?;
        let name = server_name(FleetRole::Control, CONTROL_NAME);
        Ok(FleetClient::new(
            &identity,
            &self.control.to_string(),
            &name,
        )?)
    }
}
