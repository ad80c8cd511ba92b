//! Empties cells that are draining: their orgs are moved to wherever they may be, a few at once.

use crate::org_move::store;
use crate::refusal::Refusal;
use crate::register::Register;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use wire::control::{CellState, CellView};
use wire::org_move::view::{Phase, StartMove};

/// How often it is looked for orgs that are to leave.
const ROUND: Duration = Duration::from_secs(1);
/// Orgs of one cell that are on their way at once.
const AT_ONCE_MAX: usize = 4;
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

    async fn drain(&self, cell: &CellView) -> Result<usize, Refusal> {
        let mut tx = self.database.read().await?;
        let moves = store::load_under_way(&mut tx).await?;
        let leaving = moves.iter().filter(|one| one.giver == cell.name);
        let busy = leaving.filter(|one| one.phase != Phase::Following).count();
        let free = AT_ONCE_MAX.saturating_sub(busy);
        let limit = i64::try_from(free).unwrap_or(0);
        let orgs = store::load_resting(&mut tx, &cell.name, limit).await?;
        drop(tx);
        let mut begun = 0;
        for slug in orgs {
            let wanted = StartMove {
                to: None,
                keep_secs: Some(KEEP_SECS),
            };
            match self.start_move(&slug, wanted, DRAINER).await {
                Ok(_) => begun += 1,
                Err(Refusal::Placement(denial)) => {
                    tracing::warn!(org = %slug, cell = %cell.name, %denial, "an org cannot leave a draining cell");
                }
                Err(Refusal::Moving { .. } | Refusal::UnderWay { .. }) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(begun)
    }
}
