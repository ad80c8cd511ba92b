//! From which state a cell comes to which.

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
    /// It still has orgs.
    #[error("the cell still has {0} organisations; move them away before it is closed")]
    Inhabited(i64),
}

/// Whether a cell with that many orgs may change its state.
///
/// # Errors
/// [`StateDenial`] says why not.
pub fn decide_state_change(from: CellState, to: CellState, orgs: i64) -> Result<(), StateDenial> {
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
    if to == CellState::Closed && orgs > 0 {
        return Err(StateDenial::Inhabited(orgs));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{StateDenial, decide_state_change};
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
                let verdict = decide_state_change(from, to, 0);
                assert_eq!(verdict.is_ok(), allowed.contains(&to), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_cell_with_orgs_is_not_closed() {
        assert_eq!(
            decide_state_change(Draining, Closed, 2),
            Err(StateDenial::Inhabited(2))
        );
    }
}
