//! The tests: built once for the whole workspace, then run one executable after the other.
//!
//! One build with one set of features: choosing packages would build their dependencies once more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::command::Call;
use crate::report::{self, Verdict};
use crate::workspace::Workspace;

/// The crate whose tests drive the real program, each executable a step of its own.
const TESTBED: &str = "testbed";
/// The program that is driven.
const PRODUCT: &str = "testudo";
/// The script that reads answers by the classes of an SDK, from the root.
const WITNESS: &str = "testbed/clients/python/answers_as_classes.py";
/// The longest that the tests of one executable may take.
const SUITE_MAX: Duration = Duration::from_secs(20 * 60);

/// What the build made.
#[derive(Debug)]
pub struct Built {
    /// The product's program.
    pub product: PathBuf,
    /// The executables that hold tests.
    pub suites: Vec<Suite>,
}

impl Built {
    /// The suites that drive the real program.
    pub fn testbed_suites(&self) -> impl Iterator<Item = &Suite> {
        self.suites
            .iter()
            .filter(|suite| suite.drives_the_product())
    }

    fn crate_suites(&self) -> impl Iterator<Item = &Suite> {
        self.suites
            .iter()
            .filter(|suite| !suite.drives_the_product())
    }
}

/// One executable that holds tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The crate.
    pub package: String,
    /// The target of the crate: its library, its program, or a file of its `tests` folder.
    pub target: String,
    /// Whether it is a file of the `tests` folder.
    pub origin: Origin,
    /// The executable.
    pub executable: PathBuf,
    /// The crate's folder, in which its tests expect to run.
    pub folder: PathBuf,
}

/// Where the tests of an executable stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Inside what they test.
    Inside,
    /// In the crate's `tests` folder.
    TestsFolder,
}

impl Suite {
    fn drives_the_product(&self) -> bool {
        self.package == TESTBED && self.origin == Origin::TestsFolder
    }
}

/// A line that cargo says about something it made.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the product and every test.
pub fn build(workspace: &Workspace) -> anyhow::Result<Built> {
    build_with(workspace, &["build", "--workspace", "--all-targets"])
}

/// Builds as asked; what was made.
pub fn build_with(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<Built> {
    let said = Call::new("cargo")
        .args(arguments.iter().copied())
        .args(["--message-format=json-render-diagnostics"])
        .dir(&workspace.root)
        .capture()?;
    parse_built(&said).context("cannot tell what cargo built")
}

fn parse_built(said: &str) -> anyhow::Result<Built> {
    let mut product = None;
    let mut suites = Vec::new();
    for line in said.lines().filter(|line| line.starts_with('{')) {
        let message: Message = serde_json::from_str(line)?;
        let Message {
            reason,
            manifest_path: Some(manifest_path),
            target: Some(target),
            profile: Some(profile),
            executable: Some(executable),
        } = message
        else {
            continue;
        };
        if reason != "compiler-artifact" {
            continue;
        }
        let folder = manifest_path.parent().unwrap_or(Path::new("."));
        let package = folder.file_name().unwrap_or_default().to_string_lossy();
        if profile.test {
            suites.push(Suite {
                package: package.into_owned(),
                origin: origin(&target),
                target: target.name,
                executable,
                folder: folder.to_path_buf(),
            });
        } else if target.name == PRODUCT && target.kind.iter().any(|kind| kind == "bin") {
            product = Some(executable);
        }
    }
    suites.sort_by(|one, other| (&one.package, &one.target).cmp(&(&other.package, &other.target)));
    match product {
        Some(product) => Ok(Built { product, suites }),
        None => bail!("cargo did not build `{PRODUCT}`"),
    }
}

fn origin(target: &Target) -> Origin {
    if target.kind.iter().any(|kind| kind == "test") {
        Origin::TestsFolder
    } else {
        Origin::Inside
    }
}

/// Runs the tests of every crate but the test bed, with a line for each; all are tried.
pub fn run_crates(
    workspace: &Workspace,
    built: &Built,
    environment: &[(&'static str, OsString)],
) -> anyhow::Result<Verdict> {
    run_each(workspace, built.crate_suites(), &[], environment)
}

/// Runs these suites, with a line for each and their output in files.
pub fn run_each<'a>(
    workspace: &Workspace,
    suites: impl Iterator<Item = &'a Suite>,
    arguments: &[&str],
    environment: &[(&'static str, OsString)],
) -> anyhow::Result<Verdict> {
    let mut failed = Vec::new();
    for suite in suites {
        let name = format!("{} ({})", suite.package, suite.target);
        let log = log_of(workspace, suite);
        let started = Instant::now();
        let verdict = call(suite, environment)
            .args(arguments.iter().copied())
            .log_to(&log, SUITE_MAX);
        let took = report::render_duration(started.elapsed());
        match verdict {
            Ok(()) => {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                report::line(&format!("   {name}: {}, {took}", render_result(&said)));
            }
            Err(error) => {
                report::failure(&error);
                report::line(&format!("   {name}: FAILED, {took}"));
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("tests failed in {}", failed.join(", "));
    }
    Ok(Verdict::Passed)
}

/// Holds what the tests of the management API were answered against the classes of an SDK of the field.
pub fn run_witness(
    workspace: &Workspace,
    python: &Path,
    answers: &Path,
) -> anyhow::Result<Verdict> {
    let input = serde_json::json!({ "answers": answers });
    Call::new(python)
        .args([workspace.root.join(WITNESS)])
        .args([input.to_string()])
        .stream(SUITE_MAX)?;
    Ok(Verdict::Passed)
}

/// Runs one suite of the test bed, with its output in a file.
pub fn run_testbed(
    workspace: &Workspace,
    suite: &Suite,
    environment: &[(&'static str, OsString)],
) -> anyhow::Result<Verdict> {
    call(suite, environment).log_to(&log_of(workspace, suite), SUITE_MAX)?;
    Ok(Verdict::Passed)
}

/// Where the output of a suite goes.
fn log_of(workspace: &Workspace, suite: &Suite) -> PathBuf {
    workspace
        .scratch()
        .join("logs")
        .join(format!("{}-{}.txt", suite.package, suite.target))
}

fn call(suite: &Suite, environment: &[(&'static str, OsString)]) -> Call {
    let mut call = Call::new(&suite.executable)
        .dir(&suite.folder)
        .env("CARGO_MANIFEST_DIR", &suite.folder);
    for (name, value) in environment {
        call = call.env(name, value);
    }
    call
}

/// What a suite's closing line counts: `test result: ok. 12 passed; 0 failed; …` is `12 tests`.
fn render_result(said: &str) -> String {
    let passed = said
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .filter_map(|rest| rest.split(' ').next())
        .next_back();
    match passed {
        Some(count) => format!("{count} tests"),
        None => "no count".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = r#"
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","manifest_path":"/w/cell/keys/Cargo.toml","target":{"name":"keys","kind":["lib"]},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/w/testbed/Cargo.toml","target":{"name":"crash","kind":["test"]},"profile":{"test":true},"executable":"/w/target/crash-1"}
{"reason":"compiler-artifact","manifest_path":"/w/cell/keys/Cargo.toml","target":{"name":"keys","kind":["lib"]},"profile":{"test":true},"executable":"/w/target/keys-1"}
{"reason":"compiler-artifact","manifest_path":"/w/testbed/Cargo.toml","target":{"name":"testbed","kind":["lib"]},"profile":{"test":true},"executable":"/w/target/testbed-1"}
{"reason":"compiler-artifact","manifest_path":"/w/testudo/Cargo.toml","target":{"name":"testudo","kind":["bin"]},"profile":{"test":false},"executable":"/w/target/testudo"}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn the_product_and_the_suites_are_read_from_what_cargo_says() {
        let built = parse_built(SAID).unwrap();
        assert_eq!(built.product, Path::new("/w/target/testudo"));
        let names: Vec<&str> = built
            .suites
            .iter()
            .map(|suite| suite.target.as_str())
            .collect();
        assert_eq!(names, ["keys", "crash", "testbed"]);
        assert_eq!(built.testbed_suites().count(), 1);
        assert_eq!(built.crate_suites().count(), 2);
    }

    #[test]
    fn a_build_without_the_product_is_refused() {
        assert!(parse_built("{\"reason\":\"build-finished\",\"success\":true}").is_err());
    }

    #[test]
    fn the_count_of_a_suite_is_read_from_its_closing_line() {
        let said = "running 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
        assert_eq!(render_result(said), "2 tests");
        assert_eq!(render_result(""), "no count");
    }
}
