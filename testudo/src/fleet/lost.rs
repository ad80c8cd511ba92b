//! What a fleet has lost since it ran last: a start never puts something empty in its place without a word.

use crate::fleet::command;
use crate::fleet::members::REGISTER_FILE;
use crate::home::STORE_FILE;
use std::collections::BTreeMap;
use std::path::Path;
use wire::control::CellView;
use wire::identity::FleetAuthority;
use wire::names::CellName;

/// Refuses a folder whose register is gone while cells of it are there: a new register would know no organisation, and its
/// cells would keep those that they have from everybody.
///
/// # Errors
/// What is missing, and what to do.
pub fn check_register(fleet: &Path) -> anyhow::Result<()> {
    let register = fleet.join("control").join(REGISTER_FILE);
    let cells = find_stores(fleet)?;
    anyhow::ensure!(
        register.exists() || cells.is_empty(),
        "there is no register at {}, but there are stores of cells beside it ({}): put the folder `control` back, or restore it \
         from a backup, with the `route.key` in it. Without the register nobody knows which organisation is where. To begin \
         anew, name another folder with --data",
        register.display(),
        cells.join(", ")
    );
    Ok(())
}

/// Refuses a fleet that has run, and whose authority is gone: cells know by it which fleet they are of.
///
/// # Errors
/// What is missing, and what to do.
pub fn check_authority(fleet: &Path, may_be_new: bool) -> anyhow::Result<()> {
    let authority = fleet.join("authority");
    let has_run = fleet.join("control").join(REGISTER_FILE).exists();
    anyhow::ensure!(
        FleetAuthority::is_at(&authority) || may_be_new || !has_run,
        "the authority of this fleet is gone from {}: put the folder back, or restore it from a backup. `{} \
         --new-authority` makes another one, and takes the cells that are here into it",
        authority.display(),
        command::up(fleet)
    );
    Ok(())
}

/// The folders in that of a fleet that hold the store of a cell, by name.
fn find_stores(fleet: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fleet)? {
        let entry = entry?;
        if entry.path().join(STORE_FILE).exists() {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// Refuses to start a cell that has organisations and no store.
///
/// # Errors
/// Which one, and what to do.
pub fn check_cells(fleet: &Path, known: &[CellView], started: &[CellName]) -> anyhow::Result<()> {
    let lost = known.iter().find(|cell| {
        let store = fleet.join(cell.name.as_str()).join(STORE_FILE);
        cell.orgs > 0 && started.contains(&cell.name) && !store.exists()
    });
    match lost {
        None => Ok(()),
        Some(cell) => Err(anyhow::Error::msg(render_lost(fleet, cell))),
    }
}

fn render_lost(fleet: &Path, cell: &CellView) -> String {
    let name = &cell.name;
    let placed = match cell.orgs {
        1 => String::from("1 organisation has its place"),
        orgs => format!("{orgs} organisations have their place"),
    };
    format!(
        "{name} has no store in {folder}, but the register says that {placed} there (those that can be taken back to it as well): \
         put the folder back, or restore it from a backup. `{up} --without {name}` starts the others; nobody serves its organisations then",
        up = command::up(fleet),
        folder = fleet.join(name.as_str()).display()
    )
}

/// Refuses to run with cells that do not start, and says how the others do: one that is damaged is no other's trouble.
///
/// # Errors
/// Why each does not start, and what to do.
pub fn check_started(
    wanted: &[CellName],
    known: &[CellName],
    failed: &BTreeMap<CellName, String>,
    up: &str,
) -> anyhow::Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let why: Vec<&str> = failed.values().map(String::as_str).collect();
    let mut said = why.join("; ");
    // A cell that the register does not know yet has nothing to be mended, and cannot be left out.
    if failed.len() < wanted.len() && failed.keys().all(|name| known.contains(name)) {
        let names: Vec<&str> = failed.keys().map(CellName::as_str).collect();
        said.push_str(&format!(
            ". `{up} --without {}` starts the others meanwhile; nobody serves the organisations that live there then",
            names.join(",")
        ));
    }
    Err(anyhow::Error::msg(said))
}

#[cfg(test)]
mod tests {
    use super::{check_authority, check_cells, check_register, check_started};
    use crate::fleet::roster::cell_for_tests;
    use std::fs;
    use wire::control::CellState::Open;
    use wire::names::CellName;

    #[test]
    fn a_register_that_is_gone_is_not_made_anew_beside_cells() {
        let fleet = tempfile::tempdir().unwrap();
        check_register(fleet.path()).unwrap();
        for folder in ["logs", "cell-b", "cell-a", "control"] {
            fs::create_dir(fleet.path().join(folder)).unwrap();
        }
        check_register(fleet.path()).unwrap();
        for cell in ["cell-b", "cell-a"] {
            fs::write(fleet.path().join(cell).join("testudo.db"), "").unwrap();
        }
        let said = check_register(fleet.path()).unwrap_err().to_string();
        assert!(
            said.contains("(cell-a, cell-b)") && said.contains("route.key"),
            "{said}"
        );
        fs::write(fleet.path().join("control/register.db"), "").unwrap();
        check_register(fleet.path()).unwrap();
    }

    #[test]
    fn a_cell_with_organisations_and_no_store_is_not_started() {
        let fleet = tempfile::tempdir().unwrap();
        let name = |text: &str| CellName::parse(text).unwrap();
        let known = [
            cell_for_tests("cell-a", Open, 0),
            cell_for_tests("cell-b", Open, 1),
            cell_for_tests("cell-c", Open, 7),
        ];
        let check = |started: &[CellName]| check_cells(fleet.path(), &known, started);
        let all = [name("cell-a"), name("cell-b"), name("cell-c")];
        let said = check(&all).unwrap_err().to_string();
        for part in [
            "cell-b has no store in",
            "1 organisation has its place there",
            "--without cell-b",
        ] {
            assert!(said.contains(part), "{said}");
        }
        check(&all[..1]).unwrap();
        fs::create_dir(fleet.path().join("cell-b")).unwrap();
        assert!(check(&all).is_err(), "an empty folder is none");
        fs::write(fleet.path().join("cell-b/testudo.db"), "").unwrap();
        let said = check(&all).unwrap_err().to_string();
        assert!(
            said.contains("7 organisations have their place there"),
            "{said}"
        );
    }

    #[test]
    fn whoever_hears_of_a_damaged_cell_hears_how_the_others_start() {
        let names = |all: &[&str]| -> Vec<CellName> {
            all.iter()
                .map(|name| CellName::parse(name).unwrap())
                .collect()
        };
        let all = ["cell-a", "cell-b", "cell-c"];
        type Row<'r> = (&'r [&'r str], &'r [&'r str], &'r [&'r str], Option<&'r str>);
        let table: [Row<'_>; 5] = [
            (&all, &all, &[], None),
            (&all, &all, &["cell-b"], Some("`up --without cell-b`")),
            (&all, &all, &["cell-b", "cell-a"], Some("cell-a,cell-b`")),
            (&all, &all, &all, Some("cell-c does not start: boom")),
            (
                &all,
                &all[..1],
                &["cell-b"],
                Some("cell-b does not start: boom"),
            ),
        ];
        for (wanted, known, failed, part) in table {
            let failed = names(failed);
            let failed = failed.into_iter().map(|name| {
                let why = format!("{name} does not start: boom");
                (name, why)
            });
            let failed = failed.collect();
            let verdict = check_started(&names(wanted), &names(known), &failed, "up");
            let said = verdict.map_err(|error| error.to_string());
            assert_eq!(said.is_err(), part.is_some(), "{failed:?}");
            if let (Err(said), Some(part)) = (said, part) {
                assert!(said.contains(part), "{said}");
                let can_be_left_out = part.ends_with('`');
                assert_eq!(said.contains("--without"), can_be_left_out, "{said}");
            }
        }
    }

    #[test]
    fn an_authority_that_is_gone_is_made_anew_by_leave_alone() {
        let fleet = tempfile::tempdir().unwrap();
        check_authority(fleet.path(), false).unwrap();
        fs::create_dir(fleet.path().join("control")).unwrap();
        fs::write(fleet.path().join("control/register.db"), "").unwrap();
        let said = check_authority(fleet.path(), false)
            .unwrap_err()
            .to_string();
        assert!(said.contains("--new-authority"), "{said}");
        check_authority(fleet.path(), true).unwrap();
        fs::create_dir(fleet.path().join("authority")).unwrap();
        fs::write(fleet.path().join("authority/authority.pem"), "").unwrap();
        check_authority(fleet.path(), false).unwrap();
    }
}
