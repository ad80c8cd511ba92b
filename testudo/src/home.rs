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
    use super::{CellMark, Home, find, must_be_servers};
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
        };
        mark.write(cell.path()).unwrap();
        assert_eq!(find(cell.path()).unwrap(), Home::Cell(mark));
        let said = must_be_servers(cell.path(), "up").unwrap_err();
        assert!(said.to_string().contains("of cell-a, a cell"), "{said}");
        std::fs::write(cell.path().join("cell.json"), "{").unwrap();
        assert!(find(cell.path()).is_err());
    }
}
