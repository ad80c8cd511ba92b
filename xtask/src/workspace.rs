//! What cargo knows of the tree: members, what they import, what they build. One call of `cargo metadata`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::command::Call;
use crate::report;

/// The longest that a build may take.
const BUILD_MAX: Duration = Duration::from_secs(45 * 60);
/// What is measured and proved, and what does it.
const PROGRAMS: &[&str] = &["--package", "testudo", "--package", "testbed", "--bins"];

/// The workspace as cargo sees it.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// Where builds go.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
    /// The member crates.
    pub packages: Vec<Package>,
}

/// One member crate.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Where its manifest lies.
    pub manifest_path: PathBuf,
    /// What it declares to import, other members and foreign crates alike.
    pub dependencies: Vec<Dependency>,
}

/// One declared import.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The name of the crate.
    pub name: String,
    /// For what: the product, its tests, or its build.
    pub kind: Option<DependencyKind>,
    /// Its folder, when it is one of ours.
    pub path: Option<PathBuf>,
}

/// What a dependency other than the ordinary kind is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// For tests only.
    Dev,
    /// For the build script only.
    Build,
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = Call::new("cargo")
            .args(["metadata", "--format-version=1", "--no-deps"])
            .dir(root)
            .capture()?;
        serde_json::from_str(&text).context("cannot understand what `cargo metadata` said")
    }

    /// The folder of a member, relative to the root, with forward slashes.
    pub fn folder_of(&self, package: &Package) -> String {
        let folder = package.manifest_path.parent().unwrap_or(&self.root);
        let folder = folder.strip_prefix(&self.root).unwrap_or(folder);
        folder.to_string_lossy().replace('\\', "/")
    }

    /// Builds the product and the test bed's programs; the folder where they lie.
    pub fn build_programs(&self, profile: &str) -> anyhow::Result<PathBuf> {
        self.build(profile, PROGRAMS)
    }

    /// Builds, and says where what was built lies.
    pub fn build(&self, profile: &str, words: &[&str]) -> anyhow::Result<PathBuf> {
        let optimised = (profile == "release").then_some("--release");
        Call::new("cargo")
            .args(["build"])
            .args(words.iter().copied())
            .args(optimised)
            .dir(&self.root)
            .stream(BUILD_MAX)?;
        Ok(self.target.join(profile))
    }

    /// Keeps what a command has found beside the build, and says where.
    pub fn write_findings(&self, name: &str, findings: &impl Serialize) -> anyhow::Result<()> {
        let place = self.target.join(name);
        std::fs::write(&place, serde_json::to_string_pretty(findings)?)
            .with_context(|| format!("cannot write {}", place.display()))?;
        report::line(&format!("written: {}", place.display()));
        Ok(())
    }

    /// Where our own commands keep logs, stamps and tools; lost with `cargo clean`, and found again.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}
