//! The world of one run: three cells, a register, edges, control planes, and everything that can happen to them.

use super::cell::{Cell, Key};
use super::{KEEP_SECS, cell_name, index, new_record};
use crate::counted::{Moment, plan_count};
use crate::org_move::plan::{Party, Step, party, plan_step};
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::view::{Answer, Failure, Question, View};
use std::collections::BTreeMap;
use std::time::Duration;
use vocab::entropy::{Entropy as _, SeededEntropy};
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::time::Timestamp;
use wire::org_move::view::Phase;

/// Steps of a run with faults; then it is left in peace.
const STEPS_WITH_FAULTS: u32 = 600;
/// Steps after which a run in peace must be over.
const STEPS_IN_PEACE: u32 = 60_000;
/// Rows that the org has at first, and that writes go to.
const ROWS: Key = 7;
/// When a cell is lost, in those worlds in which one is: more often in the moment that is short and matters most.
const LOSSES: [Phase; 13] = [
    Phase::Preparing,
    Phase::Copying,
    Phase::Verifying,
    Phase::Closing,
    Phase::Fencing,
    Phase::Fenced,
    Phase::Activating,
    Phase::Activating,
    Phase::Activating,
    Phase::Following,
    Phase::Purging,
    Phase::Done,
    Phase::Undoing,
];

struct Edge {
    cell: usize,
    epoch: Epoch,
}

/// A question on its way; whoever asked may be gone.
struct Message {
    asker: Option<usize>,
    record: MoveRecord,
    question: Question,
    /// The step before which it does not arrive.
    not_before: u32,
}

/// What a control plane has in hand of one move.
#[derive(Default)]
struct Hand {
    view: View,
    /// The revision that the view belongs to.
    revision: i64,
    waits: bool,
    /// The fence that it saw first, and when.
    fence: Option<(i64, i64)>,
}

#[derive(Default)]
struct Control {
    hands: BTreeMap<MoveId, Hand>,
    /// What it saw of the counted time, and when.
    seen: Option<(Timestamp, i64)>,
    clock_skew_secs: i64,
}

/// A write that was acknowledged.
struct Acknowledged {
    row: Key,
    word: u32,
    cell: usize,
    epoch: Epoch,
}

pub(super) struct World {
    random: SeededEntropy,
    now_secs: i64,
    /// In the register's own transactions.
    counted: Timestamp,
    cells: [Cell; 3],
    /// Never comes back, unless this world is one in which it does in the end.
    lost: Option<usize>,
    comes_back: bool,
    /// In which phase one is lost.
    loses_in: Option<Phase>,
    /// What the register says; in the register's own transaction with the records.
    placed: (usize, Epoch),
    /// The last one is under way, or was; of the others something may be left behind.
    records: Vec<MoveRecord>,
    edges: Vec<Edge>,
    controls: Vec<Control>,
    network: Vec<Message>,
    /// Writes under way: the cell, the epoch, the row, the word.
    writing: Vec<(usize, Epoch, Key, u32)>,
    words: u32,
    steps: u32,
    /// Whether an operator was told that the move is being taken back.
    wanted_back: bool,
    /// Whether an operator takes the move back when it is switched.
    regrets: bool,
    /// When the way back was opened.
    following_since: Option<i64>,
    acknowledged: Vec<Acknowledged>,
    peace: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let random = SeededEntropy::new(seed);
        let mut cells = [Cell::default(), Cell::default(), Cell::default()];
        cells[0].found(ROWS);
        let org = OrgId::generate(&random);
        let record = new_record(&random, org, (0, 1), Epoch::FIRST);
        let edge = || Edge {
            cell: 0,
            epoch: Epoch::FIRST,
        };
        Self {
            random,
            now_secs: 1_000,
            counted: Timestamp::from_seconds(1_000),
            cells,
            lost: None,
            comes_back: seed.is_multiple_of(2),
            loses_in: usize::try_from(seed / 3)
                .ok()
                .filter(|_| seed.is_multiple_of(3))
                .map(|draw| LOSSES[draw % LOSSES.len()]),
            placed: (0, Epoch::FIRST),
            records: vec![record],
            edges: vec![edge(), edge()],
            controls: vec![Control::default(), Control::default()],
            network: Vec::new(),
            writing: Vec::new(),
            words: 0,
            steps: 0,
            regrets: seed.is_multiple_of(4),
            wanted_back: false,
            following_since: None,
            acknowledged: Vec::new(),
            peace: false,
        }
    }

    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0_u8; 4];
        self.random.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % bound
    }

    fn one_in(&self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn record(&self) -> &MoveRecord {
        self.records.last().unwrap()
    }

    /// As the register reads it.
    fn read(&self, of: usize) -> MoveRecord {
        let record = &self.records[of];
        let left = |other: &MoveRecord| {
            other.left_behind && other.taker == record.taker && other.id != record.id
        };
        MoveRecord {
            waits_for_taker: self.records.iter().any(left),
            ..record.clone()
        }
    }

    fn step(&mut self) {
        self.steps += 1;
        match self.below(12) {
            0 => self.begin_write(),
            1 => self.end_write(),
            2 => {
                let edge = self.below(self.edges.len());
                (self.edges[edge].cell, self.edges[edge].epoch) = self.placed;
            }
            3 if !self.peace && self.one_in(2) => self.fault(),
            4..=7 => {
                let (one, of) = (
                    self.below(self.controls.len()),
                    self.below(self.records.len()),
                );
                self.carry(one, of);
            }
            _ => self.deliver(),
        }
        if self.regrets
            && matches!(self.record().phase, Phase::Activating | Phase::Following)
            && !self.record().returning
            && self.one_in(3)
        {
            self.operate();
            self.regrets = false;
        }
        if self.loses_in == Some(self.record().phase) && self.one_in(12) {
            self.lose();
        }
        let is_lost = self.lost == Some(self.placed.0) && self.record().phase == Phase::Activating;
        if is_lost && self.one_in(20) {
            self.abandon();
        }
        if self.one_in(100) {
            self.now_secs += 1;
        }
    }

    fn begin_write(&mut self) {
        let edge = &self.edges[self.below(self.edges.len())];
        let (cell, epoch) = (edge.cell, edge.epoch);
        if self.lost != Some(cell) && self.cells[cell].admit(epoch) {
            self.words += 1;
            let row = self.below(ROWS as usize + 3) as Key;
            self.writing.push((cell, epoch, row, self.words));
        }
    }

    fn end_write(&mut self) {
        if self.writing.is_empty() {
            return;
        }
        let one = self.below(self.writing.len());
        let (cell, epoch, row, word) = self.writing.swap_remove(one);
        if self.cells[cell].commit(row, word) {
            assert_eq!(
                cell, self.placed.0,
                "a cell that is not placed took a write"
            );
            self.acknowledged.push(Acknowledged {
                row,
                word,
                cell,
                epoch,
            });
        }
    }

    fn fault(&mut self) {
        match self.below(9) {
            0 => {
                let cell = self.below(self.cells.len());
                self.crash(cell);
            }
            1 => {
                let one = self.below(self.controls.len());
                self.controls[one] = Control::default();
                for message in &mut self.network {
                    message.asker = message.asker.filter(|asker| *asker != one);
                }
            }
            2 => {
                let one = self.below(self.controls.len());
                self.controls[one].clock_skew_secs = [0, 3_600, -3_600][self.below(3)];
            }
            3 if self.one_in(12) => self.operate(),
            // The asker gives up waiting; the question still comes to its cell, some time.
            4 | 5 if !self.network.is_empty() => {
                let one = self.below(self.network.len());
                self.network[one].not_before = self.late();
                if let Some(asker) = self.network[one].asker.take() {
                    self.note_failure(asker, one, Failure::Passing(String::from("no answer")));
                }
            }
            6 if !self.network.is_empty() => {
                let one = &self.network[self.below(self.network.len())];
                let twice = Message {
                    not_before: self.late(),
                    asker: None,
                    record: one.record.clone(),
                    question: one.question.clone(),
                };
                self.network.push(twice);
            }
            _ => {}
        }
    }

    fn crash(&mut self, cell: usize) {
        self.cells[cell].crash();
        // Some of what was under way was written, and nobody heard of it: it is not acknowledged.
        self.writing.retain(|(of, ..)| *of != cell);
    }

    /// A cell is lost: one that does not serve, or the one that is about to and of which nobody knows yet that it does. With a
    /// cell that serves its orgs are lost, whatever moves do.
    fn lose(&mut self) {
        let record = self.record();
        let heard = |control: &Control| {
            let hand = control.hands.get(&record.id);
            hand.is_some_and(|hand| hand.revision == record.revision && hand.view.done > 0)
        };
        let about_to_serve = record.phase == Phase::Activating
            && !record.abandoned
            && !self.controls.iter().any(heard);
        let cell = match about_to_serve {
            true => index(&record.giver),
            false if record.abandoned => return,
            false => index(&record.taker),
        };
        (self.lost, self.loses_in) = (Some(cell), None);
        self.crash(cell);
    }

    /// The lost cell is found, with all that its store had; every edge knows by now who serves.
    fn find(&mut self) {
        self.lost = None;
        for edge in &mut self.edges {
            (edge.cell, edge.epoch) = self.placed;
        }
    }

    fn operate(&mut self) {
        let now = self.moment(0);
        let record = self.record();
        let next = match record.phase {
            Phase::Preparing
            | Phase::Copying
            | Phase::Verifying
            | Phase::Closing
            | Phase::Fencing
            | Phase::Fenced
            | Phase::Loosening
                if record.is_before_switch() =>
            {
                record.enter(Entry::Retreat(String::from("an operator")), now)
            }
            Phase::Activating | Phase::Following if !record.abandoned => MoveRecord {
                returning: true,
                revision: record.revision + 1,
                ..record.clone()
            },
            _ => return,
        };
        self.wanted_back |= next.returning;
        *self.records.last_mut().unwrap() = next;
    }

    fn abandon(&mut self) {
        let (lost, epoch) = self.placed;
        let next = self.record().abandon(self.moment(0).clock);
        // What the lost cell took after the switch is lost, and its operator was told so.
        self.acknowledged
            .retain(|one| (one.cell, one.epoch) != (lost, epoch));
        self.placed = (index(&next.giver), next.leg);
        *self.records.last_mut().unwrap() = next;
        self.wanted_back = false;
    }

    fn moment(&self, skew_secs: i64) -> Moment {
        Moment {
            clock: Timestamp::from_seconds(self.now_secs + skew_secs),
            counted: self.counted,
        }
    }

    fn note_failure(&mut self, asker: usize, message: usize, failure: Failure) {
        let (id, revision) = {
            let record = &self.network[message].record;
            (record.id.clone(), record.revision)
        };
        let message = &self.network[message];
        let hand = self.controls[asker].hands.entry(id).or_default();
        hand.waits = false;
        if hand.revision == revision {
            let phase = message.record.phase;
            hand.view.note_failure(phase, &message.question, failure);
        }
    }

    /// One control plane does one step for one move.
    fn carry(&mut self, one: usize, of: usize) {
        let (record, now_secs) = (self.read(of), self.now_secs);
        let control = &mut self.controls[one];
        // It counts what passed since it looked, by a clock that is never set.
        let (seen, at) = *control.seen.get_or_insert((self.counted, now_secs));
        let passed = Duration::from_secs(u64::try_from(now_secs - at).unwrap());
        self.counted = self.counted.max(plan_count(seen, passed));
        control.seen = Some((self.counted, now_secs));
        let skew_secs = control.clock_skew_secs;
        let hand = control.hands.entry(record.id.clone()).or_default();
        if hand.waits {
            return;
        }
        if hand.revision != record.revision {
            (hand.view, hand.revision) = (View::default(), record.revision);
        }
        if matches!(record.phase, Phase::Fencing | Phase::Fenced) {
            let same = hand.fence.filter(|(attempt, _)| *attempt == record.attempt);
            let (_, since) = *hand
                .fence
                .insert(same.unwrap_or((record.attempt, now_secs)));
            hand.view.stopped = Duration::from_secs(u64::try_from(now_secs - since).unwrap());
        }
        match plan_step(&record, &hand.view, seen) {
            Step::Ask(question) => {
                hand.waits = true;
                self.network.push(Message {
                    not_before: 0,
                    asker: Some(one),
                    record,
                    question,
                });
            }
            // Compare-and-swap: what was planned by an older record comes to nothing, here by construction.
            Step::Enter(entry) => {
                self.check_way_back(&record, &entry);
                self.records[of] = record.enter(entry, self.moment(skew_secs));
            }
            Step::Switch => {
                let next = record.switch(self.moment(skew_secs).clock);
                self.placed = (index(&next.giver), next.leg);
                self.records[of] = next;
            }
            Step::Pause(_) | Step::PauseAsLong => hand.view.tired = false,
            Step::Rest => {}
        }
    }

    /// The way back stays open as long as it was promised, whatever the clocks say.
    fn check_way_back(&mut self, record: &MoveRecord, entry: &Entry) {
        match (record.phase, entry) {
            (Phase::Activating, Entry::Next(Phase::Following)) => {
                self.following_since = Some(self.now_secs);
            }
            (Phase::Following, Entry::Next(Phase::Purging)) => {
                let open = self.now_secs - self.following_since.unwrap();
                assert!(open >= KEEP_SECS, "the way back was closed after {open} s");
            }
            _ => {}
        }
    }

    /// Soon, or much later.
    fn late(&self) -> u32 {
        self.steps + self.below([8, 400][self.below(2)]) as u32
    }

    fn deliver(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let one = self.below(self.network.len());
        if self.network[one].not_before > self.steps {
            return;
        }
        let message = &self.network[one];
        let to = match party(&message.question) {
            Party::Giver => index(&message.record.giver),
            Party::Taker => index(&message.record.taker),
        };
        let (record, question) = (message.record.clone(), message.question.clone());
        let answer = if self.lost == Some(to) {
            Err(Failure::Passing(String::from("nobody is there")))
        } else {
            self.cells[to].answer(&record, &question)
        };
        if let Some(asker) = self.network[one].asker {
            match answer {
                Ok(answer) => self.note(asker, &record, &question, answer),
                Err(failure) => self.note_failure(asker, one, failure),
            }
        }
        self.network.swap_remove(one);
    }

    fn note(&mut self, asker: usize, record: &MoveRecord, question: &Question, answer: Answer) {
        let hand = self.controls[asker].hands.entry(record.id.clone());
        let hand = hand.or_default();
        hand.waits = false;
        if hand.revision == record.revision {
            hand.view.note(record.phase, question, answer);
        }
    }

    /// A while in which anything may happen.
    pub(super) fn suffer(&mut self) {
        self.peace = false;
        for _ in 0..STEPS_WITH_FAULTS {
            self.step();
        }
    }

    fn is_settled(&self) -> bool {
        let left = |one: &MoveRecord| one.left_behind && self.lost != Some(index(&one.taker));
        self.record().phase.is_over()
            && !self.records.iter().any(left)
            && (self.lost.is_some() || self.network.is_empty())
    }

    /// Ends the run in peace, and looks whether all is well.
    pub(super) fn settle(&mut self) {
        self.peace = true;
        for control in &mut self.controls {
            control.clock_skew_secs = 0;
        }
        let mut left = STEPS_IN_PEACE;
        while !self.is_settled() {
            left -= 1;
            assert!(left > 0, "stuck: {:?}", self.records);
            self.step();
        }
        while !self.writing.is_empty() {
            self.end_write();
        }
        let (cell, epoch) = self.placed;
        let record = self.record();
        assert_eq!((&record.giver, record.leg), (&cell_name(cell), epoch));
        // Told so, it came back, or says why not.
        let came_back = record.giver == record.source || record.reason.is_some();
        assert!(!self.wanted_back || came_back, "{record:?}");
        self.wanted_back = false;
        assert!(self.cells[cell].admit(epoch), "nobody serves the org");
        self.cells[cell].under_way = 0;
        for (other, of) in self.cells.iter().enumerate() {
            let may_have = other == cell || self.lost == Some(other);
            assert!(may_have || of.rows.is_empty(), "rows were left");
        }
        for one in &self.acknowledged {
            let kept = self.cells[cell].rows.get(&one.row);
            let kept = kept.into_iter().flatten();
            let times = kept.filter(|kept| **kept == one.word).count();
            assert_eq!(times, 1, "word {} of row {}", one.word, one.row);
        }
    }

    /// What came of the move.
    pub(super) fn describe(&self) -> String {
        let record = self.record();
        let returned = record.giver == record.source && record.phase == Phase::Done;
        let how = match record {
            _ if record.abandoned => ", the lost cell abandoned",
            _ if self.lost.is_some() && record.left_behind => {
                ", and something was left in a cell that is lost"
            }
            _ if returned => ", taken back",
            _ => "",
        };
        format!("{}{how}", record.phase.as_str())
    }

    /// Another move, to any cell that is not lost; the lost one may be found on the way.
    pub(super) fn move_on(&mut self) {
        if self.comes_back {
            self.find();
        }
        let (from, leg) = self.placed;
        let others = (0..self.cells.len()).filter(|to| *to != from && self.lost != Some(*to));
        let others: Vec<usize> = others.collect();
        let to = others[self.below(others.len())];
        let org = self.record().org.clone();
        self.records
            .push(new_record(&self.random, org, (from, to), leg));
        self.following_since = None;
    }
}
