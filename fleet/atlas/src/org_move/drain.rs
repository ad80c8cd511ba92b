//! Empties cells that are draining: their orgs are moved to wherever they may be, a few at once.

use crate::org_move::operate::CONTROL;
use crate::org_move::record::MoveRecord;
use crate::org_move::store;
use crate::placement::{CellLoad, PlacementDenial, decide_other_place};
use crate::refusal::Refusal;
use crate::register::Register;
use crate::store as register_store;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};
use vocab::slug::Slug;
use wire::control::{CellState, CellView, Pin};
use wire::names::CellName;
use wire::org_move::view::{Phase, StartMove};

/// How often it is looked for orgs that are to leave.
const ROUND: Duration = Duration::from_secs(1);
/// The longest pause of a cell whose orgs may go nowhere.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Orgs of one cell that are on their way at once.
const AT_ONCE_MAX: usize = 4;
/// Orgs that are looked at together.
const PAGE_ORGS: i64 = 200;
/// Orgs that are named to whoever looks at the cell.
const NAMED_MAX: usize = 3;
/// How long such a move can be taken back: the cell is wanted empty.
const KEEP_SECS: i64 = 60;

/// Empties cells, for ever.
pub async fn run(register: Register) {
    let mut patience = Patience::default();
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        if let Err(error) = register.drain_round(&mut patience).await {
            tracing::warn!(%error, "draining cells could not be looked at");
        }
    }
}

/// Which cells are looked at again, and when. One whose orgs may go nowhere is left alone until the register changes, and is
/// then looked at less and less often: each look goes over all its orgs.
#[derive(Debug, Default)]
pub struct Patience(HashMap<CellName, Wait>);

#[derive(Debug, Clone, Copy)]
struct Wait {
    /// The register's change that was the newest then, if nothing but another one can help.
    cursor: Option<i64>,
    pause: Duration,
    since: Instant,
}

impl Patience {
    fn is_due(&self, cell: &CellName, cursor: i64, now: Instant) -> bool {
        self.0.get(cell).is_none_or(|wait| {
            wait.cursor != Some(cursor) && now.saturating_duration_since(wait.since) >= wait.pause
        })
    }

    /// Nothing of a cell could be moved.
    fn wait(&mut self, cell: &CellName, cursor: Option<i64>, now: Instant) {
        let before = self.0.get(cell).map(|wait| wait.pause);
        let pause = before.map_or(ROUND, |pause| (pause * 2).min(PAUSE_MAX));
        let wait = Wait {
            cursor,
            pause,
            since: now,
        };
        self.0.insert(cell.clone(), wait);
    }

    fn forget(&mut self, cell: &CellName) {
        self.0.remove(cell);
    }
}

/// What came of sending one org away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// It is on its way.
    Begun,
    /// It cannot go now, and that may change without a change of the register.
    MayGetWell,
    /// It cannot go as the register is.
    No,
}

impl Register {
    /// Begins moves out of every draining cell that is due; says how many.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn drain_round(&self, patience: &mut Patience) -> Result<usize, Refusal> {
        let mut begun = 0;
        for cell in self.cells().await? {
            if cell.state == CellState::Draining {
                begun += self.drain(&cell, patience).await?;
            } else {
                patience.forget(&cell.name);
            }
        }
        Ok(begun)
    }

    async fn drain(&self, cell: &CellView, patience: &mut Patience) -> Result<usize, Refusal> {
        let mut tx = self.database.read().await?;
        let cursor = register_store::load_head(&mut tx).await?.cursor;
        if !patience.is_due(&cell.name, cursor, Instant::now()) {
            return Ok(0);
        }
        let moves = store::load_under_way(&mut tx).await?;
        drop(tx);
        let leaving = moves.iter().filter(|one| one.giver == cell.name);
        let busy = leaving.filter(|one| one.phase != Phase::Following).count();
        let free = AT_ONCE_MAX.saturating_sub(busy);
        if free == 0 {
            return Ok(0);
        }
        let (begun, may_get_well) = self.send_some_away(cell, free).await?;
        let cursor = Some(cursor).filter(|_| !may_get_well);
        match begun {
            0 => patience.wait(&cell.name, cursor, Instant::now()),
            _ => patience.forget(&cell.name),
        }
        Ok(begun)
    }

    /// Those that may go nowhere else are passed over: whoever comes after them can. Says how many were begun with, and whether
    /// others only wait for a cell that is not well.
    async fn send_some_away(&self, cell: &CellView, most: usize) -> Result<(usize, bool), Refusal> {
        let (mut begun, mut may_get_well, mut after) = (0, false, String::new());
        loop {
            let (page, others) = self.load_resting(&cell.name, &after).await?;
            let Some((last, _)) = page.last() else {
                return Ok((begun, may_get_well));
            };
            after = last.to_string();
            for (slug, pin) in page {
                if begun == most {
                    return Ok((begun, may_get_well));
                }
                // Nobody waits for the register's place while it is looked who could go at all.
                match decide_other_place(&pin, &others) {
                    Ok(_) => match self.send_away(cell, &slug).await? {
                        Sent::Begun => begun += 1,
                        Sent::MayGetWell => may_get_well = true,
                        Sent::No => {}
                    },
                    Err(PlacementDenial::Unwell { .. }) => may_get_well = true,
                    Err(_) => {}
                }
            }
        }
    }

    /// Orgs of a cell that are not being moved, after a short name, and the other cells.
    async fn load_resting(
        &self,
        cell: &CellName,
        after: &str,
    ) -> Result<(Vec<(Slug, Pin)>, Vec<CellLoad>), Refusal> {
        let mut tx = self.database.read().await?;
        let page = store::load_resting(&mut tx, cell, after, PAGE_ORGS).await?;
        let mut others = register_store::load_loads(&mut tx).await?;
        drop(tx);
        self.watch.mark(&mut others);
        others.retain(|other| other.name != *cell);
        Ok((page, others))
    }

    /// What a draining cell has to wait for: orgs that are on their way out or could still be taken back to it, and orgs that rest
    /// there because no other cell takes them, or because they came lately and can still be taken back, and why.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn find_waiting(&self, cell: &CellView) -> Result<Option<String>, Refusal> {
        if cell.state != CellState::Draining {
            return Ok(None);
        }
        let (page, others) = self.load_resting(&cell.name, "").await?;
        let denied = page.iter().filter_map(|(slug, pin)| {
            let denied = decide_other_place(pin, &others).err()?;
            Some((slug, denied))
        });
        let denied: Vec<_> = denied.collect();
        let mut tx = self.database.read().await?;
        let moves = store::load_under_way(&mut tx).await?;
        let came = |one: &&MoveRecord| one.giver == cell.name && one.phase == Phase::Following;
        let came: Vec<&MoveRecord> = moves.iter().filter(came).collect();
        let leaves = |one: &&MoveRecord| one.giver == cell.name && is_on_the_way(one.phase);
        let leaving = moves.iter().filter(leaves).map(|one| &one.slug).collect();
        let left = |one: &&MoveRecord| one.taker == cell.name && one.phase == Phase::Following;
        let left = moves.iter().filter(left).map(|one| &one.slug).collect();
        let said = [
            render_leaving(leaving),
            render_left(left),
            render_waiting(&denied),
            render_came(&came),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        Ok(Some(said.join("; ")).filter(|said| !said.is_empty()))
    }

    async fn send_away(&self, cell: &CellView, slug: &Slug) -> Result<Sent, Refusal> {
        let wanted = StartMove {
            to: None,
            keep_secs: Some(KEEP_SECS),
        };
        // Out of a cell that does not answer too: it is waited for, and nobody has to ask again.
        match self.begin_move(slug, wanted, CONTROL).await {
            Ok(_) => Ok(Sent::Begun),
            Err(Refusal::Placement(denial)) => {
                tracing::debug!(org = %slug, cell = %cell.name, %denial, "an org cannot leave a draining cell");
                // The cell that was chosen fell ill since: the register will say nothing when it is well again.
                Ok(match denial {
                    PlacementDenial::Unwell { .. } => Sent::MayGetWell,
                    _ => Sent::No,
                })
            }
            // Others end without a word of this cell.
            Err(Refusal::TooManyMoves { .. }) => Ok(Sent::MayGetWell),
            Err(Refusal::Moving { .. } | Refusal::UnderWay { .. }) => Ok(Sent::No),
            Err(refusal) => Err(refusal),
        }
    }
}

fn render_waiting(denied: &[(&Slug, PlacementDenial)]) -> Option<String> {
    let ((slug, why), more) = denied.split_first()?;
    let who = match more.len() {
        0 => format!("{slug} stays"),
        // As many were looked at.
        more if more + 1 == PAGE_ORGS as usize => format!("{slug} and many more stay"),
        more => format!("{slug} and {more} more stay"),
    };
    Some(match why {
        PlacementDenial::Unwell { cells } => format!(
            "{who}: {cells} may have it, but did not say lately that all is well (`testudo fleet status`); it is tried again by \
             itself"
        ),
        why => format!("{who}: {why}"),
    })
}

/// Whether an org is about to be served by the taker.
const fn is_on_the_way(phase: Phase) -> bool {
    matches!(
        phase,
        Phase::Preparing
            | Phase::Copying
            | Phase::Verifying
            | Phase::Closing
            | Phase::Fencing
            | Phase::Fenced
            | Phase::Loosening
    )
}

/// Who is on the way out of a cell.
fn render_leaving(leaving: Vec<&Slug>) -> Option<String> {
    let who = render_who(&leaving)?;
    Some(match leaving.len() {
        1 => format!("{who} is on its way out"),
        _ => format!("{who} are on their way out"),
    })
}

/// Who has left a cell, and keeps a place there as long as the move can be taken back.
fn render_left(left: Vec<&Slug>) -> Option<String> {
    let (first, who) = (left.first()?, render_who(&left)?);
    Some(format!(
        "{who} can still be taken back to it (`testudo org move {first} --settle` ends that)"
    ))
}

fn render_who(slugs: &[&Slug]) -> Option<String> {
    let names: Vec<&str> = slugs.iter().map(|slug| slug.as_str()).collect();
    let (named, more) = names.split_at(names.len().min(NAMED_MAX));
    match (named, more.len()) {
        ([], _) => None,
        (named, 0) => Some(named.join(", ")),
        (named, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}

/// Whom a move that can be taken back keeps in a cell: one org is in one move at a time.
fn render_came(came: &[&MoveRecord]) -> Option<String> {
    let (first, more) = came.split_first()?;
    let (slug, from) = (&first.slug, &first.taker);
    let who = match more.len() {
        0 => format!("{slug} can"),
        more => format!("{slug} and {more} more can"),
    };
    Some(format!(
        "{who} still be taken back to where it was ({slug} to {from}) and leaves when that time is over (`testudo org move {slug} \
         --settle` ends it)"
    ))
}

#[cfg(test)]
mod tests {
    use super::{PAUSE_MAX, Patience, ROUND, render_leaving, render_left, render_waiting};
    use crate::placement::PlacementDenial;
    use std::time::Instant;
    use vocab::slug::Slug;
    use wire::names::CellName;

    #[test]
    fn whoever_stays_is_named_with_the_reason() {
        let slug = Slug::parse("acme").unwrap();
        let denied = |count| vec![(&slug, PlacementDenial::NoOther); count];
        assert_eq!(render_waiting(&denied(0)), None);
        let said = render_waiting(&denied(1)).unwrap();
        assert!(
            said.starts_with("acme stays: no cell can take it"),
            "{said}"
        );
        let unwell = PlacementDenial::Unwell {
            cells: String::from("cell-b"),
        };
        let said = render_waiting(&[(&slug, unwell)]).unwrap();
        assert!(
            said.starts_with("acme stays: cell-b may have it") && said.contains("by itself"),
            "{said}"
        );
        for (count, part) in [(3, "acme and 2 more stay"), (200, "acme and many more")] {
            let said = render_waiting(&denied(count)).unwrap();
            assert!(said.starts_with(part), "{said}");
        }
    }

    #[test]
    fn whoever_waits_for_a_cell_hears_who_is_on_the_way_and_who_can_come_back() {
        let names = ["acme", "globex", "hooli", "initech", "umbrella"];
        let slugs = names.map(|name| Slug::parse(name).unwrap());
        let first = |count: usize| slugs.iter().take(count).collect::<Vec<_>>();
        assert_eq!(render_leaving(first(0)), None);
        assert_eq!(render_left(first(0)), None);
        for (count, said) in [
            (1, "acme is on its way out"),
            (3, "acme, globex, hooli are on their way out"),
            (5, "acme, globex, hooli and 2 more are on their way out"),
        ] {
            assert_eq!(render_leaving(first(count)).as_deref(), Some(said));
        }
        let said = render_left(first(2)).unwrap();
        assert!(
            said.starts_with("acme, globex can still be taken back to it (`testudo org move acme"),
            "{said}"
        );
    }

    #[test]
    fn a_cell_whose_orgs_may_go_nowhere_is_looked_at_when_something_changed_and_less_and_less() {
        let cell = CellName::parse("cell-a").unwrap();
        let (mut patience, mut now) = (Patience::default(), Instant::now());
        assert!(patience.is_due(&cell, 7, now));
        patience.wait(&cell, Some(7), now);
        assert!(
            !patience.is_due(&cell, 7, now + PAUSE_MAX * 100),
            "nothing changed"
        );
        assert!(!patience.is_due(&cell, 8, now), "at once");
        for pause in [ROUND, ROUND * 2, ROUND * 4] {
            assert!(!patience.is_due(&cell, 9, now + pause - ROUND / 2));
            now += pause;
            assert!(patience.is_due(&cell, 9, now));
            patience.wait(&cell, Some(8), now);
        }
        for _ in 0..20 {
            patience.wait(&cell, Some(9), now);
        }
        assert!(patience.is_due(&cell, 10, now + PAUSE_MAX));
        patience.forget(&cell);
        assert!(patience.is_due(&cell, 9, now));
        // A cell gets well without a word in the register.
        patience.wait(&cell, None, now);
        assert!(patience.is_due(&cell, 9, now + ROUND));
    }
}
