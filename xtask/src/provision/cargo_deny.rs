//! cargo-deny: the one on the path when there is one, else built once from its source into the build folder.

use std::path::PathBuf;
use std::time::Duration;

use crate::command::{Call, find_program};
use crate::report;
use crate::workspace::Workspace;

/// What is built when there is none. Its lock file is honoured.
const VERSION: &str = "0.20.2";
/// The longest that the build may take.
const BUILD_MAX: Duration = Duration::from_secs(20 * 60);

/// Finds or builds it.
pub fn provide(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let tools = workspace.scratch().join("tools");
    if let Some(found) = find_program("cargo-deny", &[tools.join("bin")]) {
        return Ok(found);
    }
    report::line(&format!(
        "building cargo-deny {VERSION}, once: a minute or two"
    ));
    // Unoptimised: it builds in a third of the time, and judges our graph in three seconds.
    Call::new("cargo")
        .args(["install", "--locked", "--debug", "--root"])
        .args([&tools])
        .args([&format!("cargo-deny@{VERSION}")])
        .stream(BUILD_MAX)?;
    Ok(tools.join("bin/cargo-deny"))
}
