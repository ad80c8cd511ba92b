//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for a bounded time.
//!
//! Builds them for libFuzzer with the ordinary toolchain: the coverage pass is in every rustc, and our crates forbid
//! unsafe code, so that the sanitizers, which only a nightly has, would watch over nothing of ours.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::command::Call;
use crate::report;
use crate::workspace::Workspace;

/// The folder of the targets, from the root.
pub const FOLDER: &str = "fuzz";
/// How long a target runs when nobody says otherwise.
const SECONDS_DEFAULT: u64 = 10;
/// How long a target may run at all.
const SECONDS_MAX: u64 = 24 * 60 * 60;
/// How many targets run at the same time: each keeps one core busy.
const TARGETS_TOGETHER: usize = 2;
/// The longest that the build may take.
const BUILD_MAX: Duration = Duration::from_secs(20 * 60);
/// What a target may need beyond its time: reading the corpus, and its last input.
const GRACE: Duration = Duration::from_secs(60);
/// The longest that a target may think about one input, in seconds.
const INPUT_SECONDS_MAX: &str = "-timeout=10";
/// The most memory that a target may take, in megabytes.
const MEMORY_MAX: &str = "-rss_limit_mb=2048";

/// What turns an ordinary build into one that tells libFuzzer where it has been.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u64,
    target: Option<String>,
    input: Option<PathBuf>,
}

/// The manifest of the targets, as cargo reads it.
#[derive(Debug, Deserialize)]
struct Manifest {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Runs what the arguments ask for.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    run_with(&Workspace::load()?, &parse_options(arguments)?)
}

/// Runs every target for the default time.
pub fn run_all(workspace: &Workspace) -> anyhow::Result<()> {
    run_with(workspace, &parse_options(&[])?)
}

fn run_with(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let bench = Bench::build(workspace)?;
    let chosen: Vec<&String> = bench
        .targets
        .iter()
        .filter(|name| options.target.as_ref().is_none_or(|target| target == *name))
        .collect();
    if chosen.is_empty() {
        bail!(
            "no such fuzz target; there are {}",
            bench.targets.join(", ")
        );
    }
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let run_next = || {
        while let Some(name) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = match &options.input {
                Some(input) => bench.replay(name, input),
                None => bench.fuzz(name, options.seconds),
            };
            if let Err(error) = outcome {
                report::failure(&error);
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                failed.push(name.as_str());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..TARGETS_TOGETHER {
            scope.spawn(run_next);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("fuzz targets failed: {}", failed.join(", "));
    }
    Ok(())
}

fn parse_options(arguments: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options {
        seconds: SECONDS_DEFAULT,
        target: None,
        input: None,
    };
    let mut rest = arguments;
    loop {
        rest = match rest {
            [] => break,
            ["--seconds", seconds, rest @ ..] => {
                options.seconds = seconds
                    .parse()
                    .with_context(|| format!("--seconds {seconds}"))?;
                rest
            }
            ["--target", target, rest @ ..] => {
                options.target = Some((*target).to_owned());
                rest
            }
            ["--input", input, rest @ ..] => {
                options.input = Some(PathBuf::from(input));
                rest
            }
            [other, ..] => bail!("`{other}` is no option of fuzz, or lacks its value"),
        }
    }
    if !(1..=SECONDS_MAX).contains(&options.seconds) {
        bail!("--seconds is from 1 to {SECONDS_MAX}");
    }
    if options.input.is_some() && options.target.is_none() {
        bail!("--input needs --target: which target should read it?");
    }
    Ok(options)
}

/// The built targets.
#[derive(Debug)]
struct Bench {
    folder: PathBuf,
    programs: PathBuf,
    scratch: PathBuf,
    targets: Vec<String>,
}

impl Bench {
    fn build(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = workspace.root.join(FOLDER);
        let targets = load_targets(&folder)?;
        let host = host_triple()?;
        let target_folder = workspace.target.join("fuzz");
        report::line(&format!("building {} fuzz targets", targets.len()));
        // Naming the target keeps the flags away from build scripts and macros.
        Call::new("cargo")
            .args([
                "build",
                "--bins",
                "--locked",
                "--target",
                &host,
                "--target-dir",
            ])
            .args([&target_folder])
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"))
            .dir(&folder)
            .stream(BUILD_MAX)?;
        Ok(Self {
            folder,
            programs: target_folder.join(host).join("debug"),
            scratch: workspace.scratch().join("fuzz"),
            targets,
        })
    }

    /// Mutates inputs for a time, from the seeds kept in the tree and from what earlier runs here have found.
    fn fuzz(&self, name: &str, seconds: u64) -> anyhow::Result<()> {
        let found = self.scratch.join("corpus").join(name);
        let failures = self.scratch.join("failures").join(name);
        std::fs::create_dir_all(&found)?;
        std::fs::create_dir_all(&failures)?;
        let log = self.scratch.join("logs").join(format!("{name}.txt"));
        let seeds = Some(self.folder.join("corpus").join(name)).filter(|seeds| seeds.is_dir());
        let outcome = self
            .call(name)
            .args([format!("-max_total_time={seconds}")])
            .args([format!("-artifact_prefix={}/", failures.display())])
            .args([&found])
            .args(seeds)
            .log_to(&log, Duration::from_secs(seconds) + GRACE);
        let said = std::fs::read(&log).unwrap_or_default();
        match outcome {
            Ok(()) => {
                report::line(&format!("   {name}: {}", render_effort(&String::from_utf8_lossy(&said))));
                Ok(())
            }
            Err(error) => Err(error.context(format!(
                "{name}: the input is in {}; replay it with `cargo xtask fuzz --target {name} --input FILE`, and keep it in {FOLDER}/corpus/{name} once it is mended",
                failures.display()
            ))),
        }
    }

    fn replay(&self, name: &str, input: &Path) -> anyhow::Result<()> {
        let input = input
            .canonicalize()
            .with_context(|| format!("cannot find {}", input.display()))?;
        self.call(name).args([input]).stream(GRACE)
    }

    fn call(&self, name: &str) -> Call {
        Call::new(self.programs.join(name))
            .args([INPUT_SECONDS_MAX, MEMORY_MAX, "-print_final_stats=1"])
            .dir(&self.folder)
    }
}

fn load_targets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let said = Call::new("cargo")
        .args(["metadata", "--format-version=1", "--no-deps"])
        .dir(folder)
        .capture()?;
    let manifest: Manifest = serde_json::from_str(&said)?;
    let targets: Vec<String> = manifest
        .packages
        .into_iter()
        .flat_map(|package| package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name)
        .collect();
    if targets.is_empty() {
        bail!("{} declares no target", folder.display());
    }
    Ok(targets)
}

fn host_triple() -> anyhow::Result<String> {
    let said = Call::new("rustc")
        .args(["--version", "--verbose"])
        .capture()?;
    said.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc does not say for which machine it builds")
}

/// How much was tried: `1234 inputs, 56 a second`, from libFuzzer's closing statistics.
fn render_effort(said: &str) -> String {
    let figure = |name: &str| {
        said.lines()
            .find_map(|line| {
                line.strip_prefix("stat::")?
                    .strip_prefix(name)?
                    .strip_prefix(':')
            })
            .map_or("?", str::trim)
    };
    format!(
        "{} inputs, {} a second",
        figure("number_of_executed_units"),
        figure("average_exec_per_sec")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_any_order() {
        assert_eq!(
            parse_options(&["--target", "jwt", "--seconds", "5"]).unwrap(),
            Options {
                seconds: 5,
                target: Some("jwt".to_owned()),
                input: None
            }
        );
        assert_eq!(parse_options(&[]).unwrap().seconds, SECONDS_DEFAULT);
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for arguments in [
            &["--seconds"][..],
            &["--seconds", "many"],
            &["--seconds", "0"],
            &["--input", "file"],
            &["--fast"],
        ] {
            assert!(parse_options(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn the_effort_is_read_from_the_closing_statistics() {
        let said =
            "Done\nstat::number_of_executed_units: 1234\nstat::average_exec_per_sec:     56\n";
        assert_eq!(render_effort(said), "1234 inputs, 56 a second");
        assert_eq!(render_effort(""), "? inputs, ? a second");
    }
}
