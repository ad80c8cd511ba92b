//! A cell as the protocol wants it: what it keeps over a crash, and what it answers to each question, however late. What it
//! decides is what real cells decide ([`wire::org_move::side`]); what it does about it is told here.

use crate::org_move::record::MoveRecord;
use crate::org_move::view::{Answer, Failure, Question};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use wire::org_move::side::{
    Deed, Ending, Known, Part, Place, PlaceState, SideRefusal, decide_accept, decide_activate,
    decide_fence, decide_finish, decide_forget, decide_give, decide_offer, decide_parcel,
    decide_retire, decide_take, decide_unfence, live,
};
use wire::org_move::{
    AskGrant, AskOffer, Fence, Fenced, Finished, Forgotten, Grant, Hushed, Offer, Parcel, Role,
    Side, Taken, Unfence, Walk,
};

/// Rows of one parcel: few, so that many steps lie between the first and the last.
const PARCEL_ROWS: usize = 2;

pub(super) type Key = u32;
/// Every write adds one word to a row: a lost or repeated one shows.
pub(super) type Row = Vec<u32>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Closed,
}

#[derive(Debug, Clone, Default)]
struct Dirty {
    version: u32,
    shipped: u32,
    offered: u32,
    parcel: i64,
}

#[derive(Default)]
pub(super) struct Cell {
    pub(super) place: Option<Place>,
    pub(super) rows: BTreeMap<Key, Row>,
    mode: Option<Mode>,
    /// Those that are over stay.
    moves: BTreeMap<MoveId, Known>,
    /// Numbers parcels.
    seq: i64,
    changes: BTreeMap<Key, Dirty>,
    /// In memory alone: writes that were admitted and are not committed, and the key of an offer.
    pub(super) under_way: u32,
    offer: Option<u32>,
    offers_made: u32,
}

/// What is in a parcel.
#[derive(Serialize, Deserialize)]
enum Content {
    Rows {
        after: Option<Key>,
        next: Option<Key>,
        rows: Vec<(Key, Row)>,
    },
    Changes(Vec<(Key, Option<Row>)>),
    Range {
        after: Option<Key>,
        until: Option<Key>,
        rows: Vec<(Key, Row)>,
    },
    Checks(Vec<(Key, Option<Row>)>),
}

type Answered = Result<Answer, Failure>;

/// As a refusal means to whoever carries a move.
fn failed(refusal: SideRefusal) -> Failure {
    let reason = refusal.to_string();
    match refusal {
        SideRefusal::NotFound => Failure::Unknown(reason),
        SideRefusal::Changed(_) => Failure::Late(reason),
        SideRefusal::Refused(_) => Failure::Never(reason),
    }
}

fn spot(key: Option<Key>) -> Option<wire::org_move::Place> {
    key.map(|key| wire::org_move::Place(key.to_string()))
}

fn key(spot: Option<&wire::org_move::Place>) -> Option<Key> {
    spot.map(|spot| spot.0.parse().unwrap())
}

fn text(key: Option<Key>) -> String {
    key.map(|key| key.to_string()).unwrap_or_default()
}

fn begin(record: &MoveRecord, part: Part) -> Known {
    Known {
        org: record.org.clone(),
        peer: match part {
            Part::Giving => record.taker.clone(),
            Part::Taking | Part::Leaving => record.giver.clone(),
        },
        part,
        leg: record.leg,
        taken_seq: 0,
        place: String::new(),
        copied: false,
        transfer_key: None,
        fence_attempt: 0,
        unfenced_attempt: 0,
        ended: false,
    }
}

fn side(known: &Known) -> Answered {
    let place = key_of(&known.place);
    Ok(Answer::Side(Side {
        role: match known.part {
            Part::Giving => Role::Giving,
            Part::Taking | Part::Leaving => Role::Taking,
        },
        leg: known.leg,
        place: spot(place),
        copied: known.part == Part::Taking && known.copied,
        accepted: known.transfer_key.is_some(),
    }))
}

fn key_of(text: &str) -> Option<Key> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

impl Cell {
    /// It serves the org from the first epoch on.
    pub(super) fn found(&mut self, rows: Key) {
        self.stand(Epoch::FIRST, PlaceState::Serving);
        self.rows.extend((0..rows).map(|row| (row, Row::new())));
    }

    /// A request comes to be under way, if it is for an epoch that is served.
    pub(super) fn admit(&mut self, epoch: Epoch) -> bool {
        let state = PlaceState::Serving;
        let serves = self.place == Some(Place { epoch, state });
        self.under_way += u32::from(serves);
        serves
    }

    /// What was admitted writes; whether it may acknowledge.
    pub(super) fn commit(&mut self, row: Key, word: u32) -> bool {
        self.under_way -= 1;
        if self.mode == Some(Mode::Closed) {
            return false;
        }
        self.rows.entry(row).or_default().push(word);
        if self.mode == Some(Mode::Open) {
            self.changes.entry(row).or_default().version += 1;
        }
        true
    }

    /// The process dies and comes back with what its store has.
    pub(super) fn crash(&mut self) {
        self.under_way = 0;
        self.offer = None;
    }

    fn stand(&mut self, epoch: Epoch, state: PlaceState) {
        self.place = Some(Place { epoch, state });
    }

    pub(super) fn answer(&mut self, record: &MoveRecord, question: &Question) -> Answered {
        let known = self.moves.get(&record.id).cloned();
        let (known, answer) = match question {
            Question::Offer => return self.offer(record, known),
            Question::Give(offer) => return self.give(record, known, offer),
            Question::FinishTaker | Question::FinishGiver => return self.finish(record, known),
            _ => {
                let mut known = live(known).map_err(failed)?;
                let answer = self.answer_known(record, question, &mut known);
                (known, answer)
            }
        };
        // What came of a question that was refused is written too: a fence that was taken back.
        self.moves.insert(record.id.clone(), known);
        answer
    }

    fn answer_known(
        &mut self,
        record: &MoveRecord,
        question: &Question,
        known: &mut Known,
    ) -> Answered {
        match question {
            Question::Accept(grant) => self.accept(known, grant),
            Question::Parcel(walk) => self.parcel(record, known, walk),
            Question::Take(parcel) => self.take(record, known, parcel),
            Question::Acknowledge(seq) => self.acknowledge(record, known, *seq),
            Question::Touch(differing) => self.touch(record, known, differing),
            Question::Hush => {
                decide_parcel(known, record.leg).map_err(failed)?;
                Ok(Answer::Hushed(Hushed { under_way: 0 }))
            }
            Question::Fence(force) => self.fence(record, known, *force),
            Question::Unfence => self.unfence(record, known),
            Question::Activate => self.activate(record, known),
            Question::StepDown => {
                self.retire(known, Epoch::try_from(record.leg.number() - 1).unwrap())
            }
            Question::Retire => self.retire(known, record.leg),
            Question::Forget => self.forget(record, known),
            _ => side(known),
        }
    }

    /// There is one move of an org at a time.
    fn insert(&mut self, record: &MoveRecord, known: Known) -> Result<(), Failure> {
        if self.moves.values().any(|other| !other.ended) {
            let reason = SideRefusal::Refused("another move of the org is under way");
            return Err(failed(reason));
        }
        self.moves.insert(record.id.clone(), known);
        self.changes.clear();
        Ok(())
    }

    fn offer(&mut self, record: &MoveRecord, known: Option<Known>) -> Answered {
        let epoch = record.leg.next();
        let ask = AskOffer {
            org: record.org.clone(),
            slug: record.slug.clone(),
            giver: record.giver.clone(),
            epoch,
        };
        if decide_offer(known.as_ref(), self.place, &ask).map_err(failed)? == Deed::Do {
            self.insert(record, begin(record, Part::Taking))?;
            self.mode = Some(Mode::Closed);
            self.stand(epoch, PlaceState::Incoming);
        }
        self.offers_made += 1;
        self.offer = Some(self.offers_made);
        Ok(Answer::Offer(Offer {
            sealed_to: self.offers_made.to_string(),
            schema: String::new(),
            version: String::new(),
        }))
    }

    fn give(&mut self, record: &MoveRecord, known: Option<Known>, offer: &Offer) -> Answered {
        let ask = AskGrant {
            org: record.org.clone(),
            taker: record.taker.clone(),
            epoch: record.leg,
            offer: offer.clone(),
        };
        if decide_give(known.as_ref(), self.place, &ask).map_err(failed)? == Deed::Do {
            let known = Known {
                transfer_key: Some(Vec::new()),
                ..begin(record, Part::Giving)
            };
            self.insert(record, known)?;
            self.mode = Some(Mode::Open);
        }
        Ok(Answer::Grant(Grant {
            sealed: offer.sealed_to.clone(),
            rows: self.rows.len() as i64,
        }))
    }

    fn accept(&mut self, known: &mut Known, grant: &Grant) -> Answered {
        if decide_accept(known).map_err(failed)? == Deed::Do {
            let opens = self
                .offer
                .is_some_and(|offer| offer.to_string() == grant.sealed);
            if !opens {
                return Err(Failure::Late(String::from("the offer is lost")));
            }
            known.transfer_key = Some(Vec::new());
        }
        side(known)
    }

    fn parcel(&mut self, record: &MoveRecord, known: &Known, walk: &Walk) -> Answered {
        decide_parcel(known, record.leg).map_err(failed)?;
        self.seq += 1;
        let seq = self.seq;
        let (content, items, next) = match walk {
            Walk::Rows(after) => self.page(key(after.as_ref())),
            Walk::Changes => self.pending_page(seq),
            Walk::Ranges(after) => self.ranges(key(after.as_ref())),
            Walk::Checks(after) => self.checks(key(after.as_ref())),
        };
        let pending = self.pending().len() as i64;
        Ok(Answer::Parcel(Parcel {
            seq,
            sealed: serde_json::to_string(&content).unwrap(),
            items: items as i64,
            next: spot(next),
            pending,
        }))
    }

    fn pending(&self) -> Vec<Key> {
        let dirty = self.changes.iter();
        let pending = dirty.filter(|(_, dirty)| dirty.version > dirty.shipped);
        pending.map(|(key, _)| *key).collect()
    }

    fn after(&self, after: Option<Key>) -> Vec<(Key, Row)> {
        let rows = self.rows.iter();
        let rows = rows.filter(|(key, _)| after.is_none_or(|after| **key > after));
        rows.map(|(key, row)| (*key, row.clone())).collect()
    }

    fn page(&self, after: Option<Key>) -> (Content, usize, Option<Key>) {
        let mut rows = self.after(after);
        let more = rows.len() > PARCEL_ROWS;
        rows.truncate(PARCEL_ROWS);
        let next = rows.last().map(|(key, _)| *key).filter(|_| more);
        let items = rows.len();
        (Content::Rows { after, next, rows }, items, next)
    }

    fn pending_page(&mut self, seq: i64) -> (Content, usize, Option<Key>) {
        let mut keys = self.pending();
        keys.truncate(PARCEL_ROWS);
        for key in &keys {
            let dirty = self.changes.get_mut(key).unwrap();
            dirty.offered = dirty.version;
            dirty.parcel = seq;
        }
        let rows = keys.iter().map(|key| (*key, self.rows.get(key).cloned()));
        (Content::Changes(rows.collect()), keys.len(), None)
    }

    fn ranges(&mut self, after: Option<Key>) -> (Content, usize, Option<Key>) {
        if after.is_none() {
            self.changes
                .retain(|_, dirty| dirty.version > dirty.shipped);
        }
        let mut rows = self.after(after);
        let more = rows.len() > PARCEL_ROWS;
        rows.truncate(PARCEL_ROWS);
        let until = rows.last().map(|(key, _)| *key).filter(|_| more);
        (Content::Range { after, until, rows }, 1, until)
    }

    fn checks(&self, after: Option<Key>) -> (Content, usize, Option<Key>) {
        let keys = self.changes.keys().copied();
        let mut keys: Vec<Key> = keys
            .filter(|key| after.is_none_or(|after| *key > after))
            .collect();
        let more = keys.len() > PARCEL_ROWS;
        keys.truncate(PARCEL_ROWS);
        let next = keys.last().copied().filter(|_| more);
        let rows = keys.iter().map(|key| (*key, self.rows.get(key).cloned()));
        (Content::Checks(rows.collect()), keys.len(), next)
    }

    fn take(&mut self, record: &MoveRecord, known: &mut Known, parcel: &Parcel) -> Answered {
        let is_new = decide_take(known, record.leg, parcel.seq).map_err(failed)? == Deed::Do;
        let content: Content = serde_json::from_str(&parcel.sealed).unwrap();
        let mut taken = Taken {
            differing: None,
            differences: 0,
        };
        match content {
            Content::Rows { after, next, rows } if is_new => {
                if known.copied || known.place != text(after) {
                    return Err(Failure::Late(String::from("the walk is at another place")));
                }
                (known.place, known.copied) = (text(next), next.is_none());
                self.rows.extend(rows);
            }
            Content::Changes(changes) if is_new => {
                assert!(known.copied, "changes are shipped when all rows are");
                for (key, row) in changes {
                    match row {
                        Some(row) => self.rows.insert(key, row),
                        None => self.rows.remove(&key),
                    };
                }
            }
            Content::Rows { .. } | Content::Changes(_) => {}
            Content::Range { after, until, rows } => {
                let ours = self.after(after).into_iter();
                let ours = ours.filter(|(key, _)| until.is_none_or(|until| *key <= until));
                let ours: Vec<_> = ours.collect();
                if ours != rows {
                    taken.differences = 1;
                    let keys = ours.iter().chain(&rows).map(|(key, _)| *key);
                    let keys: Vec<Key> = keys.collect();
                    taken.differing = Some(serde_json::to_string(&keys).unwrap());
                }
            }
            Content::Checks(checks) => {
                let differ = checks
                    .iter()
                    .filter(|(key, row)| self.rows.get(key) != row.as_ref());
                taken.differences = differ.count() as i64;
            }
        }
        known.taken_seq = parcel.seq;
        Ok(Answer::Taken(taken))
    }

    fn acknowledge(&mut self, record: &MoveRecord, known: &Known, seq: i64) -> Answered {
        decide_parcel(known, record.leg).map_err(failed)?;
        for dirty in self.changes.values_mut().filter(|one| one.parcel == seq) {
            dirty.shipped = dirty.offered;
        }
        side(known)
    }

    fn touch(&mut self, record: &MoveRecord, known: &Known, differing: &str) -> Answered {
        decide_parcel(known, record.leg).map_err(failed)?;
        for key in serde_json::from_str::<Vec<Key>>(differing).unwrap() {
            self.changes.entry(key).or_default().version += 1;
        }
        side(known)
    }

    fn fence(&mut self, record: &MoveRecord, known: &mut Known, force: bool) -> Answered {
        let ask = Fence {
            epoch: record.leg,
            attempt: record.attempt,
            force,
        };
        let deed = decide_fence(known, self.place, &ask).map_err(failed)?;
        let under_way = self.under_way;
        let closed = deed == Deed::Repeat || under_way == 0 || force;
        if closed {
            known.fence_attempt = known.fence_attempt.max(record.attempt);
            self.mode = Some(Mode::Closed);
            self.stand(record.leg, PlaceState::Parked);
        }
        Ok(Answer::Fenced(Fenced { closed, under_way }))
    }

    fn unfence(&mut self, record: &MoveRecord, known: &mut Known) -> Answered {
        let (epoch, attempt) = (record.leg, record.attempt);
        decide_parcel(known, epoch).map_err(failed)?;
        known.unfenced_attempt = known.unfenced_attempt.max(attempt);
        let ask = Unfence { epoch, attempt };
        if decide_unfence(known, self.place, &ask).map_err(failed)? == Deed::Do {
            self.mode = Some(Mode::Open);
            self.stand(epoch, PlaceState::Serving);
        }
        side(known)
    }

    fn activate(&mut self, record: &MoveRecord, known: &mut Known) -> Answered {
        let epoch = record.leg;
        if decide_activate(known, self.place, epoch).map_err(failed)? == Deed::Do {
            (known.part, known.leg) = (Part::Giving, epoch);
            self.changes.clear();
            self.mode = Some(Mode::Open);
            self.stand(epoch, PlaceState::Serving);
        }
        side(known)
    }

    fn retire(&mut self, known: &mut Known, epoch: Epoch) -> Answered {
        if decide_retire(known, epoch).map_err(failed)? == Deed::Do {
            (known.part, known.leg) = (Part::Taking, epoch);
            (known.place, known.copied) = (String::new(), true);
            self.changes.clear();
            self.mode = Some(Mode::Closed);
            self.stand(epoch, PlaceState::Gone);
        }
        side(known)
    }

    fn forget(&mut self, record: &MoveRecord, known: &mut Known) -> Answered {
        if decide_forget(known, self.place, &record.org).map_err(failed)? == Deed::Do {
            (known.part, known.transfer_key) = (Part::Leaving, None);
            (known.place, known.copied) = (String::new(), false);
            self.changes.clear();
        }
        let keys: Vec<Key> = self.rows.keys().copied().take(PARCEL_ROWS).collect();
        for key in &keys {
            self.rows.remove(key);
        }
        Ok(Answer::Forgotten(Forgotten {
            removed: keys.len() as i64,
            empty: self.rows.is_empty(),
        }))
    }

    fn finish(&mut self, record: &MoveRecord, known: Option<Known>) -> Answered {
        let ending = decide_finish(known.as_ref(), self.place, &record.org).map_err(failed)?;
        let mut known = known.unwrap_or_else(|| begin(record, Part::Leaving));
        match ending {
            Ending::Repeat => return Ok(Answer::Finished(Finished {})),
            // Whoever was admitted before could still write, and nothing would hinder it any more.
            Ending::Without if self.under_way > 0 => {
                return Err(Failure::Passing(String::from("requests are under way")));
            }
            Ending::Without if !self.rows.is_empty() => {
                return Err(failed(SideRefusal::Refused("rows are left here")));
            }
            Ending::Without | Ending::Serving => {
                self.changes.clear();
                self.mode = None;
                if self
                    .place
                    .is_some_and(|place| place.state == PlaceState::Incoming)
                {
                    self.stand(known.leg, PlaceState::Gone);
                }
            }
            Ending::Unheard => {}
        }
        (known.ended, known.transfer_key) = (true, None);
        self.moves.insert(record.id.clone(), known);
        Ok(Answer::Finished(Finished {}))
    }
}
