//! From which state a cell comes to which.

use std::fmt;
use wire::control::CellState;

/// Why a cell does not come to a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateDenial {
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inhabitants {
    /// The places that are taken.
    pub counted: i64,
    /// Orgs that it serves, or is about to.
    pub served: i64,
    /// Orgs that are about to come, or could be taken back to it.
    pub kept: i64,
    /// Orgs that are elsewhere, of which it has rows to remove.
    pub left_behind: i64,
}

impl fmt::Display for Inhabitants {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        if self.served > 0 {
            let text = "organisations live there (`testudo cell drain` moves them away)";
            said.push(format!("{} {text}", self.served));
        }
        if self.kept > 0 {
            let text = "are on their way there, or can still be taken back to it (`testudo org move NAME --settle` ends that)";
            said.push(format!("{} {text}", self.kept));
        }
        if self.left_behind > 0 {
            let text = "are elsewhere, and it has to remove yet what it kept of them";
            said.push(format!("{} {text}", self.left_behind));
        }
        if said.is_empty() {
            said.push(format!("{} places are taken", self.counted));
        }
        formatter.write_str(&said.join("; "))
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
    fn a_cell_that_is_not_empty_is_not_closed_and_hears_what_it_waits_for() {
        let has = Inhabitants {
            counted: 6,
            served: 3,
            kept: 2,
            left_behind: 1,
        };
        let denied = decide_state_change(Draining, Closed, has).unwrap_err();
        assert_eq!(denied, StateDenial::Inhabited(has));
        let said = denied.to_string();
        for part in [
            "3 organisations live",
            "2 are on their way",
            "1 are elsewhere",
        ] {
            assert!(said.contains(part), "{said}");
        }
        let left = Inhabitants {
            counted: 1,
            left_behind: 1,
            ..Inhabitants::default()
        };
        let said = left.to_string();
        assert!(
            !said.contains("live there") && said.contains("remove"),
            "{said}"
        );
    }
}
