//! `cargo xtask test`: the one command for everything that the build server checks, as a list of steps.
//!
//! A step that fails does not stop those that can still be tried; the table at the end tells all.

mod changed;
mod quick;
mod suites;
mod supply_chain;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::command::{Call, create_file};
use crate::provision::{self, Tools};
use crate::report::{Steps, Verdict};
use crate::workspace::Workspace;
use crate::{fuzz, layers, tidy};
use suites::Built;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything that the build server checks.
    Everything,
    /// What an edit most likely broke.
    Quick,
}

/// The longest that one call of cargo may take.
const CARGO_MAX: Duration = Duration::from_secs(30 * 60);

/// Tells the tests of the management API where to write down what they were answered.
const ANSWERS: &str = "TESTUDO_ANSWERS";

/// Runs the steps and prints the verdict.
pub fn run(extent: Extent) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load()?;
    Ok(match extent {
        Extent::Everything => run_everything(&workspace),
        Extent::Quick => quick::run(&workspace),
    })
}

fn run_everything(workspace: &Workspace) -> ExitCode {
    let mut steps = Steps::default();
    let mut tools = None;
    steps.run("provision", || {
        tools = Some(provision::provide(workspace)?);
        Ok(Verdict::Passed)
    });
    let Some(tools) = tools else {
        return steps.finish();
    };
    run_text_checks(&mut steps, &workspace.root);
    steps.run("clippy", || run_clippy(&workspace.root));
    supply_chain::run(&mut steps, workspace, &tools);

    let mut ready = None;
    steps.run("build", || {
        let built = suites::build(workspace)?;
        let environment = tools.environment(&built.product)?;
        ready = Some((built, environment));
        Ok(Verdict::Passed)
    });
    match ready {
        // Whole flows wait for browsers, clients and disks more than they compute.
        Some((built, environment)) => steps.run_side_by_side(
            |steps| {
                run_crates(steps, workspace, &tools, &built, &environment);
                run_fuzz(steps, workspace);
            },
            |steps| run_testbed(steps, workspace, &built, &environment),
        ),
        None => run_fuzz(&mut steps, workspace),
    }
    steps.finish()
}

/// The checks that compile nothing.
fn run_text_checks(steps: &mut Steps, root: &Path) {
    steps.run("format", || {
        for folder in [root, &root.join(fuzz::FOLDER)] {
            Call::new("cargo")
                .args(["fmt", "--all", "--check"])
                .dir(folder)
                .stream(CARGO_MAX)?;
        }
        Ok(Verdict::Passed)
    });
    // A lock file that was left behind would be found at the very end, where what it is for is built.
    steps.run("lock files", || {
        for folder in [root, &root.join(fuzz::FOLDER)] {
            Call::new("cargo")
                .args(["metadata", "--locked", "--format-version", "1"])
                .dir(folder)
                .capture()?;
        }
        Ok(Verdict::Passed)
    });
    steps.run("layers", || layers::run().map(|()| Verdict::Passed));
    steps.run("tidy", || tidy::run().map(|()| Verdict::Passed));
}

fn run_clippy(root: &Path) -> anyhow::Result<Verdict> {
    Call::new("cargo")
        .args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ])
        .dir(root)
        .stream(CARGO_MAX)?;
    Ok(Verdict::Passed)
}

/// The tests of crates, what they were answered, and the examples of the documentation.
fn run_crates(
    steps: &mut Steps,
    workspace: &Workspace,
    tools: &Tools,
    built: &Built,
    environment: &[(&'static str, OsString)],
) {
    let answers = workspace.scratch().join("answers.jsonl");
    steps.run("crates, on both stores", || {
        create_file(&answers)?;
        let mut environment = environment.to_vec();
        environment.push((ANSWERS, answers.clone().into()));
        suites::run_crates(workspace, built, &environment)
    });
    steps.run("answers, read by the classes of an SDK", || {
        suites::run_witness(workspace, &tools.python, &answers)
    });
    steps.run("examples in the documentation", || {
        Call::new("cargo")
            .args(["test", "--workspace", "--doc", "--quiet"])
            .dir(&workspace.root)
            .log_to(
                &workspace.scratch().join("logs/documentation.txt"),
                CARGO_MAX,
            )?;
        Ok(Verdict::Passed)
    });
}

/// The tests that drive the real program, each executable a step.
fn run_testbed(
    steps: &mut Steps,
    workspace: &Workspace,
    built: &Built,
    environment: &[(&'static str, OsString)],
) {
    for suite in built.testbed_suites() {
        steps.run(&format!("testbed: {}", suite.target), || {
            suites::run_testbed(workspace, suite, environment)
        });
    }
}

fn run_fuzz(steps: &mut Steps, workspace: &Workspace) {
    steps.run("fuzz", || {
        fuzz::run_all(workspace)?;
        Ok(Verdict::Passed)
    });
}
