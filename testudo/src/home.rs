//! Whose a data folder is: commands that work on a server's own folder say so when they are shown a fleet's or a cell's.

use crate::fleet::members::REGISTER_FILE;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use url::Url;
use wire::files::write_durably;
use wire::names::CellName;

/// What a cell of a fleet notes in its data folder.
const CELL_FILE: &str = "cell.json";
/// The key that everything in the store is sealed under.
const ROOT_KEY_FILE: &str = "root.key";
/// The store of a server, and of a cell.
pub const STORE_FILE: &str = "testudo.db";

/// Whose a data folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A server's, or nobody's yet.
    Server,
    /// A cell's.
    Cell(CellMark),
    /// A whole fleet's: the cells lie in it.
    Fleet,
}

/// What a cell notes of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellMark {
    /// Its name.
    pub name: CellName,
    /// Where people reach its fleet.
    pub origin: Url,
    /// Its fleet, by the key of the authority that its certificate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<String>,
}

/// Whether a cell may come into a fleet whose authority is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// It is of the fleet that it was of.
    Stays,
    /// Whoever starts it says that it is of this one now, or that the authority was made anew.
    MayJoin,
}

/// Whether the fleet may have another address than a part knows from its last start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// It is what it was.
    Stays,
    /// Whoever starts the part says that it is another one.
    MayChange,
}

/// Whether a part may believe an address of its fleet. Nothing tells it at the first start.
///
/// # Errors
/// Where people reached the fleet, and what to do.
pub fn decide_address(before: Option<&str>, wanted: &str, address: Address) -> Result<(), String> {
    let (before, wanted) = (before.map(bare), bare(wanted));
    match before.filter(|before| *before != wanted && address == Address::Stays) {
        None => Ok(()),
        Some(before) => Err(format!(
            "--origin: people reached this fleet at {before} when this part ran last, and would at {wanted}: issuers, links and \
             passkeys of its organisations are made of that address. Say --origin {before} as before; or --change-address once, if the \
             fleet is to have another one"
        )),
    }
}

fn bare(origin: &str) -> &str {
    origin.trim_end_matches('/')
}

/// Whether a cell may start in a folder where another start has noted this.
///
/// # Errors
/// Whose the folder is, and what to do.
pub fn decide_cell(known: &CellMark, wanted: &CellMark, joining: Joining) -> Result<(), String> {
    if known.name != wanted.name {
        return Err(format!(
            "it is the folder of {known}, and not of {wanted}: an organisation would be looked for where it is not. Name the folder of \
             {wanted} with --data, or start {known} there",
            known = known.name,
            wanted = wanted.name
        ));
    }
    let is_other = |fleet: &String| wanted.fleet.as_ref() != Some(fleet);
    if joining == Joining::Stays && known.fleet.as_ref().is_some_and(is_other) {
        return Err(format!(
            "it is the folder of {name} of another fleet, by the authority of its certificates: name the folder of this fleet's \
             {name} with --data. If the authority of its fleet was made anew, start it once with --rejoin",
            name = known.name
        ));
    }
    Ok(())
}

impl CellMark {
    /// Notes it in the cell's data folder, unless it stands there: a disk may be full.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        let mark = serde_json::to_vec(self)?;
        if std::fs::read(data.join(CELL_FILE)).is_ok_and(|known| known == mark) {
            return Ok(());
        }
        write_durably(data, CELL_FILE, &mark)
    }
}

/// Looks whose a folder is.
///
/// # Errors
/// What a cell noted there cannot be read.
pub fn find(data: &Path) -> anyhow::Result<Home> {
    let path = data.join(CELL_FILE);
    match std::fs::read(&path) {
        Ok(mark) => Ok(Home::Cell(
            serde_json::from_slice(&mark)
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?,
        )),
        Err(_) if data.join("control").join(REGISTER_FILE).exists() => Ok(Home::Fleet),
        Err(_) => Ok(Home::Server),
    }
}

/// Whether a server or a cell has begun in a folder: keys are made after it is noted whose the folder is.
#[must_use]
pub fn holds_keys(data: &Path) -> bool {
    data.join(STORE_FILE).exists() || data.join(ROOT_KEY_FILE).exists()
}

/// Refuses a folder that is not a server's, for what works on a server alone.
///
/// # Errors
/// Whose it is, and what to do instead.
pub fn must_be_servers(data: &Path, command: &str) -> anyhow::Result<()> {
    let whose = match find(data)? {
        Home::Server => return Ok(()),
        Home::Cell(mark) => format!("of {}, a cell of a fleet", mark.name),
        Home::Fleet => String::from("of a fleet"),
    };
    anyhow::bail!(
        "{} is the folder {whose}: `testudo {command}` is for a server that was made by `testudo up`; a fleet is started by `testudo fleet up`, and its organisations are made by `testudo org create`",
        data.display()
    )
}

#[cfg(test)]
mod tests {
    use super::{
        Address, CellMark, Home, Joining, decide_address, decide_cell, find, must_be_servers,
    };
    use wire::names::CellName;

    #[test]
    fn folders_are_told_apart() {
        let fleet = tempfile::tempdir().unwrap();
        assert_eq!(find(fleet.path()).unwrap(), Home::Server);
        assert!(must_be_servers(fleet.path(), "plan").is_ok());
        std::fs::create_dir(fleet.path().join("control")).unwrap();
        std::fs::write(fleet.path().join("control/register.db"), "").unwrap();
        assert_eq!(find(fleet.path()).unwrap(), Home::Fleet);
        let said = must_be_servers(fleet.path(), "plan").unwrap_err();
        assert!(said.to_string().contains("the folder of a fleet"), "{said}");

        let cell = tempfile::tempdir().unwrap();
        let mark = CellMark {
            name: CellName::parse("cell-a").unwrap(),
            origin: "https://localhost:8080".parse().unwrap(),
            fleet: None,
        };
        mark.write(cell.path()).unwrap();
        assert_eq!(find(cell.path()).unwrap(), Home::Cell(mark));
        let said = must_be_servers(cell.path(), "up").unwrap_err();
        assert!(said.to_string().contains("of cell-a, a cell"), "{said}");
        std::fs::write(cell.path().join("cell.json"), "{").unwrap();
        assert!(find(cell.path()).is_err());
    }

    #[test]
    fn a_part_keeps_to_the_address_of_its_fleet() {
        use Address::{MayChange, Stays};
        let (here, there) = ("http://localhost:8080", "http://localhost:9999");
        for (before, wanted, address, is_fine) in [
            (None, here, Stays, true),
            (Some(here), here, Stays, true),
            (Some(here), "http://localhost:8080/", Stays, true),
            (Some(here), there, Stays, false),
            (Some(here), there, MayChange, true),
        ] {
            let verdict = decide_address(before, wanted, address);
            assert_eq!(verdict.is_ok(), is_fine, "{before:?} {wanted}");
            if let Err(said) = verdict {
                for part in [
                    here,
                    there,
                    "--origin http://localhost:8080 ",
                    "--change-address",
                ] {
                    assert!(said.contains(part), "{part}: {said}");
                }
            }
        }
    }

    #[test]
    fn a_cells_folder_is_that_cells_of_that_fleet() {
        use Joining::{MayJoin, Stays};
        let mark = |name: &str, fleet: Option<&str>| CellMark {
            name: CellName::parse(name).unwrap(),
            origin: "https://localhost:8080".parse().unwrap(),
            fleet: fleet.map(str::to_owned),
        };
        let table = [
            (Some("one"), "cell-a", "one", Stays, None),
            (
                Some("one"),
                "cell-b",
                "one",
                Stays,
                Some("the folder of cell-a, and not of cell-b"),
            ),
            (
                Some("one"),
                "cell-b",
                "one",
                MayJoin,
                Some("the folder of cell-a"),
            ),
            (Some("one"), "cell-a", "two", Stays, Some("--rejoin")),
            (Some("one"), "cell-a", "two", MayJoin, None),
            // Noted by a release that did not know fleets apart.
            (None, "cell-a", "two", Stays, None),
            (None, "cell-b", "two", Stays, Some("cell-a")),
        ];
        for (known, name, fleet, joining, part) in table {
            let verdict = decide_cell(&mark("cell-a", known), &mark(name, Some(fleet)), joining);
            match part {
                None => assert_eq!(verdict, Ok(()), "{known:?} {name} {fleet}"),
                Some(part) => assert!(verdict.unwrap_err().contains(part), "{name} {fleet}"),
            }
        }
        let old: CellMark =
            serde_json::from_str(r#"{"name":"cell-a","origin":"http://localhost:1/"}"#).unwrap();
        assert_eq!(old.fleet, None);
    }
}
