//! From which state a cell comes to which.

use std::fmt;
use vocab::slug::Slug;
use wire::control::CellState;

/// Why a cell does not come to a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateDenial {
    /// It serves, or may be given organisations at any moment.
    #[error(
        "the cell is {from}: drain it first (`testudo cell drain`), so that its organisations leave and none come"
    )]
    NotDrained {
        /// Its state.
        from: &'static str,
    },
    /// No way leads there.
    #[error("a cell that is {from} does not become {to}")]
    NoWay {
        /// Its state.
        from: &'static str,
        /// The state that was asked for.
        to: &'static str,
    },
    /// It still has orgs, or something of them.
    #[error("the cell is not empty yet: {0}")]
    Inhabited(Inhabitants),
}

/// What a cell has of orgs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inhabitants {
    /// The places that are taken.
    pub counted: i64,
    /// Orgs that it serves, or is about to.
    pub served: i64,
    /// Orgs that are about to come, or could be taken back to it.
    pub kept: i64,
    /// The first of them by name.
    pub kept_names: Vec<Slug>,
    /// Orgs that are elsewhere, of which it has rows to remove.
    pub left_behind: i64,
    /// The first of them by name.
    pub left_behind_names: Vec<Slug>,
}

impl fmt::Display for Inhabitants {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        // Whoever asks drains the cell already.
        match self.served {
            0 => {}
            1 => said.push(format!("1 organisation lives there, and {LEAVE}")),
            served => said.push(format!("{served} organisations live there, and {LEAVE}")),
        }
        if let Some(name) = self.kept_names.first() {
            let are = render_who(self.kept, &self.kept_names);
            said.push(format!(
                "{are} on the way there, or can still be taken back to it (`testudo org move {name} --settle` ends that)"
            ));
        }
        if !self.left_behind_names.is_empty() {
            let are = render_who(self.left_behind, &self.left_behind_names);
            said.push(format!(
                "{are} elsewhere, and the cell has yet to remove what it kept"
            ));
        }
        if said.is_empty() {
            said.push(format!("{} places are taken", self.counted));
        }
        formatter.write_str(&said.join("; "))
    }
}

/// What becomes of organisations that live in a draining cell.
const LEAVE: &str =
    "each leaves as soon as another cell takes it (`testudo cell show` says what is waited for)";

/// How many, the first by name, with the verb.
fn render_who(count: i64, names: &[Slug]) -> String {
    let names: Vec<&str> = names.iter().map(Slug::as_str).collect();
    let more = usize::try_from(count).is_ok_and(|count| count > names.len());
    match count {
        1 => format!("{} is", names.join(", ")),
        count => format!(
            "{count} organisations ({}{}) are",
            names.join(", "),
            if more { ", …" } else { "" }
        ),
    }
}

/// Whether a cell that has so much of orgs may change its state.
///
/// # Errors
/// [`StateDenial`] says why not.
pub fn decide_state_change(
    from: CellState,
    to: CellState,
    has: Inhabitants,
) -> Result<(), StateDenial> {
    let way = matches!(
        (from, to),
        (CellState::Building, CellState::Open | CellState::Closed)
            | (CellState::Open, CellState::Full | CellState::Draining)
            | (CellState::Full, CellState::Open | CellState::Draining)
            | (
                CellState::Draining,
                CellState::Open | CellState::Full | CellState::Closed
            )
            | (CellState::Closed, CellState::Building | CellState::Open)
    );
    if !way && to == CellState::Closed {
        return Err(StateDenial::NotDrained {
            from: from.as_str(),
        });
    }
    if !way {
        return Err(StateDenial::NoWay {
            from: from.as_str(),
            to: to.as_str(),
        });
    }
    if to == CellState::Closed && has.counted > 0 {
        return Err(StateDenial::Inhabited(has));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Inhabitants, StateDenial, decide_state_change};
    use vocab::slug::Slug;
    use wire::control::CellState::{self, Building, Closed, Draining, Full, Open};

    #[test]
    fn the_ways_between_states() {
        let ways: [(CellState, &[CellState]); 5] = [
            (Building, &[Open, Closed]),
            (Open, &[Full, Draining]),
            (Full, &[Open, Draining]),
            (Draining, &[Open, Full, Closed]),
            (Closed, &[Building, Open]),
        ];
        for (from, allowed) in ways {
            for to in CellState::ALL {
                let verdict = decide_state_change(from, to, Inhabitants::default());
                assert_eq!(verdict.is_ok(), allowed.contains(&to), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_cell_that_serves_is_drained_before_it_is_closed() {
        for from in [Open, Full] {
            let denied = decide_state_change(from, Closed, Inhabitants::default());
            let said = denied.unwrap_err().to_string();
            assert!(said.contains("`testudo cell drain`"), "{said}");
        }
    }

    #[test]
    fn a_cell_that_is_not_empty_is_not_closed_and_hears_what_it_waits_for() {
        let names = |names: &[&str]| -> Vec<Slug> {
            names
                .iter()
                .map(|name| Slug::parse(name).unwrap())
                .collect()
        };
        let has = Inhabitants {
            counted: 6,
            served: 3,
            kept: 2,
            kept_names: names(&["acme", "globex"]),
            left_behind: 1,
            left_behind_names: names(&["initech"]),
        };
        let denied = decide_state_change(Draining, Closed, has.clone()).unwrap_err();
        assert_eq!(denied, StateDenial::Inhabited(has));
        let said = denied.to_string();
        for part in [
            "3 organisations live there",
            "2 organisations (acme, globex) are on the way there",
            "`testudo org move acme --settle`",
            "initech is elsewhere",
        ] {
            assert!(said.contains(part), "{said}");
        }
        let left = Inhabitants {
            counted: 4,
            left_behind: 4,
            left_behind_names: names(&["acme", "globex", "initech"]),
            ..Inhabitants::default()
        };
        let said = left.to_string();
        assert!(
            said.contains("4 organisations (acme, globex, initech, …) are"),
            "{said}"
        );
        assert!(
            !said.contains("live there") && said.contains("remove"),
            "{said}"
        );
    }
}
