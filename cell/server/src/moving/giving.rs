//! The giver: it serves the org, hands out what there is and what changes, and stops when it is told to.

use crate::membership::seats::Seat;
use crate::membership::store as places;
use crate::moving::contents::{
    Contents, Differing, Head, RangeSum, RowSum, Spot, WalkKind, parse_json,
};
use crate::moving::refusal::MoveRefusal;
use crate::moving::store::{self, Beginning, Mode, changes, rows};
use crate::moving::{Capture, Deal, Mover, is_new};
use keys::StoredOrgKey;
use std::sync::Arc;
use std::time::Duration;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use wire::org_move::seal::offer::seal_grant;
use wire::org_move::seal::transfer::{Purpose, TransferKey};
use wire::org_move::side::{
    Deed, Known, Part, decide_fence, decide_give, decide_parcel, decide_retire, decide_unfence,
    live,
};
use wire::org_move::side::{Place as OrgPlace, PlaceState};
use wire::org_move::{
    Acknowledge, AskGrant, AskParcel, AtEpoch, Fence, Fenced, Grant, Hushed, Parcel, Place, Side,
    Touch, Unfence, Walk,
};

/// How long a fence waits for what is under way.
const DRAIN_MAX: Duration = Duration::from_secs(2);
/// How long a fence waits for a body that is on its way: it comes as slowly as its sender likes.
const ARRIVAL_MAX: Duration = Duration::from_millis(200);
/// How long nothing leaves an org after it was asked for the last time: whoever asked may have died.
const HUSHED_MAX: Duration = Duration::from_secs(10);

/// Rows that are counted to show progress by: of a larger org nobody waits for the count.
const ROWS_COUNTED_MAX: i64 = 2_000_000;

/// A parcel before it is sealed.
struct Made {
    seq: i64,
    pending: i64,
    contents: Contents,
    /// The org's key as it is stored, to be opened after the transaction.
    stored_key: Option<StoredOrgKey>,
    items: usize,
    next: Option<Spot>,
}

impl Mover {
    /// Begins to give an org away: from here on, what changes is noted. Asked again, it seals the same key again.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn give(&self, id: &MoveId, ask: AskGrant) -> Result<Grant, MoveRefusal> {
        let shapes = self.shapes().await?;
        if ask.offer.schema != shapes.fingerprint() {
            return Err(MoveRefusal::TooOld);
        }
        let seat = self.0.side.membership.seat(&ask.org).await?;
        let _turn = seat.turn().await;
        let mut tx = self.read().await?;
        let known = store::load(&mut tx, id).await?;
        let place = places::load_place(&mut tx, &ask.org).await?;
        drop(tx);
        let is_new = is_new(decide_give(known.as_ref(), place, &ask)?);
        let deal = Deal::Give {
            taker: ask.taker.clone(),
            leg: ask.epoch,
        };
        let terms = self.terms(id, &ask.org, deal);
        let key = match &known {
            Some(known) => self.transfer_key(id, known).await?,
            None => Arc::new(TransferKey::draw(id.clone())?),
        };
        let cell = &self.0.side.cell;
        // Before anything is begun: an offer that is not the taker's own begins nothing.
        let sealed = seal_grant(
            &self.0.identity,
            &terms,
            &ask.offer.sealed_to,
            &key,
            cell.now(),
        )?;
        if is_new {
            let wrapped = cell.keyring.wrap_transfer_key(id, &ask.org, key.bytes());
            let beginning = Beginning {
                id: id.clone(),
                org: ask.org.clone(),
                peer: ask.taker,
                part: Part::Giving,
                leg: ask.epoch,
                transfer_key: Some(wrapped.await?),
            };
            self.begin(beginning, Mode::Open, None).await?;
        } else {
            self.capture(&ask.org, Capture::On).await?;
        }
        let mut tx = self.read().await?;
        let rows = rows::count_up_to(&mut tx, &shapes, &ask.org, ROWS_COUNTED_MAX).await?;
        Ok(Grant { sealed, rows })
    }

    /// Makes a parcel.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn parcel(&self, id: &MoveId, ask: AskParcel) -> Result<Parcel, MoveRefusal> {
        let known = self.load(id).await?;
        decide_parcel(&known, ask.leg)?;
        let key = self.transfer_key(id, &known).await?;
        let spot =
            |walk, place: &Option<Place>| Self::open_spot(&key, ask.leg, walk, place.as_ref());
        let made = match &ask.walk {
            Walk::Rows(place) => {
                self.make_rows(id, ask.leg, spot(WalkKind::Rows, place)?)
                    .await?
            }
            Walk::Changes => self.make_changes(id, ask.leg).await?,
            Walk::Ranges(place) => {
                let spot = spot(WalkKind::Ranges, place)?;
                self.make_ranges(id, &known, spot).await?
            }
            Walk::Checks(place) => {
                let spot = spot(WalkKind::Checks, place)?;
                self.make_checks(id, &known, spot).await?
            }
        };
        let mut contents = made.contents;
        if let Some(stored) = made.stored_key {
            contents.key = Some(self.export(stored).await?);
        }
        let purpose = Purpose::Parcel(made.seq);
        Ok(Parcel {
            seq: made.seq,
            sealed: key.seal(ask.leg, purpose, &contents.render()?)?,
            items: i64::try_from(made.items).unwrap_or(i64::MAX),
            next: Self::seal_spot(&key, ask.leg, made.next.as_ref())?,
            pending: made.pending,
        })
    }

    async fn make_rows(
        &self,
        id: &MoveId,
        leg: Epoch,
        spot: Option<Spot>,
    ) -> Result<Made, MoveRefusal> {
        let (id, shapes) = (id.clone(), self.shapes().await?);
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                decide_parcel(&known, leg)?;
                let seq = store::raise_seq(tx, &id).await?;
                let page = rows::load_page(tx, &shapes, &known.org, spot.as_ref()).await?;
                let stored_key = match page.with_key {
                    true => Some(StoredOrgKey::load(tx, &known.org).await?),
                    false => None,
                };
                Ok(Made {
                    seq,
                    pending: changes::count_waiting(tx, &known.org).await?,
                    items: page.rows.len(),
                    next: page.next.clone(),
                    stored_key,
                    contents: Contents {
                        head: Head::Rows {
                            after: spot,
                            next: page.next,
                            tables: page.tables,
                            with_key: page.with_key,
                        },
                        key: None,
                        rows: page.rows,
                    },
                })
            })
        })
        .await
    }

    async fn make_changes(&self, id: &MoveId, leg: Epoch) -> Result<Made, MoveRefusal> {
        let (id, shapes) = (id.clone(), self.shapes().await?);
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                decide_parcel(&known, leg)?;
                let seq = store::raise_seq(tx, &id).await?;
                let page = rows::offer_changes(tx, &shapes, &known.org, seq).await?;
                let stored_key = match page.with_key {
                    true => Some(StoredOrgKey::load(tx, &known.org).await?),
                    false => None,
                };
                Ok(Made {
                    seq,
                    pending: changes::count_waiting(tx, &known.org).await?,
                    items: page.changes.len() + usize::from(page.with_key),
                    next: None,
                    stored_key,
                    contents: Contents {
                        head: Head::Changes {
                            changes: page.changes,
                            with_key: page.with_key,
                        },
                        key: None,
                        rows: page.rows,
                    },
                })
            })
        })
        .await
    }

    /// The digests are read after the number is raised, outside of the transaction that all writers wait for: a row that
    /// changes meanwhile is noted, and no digest puts anything in place.
    async fn make_ranges(
        &self,
        id: &MoveId,
        known: &Known,
        spot: Option<Spot>,
    ) -> Result<Made, MoveRefusal> {
        let from_beginning = spot.is_none();
        let (seq, pending) = self.number_sums(id, known.leg, from_beginning).await?;
        let shapes = self.shapes().await?;
        let mut tx = self.read().await?;
        let (mut ranges, next) =
            rows::sum_ranges(&mut tx, &shapes, &known.org, spot.as_ref()).await?;
        drop(tx);
        if from_beginning {
            ranges.push(RangeSum {
                table: String::from(rows::KEY_TABLE),
                after: None,
                until: None,
                rows: 0,
                digest: self.sum_key(&known.org).await?,
            });
        }
        Ok(Made {
            seq,
            pending,
            items: ranges.iter().map(|range| range.rows).sum(),
            next,
            stored_key: None,
            contents: Contents {
                head: Head::Ranges { ranges },
                key: None,
                rows: Vec::new(),
            },
        })
    }

    async fn make_checks(
        &self,
        id: &MoveId,
        known: &Known,
        spot: Option<Spot>,
    ) -> Result<Made, MoveRefusal> {
        let from_beginning = spot.is_none();
        let (seq, pending) = self.number_sums(id, known.leg, false).await?;
        let shapes = self.shapes().await?;
        let mut tx = self.read().await?;
        let (mut checks, next) =
            rows::sum_changes(&mut tx, &shapes, &known.org, spot.as_ref()).await?;
        drop(tx);
        if from_beginning {
            checks.push(RowSum {
                table: String::from(rows::KEY_TABLE),
                key: String::from("[]"),
                digest: Some(self.sum_key(&known.org).await?),
            });
        }
        Ok(Made {
            seq,
            pending,
            items: checks.len(),
            next,
            stored_key: None,
            contents: Contents {
                head: Head::Checks { checks },
                key: None,
                rows: Vec::new(),
            },
        })
    }

    /// Numbers a parcel of digests. At the beginning of a walk over all ranges, notes of what was shipped go: those that
    /// come from then on say what must be looked at once more. Not once the giver stopped, where nothing comes any more.
    async fn number_sums(
        &self,
        id: &MoveId,
        leg: Epoch,
        prune: bool,
    ) -> Result<(i64, i64), MoveRefusal> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                decide_parcel(&known, leg)?;
                let seq = store::raise_seq(tx, &id).await?;
                let place = places::load_place(tx, &known.org).await?;
                if prune && place.is_some_and(|place| place.state == PlaceState::Serving) {
                    changes::prune(tx, &known.org).await?;
                }
                Ok((seq, changes::count_waiting(tx, &known.org).await?))
            })
        })
        .await
    }

    /// Hears that a parcel of changes was taken.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn acknowledge(&self, id: &MoveId, ask: Acknowledge) -> Result<Side, MoveRefusal> {
        let of = id.clone();
        let known = self
            .write(move |tx| {
                Box::pin(async move {
                    let known = live(store::lock(tx, &of).await?)?;
                    decide_parcel(&known, ask.leg)?;
                    changes::acknowledge(tx, &known.org, ask.seq).await?;
                    Ok(known)
                })
            })
            .await?;
        self.side_of(id, &known).await
    }

    /// Ships some rows again.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn touch(&self, id: &MoveId, ask: Touch) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        decide_parcel(&known, ask.leg)?;
        let key = self.transfer_key(id, &known).await?;
        let opened = key.open(ask.leg, Purpose::Differing, &ask.differing)?;
        let differing: Vec<Differing> = parse_json(&opened)?;
        let (of, shapes) = (id.clone(), self.shapes().await?);
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &of).await?)?;
                decide_parcel(&known, ask.leg)?;
                rows::touch(tx, &shapes, &known.org, &differing).await
            })
        })
        .await?;
        self.side_of(id, &known).await
    }

    /// Begins no delivery of the org any more, while it goes on to be served: what is on its way out when nobody serves could not
    /// be noted as sent, and the taker would send it again.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn hush(&self, id: &MoveId, ask: AtEpoch) -> Result<Hushed, MoveRefusal> {
        let known = self.load(id).await?;
        decide_parcel(&known, ask.epoch)?;
        let membership = &self.0.side.membership;
        let seat = membership.seat(&known.org).await?;
        // What was lent before has its seat by then.
        let lending = membership.hold_lending().await;
        let under_way = seat.hush(HUSHED_MAX);
        drop(lending);
        Ok(Hushed { under_way })
    }

    /// Stops to serve the org: whoever was let in is waited for, and nothing is written afterwards.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn fence(&self, id: &MoveId, ask: Fence) -> Result<Fenced, MoveRefusal> {
        let known = self.load(id).await?;
        let membership = &self.0.side.membership;
        let seat = membership.seat(&known.org).await?;
        let _turn = seat.turn().await;
        let mut tx = self.read().await?;
        let known = live(store::load(&mut tx, id).await?)?;
        let place = places::load_place(&mut tx, &known.org).await?;
        drop(tx);
        if is_new(decide_fence(&known, place, &ask)?) {
            seat.park(ask.epoch);
            let mut emptied = tokio::time::timeout(ARRIVAL_MAX, seat.emptied()).await;
            if emptied.is_err() {
                seat.cut();
                emptied = tokio::time::timeout(DRAIN_MAX - ARRIVAL_MAX, seat.emptied()).await;
            }
            // A request that is cut off is asked again by whoever asked. A mail may have left, and would leave again.
            let may_cut = ask.force && seat.deliveries() == 0;
            if emptied.is_err() && !may_cut {
                self.reopen(&seat, &known.org).await;
                return Ok(Fenced {
                    closed: false,
                    under_way: seat.under_way(),
                });
            }
        }
        let lending = membership.hold_lending().await;
        let closed = self.close(id, ask).await;
        drop(lending);
        if let Err(refusal) = closed {
            self.reopen(&seat, &known.org).await;
            return Err(refusal);
        }
        self.0.tails.end_org(&known.org);
        Ok(Fenced {
            closed: true,
            under_way: seat.under_way(),
        })
    }

    async fn close(&self, id: &MoveId, ask: Fence) -> Result<(), MoveRefusal> {
        let (id, now) = (id.clone(), self.0.side.cell.now());
        self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &id).await?)?;
                let place = places::load_place(tx, &known.org).await?;
                let deed = decide_fence(&known, place, &ask)?;
                store::raise_fence(tx, &id, ask.attempt).await?;
                if deed == Deed::Do {
                    store::set_mode(tx, &known.org, Mode::Closed).await?;
                    let place = OrgPlace {
                        epoch: ask.epoch,
                        state: PlaceState::Parked,
                    };
                    places::put_place(tx, &known.org, place, now).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The seat is what the store says, if the store says anything: an org that may be parked stays so.
    pub(super) async fn reopen(&self, seat: &Seat, org: &OrgId) {
        let read = async {
            let mut tx = self.read().await?;
            places::load_place(&mut tx, org).await
        };
        match read.await {
            Ok(Some(place)) => seat.set(place),
            Ok(None) => {}
            Err(fault) => {
                tracing::error!(error = %fault, org = %org, "an org stays parked until its place can be read");
            }
        }
    }

    /// Goes on to serve the org.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn unfence(&self, id: &MoveId, ask: Unfence) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        let seat = self.0.side.membership.seat(&known.org).await?;
        let _turn = seat.turn().await;
        let (of, now) = (id.clone(), self.0.side.cell.now());
        let decided = self
            .write(move |tx| {
                Box::pin(async move {
                    let known = live(store::lock(tx, &of).await?)?;
                    let place = places::load_place(tx, &known.org).await?;
                    decide_parcel(&known, ask.epoch)?;
                    store::raise_unfenced(tx, &of, ask.attempt).await?;
                    let decided = decide_unfence(&known, place, &ask);
                    if matches!(decided, Ok(Deed::Do)) {
                        store::set_mode(tx, &known.org, Mode::Open).await?;
                        let place = OrgPlace {
                            epoch: ask.epoch,
                            state: PlaceState::Serving,
                        };
                        places::put_place(tx, &known.org, place, now).await?;
                    }
                    Ok(decided)
                })
            })
            .await;
        seat.unhush();
        self.reopen(&seat, &known.org).await;
        decided??;
        self.side_of(id, &known).await
    }

    /// Serves the org no longer: another cell does, at that epoch. From here on, what changes there is copied here.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn retire(&self, id: &MoveId, ask: AtEpoch) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        let seat = self.0.side.membership.seat(&known.org).await?;
        let _turn = seat.turn().await;
        let gone = OrgPlace {
            epoch: ask.epoch,
            state: PlaceState::Gone,
        };
        let (of, now) = (id.clone(), self.0.side.cell.now());
        let retired = self
            .write(move |tx| {
                Box::pin(async move {
                    let known = live(store::lock(tx, &of).await?)?;
                    if decide_retire(&known, ask.epoch)? == Deed::Do {
                        store::set_mode(tx, &known.org, Mode::Closed).await?;
                        store::set_part(tx, &of, Part::Taking, ask.epoch).await?;
                        changes::delete_all(tx, &known.org).await?;
                        places::put_place(tx, &known.org, gone, now).await?;
                    }
                    Ok(live(store::load(tx, &of).await?)?)
                })
            })
            .await;
        self.reopen(&seat, &known.org).await;
        let known = retired?;
        self.forget_caches(&known.org);
        self.0.tails.end_org(&known.org);
        self.side_of(id, &known).await
    }
}
