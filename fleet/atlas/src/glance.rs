//! The fleet at a glance.

use crate::log::Entry;
use crate::org_move::store as move_store;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::store;
use crate::watch::Watch;
use wire::control::{ChangeView, FleetView};

/// The newest changes that are shown.
const CHANGES_SHOWN: i64 = 12;
/// The moves that are shown.
const MOVES_SHOWN: usize = 12;

/// All cells with what is known of them, and the newest changes.
///
/// # Errors
/// [`Refusal`] if the register cannot be read.
pub async fn load(register: &Register, watch: &Watch) -> Result<FleetView, Refusal> {
    let mut tx = register.database.read().await?;
    let mut cells = store::load_cells(&mut tx).await?;
    let newest = store::load_newest(&mut tx, CHANGES_SHOWN).await?;
    let second_places = move_store::count_second_places(&mut tx).await?;
    drop(tx);
    let mut moves = register.newest_moves().await?;
    let placed: i64 = cells.iter().map(|cell| cell.orgs).sum();
    moves.sort_by_key(|one| one.phase.is_over());
    moves.truncate(MOVES_SHOWN);
    watch.complete(&mut cells);
    let change = |row: crate::log::Row| -> Result<ChangeView, Refusal> {
        let entry: Entry =
            serde_json::from_str(&row.body).map_err(|error| Refusal::Stored(error.to_string()))?;
        Ok(ChangeView {
            cursor: row.cursor,
            at: entry.at,
            kind: entry.kind,
            subject: entry.subject,
            epoch: entry.epoch,
            actor: entry.actor,
            detail: entry.detail,
        })
    };
    Ok(FleetView {
        orgs_total: placed - second_places,
        cells,
        moves,
        changes: newest.into_iter().map(change).collect::<Result<_, _>>()?,
    })
}
