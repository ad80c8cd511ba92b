//! What a fleet is started with, decided by what its folder knows of the last time: how many cells, and at which address.
//! Pure.

use crate::fleet::command::at_address;
use std::fmt;
use vocab::slug::Slug;
use wire::control::{CellState, CellView};
use wire::names::{CellName, NameError};

/// How many cells a new fleet has, unless its owner says otherwise.
const CELLS_FIRST: u8 = 3;
/// As many as there are letters.
pub const CELLS_MAX: u8 = 26;

/// The names of that many cells of a machine: `cell-a`, `cell-b` and so on.
///
/// # Errors
/// Never, with at most [`CELLS_MAX`].
pub fn cell_names(count: u8) -> Result<Vec<CellName>, NameError> {
    (0..count.min(CELLS_MAX)).map(name_at).collect()
}

fn name_at(at: u8) -> Result<CellName, NameError> {
    CellName::parse(&format!("cell-{}", char::from(b'a' + at)))
}

/// How many cells are started: as many as are wished for, else as many as there are, else a few.
#[must_use]
pub fn count_cells(wished: Option<u8>, known: &[CellView]) -> u8 {
    let is_known = |at: &u8| {
        let name = name_at(*at);
        let mut in_use = known
            .iter()
            .filter(|cell| cell.state != CellState::Closed || cell.orgs > 0);
        in_use.any(|cell| name.as_ref().is_ok_and(|name| *name == cell.name))
    };
    let last = (0..CELLS_MAX).rev().find(is_known);
    wished.unwrap_or_else(|| last.map_or(CELLS_FIRST, |last| last + 1))
}

/// Whether the cells that are to be left out are cells of this fleet.
///
/// # Errors
/// What is wrong with `--without`, for people.
pub fn check_without(known: &[CellView], without: &[CellName]) -> Result<(), String> {
    let is_known = |name: &&CellName| known.iter().any(|cell| cell.name == **name);
    let Some(stranger) = without.iter().find(|name| !is_known(name)) else {
        return Ok(());
    };
    let names: Vec<&str> = known.iter().map(|cell| cell.name.as_str()).collect();
    Err(match names.as_slice() {
        [] => String::from(
            "--without: this fleet is new and has no cells yet; say how many with --cells",
        ),
        names => format!(
            "--without: this fleet has no {stranger}; its cells are {}",
            names.join(", ")
        ),
    })
}

/// A cell of the register that is not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: CellName,
    /// Organisations that have a place there: those that live there, and those that can be taken back to it.
    pub orgs: i64,
    /// Those that live there, the first by name.
    pub living: Vec<Slug>,
    /// How many of those there are.
    pub living_count: i64,
}

/// Most organisations that are named of a cell that is not started.
pub const NAMED_MAX: usize = 5;

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not started", self.name)?;
        let kept = self.orgs - self.living_count;
        let names: Vec<&str> = self.living.iter().map(Slug::as_str).collect();
        let unnamed = self.living_count - i64::try_from(names.len()).unwrap_or(i64::MAX);
        match (names.as_slice(), unnamed) {
            ([], _) => {}
            (names, ..=0) => {
                let live = if names.len() == 1 { "lives" } else { "live" };
                let names = names.join(", ");
                write!(formatter, ": nobody serves {names}, which {live} there")?;
            }
            (names, unnamed) => {
                let names = names.join(", ");
                write!(
                    formatter,
                    ": nobody serves {names} and {unnamed} more, which live there"
                )?;
            }
        }
        match kept {
            ..=0 => {}
            1 => formatter
                .write_str("; 1 that lives elsewhere has a place there yet, from a move")?,
            kept => write!(
                formatter,
                "; {kept} that live elsewhere have a place there yet, from moves"
            )?,
        }
        if self.orgs > 0 {
            formatter.write_str(". Leave --cells and --without out to start all")?;
        }
        Ok(())
    }
}

/// The cells that are there and are not started. Those that are closed and empty are nobody's loss.
#[must_use]
pub fn find_left_out(known: &[CellView], started: &[CellName]) -> Vec<LeftOut> {
    known
        .iter()
        .filter(|cell| !started.contains(&cell.name))
        .filter(|cell| cell.state != CellState::Closed || cell.orgs > 0)
        .map(|cell| LeftOut {
            name: cell.name.clone(),
            orgs: cell.orgs,
            living: Vec::new(),
            living_count: 0,
        })
        .collect()
}

/// Whether a fleet may have this address. One that has organisations keeps the one it had: their issuers, links and
/// passkeys are bound to it.
///
/// # Errors
/// What would be lost, and how it is started as before.
pub fn decide_origin(
    before: Option<&str>,
    wanted: &str,
    orgs: i64,
    change: bool,
) -> Result<(), String> {
    let Some(before) = before.filter(|before| *before != wanted) else {
        return Ok(());
    };
    if change || orgs == 0 {
        return Ok(());
    }
    let as_before = match at_address(before) {
        options if options.is_empty() => String::from("without --listen and --tls"),
        options => options.trim_start().to_owned(),
    };
    Err(format!(
        "people reach this fleet at {before}, and would at {wanted}: issuers, links and passkeys of its organisations ({orgs}) \
         would no longer fit. Start it as before ({as_before}), or say --change-address"
    ))
}

#[cfg(test)]
pub(crate) fn cell_for_tests(name: &str, state: CellState, orgs: i64) -> CellView {
    CellView {
        name: CellName::parse(name).unwrap(),
        region: String::from("local"),
        cloud: String::from("laptop"),
        regimes: Vec::new(),
        size: wire::control::CellSize::Small,
        address: String::from("127.0.0.1:1"),
        state,
        epoch: vocab::epoch::Epoch::FIRST,
        orgs,
        health: None,
        traffic: None,
        waiting: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        LeftOut, cell_for_tests as cell, cell_names, check_without, count_cells, decide_origin,
        find_left_out,
    };
    use vocab::slug::Slug;
    use wire::control::CellState;
    use wire::names::CellName;

    #[test]
    fn a_fleet_has_as_many_cells_as_before() {
        use CellState::{Closed, Full, Open};
        let five = [
            cell("cell-a", Open, 1),
            cell("cell-c", Closed, 0),
            cell("cell-d", Closed, 1),
            cell("cell-e", Closed, 0),
            cell("elsewhere", Full, 2),
        ];
        assert_eq!(count_cells(None, &[]), 3);
        assert_eq!(count_cells(None, &five), 4);
        assert_eq!(count_cells(Some(1), &five), 1);
        let names = cell_names(1).unwrap();
        let left_out = find_left_out(&five, &names);
        let said: Vec<_> = left_out.iter().map(LeftOut::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("cell-d is not started; 1 that lives elsewhere"));
        assert!(said[1].contains("; 2 that live elsewhere"));
        assert_eq!(cell_names(26).unwrap()[25].as_str(), "cell-z");
    }

    #[test]
    fn whoever_leaves_a_cell_out_hears_who_lives_there() {
        let left_out = |orgs: i64, living_count: i64, names: &[&str]| {
            let living = names.iter().map(|name| Slug::parse(name).unwrap());
            LeftOut {
                name: CellName::parse("cell-c").unwrap(),
                orgs,
                living: living.collect(),
                living_count,
            }
            .to_string()
        };
        assert_eq!(left_out(0, 0, &[]), "cell-c is not started");
        for (orgs, living, names, part) in [
            (
                1,
                1,
                &["acme"][..],
                "nobody serves acme, which lives there. Leave",
            ),
            (
                2,
                2,
                &["acme", "globex"],
                "nobody serves acme, globex, which live there. Leave",
            ),
            (
                9,
                7,
                &["acme", "globex"],
                "acme, globex and 5 more, which live there; 2 that live elsewhere have a place",
            ),
            (
                1,
                0,
                &[],
                "is not started; 1 that lives elsewhere has a place",
            ),
        ] {
            let said = left_out(orgs, living, names);
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn only_cells_that_there_are_are_left_out() {
        let names = cell_names(2).unwrap();
        let known = [cell("cell-b", CellState::Open, 1)];
        assert_eq!(check_without(&known, &[]), Ok(()));
        assert_eq!(check_without(&known, &names[1..]), Ok(()));
        let stranger = check_without(&known, &names).unwrap_err();
        assert!(
            stranger.contains("no cell-a; its cells are cell-b"),
            "{stranger}"
        );
        let new = check_without(&[], &names).unwrap_err();
        assert!(new.contains("--cells"), "{new}");
    }

    #[test]
    fn a_fleet_with_organisations_keeps_its_address() {
        let (http, https) = ("http://localhost:8080", "https://localhost:8080");
        let table = [
            (None, http, 1, false, None),
            (Some(http), http, 1, false, None),
            (Some(https), http, 0, false, None),
            (Some(https), http, 1, true, None),
            (
                Some(https),
                http,
                1,
                false,
                Some("--listen 127.0.0.1:8080 --tls local)"),
            ),
            (Some(http), https, 2, false, Some("organisations (2)")),
            (
                Some(http),
                "http://localhost:9090",
                1,
                false,
                Some("(without --listen and --tls)"),
            ),
            (
                Some("http://localhost:9090"),
                http,
                1,
                false,
                Some("(--listen 127.0.0.1:9090)"),
            ),
        ];
        for (before, wanted, orgs, change, part) in table {
            let verdict = decide_origin(before, wanted, orgs, change);
            match part {
                None => assert_eq!(verdict, Ok(()), "{before:?} {wanted}"),
                Some(part) => assert!(verdict.unwrap_err().contains(part), "{before:?} {wanted}"),
            }
        }
    }
}
