//! Moves under writes, with crashes, late and repeated messages, stale edges, wrong clocks, operators who change their mind,
//! and two control planes at once. One seed is one run; a run that fails prints its seed.

mod cell;

use crate::org_move::plan::{Party, Step, party, plan_step};
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::view::{Answer, Failure, Question, View};
use cell::{Cell, Key, Standing};
use std::collections::BTreeMap;
use vocab::entropy::{Entropy as _, SeededEntropy};
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::org_move::view::Phase;

/// Runs of one test; each is two moves.
const RUNS: u64 = 1_500;
/// Steps of a run with faults; then it is left in peace.
const STEPS_WITH_FAULTS: u32 = 600;
/// Steps after which a run in peace must be over.
const STEPS_IN_PEACE: u32 = 40_000;
/// Rows that the org has at first, and that writes go to.
const ROWS: Key = 7;

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

#[derive(Default)]
struct Control {
    view: View,
    /// The revision that the view belongs to.
    revision: i64,
    waits: bool,
    clock_skew_secs: i64,
}

struct World {
    random: SeededEntropy,
    now_secs: i64,
    cells: [Cell; 2],
    /// What the register says; in the register's own transaction with the record.
    placed: (usize, Epoch),
    record: MoveRecord,
    edges: Vec<Edge>,
    controls: Vec<Control>,
    network: Vec<Message>,
    /// Writes under way: the cell, the row, the word.
    writing: Vec<(usize, Key, u32)>,
    words: u32,
    steps: u32,
    /// Whether an operator was told that the move is being taken back.
    wanted_back: bool,
    /// Whether an operator takes the move back when it is switched.
    regrets: bool,
    acknowledged: BTreeMap<Key, Vec<u32>>,
    peace: bool,
}

fn cell_name(index: usize) -> CellName {
    CellName::parse(["cell-a", "cell-b"][index]).unwrap()
}

fn new_record(random: &SeededEntropy, org: OrgId, from: usize, leg: Epoch) -> MoveRecord {
    let (source, target) = (cell_name(from), cell_name(1 - from));
    let now = Timestamp::from_seconds(1_000);
    MoveRecord {
        id: MoveId::generate(random),
        org,
        slug: Slug::parse("acme").unwrap(),
        giver: source.clone(),
        taker: target.clone(),
        source,
        target,
        leg,
        phase: Phase::Preparing,
        revision: 1,
        attempt: 1,
        returning: false,
        reason: None,
        rows_total: 0,
        keep_secs: 20,
        until: None,
        fenced_at: None,
        pause_micros: None,
        requested_by: String::from("test"),
        created_at: now,
        updated_at: now,
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let random = SeededEntropy::new(seed);
        let mut cells = [Cell::default(), Cell::default()];
        cells[0].placement = Some((Epoch::FIRST, Standing::Serving));
        for row in 0..ROWS {
            cells[0].rows.insert(row, Vec::new());
        }
        let org = OrgId::generate(&random);
        let record = new_record(&random, org, 0, Epoch::FIRST);
        let regrets = seed.is_multiple_of(4);
        let edge = || Edge {
            cell: 0,
            epoch: Epoch::FIRST,
        };
        Self {
            random,
            now_secs: 1_000,
            cells,
            placed: (0, Epoch::FIRST),
            record,
            edges: vec![edge(), edge()],
            controls: vec![Control::default(), Control::default()],
            network: Vec::new(),
            writing: Vec::new(),
            words: 0,
            steps: 0,
            regrets,
            wanted_back: false,
            acknowledged: BTreeMap::new(),
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

    fn index(name: &CellName) -> usize {
        usize::from(name.as_str() == "cell-b")
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
                let one = self.below(self.controls.len());
                self.carry(one);
            }
            _ => self.deliver(),
        }
        if self.regrets
            && matches!(self.record.phase, Phase::Activating | Phase::Following)
            && !self.record.returning
            && self.one_in(3)
        {
            self.operate();
            self.regrets = false;
        }
        if self.one_in(100) {
            self.now_secs += 1;
        }
    }

    fn begin_write(&mut self) {
        let edge = &self.edges[self.below(self.edges.len())];
        let (cell, epoch) = (edge.cell, edge.epoch);
        if self.cells[cell].admit(epoch) {
            self.words += 1;
            let row = self.below(ROWS as usize + 3) as Key;
            self.writing.push((cell, row, self.words));
        }
    }

    fn end_write(&mut self) {
        if self.writing.is_empty() {
            return;
        }
        let one = self.below(self.writing.len());
        let (cell, row, word) = self.writing.swap_remove(one);
        if self.cells[cell].commit(row, word) {
            let placed = Self::index(&self.record.giver);
            assert_eq!(cell, placed, "a cell that is not placed took a write");
            self.acknowledged.entry(row).or_default().push(word);
        }
    }

    fn fault(&mut self) {
        match self.below(9) {
            0 => {
                let cell = self.below(2);
                self.cells[cell].crash();
                // Some of what was under way was written, and nobody heard of it: it is not acknowledged.
                self.writing.retain(|(of, _, _)| *of != cell);
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

    fn operate(&mut self) {
        let now = Timestamp::from_seconds(self.now_secs);
        let mut next = self.record.clone();
        next.revision += 1;
        let before = self.record.is_before_switch();
        match self.record.phase {
            Phase::Preparing
            | Phase::Copying
            | Phase::Verifying
            | Phase::Closing
            | Phase::Fencing
            | Phase::Fenced
            | Phase::Loosening
                if before =>
            {
                next = self
                    .record
                    .enter(Entry::Retreat(String::from("an operator")), now);
            }
            Phase::Activating | Phase::Following => {
                next.returning = true;
                self.wanted_back = true;
            }
            _ => return,
        }
        self.record = next;
    }

    fn note_failure(&mut self, asker: usize, message: usize, failure: Failure) {
        let message = &self.network[message];
        let control = &mut self.controls[asker];
        control.waits = false;
        if control.revision == message.record.revision {
            let phase = message.record.phase;
            control.view.note_failure(phase, &message.question, failure);
        }
    }

    /// One control plane does one step.
    fn carry(&mut self, one: usize) {
        let control = &mut self.controls[one];
        if control.waits {
            return;
        }
        if control.revision != self.record.revision {
            (control.view, control.revision) = (View::default(), self.record.revision);
        }
        let now = Timestamp::from_seconds(self.now_secs + control.clock_skew_secs);
        match plan_step(&self.record, &control.view, now) {
            Step::Ask(question) => {
                control.waits = true;
                self.network.push(Message {
                    not_before: 0,
                    asker: Some(one),
                    record: self.record.clone(),
                    question,
                });
            }
            // Compare-and-swap: what was planned by an older record comes to nothing, here by construction.
            Step::Enter(entry) => self.record = self.record.enter(entry, now),
            Step::Switch => {
                let next = self.record.switch(now);
                self.placed = (Self::index(&next.giver), next.leg);
                self.record = next;
            }
            Step::Pause(_) | Step::PauseAsLong => control.view.tired = false,
            Step::Rest => {}
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
            Party::Giver => Self::index(&message.record.giver),
            Party::Taker => Self::index(&message.record.taker),
        };
        let (record, question) = (message.record.clone(), message.question.clone());
        let answer = self.cells[to].answer(&record, &question);
        if let Some(asker) = self.network[one].asker {
            match answer {
                Ok(answer) => self.note(asker, &record, &question, answer),
                Err(failure) => self.note_failure(asker, one, failure),
            }
        }
        self.network.swap_remove(one);
    }

    fn note(&mut self, asker: usize, record: &MoveRecord, question: &Question, answer: Answer) {
        let control = &mut self.controls[asker];
        control.waits = false;
        if control.revision == record.revision {
            control.view.note(record.phase, question, answer);
        }
    }

    /// Ends the run in peace, and looks whether all is well.
    fn settle(&mut self) {
        self.peace = true;
        // A clock that was ahead may have set the end of a rollback window.
        self.now_secs += 2 * 3_600;
        for control in &mut self.controls {
            control.clock_skew_secs = 0;
        }
        let mut left = STEPS_IN_PEACE;
        while !(self.record.phase.is_over() && self.network.is_empty()) {
            left -= 1;
            assert!(left > 0, "stuck: {:?}", self.record);
            self.step();
        }
        while !self.writing.is_empty() {
            self.end_write();
        }
        let (cell, epoch) = self.placed;
        assert_eq!(self.record.giver, cell_name(cell));
        assert_eq!(self.record.leg, epoch);
        // Told so, it came back, or says why not.
        let came_back = self.record.giver == self.record.source || self.record.reason.is_some();
        assert!(!self.wanted_back || came_back, "{:?}", self.record);
        self.wanted_back = false;
        assert!(self.cells[cell].admit(epoch), "nobody serves the org");
        self.cells[cell].under_way = 0;
        assert!(self.cells[1 - cell].rows.is_empty(), "rows were left");
        for (row, words) in &self.acknowledged {
            let kept = &self.cells[cell].rows[row];
            for word in words {
                let times = kept.iter().filter(|kept| *kept == word).count();
                assert_eq!(times, 1, "word {word} of row {row} in {kept:?}");
            }
        }
    }
}

fn run(seed: u64) -> String {
    let mut world = World::new(seed);
    for _ in 0..STEPS_WITH_FAULTS {
        world.step();
    }
    world.settle();
    let returned = world.record.giver == world.record.source && world.record.phase == Phase::Done;
    let first = format!(
        "{}{}",
        world.record.phase.as_str(),
        if returned { ", taken back" } else { "" }
    );
    // Once more, to wherever the org is not: what is late of the first move meets the second.
    let (from, leg) = world.placed;
    world.record = MoveRecord {
        revision: world.record.revision + 1,
        ..new_record(&world.random, world.record.org.clone(), from, leg)
    };
    world.peace = false;
    for _ in 0..STEPS_WITH_FAULTS {
        world.step();
    }
    world.settle();
    first
}

#[test]
fn no_write_is_lost_or_repeated_and_one_cell_serves_whatever_happens() {
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..RUNS {
        let ran = std::panic::catch_unwind(|| run(seed));
        match ran {
            Ok(phase) => *ends.entry(phase).or_default() += 1,
            Err(panic) => {
                let said = panic.downcast_ref::<String>().cloned();
                panic!("seed {seed}: {}", said.unwrap_or_default());
            }
        }
    }
    // The runs reach every end, or they prove little.
    for end in ["done", "undone", "done, taken back"] {
        assert!(ends.get(end).is_some_and(|runs| *runs > 100), "{ends:?}");
    }
}
