//! Opens the sources of certificates that the command line names.

use crate::hosts::Hosts;
use crate::tls::acme::{self, Acme, AcmeError, Lent};
use crate::tls::files::{self, Files, FilesError};
use crate::tls::handshake::{Front, HANDSHAKE_MAX};
use crate::tls::inventory::Inventory;
use crate::tls::local::{LocalAuthority, LocalError};
use crate::tls::server_kit::ServerKit;
use crate::tls::sources::{Maker, MakerConfig, Sources, TlsConfig};
use std::path::Path;
use std::sync::Arc;
use telemetry::lasting::spawn_lasting;
use tokio::task::JoinSet;
use vocab::entropy::Entropy;
use vocab::time::SystemClock;

/// The folder of the authority of this machine, in the data folder.
const LOCAL_FOLDER: &str = "tls";

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files cannot be used.
    #[error("--tls-files: {0}")]
    Files(#[from] FilesError),
    /// There is no authority of this machine's own.
    #[error("--tls-local: {0}")]
    Local(#[from] LocalError),
    /// No certificates can be obtained.
    #[error("--tls-acme: {0}")]
    Acme(#[from] AcmeError),
    /// The crypto provider fails.
    #[error("the crypto provider fails: {0}")]
    Provider(#[from] rustls::Error),
}

/// Opens what is named; none if nothing is.
///
/// # Errors
/// [`TlsError`] naming the option.
pub fn open(
    config: TlsConfig,
    data: &Path,
    hosts: Hosts,
    entropy: Arc<dyn Entropy>,
) -> Result<Option<Front>, TlsError> {
    if !config.is_on() {
        return Ok(None);
    }
    let (kit, clock) = (ServerKit::new()?, Arc::new(SystemClock));
    let files = match &config.files {
        Some(folder) => Some(Files::open(folder, kit.clone(), clock.clone())?),
        None => None,
    };
    let maker = match config.maker {
        Some(MakerConfig::Local) => {
            let folder = data.join(LOCAL_FOLDER);
            let local = LocalAuthority::open_or_create(&folder, hosts.clone(), kit, clock)?;
            Some(Maker::Local(local))
        }
        Some(MakerConfig::Acme(config)) => {
            let lent = Lent {
                hosts: hosts.clone(),
                kit,
                clock,
                entropy,
            };
            Some(Maker::Acme(Acme::open(data, config, lent)?))
        }
        None => None,
    };
    if let (Some(files), None) = (&files, &maker) {
        files.require_any()?;
    }
    Ok(Some(Front {
        sources: Sources { files, maker },
        hosts,
        inventory: Arc::new(Inventory::default()),
        handshake_max: HANDSHAKE_MAX,
    }))
}

impl Front {
    /// Starts what keeps the certificates fresh.
    pub fn spawn_jobs(&self, jobs: &mut JoinSet<()>) {
        if let Some(files) = self.sources.files.clone() {
            spawn_lasting(jobs, "certificates in files", files::follow(files));
        }
        if let Some(Maker::Acme(acme)) = self.sources.maker.clone() {
            spawn_lasting(jobs, "certificates by ACME", acme::run(acme));
        }
    }

    /// Where the root lies that clients must know, if the certificates are made by this machine.
    #[must_use]
    pub fn local_root(&self) -> Option<&Path> {
        match &self.sources.maker {
            Some(Maker::Local(local)) => Some(local.root_path()),
            Some(Maker::Acme(_)) | None => None,
        }
    }
}
