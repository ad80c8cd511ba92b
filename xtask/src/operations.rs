//! `cargo xtask operations`: writes the list of operations in `docs/` anew, as the program has it. A test of the crate that
//! serves them holds the page against the route table.

use anyhow::Context as _;

use crate::command::Call;
use crate::report;
use crate::workspace::Workspace;

/// The page, from the root.
const PAGE: &str = "docs/operations.md";

/// Writes the page.
pub fn run() -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let page = Call::new("cargo")
        .args([
            "run",
            "--quiet",
            "--package",
            "api",
            "--example",
            "operations",
        ])
        .dir(&workspace.root)
        .capture()?;
    let place = workspace.root.join(PAGE);
    std::fs::write(&place, page).with_context(|| format!("cannot write {}", place.display()))?;
    report::line(&format!("{PAGE} is written"));
    Ok(())
}
