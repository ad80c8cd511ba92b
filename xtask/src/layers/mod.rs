//! `cargo xtask layers`: fails on an import between crates that the table does not allow.
//!
//! Judges what the manifests declare, tests included: a test that reaches upwards is an arrow upwards too.

mod table;
#[cfg(test)]
mod tests;

use anyhow::bail;

use crate::report;
use crate::workspace::{Dependency, DependencyKind, Workspace};
use table::{FOR_TESTS, IO_CRATES, LAYERS, Layer, PURE, RESERVED};

/// One crate as its manifest declares it.
#[derive(Debug)]
struct Member<'a> {
    name: &'a str,
    folder: String,
    imports: Vec<Import<'a>>,
}

/// One import of a member.
#[derive(Debug)]
struct Import<'a> {
    name: &'a str,
    purpose: Purpose,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Product,
    Tests,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
}

/// Loads the manifests and judges them.
pub fn run() -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let members: Vec<Member<'_>> = workspace
        .packages
        .iter()
        .map(|package| Member {
            name: &package.name,
            folder: workspace.folder_of(package),
            imports: package.dependencies.iter().map(import_of).collect(),
        })
        .collect();
    let findings = decide_findings(&members);
    for finding in &findings {
        report::line(finding);
    }
    if !findings.is_empty() {
        bail!(
            "{} breaches of the table of layers (xtask/src/layers/table.rs)",
            findings.len()
        );
    }
    report::line(&format!(
        "layers: {} crates keep to the table",
        members.len()
    ));
    Ok(())
}

fn import_of(dependency: &Dependency) -> Import<'_> {
    Import {
        name: &dependency.name,
        purpose: match dependency.kind {
            Some(DependencyKind::Dev) => Purpose::Tests,
            Some(DependencyKind::Build) | None => Purpose::Product,
        },
        origin: match dependency.path {
            Some(_) => Origin::Ours,
            None => Origin::Foreign,
        },
    }
}

fn decide_findings(members: &[Member<'_>]) -> Vec<String> {
    members.iter().flat_map(decide_member).collect()
}

fn decide_member(member: &Member<'_>) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == member.name) else {
        return vec![format!(
            "{}: the crate `{}` has no row in the table of layers; say where it stands and whom it may import",
            member.folder, member.name
        )];
    };
    let mut findings = Vec::new();
    if layer.folder != member.folder {
        findings.push(format!(
            "{}: the crate `{}` belongs in {}",
            member.folder, member.name, layer.folder
        ));
    }
    for import in &member.imports {
        findings.extend(match import.origin {
            Origin::Ours => decide_arrow(layer, import),
            Origin::Foreign => decide_foreign(layer, import),
        });
    }
    findings
}

fn decide_arrow(layer: &Layer, import: &Import<'_>) -> Option<String> {
    let for_tests = FOR_TESTS.contains(&import.name) && import.purpose == Purpose::Tests;
    if for_tests || layer.may_import.contains(&import.name) {
        return None;
    }
    let purpose = match import.purpose {
        Purpose::Product => "",
        Purpose::Tests => " (for its tests)",
    };
    let allowed = match layer.may_import {
        [] => "no crate of ours".to_owned(),
        names => format!("only {}", names.join(", ")),
    };
    Some(format!(
        "{}/Cargo.toml: `{}` imports `{}`{purpose}; it may import {allowed}",
        layer.folder, layer.name, import.name
    ))
}

fn decide_foreign(layer: &Layer, import: &Import<'_>) -> Option<String> {
    if import.purpose == Purpose::Tests {
        return None;
    }
    if PURE.contains(&layer.name) && IO_CRATES.contains(&import.name) {
        return Some(format!(
            "{}/Cargo.toml: `{}` does no input or output, and `{}` is for nothing else",
            layer.folder, layer.name, import.name
        ));
    }
    let reserved = RESERVED
        .iter()
        .find(|reserved| reserved.name == import.name)?;
    if reserved.only.contains(&layer.name) {
        return None;
    }
    Some(format!(
        "{}/Cargo.toml: `{}` imports `{}`, which only {} may: {}",
        layer.folder,
        layer.name,
        import.name,
        reserved.only.join(", "),
        reserved.reason
    ))
}
