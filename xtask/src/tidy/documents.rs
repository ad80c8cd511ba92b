//! The rules for documents: what they point at exists. Pure: the documents and the paths of the tree in, findings out.

use std::collections::BTreeSet;

use super::finding::{Finding, TextFile};

/// Documents whose paths in backticks are paths of this repository.
const MAPS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
];
/// First parts of what has a slash and is no path of the tree: media types, and what the build makes.
const NOT_OF_THE_TREE: &[&str] = &["application", "text", "image", "target"];

/// Every path of the tree, files and folders, without a closing slash.
pub fn known_paths(files: &[String]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for file in files {
        let mut path = file.as_str();
        known.insert(path.to_owned());
        while let Some((folder, _)) = path.rsplit_once('/') {
            known.insert(folder.to_owned());
            path = folder;
        }
    }
    known
}

/// What is wrong with a document.
pub fn decide_document_findings(file: &TextFile, known: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut missing: Vec<String> = Vec::new();
        if MAPS.contains(&file.path.as_str()) {
            missing.extend(
                named_paths(line)
                    .filter(|path| !known.contains(*path))
                    .map(str::to_owned),
            );
        }
        missing.extend(linked_paths(&file.path, line).filter(|path| !known.contains(path)));
        findings.extend(missing.into_iter().map(|path| {
            Finding::at(
                file,
                index + 1,
                format!("points at `{path}`, which does not exist"),
            )
        }));
    }
    findings
}

/// The paths between backticks of a line.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| is_path(text))
        .map(|text| text.trim_end_matches('/'))
}

/// Whether a text between backticks is a path of the tree: not a URL's path, a command, a pattern or a media type.
fn is_path(text: &str) -> bool {
    let plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '/' | '_' | '-' | '.')
    };
    text.contains('/')
        && text.chars().all(plain)
        && !text.starts_with(['/', '.'])
        && !NOT_OF_THE_TREE
            .iter()
            .any(|first| text.split('/').next() == Some(first))
}

/// The targets of a line's relative links, from the root.
fn linked_paths(document: &str, line: &str) -> impl Iterator<Item = String> {
    line.split("](")
        .skip(1)
        .filter_map(|after| after.split(')').next())
        .filter(|target| {
            !target.starts_with('#') && !target.contains(':') && !target.starts_with('/')
        })
        .map(|target| resolve(document, target.split('#').next().unwrap_or_default()))
}

/// A relative target seen from a document, as a path from the root.
fn resolve(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
