//! Takes what is due of one kind out of the outbox and has it delivered, many at a time and a few of each org: whoever
//! is slow to take what an org sends delays that org alone, and where messages have lanes, that lane of it alone.

use crate::jobs::stopped_within;
use crate::membership::Membership;
use crate::membership::seats::{Entry, UnderWay};
use database::DatabaseFault;
use identity::cell::Cell;
use identity::fault::Fault;
use ledger::outbox::store::{self as outbox, Leased};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use vocab::id::OrgId;

/// Pause between two looks at the outbox.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a message waits again whose org has as many under way as it may.
const WAITS_SECS: i64 = 5;

/// What is delivered, and how much of it at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Errand {
    /// The kind of its rows.
    pub(crate) kind: &'static str,
    /// Deliveries at once, of all orgs together.
    pub(crate) at_once_max: usize,
    /// Deliveries at once of one org.
    pub(crate) of_one_org_max: usize,
    /// How those of one org are told apart by who takes them, where that is worth it.
    pub(crate) lane: Option<Lane>,
}

/// Messages of an org that one receiver takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    /// Which lane a message is in.
    pub(crate) of: fn(&Leased) -> &str,
    /// Deliveries at once in one lane.
    pub(crate) at_once_max: usize,
}

/// Whose messages are delivered: all that are due, and in a fleet those alone of orgs that are served here.
#[derive(Clone)]
pub(crate) struct Sender {
    /// The cell.
    pub(crate) cell: Cell,
    /// Its place in a fleet, if it has one.
    pub(crate) membership: Option<Membership>,
}

/// That something is under way for an org.
pub(crate) struct Seated {
    _seat: Option<UnderWay>,
}

impl Sender {
    /// A seat for what is begun for an org; none if the org is served elsewhere, or about to be.
    pub(crate) async fn seat(&self, org: &OrgId) -> Result<Option<Seated>, DatabaseFault> {
        let seat = match &self.membership {
            None => None,
            Some(membership) => match membership.deliver(org).await? {
                Entry::Entered(seat) => Some(seat),
                Entry::Refused(_) => return Ok(None),
            },
        };
        Ok(Some(Seated { _seat: seat }))
    }
}

/// How many deliveries of each org, and of each of its lanes, are under way. A delivery gives its places back however it
/// ends.
struct Places {
    errand: Errand,
    orgs: HashMap<OrgId, Arc<Semaphore>>,
    lanes: HashMap<(OrgId, String), Arc<Semaphore>>,
}

/// The place of one delivery. In a fleet it counts as something that is under way for the org.
struct PlaceOfOne {
    _permit: OwnedSemaphorePermit,
    _lane: Option<OwnedSemaphorePermit>,
    _seat: Seated,
}

impl Places {
    async fn take(
        &mut self,
        sender: &Sender,
        row: &Leased,
    ) -> Result<Option<PlaceOfOne>, DatabaseFault> {
        let org = &row.org_id;
        let Some(lane) = self.take_lane(row) else {
            return Ok(None);
        };
        let places = self
            .orgs
            .entry(org.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(self.errand.of_one_org_max)));
        let Ok(permit) = Arc::clone(places).try_acquire_owned() else {
            return Ok(None);
        };
        let Some(seat) = sender.seat(org).await? else {
            return Ok(None);
        };
        Ok(Some(PlaceOfOne {
            _permit: permit,
            _lane: lane,
            _seat: seat,
        }))
    }

    /// A place in the lane of a message; none within, where messages have no lanes; none at all, where it has no place.
    #[expect(
        clippy::option_option,
        reason = "to have no lane is not to have no place in it"
    )]
    fn take_lane(&mut self, row: &Leased) -> Option<Option<OwnedSemaphorePermit>> {
        let Some(lane) = self.errand.lane else {
            return Some(None);
        };
        let key = (row.org_id.clone(), (lane.of)(row).to_owned());
        let places = self
            .lanes
            .entry(key)
            .or_insert_with(|| Arc::new(Semaphore::new(lane.at_once_max)));
        Arc::clone(places).try_acquire_owned().ok().map(Some)
    }

    fn forget_idle(&mut self) {
        let all = self.errand.of_one_org_max;
        self.orgs
            .retain(|_, places| places.available_permits() < all);
        let all = self.errand.lane.map_or(0, |lane| lane.at_once_max);
        self.lanes
            .retain(|_, places| places.available_permits() < all);
    }
}

/// Delivers until told to stop, and then ends what is under way. `deliver` notes itself what came of it; a message of
/// which nothing is noted is lent again when its loan is over.
pub(crate) async fn run<D, F>(
    sender: Sender,
    errand: Errand,
    mut stop: watch::Receiver<bool>,
    deliver: D,
) where
    D: Fn(Leased) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut places = Places {
        errand,
        orgs: HashMap::new(),
        lanes: HashMap::new(),
    };
    let mut pause = PAUSE;
    while !stopped_within(&mut stop, pause).await {
        while under_way.try_join_next().is_some() {}
        places.forget_idle();
        let free = errand.at_once_max.saturating_sub(under_way.len());
        // Whoever stops an org waits for this: a message that was lent has its seat then, or was put back.
        let lending = match &sender.membership {
            Some(membership) => Some(membership.hold_lending().await),
            None => None,
        };
        let leased = match lease(&sender.cell, errand.kind, free).await {
            Ok(leased) => leased,
            Err(fault) => {
                tracing::warn!(error = %fault, kind = errand.kind, "the outbox could not be looked at; it will be tried again");
                Vec::new()
            }
        };
        // There may be more behind a full handful, of other orgs.
        let is_full = free > 0 && leased.len() == free;
        pause = if is_full { Duration::ZERO } else { PAUSE };
        let mut waiting = Vec::new();
        for row in leased {
            match places.take(&sender, &row).await {
                Ok(Some(place)) => {
                    let delivery = deliver(row);
                    under_way.spawn(async move {
                        delivery.await;
                        drop(place);
                    });
                }
                Ok(None) => waiting.push(row),
                Err(fault) => {
                    tracing::warn!(error = %fault, kind = errand.kind, "the place of an org could not be read");
                    waiting.push(row);
                }
            }
        }
        if let Err(fault) = put_back(&sender.cell, waiting).await {
            tracing::warn!(error = %fault, kind = errand.kind, "messages wait longer than they must");
        }
        drop(lending);
    }
    while under_way.join_next().await.is_some() {}
}

async fn lease(cell: &Cell, kind: &'static str, free: usize) -> Result<Vec<Leased>, Fault> {
    let (now, limit) = (cell.now(), i64::try_from(free).unwrap_or(0));
    if limit == 0 {
        return Ok(Vec::new());
    }
    let due = {
        let mut tx = cell.database.read().await?;
        outbox::is_any_due(&mut tx, kind, now).await?
    };
    if !due {
        return Ok(Vec::new());
    }
    cell.database
        .write(move |tx| {
            Box::pin(async move { Ok(outbox::lease_due(tx, kind, now, limit).await?) })
        })
        .await
}

async fn put_back(cell: &Cell, waiting: Vec<Leased>) -> Result<(), Fault> {
    if waiting.is_empty() {
        return Ok(());
    }
    let until = cell.now().plus_secs(WAITS_SECS);
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                for row in &waiting {
                    outbox::postpone(tx, row, until).await?;
                }
                Ok(())
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::{Errand, Sender, run};
    use crate::tests::matrix::world::World;
    use database::DatabaseFault;
    use ledger::outbox::store as outbox;
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::{mpsc, watch};
    use vocab::id::OrgId;

    const KIND: &str = "trial";

    async fn enqueue(world: &World, org: &OrgId, count: usize, late_secs: i64) {
        let (org, now) = (org.clone(), world.cell.now().plus_secs(late_secs - 60));
        let stored: Result<(), DatabaseFault> = world
            .cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for number in 0..count {
                        let key = number.to_string();
                        outbox::enqueue(tx, &org, KIND, &key, Vec::new(), now).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_org_whose_messages_nobody_takes_delays_itself_alone() {
        let world = World::copy().await;
        let (stuck, other) = (world.main.clone(), world.acme.clone());
        enqueue(&world, &stuck, 40, 0).await;
        enqueue(&world, &other, 6, 1).await;
        let (stop, stopped) = watch::channel(false);
        let (delivered, mut deliveries) = mpsc::unbounded_channel();
        let hanging = Arc::new(AtomicUsize::new(0));
        let (cell, hung) = (world.cell.clone(), Arc::clone(&hanging));
        let errand = Errand {
            kind: KIND,
            at_once_max: 8,
            of_one_org_max: 3,
            lane: None,
        };
        let sender = Sender {
            cell: world.cell.clone(),
            membership: None,
        };
        let job = tokio::spawn(run(sender, errand, stopped, move |row| {
            let (cell, hung, delivered) = (cell.clone(), Arc::clone(&hung), delivered.clone());
            let is_stuck = row.org_id == stuck;
            async move {
                if is_stuck {
                    hung.fetch_add(1, Ordering::Relaxed);
                    pending::<()>().await;
                }
                let noted: Result<bool, DatabaseFault> = cell
                    .database
                    .write(move |tx| {
                        Box::pin(async move { outbox::complete(tx, &row.org_id, &row.id).await })
                    })
                    .await;
                delivered.send(noted.unwrap()).unwrap();
            }
        }));
        for _ in 0..3 {
            assert_eq!(deliveries.recv().await, Some(true));
        }
        assert_eq!(hanging.load(Ordering::Relaxed), 3);
        drop(stop);
        job.abort();
        let _ = job.await;
        world.close().await;
    }
}
