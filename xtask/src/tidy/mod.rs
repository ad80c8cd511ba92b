//! `cargo xtask tidy`: the house rules that text alone shows, as in CONTRIBUTING.md.
//!
//! Reads files and judges them; changes nothing. The rules are pure and stand beside this file.

mod documents;
mod finding;
mod rust_rules;
mod source;
#[cfg(test)]
mod tests;
mod text_rules;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::command::Call;
use crate::report;
use crate::workspace::Workspace;
use finding::{Finding, TextFile};

/// Larger files are data, not prose or code.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads the tree and judges it.
pub fn run() -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let paths = list_files(&workspace.root)?;
    let files = load_files(&workspace.root, &paths)?;
    let known = documents::known_paths(&paths);
    let findings = decide_findings(&files, &known);
    for finding in &findings {
        report::line(&finding.to_string());
    }
    rust_rules::report_length_warnings(files.iter().filter(|file| file.extension() == "rs"));
    if !findings.is_empty() {
        bail!("{} breaches of the house rules", findings.len());
    }
    report::line(&format!("tidy: {} files keep the house rules", files.len()));
    Ok(())
}

fn decide_findings(files: &[TextFile], known: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(text_rules::decide_text_findings(file));
        match file.extension() {
            "rs" => findings.extend(rust_rules::decide_rust_findings(file)),
            "md" => findings.extend(documents::decide_document_findings(file, known)),
            _ => {}
        }
    }
    findings
}

/// What git tracks or would track: new files too, ignored ones not.
fn list_files(root: &Path) -> anyhow::Result<Vec<String>> {
    let listed = Call::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .dir(root)
        .capture()
        .context("the tree is listed by git")?;
    let mut paths: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The files that are text and of a sensible size.
fn load_files(root: &Path, paths: &[String]) -> anyhow::Result<Vec<TextFile>> {
    let mut files = Vec::new();
    for path in paths {
        let place = root.join(path);
        let length = std::fs::metadata(&place)?.len();
        if length > FILE_BYTES_MAX {
            continue;
        }
        let bytes = std::fs::read(&place).with_context(|| format!("cannot read {path}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile {
                path: path.clone(),
                text,
            });
        }
    }
    Ok(files)
}
