//! Runs the scripts of the real clients: one JSON object in, one out, with a deadline and a clear word on what failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use crate::{binary, wait};

/// The Python that has the clients of PyPI.
const PYTHON_VARIABLE: &str = "TESTBED_PYTHON";
/// The Python of the system.
const SYSTEM_PYTHON: &str = "python3";
/// The browser, when it is not Debian's.
const CHROMIUM_VARIABLE: &str = "TESTBED_CHROMIUM";
/// The longest that one script may take: longer than the deadline that any of them has of its own.
const SCRIPT_MAX: Duration = Duration::from_secs(660);

/// Runs a script of `testbed/clients/node`; what it printed.
///
/// # Errors
/// When it fails, with its own words; or when Node.js or its packages are missing, with what to install.
pub fn run_node(name: &str, input: &Value) -> anyhow::Result<Value> {
    let folder = binary::root().join("testbed/clients/node");
    anyhow::ensure!(
        folder.join("node_modules/openid-client").is_dir(),
        "the npm clients are not installed: run `cargo xtask provision`, or `npm ci` in {}",
        folder.display()
    );
    run(OsStr::new("node"), &folder, name, input).with_context(|| format!("node {name}"))
}

/// Runs a script of `testbed/clients/python`; what it printed.
///
/// # Errors
/// When it fails, with its own words; or when Python or its packages are missing, with what to install.
pub fn run_python(name: &str, input: &Value) -> anyhow::Result<Value> {
    let folder = binary::root().join("testbed/clients/python");
    run(python()?.as_os_str(), &folder, name, input).with_context(|| format!("python {name}"))
}

/// The same for a script that needs no client of PyPI: any Python will do.
///
/// # Errors
/// When it fails, with its own words; or when there is no Python at all.
pub fn run_bare_python(name: &str, input: &Value) -> anyhow::Result<Value> {
    let folder = binary::root().join("testbed/clients/python");
    let python = python().unwrap_or_else(|_| PathBuf::from(SYSTEM_PYTHON));
    run(python.as_os_str(), &folder, name, input).with_context(|| format!("python {name}"))
}

/// The Python that has the clients of PyPI.
///
/// # Errors
/// When it is missing, with what to do.
pub fn python() -> anyhow::Result<PathBuf> {
    let python = std::env::var_os(PYTHON_VARIABLE).map_or_else(
        || binary::target_folder().join("xtask/python/bin/python"),
        PathBuf::from,
    );
    anyhow::ensure!(
        python.is_file(),
        "there is no Python with the clients of PyPI at {}: run `cargo xtask provision`",
        python.display()
    );
    Ok(python)
}

/// The browser that the scripts drive.
///
/// # Errors
/// When it is missing, with what to install.
pub fn chromium() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os(CHROMIUM_VARIABLE)
        .map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    anyhow::ensure!(
        path.is_file(),
        "there is no browser at {}: install it with `apt-get install chromium`, or run `cargo xtask provision`",
        path.display()
    );
    Ok(path)
}

/// Output goes to files: a script that writes much would otherwise stop at a full pipe.
fn run(program: &OsStr, folder: &Path, name: &str, input: &Value) -> anyhow::Result<Value> {
    let scratch = crate::scratch::Scratch::new("script")?;
    let (output, errors) = (scratch.path().join("out"), scratch.path().join("err"));
    let mut child = Command::new(program)
        .arg(name)
        .arg(input.to_string())
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&output)?)
        .stderr(std::fs::File::create(&errors)?)
        .spawn()
        .with_context(|| {
            format!(
                "cannot start {}: run `cargo xtask provision`",
                program.to_string_lossy()
            )
        })?;
    let ended = wait::until(
        "the end of the script",
        SCRIPT_MAX,
        || Ok(child.try_wait()?),
    );
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = std::fs::read_to_string(&errors)?;
    let status = ended.with_context(|| said.clone())?;
    anyhow::ensure!(status.success(), "{status}\n{}", said.trim_end());
    let printed = std::fs::read_to_string(&output)?;
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).with_context(|| format!("it printed no JSON but `{last}`"))
}
