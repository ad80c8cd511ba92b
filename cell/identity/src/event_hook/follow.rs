//! How hooks follow the log. Rows of one org have numbers without gaps, in the order of their commits, and a snapshot that
//! shows the newest number shows every row before it: whoever goes on from the last number it saw misses none.
//!
//! What is found becomes deliveries, in the transaction that notes how far the hook has come: a process that dies before
//! has done nothing, one that dies after has done all. Of two who follow the same hook one goes on, and the other has
//! done nothing.

use crate::cell::Cell;
use crate::event_hook::deliveries::{Delivery, DeliveryState, KEPT_MAX, WAITING_MAX};
use crate::event_hook::dispatch::enqueue;
use crate::event_hook::store::deliveries;
use crate::event_hook::store::hooks::{self, Following, FoundRow};
use crate::fault::Fault;
use vocab::future::boxed;
use vocab::id::HookDeliveryId;

/// Most events of one delivery.
pub const DELIVERY_EVENTS_MAX: usize = 50;
/// Largest sum of the events of one delivery, unless the first is larger by itself.
pub const DELIVERY_BYTES_MAX: i64 = 256 * 1_024;
/// Rows of the log that are passed in one step.
pub const STEP_ROWS_MAX: i64 = 1_000;
/// A hook that was told nothing of so many rows notes all the same how far it has come.
pub const UNNOTED_ROWS_MAX: i64 = 1_000;

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The last row that was looked at.
    pub reached: i64,
    /// The last one of which that is noted: whoever goes on without noting it looks again after a restart.
    pub noted: i64,
    /// Whether there is more to look at now.
    pub has_more: bool,
}

/// The deliveries that these rows make, oldest first: at most so many, and the last row that they cover if some are left
/// over.
#[must_use]
pub fn plan_deliveries(rows: &[FoundRow], most: usize) -> (Vec<&[FoundRow]>, Option<i64>) {
    let mut planned: Vec<&[FoundRow]> = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() && planned.len() < most {
        let (first, behind) = rest.split_at(count_first(rest));
        planned.push(first);
        rest = behind;
    }
    let covered = planned.last().and_then(|last| last.last());
    let reached = covered.filter(|_| !rest.is_empty()).map(|row| row.seq);
    (planned, reached)
}

/// How many of these rows, of which there is one, go into one delivery.
fn count_first(rows: &[FoundRow]) -> usize {
    let (mut count, mut bytes) = (0, 0_i64);
    for row in rows.iter().take(DELIVERY_EVENTS_MAX) {
        bytes = bytes.saturating_add(row.bytes);
        if count > 0 && bytes > DELIVERY_BYTES_MAX {
            break;
        }
        count += 1;
    }
    count
}

impl Cell {
    /// So many hooks that are told things, behind this one in the order of orgs and ids, and how far they are behind.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn following_hooks(
        &self,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Following>, Fault> {
        let mut tx = self.database.read().await?;
        Ok(hooks::load_following(&mut tx, after, limit).await?)
    }

    /// Goes on in the log for one hook, from the row up to which it is known to be told everything: the one that is
    /// noted, or a later one.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; the hook has not gone on.
    #[boxed]
    pub async fn follow_hook(&self, hook: &Following, known: i64) -> Result<Step, Fault> {
        let from = hook.followed.max(known);
        let last = hook.newest.min(from.saturating_add(STEP_ROWS_MAX));
        let key = (&hook.org_id, &hook.id);
        let (rows, waiting) = {
            let mut tx = self.database.read().await?;
            let rows = hooks::load_rows(&mut tx, key, from, last).await?;
            let waiting = deliveries::count_waiting(&mut tx, key.0, key.1).await?;
            (rows, waiting)
        };
        let (planned, stopped_at) = plan_deliveries(&rows, WAITING_MAX.saturating_sub(waiting));
        let stays = Step {
            reached: from,
            noted: hook.followed,
            has_more: false,
        };
        if planned.is_empty() && !rows.is_empty() {
            // The receiver is slow: what it is not told yet waits in the log.
            return Ok(stays);
        }
        let step = Step {
            reached: stopped_at.unwrap_or(last),
            noted: hook.followed,
            has_more: stopped_at.is_none() && last < hook.newest,
        };
        if planned.is_empty() && step.reached - hook.followed < UNNOTED_ROWS_MAX {
            return Ok(step);
        }
        let new: Vec<Delivery> = planned
            .iter()
            .map(|rows| self.new_delivery(hook, rows))
            .collect();
        let has_gone = self.store_deliveries(hook, step.reached, new).await?;
        Ok(match has_gone {
            true => Step {
                noted: step.reached,
                ..step
            },
            false => stays,
        })
    }

    /// Its number is given when it is stored.
    fn new_delivery(&self, hook: &Following, rows: &[FoundRow]) -> Delivery {
        Delivery {
            id: HookDeliveryId::generate(self.entropy()),
            hook_id: hook.id.clone(),
            number: 0,
            rows: rows.iter().map(|row| row.seq).collect(),
            event_type: rows
                .first()
                .map_or_else(String::new, |row| row.event_type.clone()),
            events: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            state: DeliveryState::Waiting,
            repeats: 0,
            attempts: 0,
            created_at: self.now(),
            attempted_at: None,
            took_ms: None,
            status: None,
            trouble: None,
            answer: None,
        }
    }

    async fn store_deliveries(
        &self,
        hook: &Following,
        reached: i64,
        new: Vec<Delivery>,
    ) -> Result<bool, Fault> {
        let (hook, now) = (hook.clone(), self.now());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let key = (&hook.org_id, &hook.id);
                    let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
                    let way = (hook.followed, reached);
                    let Some(last) = hooks::go_on(tx, key, way, count).await? else {
                        return Ok(false);
                    };
                    for (number, delivery) in (last - count + 1..).zip(new) {
                        let delivery = Delivery { number, ..delivery };
                        deliveries::insert(tx, key.0, &delivery).await?;
                        enqueue(tx, key.0, &delivery, now).await?;
                    }
                    if count > 0 {
                        deliveries::forget_up_to(tx, key, last - KEPT_MAX).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::{DELIVERY_BYTES_MAX, plan_deliveries};
    use crate::event_hook::store::hooks::FoundRow;

    fn rows(sizes: &[i64]) -> Vec<FoundRow> {
        (1..)
            .zip(sizes)
            .map(|(seq, bytes)| FoundRow {
                seq,
                event_type: "user.session.start".into(),
                bytes: *bytes,
            })
            .collect()
    }

    #[test]
    fn rows_go_together_within_bounds_and_none_is_left_out() {
        let most = DELIVERY_BYTES_MAX;
        for (sizes, free, counts, reached) in [
            (vec![], 5, vec![], None),
            (vec![10; 3], 5, vec![3], None),
            (vec![10; 50], 5, vec![50], None),
            (vec![10; 51], 5, vec![50, 1], None),
            (vec![10; 51], 1, vec![50], Some(50)),
            (vec![10; 51], 0, vec![], None),
            (vec![most, 1], 5, vec![1, 1], None),
            (vec![most * 2, most * 2, 1], 2, vec![1, 1], Some(2)),
            (vec![most / 2, most / 2, 1], 5, vec![2, 1], None),
        ] {
            let rows = rows(&sizes);
            let (planned, stopped) = plan_deliveries(&rows, free);
            let seen: Vec<usize> = planned.iter().map(|rows| rows.len()).collect();
            assert_eq!((seen, stopped), (counts, reached), "{sizes:?} {free}");
        }
    }
}
