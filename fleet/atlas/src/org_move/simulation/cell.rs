//! A cell as the protocol wants it: what it keeps over a crash, and what it answers to each question, however late.

use crate::org_move::record::MoveRecord;
use crate::org_move::view::{Answer, Failure, Question};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use wire::org_move::{
    Fenced, Finished, Forgotten, Grant, Offer, Parcel, Place, Role, Side, Taken, Walk,
};

/// Rows of one parcel: few, so that many steps lie between the first and the last.
const PARCEL_ROWS: usize = 2;

pub(super) type Key = u32;
/// Every write adds one word to a row: a lost or repeated one shows.
pub(super) type Row = Vec<u32>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Serving,
    Parked,
    Incoming,
    Gone,
}

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

struct Moving {
    id: MoveId,
    role: Role,
    leg: Epoch,
    seq: i64,
    taken_seq: i64,
    cursor: Option<Key>,
    accepted: bool,
    copied: bool,
    attempt: i64,
    loosened: i64,
}

#[derive(Default)]
pub(super) struct Cell {
    pub(super) placement: Option<(Epoch, Standing)>,
    pub(super) rows: BTreeMap<Key, Row>,
    mode: Option<Mode>,
    moving: Option<Moving>,
    ended: BTreeSet<MoveId>,
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

fn late<T>(why: &str) -> Result<T, Failure> {
    Err(Failure::Late(why.to_owned()))
}

fn place(key: Option<Key>) -> Option<Place> {
    key.map(|key| Place(key.to_string()))
}

fn key(place: Option<&Place>) -> Option<Key> {
    place.map(|place| place.0.parse().unwrap())
}

impl Cell {
    /// A request comes to be under way, if it is for an epoch that is served.
    pub(super) fn admit(&mut self, epoch: Epoch) -> bool {
        let serves = self.placement == Some((epoch, Standing::Serving));
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

    fn is_foreign(&self) -> bool {
        !matches!(
            self.placement,
            Some((_, Standing::Serving | Standing::Parked))
        )
    }

    /// The process dies and comes back with what its store has.
    pub(super) fn crash(&mut self) {
        self.under_way = 0;
        self.offer = None;
    }

    pub(super) fn answer(&mut self, record: &MoveRecord, question: &Question) -> Answered {
        let ends = matches!(question, Question::FinishTaker | Question::FinishGiver);
        if ends {
            return self.finish(record);
        }
        if self.ended.contains(&record.id) {
            return Err(Failure::Unknown(String::from("the move is over")));
        }
        match question {
            Question::Offer => return self.offer(record),
            Question::Give(offer) => return self.give(record, offer),
            _ => {}
        }
        let known = self
            .moving
            .as_ref()
            .is_some_and(|moving| moving.id == record.id);
        if !known {
            return Err(Failure::Unknown(String::from("no such move")));
        }
        match question {
            Question::Accept(grant) => self.accept(grant),
            Question::Status => self.side(),
            Question::Parcel(walk) => self.parcel(record, walk),
            Question::Take(parcel) => self.take(record, parcel),
            Question::Acknowledge(seq) => self.acknowledge(record, *seq),
            Question::Touch(differing) => self.touch(record, differing),
            Question::Fence(force) => self.fence(record, *force),
            Question::Unfence => self.unfence(record),
            Question::Activate => self.activate(record),
            Question::Retire => self.retire(record),
            _ => self.forget(),
        }
    }

    fn moving(&mut self) -> &mut Moving {
        self.moving.as_mut().unwrap()
    }

    fn side(&mut self) -> Answered {
        let moving = self.moving();
        Ok(Answer::Side(Side {
            role: moving.role,
            leg: moving.leg,
            place: place(moving.cursor),
            copied: moving.copied,
            accepted: moving.accepted,
        }))
    }

    fn offer(&mut self, record: &MoveRecord) -> Answered {
        let wanted = record.leg.next();
        match (&self.moving, self.placement) {
            (Some(moving), _) if moving.id != record.id => {
                return Err(Failure::Passing(String::from("another move")));
            }
            (Some(moving), _) if moving.role == Role::Giving => return late("it gives"),
            (Some(_), _) => {}
            (None, Some((_, Standing::Serving | Standing::Parked))) => {
                return Err(Failure::Never(String::from("it is served here")));
            }
            (None, Some((epoch, _))) if epoch >= wanted => return late("a later epoch is known"),
            (None, _) => {
                self.placement = Some((wanted, Standing::Incoming));
                self.mode = Some(Mode::Closed);
                self.moving = Some(Moving {
                    id: record.id.clone(),
                    role: Role::Taking,
                    leg: record.leg,
                    seq: 0,
                    taken_seq: 0,
                    cursor: None,
                    accepted: false,
                    copied: false,
                    attempt: 0,
                    loosened: 0,
                });
            }
        }
        self.offers_made += 1;
        self.offer = Some(self.offers_made);
        Ok(Answer::Offer(Offer {
            sealed_to: self.offers_made.to_string(),
            schema: String::new(),
            version: String::new(),
        }))
    }

    fn give(&mut self, record: &MoveRecord, offer: &Offer) -> Answered {
        match &self.moving {
            Some(moving) if moving.id != record.id => {
                return Err(Failure::Passing(String::from("another move")));
            }
            Some(moving) if (moving.role, moving.leg) != (Role::Giving, record.leg) => {
                return late("another leg");
            }
            Some(_) => {}
            None if self.placement != Some((record.leg, Standing::Serving)) => {
                return late("not served at that epoch");
            }
            None => {
                self.mode = Some(Mode::Open);
                self.changes.clear();
                self.moving = Some(Moving {
                    id: record.id.clone(),
                    role: Role::Giving,
                    leg: record.leg,
                    seq: 0,
                    taken_seq: 0,
                    cursor: None,
                    accepted: true,
                    copied: true,
                    attempt: 0,
                    loosened: 0,
                });
            }
        }
        Ok(Answer::Grant(Grant {
            sealed: offer.sealed_to.clone(),
            rows: self.rows.len() as i64,
        }))
    }

    fn accept(&mut self, grant: &Grant) -> Answered {
        let opens = self
            .offer
            .is_some_and(|offer| offer.to_string() == grant.sealed);
        if !self.moving().accepted {
            if !opens {
                return late("offer lost");
            }
            self.moving().accepted = true;
        }
        self.side()
    }

    fn check(&mut self, record: &MoveRecord, role: Role) -> Result<(), Failure> {
        let moving = self.moving();
        if (moving.role, moving.leg) == (role, record.leg) {
            return Ok(());
        }
        late("another role or leg")
    }

    fn parcel(&mut self, record: &MoveRecord, walk: &Walk) -> Answered {
        self.check(record, Role::Giving)?;
        self.moving().seq += 1;
        let seq = self.moving().seq;
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
            next: place(next),
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

    fn take(&mut self, record: &MoveRecord, parcel: &Parcel) -> Answered {
        self.check(record, Role::Taking)?;
        if !self.moving().accepted || parcel.seq <= self.moving().taken_seq {
            return late("an older parcel");
        }
        let content: Content = serde_json::from_str(&parcel.sealed).unwrap();
        let mut taken = Taken {
            differing: None,
            differences: 0,
        };
        match content {
            Content::Rows { after, next, rows } => {
                if self.moving().copied || self.moving().cursor != after {
                    return late("another place");
                }
                self.moving().cursor = next;
                self.moving().copied = next.is_none();
                self.rows.extend(rows);
            }
            Content::Changes(changes) => {
                for (key, row) in changes {
                    match row {
                        Some(row) => self.rows.insert(key, row),
                        None => self.rows.remove(&key),
                    };
                }
            }
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
        self.moving().taken_seq = parcel.seq;
        Ok(Answer::Taken(taken))
    }

    fn acknowledge(&mut self, record: &MoveRecord, seq: i64) -> Answered {
        self.check(record, Role::Giving)?;
        for dirty in self.changes.values_mut().filter(|one| one.parcel == seq) {
            dirty.shipped = dirty.offered;
        }
        self.side()
    }

    fn touch(&mut self, record: &MoveRecord, differing: &str) -> Answered {
        self.check(record, Role::Giving)?;
        for key in serde_json::from_str::<Vec<Key>>(differing).unwrap() {
            self.changes.entry(key).or_default().version += 1;
        }
        self.side()
    }

    fn fence(&mut self, record: &MoveRecord, force: bool) -> Answered {
        self.check(record, Role::Giving)?;
        if record.attempt <= self.moving().loosened || record.attempt < self.moving().attempt {
            return late("that fence was taken back");
        }
        match self.placement {
            Some((epoch, Standing::Serving | Standing::Parked)) if epoch == record.leg => {}
            _ => return late("not served at that epoch"),
        }
        let under_way = self.under_way;
        let closed = under_way == 0 || force || self.mode == Some(Mode::Closed);
        if closed {
            self.moving().attempt = record.attempt;
            self.mode = Some(Mode::Closed);
            self.placement = Some((record.leg, Standing::Parked));
        }
        Ok(Answer::Fenced(Fenced { closed, under_way }))
    }

    fn unfence(&mut self, record: &MoveRecord) -> Answered {
        self.check(record, Role::Giving)?;
        let moving = self.moving();
        moving.loosened = moving.loosened.max(record.attempt);
        if moving.attempt <= record.attempt {
            self.mode = Some(Mode::Open);
            self.placement = Some((record.leg, Standing::Serving));
        }
        self.side()
    }

    fn activate(&mut self, record: &MoveRecord) -> Answered {
        let (epoch, standing) = self.placement.unwrap();
        if epoch > record.leg {
            return late("a later epoch is known");
        }
        if (epoch, standing) != (record.leg, Standing::Serving) {
            // Served at that epoch before and fenced meanwhile: the question is late.
            if standing == Standing::Parked {
                return late("fenced meanwhile");
            }
            assert!(self.moving().copied, "nobody serves half of an org");
            self.placement = Some((record.leg, Standing::Serving));
            self.mode = Some(Mode::Open);
            self.changes.clear();
            let moving = self.moving();
            (moving.role, moving.leg) = (Role::Giving, record.leg);
        }
        self.side()
    }

    fn retire(&mut self, record: &MoveRecord) -> Answered {
        let (epoch, standing) = self.placement.unwrap();
        if epoch > record.leg || (epoch == record.leg && standing != Standing::Gone) {
            return late("a later epoch is known");
        }
        self.placement = Some((record.leg, Standing::Gone));
        self.mode = Some(Mode::Closed);
        let moving = self.moving();
        (moving.role, moving.leg) = (Role::Taking, record.leg);
        self.side()
    }

    fn forget(&mut self) -> Answered {
        if !self.is_foreign() {
            return late("it is served here");
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

    fn finish(&mut self, record: &MoveRecord) -> Answered {
        let ours = self
            .moving
            .as_ref()
            .is_some_and(|moving| moving.id == record.id);
        if ours {
            match self.placement {
                Some((_, Standing::Serving)) => {}
                Some((_, Standing::Parked)) => return late("it is fenced"),
                // Whoever was admitted before could still write, and nothing would hinder it any more.
                _ if self.under_way > 0 => {
                    return Err(Failure::Passing(String::from("requests are under way")));
                }
                _ if !self.rows.is_empty() => return late("there are rows yet"),
                Some((_, Standing::Incoming)) => self.placement = None,
                _ => {}
            }
            (self.moving, self.mode) = (None, None);
            self.changes.clear();
        }
        self.ended.insert(record.id.clone());
        Ok(Answer::Finished(Finished {}))
    }
}
