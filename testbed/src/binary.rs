//! Where the programs under test lie.

use std::path::{Path, PathBuf};

/// The program under test, when it is not where cargo puts it.
pub const BINARY_VARIABLE: &str = "TESTUDO_BINARY";

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The real program.
///
/// # Errors
/// When it is not there; the message says how to make it.
pub fn find() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os(BINARY_VARIABLE)
        .map_or_else(|| target_folder().join("debug/testudo"), PathBuf::from);
    anyhow::ensure!(
        path.is_file(),
        "there is no program at {}: run `cargo build -p testudo`, or name it in {BINARY_VARIABLE}",
        path.display()
    );
    Ok(path)
}

/// Where cargo builds.
#[must_use]
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
