//! The taker: it offers to take an org, puts in place what arrives, says where the two differ, and serves in the end.

use crate::membership::store as places;
use crate::moving::contents::{Contents, Differing, Head, RangeSum, RowSum, render_json};
use crate::moving::refusal::MoveRefusal;
use crate::moving::store::{self, Beginning, Mode, changes, rows};
use crate::moving::{Capture, Deal, KEYS_MAX, Mover, is_new, lock};
use database::WriteTx;
use database::tenancy::Shapes;
use keys::ArrivedOrgKey;
use std::sync::Arc;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use wire::org_move::seal::SealError;
use wire::org_move::seal::offer::OfferKey;
use wire::org_move::seal::transfer::{Purpose, TransferKey};
use wire::org_move::side::{
    Deed, Known, Part, decide_accept, decide_activate, decide_offer, decide_take, live,
};
use wire::org_move::side::{Place as OrgPlace, PlaceState};
use wire::org_move::{Accept, AskOffer, AtEpoch, Offer, Side, Take, Taken};

impl Mover {
    /// Offers to take an org. Asked again, it offers the same while it remembers it.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn offer(&self, id: &MoveId, ask: AskOffer) -> Result<Offer, MoveRefusal> {
        let shapes = self.shapes().await?;
        let seat = self.0.side.membership.seat(&ask.org).await?;
        let _turn = seat.turn().await;
        let mut tx = self.read().await?;
        let known = store::load(&mut tx, id).await?;
        let place = places::load_place(&mut tx, &ask.org).await?;
        let taken = store::is_slug_taken(&mut tx, &ask).await?;
        drop(tx);
        let deed = decide_offer(known.as_ref(), place, &ask)?;
        if taken {
            let text = format!("this cell has another org with the short name {}", ask.slug);
            return Err(MoveRefusal::Taken(text));
        }
        let leg = Epoch::try_from(ask.epoch.number() - 1)
            .map_err(|_| MoveRefusal::refused("nobody serves an org before its first epoch"))?;
        let text = self.offer_key(id, &ask)?.text().to_owned();
        if is_new(deed) {
            let incoming = OrgPlace {
                epoch: ask.epoch,
                state: PlaceState::Incoming,
            };
            let beginning = Beginning {
                id: id.clone(),
                org: ask.org.clone(),
                peer: ask.giver,
                part: Part::Taking,
                leg,
                transfer_key: None,
            };
            self.begin(beginning, Mode::Closed, Some(incoming)).await?;
            seat.set(incoming);
        } else {
            self.capture(&ask.org, Capture::On).await?;
        }
        Ok(Offer {
            sealed_to: text,
            schema: shapes.fingerprint().to_owned(),
            version: String::from(env!("CARGO_PKG_VERSION")),
        })
    }

    /// The key of the offer, drawn if there is none.
    fn offer_key(&self, id: &MoveId, ask: &AskOffer) -> Result<Arc<OfferKey>, MoveRefusal> {
        let mut offers = lock(&self.0.offers);
        if let Some(offer) = offers.get(id) {
            return Ok(Arc::clone(offer));
        }
        let deal = Deal::Take {
            giver: ask.giver.clone(),
            epoch: ask.epoch,
        };
        let terms = self.terms(id, &ask.org, deal);
        let offer = Arc::new(OfferKey::draw(&self.0.identity, terms)?);
        if offers.len() >= KEYS_MAX {
            offers.clear();
        }
        offers.insert(id.clone(), Arc::clone(&offer));
        Ok(offer)
    }

    /// Opens the grant; the key of the move is kept from then on.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn accept(&self, id: &MoveId, ask: Accept) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        if is_new(decide_accept(&known)?) {
            let offer = lock(&self.0.offers).get(id).map(Arc::clone);
            let offer = offer.ok_or(MoveRefusal::OfferLost)?;
            let cell = &self.0.side.cell;
            let key = offer
                .open_grant(&self.0.identity, &ask.sealed, cell.now())
                .map_err(|error| match error {
                    // It was sealed to what this cell offered before a restart.
                    SealError::Closed(_) | SealError::NotProved { .. } => MoveRefusal::OfferLost,
                    error => error.into(),
                })?;
            let wrapped = cell.keyring.wrap_transfer_key(id, &known.org, key.bytes());
            let (of, wrapped) = (id.clone(), wrapped.await?);
            self.write(move |tx| {
                Box::pin(async move {
                    let known = live(store::lock(tx, &of).await?)?;
                    if decide_accept(&known)? == Deed::Do {
                        store::set_transfer_key(tx, &of, wrapped).await?;
                    }
                    Ok(())
                })
            })
            .await?;
            lock(&self.0.offers).remove(id);
        }
        let known = self.load(id).await?;
        self.side_of(id, &known).await
    }

    /// Takes a parcel.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn take(&self, id: &MoveId, ask: Take) -> Result<Taken, MoveRefusal> {
        let known = self.load(id).await?;
        decide_take(&known, ask.leg, ask.seq)?;
        let key = self.transfer_key(id, &known).await?;
        let opened = key.open(ask.leg, Purpose::Parcel(ask.seq), &ask.sealed)?;
        let contents = Contents::parse(&opened)?;
        let arrived = match &contents.key {
            Some(exported) => {
                let keyring = &self.0.side.cell.keyring;
                Some(keyring.prepare_arrival(&known.org, exported).await?)
            }
            None => None,
        };
        let Contents { head, rows, .. } = contents;
        let sums = match &head {
            Head::Ranges { ranges } => Some(Sums::Ranges(ranges.clone())),
            Head::Checks { checks } => Some(Sums::Rows(checks.clone())),
            Head::Rows { .. } | Head::Changes { .. } => None,
        };
        let arrival = Arrival {
            shapes: self.shapes().await?,
            head,
            rows,
            key: arrived,
        };
        let (of, seq, leg) = (id.clone(), ask.seq, ask.leg);
        let is_last = arrival.is_last();
        let taken = self.write(move |tx| {
            Box::pin(async move {
                let known = live(store::lock(tx, &of).await?)?;
                let deed = decide_take(&known, leg, seq)?;
                if deed == Deed::Do {
                    store::set_taken(tx, &of, seq).await?;
                    arrival.put(tx, &of, &known).await?;
                }
                Ok(deed)
            })
        });
        if is_new(taken.await?) && is_last {
            self.analyze(&known.org).await;
        }
        match sums {
            None => Ok(Taken {
                differing: None,
                differences: 0,
            }),
            Some(Sums::Ranges(ranges)) => {
                self.compare_ranges(&key, ask.leg, &known.org, ranges).await
            }
            Some(Sums::Rows(checks)) => self.compare_rows(&known.org, checks).await,
        }
    }

    /// Has the engine learn how many rows there are now, while the giver still serves: what is compared next, and whatever the
    /// org is asked when it is served here, would be looked for as in tables that have few. It is no more than a help.
    async fn analyze(&self, org: &OrgId) {
        let Ok(shapes) = self.shapes().await else {
            return;
        };
        for index in 0..shapes.arrival().len() {
            let shapes = Arc::clone(&shapes);
            let analyzed = self.write(move |tx| {
                Box::pin(async move {
                    match shapes.arrival().nth(index) {
                        Some(shape) => Ok(shape.analyze(tx).await?),
                        None => Ok(()),
                    }
                })
            });
            if let Err(fault) = analyzed.await {
                tracing::warn!(error = %fault, org = %org, "a table that an org was copied to could not be looked over");
                return;
            }
        }
    }

    async fn compare_ranges(
        &self,
        key: &TransferKey,
        leg: Epoch,
        org: &OrgId,
        mut ranges: Vec<RangeSum>,
    ) -> Result<Taken, MoveRefusal> {
        let of_keys = ranges.extract_if(.., |range| range.table == rows::KEY_TABLE);
        let of_keys: Vec<_> = of_keys.collect();
        let shapes = self.shapes().await?;
        let mut tx = self.read().await?;
        let mut differing = rows::compare_ranges(&mut tx, &shapes, org, &ranges).await?;
        drop(tx);
        for range in of_keys {
            if !self.has_key(org, &range.digest).await? {
                differing.push(Differing {
                    table: range.table,
                    after: None,
                    until: None,
                    keys: Vec::new(),
                });
            }
        }
        let sealed = match differing.is_empty() {
            true => None,
            false => {
                let text = render_json(&differing)?;
                Some(key.seal(leg, Purpose::Differing, text.as_bytes())?)
            }
        };
        Ok(Taken {
            differing: sealed,
            differences: i64::try_from(differing.len()).unwrap_or(i64::MAX),
        })
    }

    async fn compare_rows(
        &self,
        org: &OrgId,
        mut checks: Vec<RowSum>,
    ) -> Result<Taken, MoveRefusal> {
        let of_keys = checks.extract_if(.., |check| check.table == rows::KEY_TABLE);
        let of_keys: Vec<_> = of_keys.collect();
        let shapes = self.shapes().await?;
        let mut tx = self.read().await?;
        let mut differences = rows::compare_rows(&mut tx, &shapes, org, &checks).await?;
        drop(tx);
        for check in of_keys {
            let digest = check.digest.unwrap_or_default();
            differences += usize::from(!self.has_key(org, &digest).await?);
        }
        Ok(Taken {
            differing: None,
            differences: i64::try_from(differences).unwrap_or(i64::MAX),
        })
    }

    /// Whether the org's key is the same here. One that did not arrive is another.
    async fn has_key(&self, org: &OrgId, digest: &str) -> Result<bool, MoveRefusal> {
        match self.sum_key(org).await {
            Ok(own) => Ok(own == digest),
            Err(MoveRefusal::Fault(identity::fault::Fault::Key(keys::KeyFault::NoOrgKey(_)))) => {
                Ok(false)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Serves the org from that epoch on.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn activate(&self, id: &MoveId, ask: AtEpoch) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        let seat = self.0.side.membership.seat(&known.org).await?;
        let _turn = seat.turn().await;
        let serving = OrgPlace {
            epoch: ask.epoch,
            state: PlaceState::Serving,
        };
        let (of, now) = (id.clone(), self.0.side.cell.now());
        let activated = self
            .write(move |tx| {
                Box::pin(async move {
                    let known = live(store::lock(tx, &of).await?)?;
                    let place = places::load_place(tx, &known.org).await?;
                    if decide_activate(&known, place, ask.epoch)? == Deed::Do {
                        store::set_part(tx, &of, Part::Giving, ask.epoch).await?;
                        changes::delete_all(tx, &known.org).await?;
                        store::set_mode(tx, &known.org, Mode::Open).await?;
                        places::put_place(tx, &known.org, serving, now).await?;
                    }
                    Ok(live(store::load(tx, &of).await?)?)
                })
            })
            .await;
        // Whatever was remembered of a copy, or of the time before the org left, goes before anybody is let in.
        self.forget_caches(&known.org);
        self.reopen(&seat, &known.org).await;
        let known = activated?;
        self.side_of(id, &known).await
    }
}

/// What is to be compared.
enum Sums {
    Ranges(Vec<RangeSum>),
    Rows(Vec<RowSum>),
}

/// What is to be put in place.
struct Arrival {
    shapes: Arc<Shapes>,
    head: Head,
    rows: Vec<Vec<u8>>,
    key: Option<ArrivedOrgKey>,
}

impl Arrival {
    /// Whether these are the last of all rows.
    const fn is_last(&self) -> bool {
        matches!(self.head, Head::Rows { next: None, .. })
    }

    /// In the transaction that notes the parcel's number. Nobody else writes to the org, so the fence lets this
    /// transaction pass and stands again before it is over.
    async fn put(&self, tx: &mut WriteTx, id: &MoveId, known: &Known) -> Result<(), MoveRefusal> {
        let org = &known.org;
        match &self.head {
            Head::Ranges { .. } | Head::Checks { .. } => return Ok(()),
            Head::Changes { .. } if !known.copied && known.place.is_empty() => {
                return Err(MoveRefusal::refused(
                    "the copying of all rows has not begun",
                ));
            }
            Head::Changes { .. } => {}
            Head::Rows { after, next, .. } => {
                let after = after.as_ref().map(render_json).transpose()?;
                let next = next.as_ref().map(render_json).transpose()?;
                let after = after.unwrap_or_default();
                if !store::step_walk(tx, id, &after, next.as_deref()).await? {
                    return Err(MoveRefusal::Changed("the walk is at another place"));
                }
            }
        }
        store::set_mode(tx, org, Mode::Pass).await?;
        match &self.head {
            Head::Rows { tables, .. } => {
                rows::put_page(tx, &self.shapes, org, tables, &self.rows).await?;
            }
            Head::Changes { changes, .. } => {
                rows::put_changes(tx, &self.shapes, org, changes, &self.rows).await?;
            }
            Head::Ranges { .. } | Head::Checks { .. } => {}
        }
        if let Some(key) = &self.key {
            key.replace(tx).await?;
        }
        Ok(store::set_mode(tx, org, Mode::Closed).await?)
    }
}
