//! Which cell gets an org: where its data may live first, then where there is room.

use crate::refusal::render_others;
use wire::control::{CellSize, CellState, Pin};
use wire::names::CellName;

/// What placement knows of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLoad {
    /// Its name.
    pub name: CellName,
    /// Where its data lies.
    pub region: String,
    /// The compliance regimes it may serve.
    pub regimes: Vec<String>,
    /// Its size.
    pub size: CellSize,
    /// What it is there for.
    pub state: CellState,
    /// How many orgs it has.
    pub orgs: i64,
    /// Whether it takes one at the moment, as far as is known: it was asked how it is, and said that it is ready.
    pub well: bool,
}

/// Why no cell gets the org.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementDenial {
    /// The cell that was asked for is not in the register.
    #[error("there is no cell {name:?}{}", render_others(.others))]
    Unknown {
        /// Its name.
        name: String,
        /// Those that it could be.
        others: Vec<CellName>,
    },
    /// The cell that was asked for lies where the org's data may not.
    #[error("{cell} is against the organisation's pin: {reason}")]
    AgainstPin {
        /// The cell.
        cell: String,
        /// In which respect.
        reason: String,
    },
    /// The cell that was asked for takes no orgs.
    #[error("{cell} {}", why_not_open(.cell, .state))]
    NotOpen {
        /// The cell.
        cell: String,
        /// Its state.
        state: CellState,
    },
    /// The cell that was asked for has no room.
    #[error("{cell} is filled: it has {orgs} organisations, as many as its size is rated for")]
    Filled {
        /// The cell.
        cell: String,
        /// How many it has.
        orgs: i64,
    },
    /// No open cell with room fits the pin.
    #[error("no cell can take it: none{} is open and has room", render_fit(.pin))]
    Nowhere {
        /// Where it may live.
        pin: Pin,
    },
    /// The org's cell is the only one.
    #[error("no cell can take it: there is no other cell")]
    NoOther,
    /// Every cell that fits is unwell.
    #[error(
        "no cell can take it at the moment: {cells} may have it, but did not say lately that all is well; see `testudo fleet status`, and ask again"
    )]
    Unwell {
        /// Their names.
        cells: String,
    },
}

/// The cell that an org is placed in: the one that was wished for if it may have it, else of those that are well the
/// emptiest in proportion to its size, the first by name among equals.
///
/// # Errors
/// [`PlacementDenial`] says why none.
pub fn decide_placement(
    pin: &Pin,
    wish: Option<&CellName>,
    cells: &[CellLoad],
) -> Result<CellName, PlacementDenial> {
    if let Some(wish) = wish {
        let cell = cells.iter().find(|cell| cell.name == *wish);
        let cell = cell.ok_or_else(|| PlacementDenial::Unknown {
            name: wish.to_string(),
            others: cells.iter().map(|cell| cell.name.clone()).collect(),
        })?;
        check_cell(pin, cell)?;
        return Ok(cell.name.clone());
    }
    let fitting = || cells.iter().filter(|cell| check_cell(pin, cell).is_ok());
    let emptiest = fitting().filter(|cell| cell.well).min_by(|a, b| {
        // a.orgs / a.rated < b.orgs / b.rated, without a division
        let (left, right) = (
            a.orgs.saturating_mul(b.size.rated_orgs()),
            b.orgs.saturating_mul(a.size.rated_orgs()),
        );
        left.cmp(&right).then_with(|| a.name.cmp(&b.name))
    });
    if let Some(cell) = emptiest {
        return Ok(cell.name.clone());
    }
    let unwell: Vec<&str> = fitting().map(|cell| cell.name.as_str()).collect();
    if !unwell.is_empty() {
        return Err(PlacementDenial::Unwell {
            cells: unwell.join(", "),
        });
    }
    Err(PlacementDenial::Nowhere { pin: pin.clone() })
}

/// The same for an org that is to leave its cell for any of the others.
///
/// # Errors
/// [`PlacementDenial`] says why none.
pub fn decide_other_place(pin: &Pin, others: &[CellLoad]) -> Result<CellName, PlacementDenial> {
    match others {
        [] => Err(PlacementDenial::NoOther),
        _ => decide_placement(pin, None, others),
    }
}

fn why_not_open(cell: &str, state: &CellState) -> String {
    match state {
        CellState::Full => {
            format!("takes no new organisations (`testudo cell open {cell}` lets them in again)")
        }
        CellState::Draining => String::from("takes no organisations: it is being drained"),
        state => format!("takes no organisations: it is {}", state.as_str()),
    }
}

fn render_fit(pin: &Pin) -> String {
    let region = pin
        .region
        .as_ref()
        .map(|region| format!("lies in {region}"));
    let regime = pin
        .regime
        .as_ref()
        .map(|regime| format!("may serve {regime}"));
    let fit: Vec<String> = region.into_iter().chain(regime).collect();
    match fit.as_slice() {
        [] => String::new(),
        fit => format!(" that {}", fit.join(" and ")),
    }
}

/// Whether the org's data may be in a cell, whatever else is true of it.
///
/// # Errors
/// [`PlacementDenial::AgainstPin`].
pub fn check_home(pin: &Pin, cell: &CellLoad) -> Result<(), PlacementDenial> {
    let against = |reason: String| PlacementDenial::AgainstPin {
        cell: cell.name.to_string(),
        reason,
    };
    if let Some(region) = pin.region.as_ref().filter(|region| **region != cell.region) {
        return Err(against(format!(
            "its data may live in {region} alone, and this cell lies in {}",
            cell.region
        )));
    }
    if let Some(regime) = pin
        .regime
        .as_ref()
        .filter(|regime| !cell.regimes.contains(regime))
    {
        return Err(against(format!("this cell may not serve {regime}")));
    }
    Ok(())
}

/// The pin first: it is never weighed against anything.
fn check_cell(pin: &Pin, cell: &CellLoad) -> Result<(), PlacementDenial> {
    check_home(pin, cell)?;
    if cell.state != CellState::Open {
        return Err(PlacementDenial::NotOpen {
            cell: cell.name.to_string(),
            state: cell.state,
        });
    }
    if cell.orgs >= cell.size.rated_orgs() {
        return Err(PlacementDenial::Filled {
            cell: cell.name.to_string(),
            orgs: cell.orgs,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CellLoad, PlacementDenial, decide_other_place, decide_placement};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{Strategy, proptest};
    use proptest::sample::select;
    use wire::control::{CellSize, CellState, Pin};
    use wire::names::CellName;

    fn cell(name: &str, region: &str, orgs: i64) -> CellLoad {
        CellLoad {
            name: CellName::parse(name).unwrap(),
            region: region.into(),
            regimes: vec!["hipaa".into()],
            size: CellSize::Small,
            state: CellState::Open,
            orgs,
            well: true,
        }
    }

    fn pin(region: Option<&str>, regime: Option<&str>) -> Pin {
        Pin {
            region: region.map(Into::into),
            regime: regime.map(Into::into),
        }
    }

    #[test]
    fn an_org_goes_where_it_may_and_where_there_is_room() {
        let mut large = cell("cell-c", "eu", 30);
        large.size = CellSize::Medium;
        let cells = [
            cell("cell-b", "eu", 5),
            cell("cell-a", "eu", 5),
            large,
            cell("cell-d", "us", 0),
        ];
        let place = |pin: Pin, wish: Option<&str>| {
            let wish = wish.map(|name| CellName::parse(name).unwrap());
            decide_placement(&pin, wish.as_ref(), &cells).map(|name| name.to_string())
        };
        assert_eq!(place(pin(None, None), None).unwrap(), "cell-d");
        assert_eq!(place(pin(Some("eu"), None), None).unwrap(), "cell-c");
        assert_eq!(
            place(pin(Some("eu"), None), Some("cell-b")).unwrap(),
            "cell-b"
        );
        let denied = place(pin(Some("eu"), None), Some("cell-d")).unwrap_err();
        assert!(
            matches!(denied, PlacementDenial::AgainstPin { .. }),
            "{denied}"
        );
        let denied = place(pin(None, Some("fedramp")), Some("cell-a")).unwrap_err();
        assert!(
            matches!(denied, PlacementDenial::AgainstPin { .. }),
            "{denied}"
        );
        let nowhere = place(pin(Some("ap"), None), None).unwrap_err();
        assert!(
            matches!(nowhere, PlacementDenial::Nowhere { .. }),
            "{nowhere}"
        );
        let unknown = place(pin(None, None), Some("cell-z")).unwrap_err();
        let said = unknown.to_string();
        assert!(
            said.starts_with("there is no cell \"cell-z\"; there are cell-"),
            "{said}"
        );
    }

    #[test]
    fn whoever_may_go_nowhere_hears_why() {
        let said = |pin: &Pin, cells: &[CellLoad]| {
            let denied = decide_other_place(pin, cells).unwrap_err();
            denied.to_string()
        };
        assert!(said(&pin(None, None), &[]).ends_with("there is no other cell"));
        let full = CellLoad {
            state: CellState::Full,
            ..cell("cell-a", "eu", 1)
        };
        let cells = [full];
        for (pin, fit) in [
            (pin(None, None), "none is open and has room"),
            (pin(Some("us"), None), "none that lies in us is open"),
            (
                pin(Some("us"), Some("pci")),
                "none that lies in us and may serve pci is open",
            ),
        ] {
            let said = said(&pin, &cells);
            assert!(said.contains(fit), "{said}");
        }
        let wish = CellName::parse("cell-a").unwrap();
        let denied = decide_placement(&pin(None, None), Some(&wish), &cells).unwrap_err();
        let said = denied.to_string();
        assert!(
            said.starts_with("cell-a takes no new organisations (`testudo cell open cell-a`"),
            "{said}"
        );
    }

    #[test]
    fn among_equals_the_first_by_name() {
        let cells = [cell("cell-b", "eu", 5), cell("cell-a", "eu", 5)];
        assert_eq!(
            decide_placement(&Pin::default(), None, &cells)
                .unwrap()
                .as_str(),
            "cell-a"
        );
    }

    #[test]
    fn a_cell_that_is_not_open_or_filled_takes_none() {
        for state in CellState::ALL
            .into_iter()
            .filter(|state| *state != CellState::Open)
        {
            let one = CellLoad {
                state,
                ..cell("cell-a", "eu", 0)
            };
            let wish = one.name.clone();
            let denied = decide_placement(&Pin::default(), Some(&wish), &[one]).unwrap_err();
            assert!(
                matches!(denied, PlacementDenial::NotOpen { .. }),
                "{denied}"
            );
        }
        let one = cell("cell-a", "eu", CellSize::Small.rated_orgs());
        let wish = one.name.clone();
        let denied = decide_placement(&Pin::default(), Some(&wish), &[one]).unwrap_err();
        assert!(matches!(denied, PlacementDenial::Filled { .. }), "{denied}");
    }

    #[test]
    fn a_cell_that_is_unwell_is_passed_over_unless_it_is_named() {
        let unwell = |name| CellLoad {
            well: false,
            ..cell(name, "eu", 0)
        };
        let cells = [unwell("cell-a"), cell("cell-b", "eu", 9), unwell("cell-c")];
        let place = |wish: Option<&CellName>, cells: &[CellLoad]| {
            decide_placement(&Pin::default(), wish, cells).map(|name| name.to_string())
        };
        assert_eq!(place(None, &cells).unwrap(), "cell-b");
        let wish = CellName::parse("cell-a").unwrap();
        assert_eq!(place(Some(&wish), &cells).unwrap(), "cell-a");
        let none = place(None, &[unwell("cell-a"), unwell("cell-c")]).unwrap_err();
        assert!(
            none.to_string().contains("cell-a, cell-c may have it"),
            "{none}"
        );
        let elsewhere = decide_placement(&pin(Some("us"), None), None, &cells).unwrap_err();
        assert!(
            matches!(elsewhere, PlacementDenial::Nowhere { .. }),
            "{elsewhere}"
        );
    }

    fn cells() -> impl Strategy<Value = Vec<CellLoad>> {
        let one = (
            select(vec!["cell-a", "cell-b", "cell-c", "cell-d"]),
            select(vec!["eu", "us"]),
            select(vec![Vec::new(), vec![String::from("hipaa")]]),
            select(CellState::ALL.to_vec()),
            0_i64..1_100,
            select(vec![true, false]),
        );
        let one = one.prop_map(|(name, region, regimes, state, orgs, well)| CellLoad {
            regimes,
            state,
            well,
            ..cell(name, region, orgs)
        });
        vec(one, 0..6)
    }

    proptest! {
        #[test]
        fn no_wish_is_ever_granted_against_the_pin(
            cells in cells(),
            region in option::of(select(vec!["eu", "us", "ap"])),
            regime in option::of(select(vec!["hipaa", "fedramp"])),
            wish in option::of(select(vec!["cell-a", "cell-b", "cell-c", "cell-d"])),
        ) {
            let pin = pin(region, regime);
            let wish = wish.map(|name| CellName::parse(name).unwrap());
            if let Ok(name) = decide_placement(&pin, wish.as_ref(), &cells) {
                let may = cells.iter().any(|cell| {
                    cell.name == name
                        && region.is_none_or(|region| cell.region == region)
                        && regime.is_none_or(|regime| cell.regimes.iter().any(|one| one == regime))
                        && cell.state == CellState::Open
                });
                assert!(may, "{name}");
            }
        }
    }
}
