//! `testudo schema`: the JSON schema of a declaration.

use std::io::Write as _;
use std::process::ExitCode;

/// Prints it.
///
/// # Errors
/// When it cannot be written.
pub fn run() -> anyhow::Result<ExitCode> {
    let schema = serde_json::to_string_pretty(&server::declaration::render_schema())?;
    writeln!(std::io::stdout().lock(), "{schema}")?;
    Ok(ExitCode::SUCCESS)
}
