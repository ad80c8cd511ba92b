//! The rules of the layers on members made up for the purpose, and the table's own soundness.

use super::*;

fn member<'a>(name: &'a str, folder: &str, imports: &[(&'a str, Purpose, Origin)]) -> Member<'a> {
    Member {
        name,
        folder: folder.to_owned(),
        imports: imports
            .iter()
            .map(|(name, purpose, origin)| Import {
                name,
                purpose: *purpose,
                origin: *origin,
            })
            .collect(),
    }
}

fn only_finding(member: Member<'_>) -> String {
    let findings = decide_findings(&[member]);
    match findings.as_slice() {
        [finding] => finding.clone(),
        others => panic!("one finding was expected: {others:?}"),
    }
}

#[test]
fn an_arrow_downwards_is_allowed() {
    let ledger = member(
        "ledger",
        "cell/ledger",
        &[
            ("vocab", Purpose::Product, Origin::Ours),
            ("database", Purpose::Product, Origin::Ours),
            ("serde", Purpose::Product, Origin::Foreign),
        ],
    );
    assert_eq!(decide_findings(&[ledger]), Vec::<String>::new());
}

#[test]
fn an_arrow_upwards_is_refused_and_the_allowed_ones_are_named() {
    let keys = member(
        "keys",
        "cell/keys",
        &[("oauth", Purpose::Product, Origin::Ours)],
    );
    assert_eq!(
        only_finding(keys),
        "cell/keys/Cargo.toml: `keys` imports `oauth`; it may import only vocab, protocol, database, telemetry, ledger"
    );
}

#[test]
fn tests_obey_the_same_table() {
    let vocab = member(
        "vocab",
        "foundation/vocab",
        &[("testbed", Purpose::Tests, Origin::Ours)],
    );
    assert_eq!(
        only_finding(vocab),
        "foundation/vocab/Cargo.toml: `vocab` imports `testbed` (for its tests); it may import no crate of ours"
    );
}

#[test]
fn siblings_do_not_know_each_other() {
    let telemetry = member(
        "telemetry",
        "foundation/telemetry",
        &[("database", Purpose::Product, Origin::Ours)],
    );
    assert!(only_finding(telemetry).contains("`telemetry` imports `database`"));
}

#[test]
fn a_crate_without_a_row_is_refused() {
    let finding = only_finding(member("extras", "cell/extras", &[]));
    assert!(finding.contains("no row in the table"), "{finding}");
}

#[test]
fn a_crate_in_the_wrong_folder_is_refused() {
    let finding = only_finding(member("keys", "foundation/keys", &[]));
    assert_eq!(
        finding,
        "foundation/keys: the crate `keys` belongs in cell/keys"
    );
}

#[test]
fn an_engine_is_imported_by_its_home_only() {
    let engine = ("rusqlite", Purpose::Product, Origin::Foreign);
    assert_eq!(
        decide_findings(&[member("database", "foundation/database", &[engine])]),
        Vec::<String>::new()
    );
    let finding = only_finding(member("oauth", "cell/oauth", &[engine]));
    assert!(finding.contains("which only database may"), "{finding}");
}

#[test]
fn pure_crates_import_no_runtime_but_for_their_tests() {
    let runtime = ("tokio", Purpose::Product, Origin::Foreign);
    let finding = only_finding(member("protocol", "foundation/protocol", &[runtime]));
    assert!(finding.contains("does no input or output"), "{finding}");
    let tested = ("tokio", Purpose::Tests, Origin::Foreign);
    assert_eq!(
        decide_findings(&[member("protocol", "foundation/protocol", &[tested])]),
        Vec::<String>::new()
    );
}

#[test]
fn the_table_has_no_cycle_because_every_row_names_earlier_rows_only() {
    for (index, layer) in LAYERS.iter().enumerate() {
        for name in layer.may_import {
            let position = LAYERS.iter().position(|other| other.name == *name);
            assert!(
                position.is_some_and(|position| position < index),
                "{} names {name}, which does not stand above it",
                layer.name
            );
        }
    }
}

#[test]
fn what_exists_for_tests_is_imported_for_tests_only() {
    let tested = ("postgres_for_tests", Purpose::Tests, Origin::Ours);
    assert_eq!(
        decide_findings(&[member("oauth", "cell/oauth", &[tested])]),
        Vec::<String>::new()
    );
    let shipped = ("postgres_for_tests", Purpose::Product, Origin::Ours);
    let finding = only_finding(member("oauth", "cell/oauth", &[shipped]));
    assert!(
        finding.contains("imports `postgres_for_tests`; it may"),
        "{finding}"
    );
}
