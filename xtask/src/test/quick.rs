//! `cargo xtask test --quick`: the inner loop after an edit. Installs nothing and starts no server.

use std::process::ExitCode;

use super::suites::{self, Suite};
use super::{changed, run_clippy, run_text_checks};
use crate::report::{Steps, Verdict};
use crate::workspace::Workspace;

/// Tests that need the server of PostgreSQL have it in their name or their module's.
const ON_SQLITE: &[&str] = &["--skip", "postgres"];
/// Crates whose tests drive the real program or the server itself, which the full run does.
const LEFT_OUT: &[&str] = &["testbed", "postgres_for_tests"];

/// Runs the short list of steps.
pub fn run(workspace: &Workspace) -> ExitCode {
    let mut steps = Steps::default();
    run_text_checks(&mut steps, &workspace.root);
    let compiles = steps.run("clippy", || run_clippy(&workspace.root));
    if compiles {
        steps.run("changed crates, on SQLite", || run_changed(workspace));
    }
    steps.finish()
}

fn run_changed(workspace: &Workspace) -> anyhow::Result<Verdict> {
    let mut changed = changed::load_changed(workspace)?;
    changed.retain(|name| !LEFT_OUT.contains(&name.as_str()));
    if changed.is_empty() {
        return Ok(Verdict::Skipped("no crate has changed".to_owned()));
    }
    let built = suites::build_with(workspace, &["build", "--workspace", "--all-targets"])?;
    let suites: Vec<&Suite> = built
        .suites
        .iter()
        .filter(|suite| changed.contains(&suite.package))
        .collect();
    suites::run_each(workspace, suites.into_iter(), ON_SQLITE, &[])
}
