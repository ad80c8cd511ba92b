//! The end of a move in a cell: what it holds of an org that it does not serve goes, with proof, and then the move itself.

use crate::membership::store as places;
use crate::moving::refusal::MoveRefusal;
use crate::moving::store::{self, Mode, changes, rows};
use crate::moving::{Capture, Mover};
use keys::delete_org_key;
use vocab::id::{MoveId, OrgId};
use wire::org_move::side::{Deed, Ending, decide_finish, decide_forget, live};
use wire::org_move::side::{Place as OrgPlace, PlaceState};
use wire::org_move::{Finished, Forget, Forgotten};

/// Rows that one transaction removes: on the embedded store, all other writers wait for it.
const BATCH_ROWS: u32 = 250;
/// Transactions of one call.
const BATCHES_MAX: usize = 16;

impl Mover {
    /// Removes a bounded number of rows of an org that is not served here, its key first: without it, nothing that was
    /// sealed opens any more. When none is left, it is looked for one in every table.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn forget(&self, id: &MoveId, ask: Forget) -> Result<Forgotten, MoveRefusal> {
        let seat = self.0.side.membership.seat(&ask.org).await?;
        let _turn = seat.turn().await;
        self.leave(id, &ask.org).await?;
        self.forget_caches(&ask.org);
        self.drop_keys(id);
        let mut removed = 0;
        for _ in 0..BATCHES_MAX {
            let batch = self.remove_batch(id, &ask.org).await?;
            removed += i64::try_from(batch).unwrap_or(i64::MAX);
            if batch < u64::from(BATCH_ROWS) {
                // To look after each few thousand would cost more than to remove them.
                let empty = self.is_empty(&ask.org).await?;
                return Ok(Forgotten { removed, empty });
            }
        }
        let empty = false;
        Ok(Forgotten { removed, empty })
    }

    /// Takes nothing of the move any more, and destroys the org's key.
    async fn leave(&self, id: &MoveId, org: &OrgId) -> Result<(), MoveRefusal> {
        let (id, org) = (id.clone(), org.clone());
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                let place = places::load_place(tx, &org).await?;
                if decide_forget(&known, place, &org)? == Deed::Do {
                    store::leave(tx, &id).await?;
                    changes::delete_all(tx, &org).await?;
                    store::set_mode(tx, &org, Mode::Pass).await?;
                    delete_org_key(tx, &org).await?;
                    store::set_mode(tx, &org, Mode::Closed).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn remove_batch(&self, id: &MoveId, org: &OrgId) -> Result<u64, MoveRefusal> {
        let (id, org, shapes) = (id.clone(), org.clone(), self.shapes().await?);
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                let place = places::load_place(tx, &org).await?;
                if decide_forget(&known, place, &org)? != Deed::Repeat {
                    return Err(MoveRefusal::Changed("the cell does not leave the move"));
                }
                store::set_mode(tx, &org, Mode::Pass).await?;
                let removed = rows::delete_some(tx, &shapes, &org, BATCH_ROWS).await?;
                store::set_mode(tx, &org, Mode::Closed).await?;
                Ok(removed)
            })
        })
        .await
    }

    /// Is through with the move: nothing is noted any more, and no question about it is answered.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn finish(&self, id: &MoveId, ask: Forget) -> Result<Finished, MoveRefusal> {
        let seat = self.0.side.membership.seat(&ask.org).await?;
        let _turn = seat.turn().await;
        let mut tx = self.read().await?;
        let known = store::load(&mut tx, id).await?;
        let place = places::load_place(&mut tx, &ask.org).await?;
        drop(tx);
        let ending = decide_finish(known.as_ref(), place, &ask.org)?;
        match ending {
            Ending::Repeat => return Ok(Finished {}),
            Ending::Unheard => {
                let (id, org, now) = (id.clone(), ask.org, self.0.side.cell.now());
                self.write(move |tx| {
                    Box::pin(async move { Ok(store::insert_ended(tx, &id, &org, now).await?) })
                })
                .await?;
                return Ok(Finished {});
            }
            // Whoever was let in before could still write, and nothing would hinder it any more.
            Ending::Without if seat.under_way() > 0 => {
                return Err(MoveRefusal::Busy("requests of the org are under way here"));
            }
            Ending::Without if !self.is_empty(&ask.org).await? => {
                return Err(MoveRefusal::refused("rows of the org are left here"));
            }
            Ending::Without | Ending::Serving => {}
        }
        self.capture(&ask.org, Capture::Off).await?;
        self.end(id, &ask.org).await?;
        self.drop_keys(id);
        self.reopen(&seat, &ask.org).await;
        Ok(Finished {})
    }

    async fn is_empty(&self, org: &OrgId) -> Result<bool, MoveRefusal> {
        let shapes = self.shapes().await?;
        rows::is_empty(&mut self.read().await?, &shapes, org).await
    }

    async fn end(&self, id: &MoveId, org: &OrgId) -> Result<(), MoveRefusal> {
        let (id, org, now) = (id.clone(), org.clone(), self.0.side.cell.now());
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                let place = places::load_place(tx, &org).await?;
                decide_finish(Some(&known), place, &org)?;
                changes::delete_all(tx, &org).await?;
                store::delete_fence(tx, &org).await?;
                store::end(tx, &id, now).await?;
                if place.is_some_and(|place| place.state == PlaceState::Incoming) {
                    // It was never served here at that epoch: the giver went on at its own.
                    let gone = OrgPlace {
                        epoch: known.leg,
                        state: PlaceState::Gone,
                    };
                    places::put_place(tx, &org, gone, now).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
