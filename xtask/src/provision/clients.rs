//! The real clients of the test bed: npm packages beside their lock file, PyPI packages in an environment of their own.
//!
//! Installed once per lock file: a stamp in the build folder keeps the text that was installed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::command::{Call, create_file};
use crate::report;
use crate::workspace::Workspace;

/// Where the npm clients lie, from the root.
const NPM_FOLDER: &str = "testbed/clients/node";
/// What the PyPI clients are, from the root.
const PYTHON_REQUIREMENTS: &str = "testbed/clients/python/requirements.txt";
/// The longest that one registry may take.
const INSTALL_MAX: Duration = Duration::from_secs(10 * 60);

/// Installs the npm clients as the lock file has them.
pub fn provide_npm(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.root.join(NPM_FOLDER);
    let stamp = Stamp::of(workspace, "npm", &folder.join("package-lock.json"))?;
    if stamp.is_current() && folder.join("node_modules").is_dir() {
        return Ok(());
    }
    report::line("installing the npm clients");
    Call::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .dir(&folder)
        .stream(INSTALL_MAX)?;
    stamp.keep()
}

/// Installs the PyPI clients; the Python that has them.
pub fn provide_python(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let requirements = workspace.root.join(PYTHON_REQUIREMENTS);
    let environment = workspace.scratch().join("python");
    let python = environment.join("bin/python");
    let stamp = Stamp::of(workspace, "python", &requirements)?;
    if stamp.is_current() && Call::new(&python).args(["--version"]).succeeds() {
        return Ok(python);
    }
    report::line("installing the PyPI clients");
    Call::new("python3")
        .args(["-m", "venv", "--clear"])
        .args([&environment])
        .stream(INSTALL_MAX)?;
    Call::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .args([&requirements])
        .stream(INSTALL_MAX)?;
    stamp.keep()?;
    Ok(python)
}

/// The text of a lock file, and where the text that was installed last is kept.
#[derive(Debug)]
struct Stamp {
    text: String,
    place: PathBuf,
}

impl Stamp {
    fn of(workspace: &Workspace, name: &str, lock: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(lock)
            .with_context(|| format!("cannot read {}", lock.display()))?;
        let place = workspace.scratch().join("installed").join(name);
        Ok(Self { text, place })
    }

    fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.place).is_ok_and(|installed| installed == self.text)
    }

    fn keep(&self) -> anyhow::Result<()> {
        create_file(&self.place)?;
        std::fs::write(&self.place, &self.text)?;
        Ok(())
    }
}
