//! What the tests need beside Rust: found, installed when this may be done, or named exactly.
//!
//! Never installs anything outside the build folder but with Debian's own installer and as root.

mod cargo_deny;
mod clients;
mod syslog_ng;
mod system;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::report;
use crate::workspace::Workspace;

/// Where the tests find what they drive.
#[derive(Debug)]
pub struct Tools {
    /// The folder of PostgreSQL's programs.
    pub postgres_folder: PathBuf,
    /// The browser.
    pub chromium: PathBuf,
    /// The proxy that stands in front of the product.
    pub haproxy: PathBuf,
    /// The Python that has the clients of PyPI.
    pub python: PathBuf,
    /// The folder below which the receiver of syslog lies.
    pub syslog_ng: PathBuf,
    /// The judge of dependencies.
    pub cargo_deny: PathBuf,
}

impl Tools {
    /// The environment in which tests run: what they read to find the programs above and the product.
    pub fn environment(&self, product: &Path) -> anyhow::Result<Vec<(&'static str, OsString)>> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders =
            std::iter::once(self.postgres_folder.clone()).chain(std::env::split_paths(&path));
        Ok(vec![
            ("PATH", std::env::join_paths(folders)?),
            ("TESTUDO_BINARY", product.into()),
            ("TESTBED_CHROMIUM", self.chromium.clone().into()),
            ("TESTBED_HAPROXY", self.haproxy.clone().into()),
            ("TESTBED_PYTHON", self.python.clone().into()),
            ("TESTBED_SYSLOG_NG", self.syslog_ng.clone().into()),
        ])
    }
}

/// `cargo xtask provision`.
pub fn run() -> anyhow::Result<()> {
    let tools = provide(&Workspace::load()?)?;
    report::line(&format!("PostgreSQL  {}", tools.postgres_folder.display()));
    report::line(&format!("Chromium    {}", tools.chromium.display()));
    report::line(&format!("HAProxy     {}", tools.haproxy.display()));
    report::line(&format!("Python      {}", tools.python.display()));
    report::line(&format!("syslog-ng   {}", tools.syslog_ng.display()));
    report::line(&format!("cargo-deny  {}", tools.cargo_deny.display()));
    Ok(())
}

/// Finds or installs everything; fails with the list of what a person must install.
pub fn provide(workspace: &Workspace) -> anyhow::Result<Tools> {
    let system = system::provide()?;
    clients::provide_npm(workspace)?;
    let python = clients::provide_python(workspace)?;
    let syslog_ng = syslog_ng::provide(workspace)?;
    let cargo_deny = cargo_deny::provide(workspace)?;
    Ok(Tools {
        postgres_folder: system.postgres_folder,
        chromium: system.chromium,
        haproxy: system.haproxy,
        python,
        syslog_ng,
        cargo_deny,
    })
}
