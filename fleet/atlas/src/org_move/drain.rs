//! Empties cells that are draining: their orgs are moved to wherever they may be, a few at once.

use crate::org_move::store;
use crate::refusal::Refusal;
use crate::register::Register;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use vocab::slug::Slug;
use wire::control::{CellState, CellView};
use wire::org_move::view::{Phase, StartMove};

/// How often it is looked for orgs that are to leave.
const ROUND: Duration = Duration::from_secs(1);
/// Orgs of one cell that are on their way at once.
const AT_ONCE_MAX: usize = 4;
/// Orgs that are looked at together.
const PAGE_ORGS: i64 = 200;
/// How long such a move can be taken back: the cell is wanted empty.
const KEEP_SECS: i64 = 60;
/// Whom the log names.
const DRAINER: &str = "control";

/// Empties cells, for ever.
pub async fn run(register: Register) {
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        if let Err(error) = register.drain_round().await {
            tracing::warn!(%error, "draining cells could not be looked at");
        }
    }
}

impl Register {
    /// Begins moves out of every draining cell; says how many.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn drain_round(&self) -> Result<usize, Refusal> {
        let mut begun = 0;
        for cell in self.cells().await? {
            if cell.state == CellState::Draining {
                begun += self.drain(&cell).await?;
            }
        }
        Ok(begun)
    }

    /// Those that may go nowhere else are passed over: whoever comes after them can.
    async fn drain(&self, cell: &CellView) -> Result<usize, Refusal> {
        let moves = store::load_under_way(&mut self.database.read().await?).await?;
        let leaving = moves.iter().filter(|one| one.giver == cell.name);
        let busy = leaving.filter(|one| one.phase != Phase::Following).count();
        let free = AT_ONCE_MAX.saturating_sub(busy);
        let (mut begun, mut after) = (0, String::new());
        while begun < free {
            let mut tx = self.database.read().await?;
            let page = store::load_resting(&mut tx, &cell.name, &after, PAGE_ORGS).await?;
            drop(tx);
            let Some(last) = page.last() else {
                break;
            };
            after = last.to_string();
            for slug in page {
                if begun < free && self.send_away(cell, &slug).await? {
                    begun += 1;
                }
            }
        }
        Ok(begun)
    }

    async fn send_away(&self, cell: &CellView, slug: &Slug) -> Result<bool, Refusal> {
        let wanted = StartMove {
            to: None,
            keep_secs: Some(KEEP_SECS),
        };
        match self.start_move(slug, wanted, DRAINER).await {
            Ok(_) => Ok(true),
            Err(Refusal::Placement(denial)) => {
                tracing::debug!(org = %slug, cell = %cell.name, %denial, "an org cannot leave a draining cell");
                Ok(false)
            }
            Err(Refusal::Moving { .. } | Refusal::UnderWay { .. }) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}
