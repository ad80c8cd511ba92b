//! What cargo knows of the tree: members, what they import, what they build. One call of `cargo metadata`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::command::Call;

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

    /// Where our own commands keep logs, stamps and tools; lost with `cargo clean`, and found again.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}
