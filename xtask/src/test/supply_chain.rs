//! The dependencies: which may stand in the graph, under which licences, from where, and with which known holes.
//!
//! The rules are in `deny.toml`. Known holes are looked up where their database can be had; where it cannot, it is said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Call;
use crate::provision::Tools;
use crate::report::{self, Steps, Verdict};
use crate::workspace::Workspace;

/// The longest that one check may take.
const CHECK_MAX: Duration = Duration::from_secs(5 * 60);
/// Why the look-up was left out.
const NO_DATABASE: &str =
    "NOT CHECKED: the advisory database cannot be fetched from here, and no copy is kept";

/// Whether a check may ask the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Asked,
    LeftAlone,
}

/// Adds the two steps.
pub fn run(steps: &mut Steps, workspace: &Workspace, tools: &Tools) {
    let judge =
        |checks: &[&str], network| judge(&tools.cargo_deny, &workspace.root, checks, network);
    steps.run("dependencies: bans, licences, sources", || {
        judge(&["bans", "licenses", "sources"], Network::Asked)
    });
    steps.run("dependencies: advisories", || {
        let fetched = Call::new(&tools.cargo_deny)
            .args(["fetch", "db"])
            .dir(&workspace.root)
            .succeeds();
        if fetched {
            judge(&["advisories"], Network::Asked)
        } else if has_kept_database() {
            report::line("the advisory database cannot be fetched; judging by the copy kept here, if it is not too old");
            judge(&["advisories"], Network::LeftAlone)
        } else {
            Ok(Verdict::Skipped(NO_DATABASE.to_owned()))
        }
    });
}

fn judge(
    cargo_deny: &Path,
    root: &Path,
    checks: &[&str],
    network: Network,
) -> anyhow::Result<Verdict> {
    let mut call = Call::new(cargo_deny).args(["--workspace"]).dir(root);
    if network == Network::LeftAlone {
        call = call.args(["--offline"]);
    }
    call.args(["check", "--hide-inclusion-graph"])
        .args(checks.iter().copied())
        .stream(CHECK_MAX)?;
    Ok(Verdict::Passed)
}

/// Whether cargo-deny has fetched the database on an earlier day: a folder of that name beside its lock.
fn has_kept_database() -> bool {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    cargo_home
        .and_then(|home| std::fs::read_dir(home.join("advisory-dbs")).ok())
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.path().is_dir())
}
