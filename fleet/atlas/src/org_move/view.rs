//! What whoever carries a move has in hand: it is lost with the process, and gathered anew.

use std::time::Duration;
use wire::org_move::view::Phase;
use wire::org_move::{
    Fenced, Finished, Forgotten, Grant, Hushed, Offer, Parcel, Place, Side, Taken, Walk,
};

/// What a cell is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The taker: an offer.
    Offer,
    /// The giver: to begin.
    Give(Offer),
    /// The taker: to open the grant.
    Accept(Grant),
    /// The taker: how far it is.
    Status,
    /// The giver: a parcel.
    Parcel(Walk),
    /// The taker: to take a parcel.
    Take(Parcel),
    /// The giver: that a parcel of changes was taken.
    Acknowledge(i64),
    /// The giver: to send some rows again.
    Touch(String),
    /// The giver: to send nothing any more, and what is still on its way out.
    Hush,
    /// The giver: to stop; by force or not.
    Fence(bool),
    /// The giver: to go on.
    Unfence,
    /// The giver: that the leg before this one was to be served by the cell that is lost.
    StepDown,
    /// The giver: to serve at the leg's epoch.
    Activate,
    /// The taker: to serve no longer.
    Retire,
    /// The taker: to remove rows.
    Forget,
    /// The taker: that it is through.
    FinishTaker,
    /// The giver: that it is through.
    FinishGiver,
}

impl Question {
    /// What is asked, without what it carries.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Give(_) => "give",
            Self::Accept(_) => "accept",
            Self::Status => "status",
            Self::Parcel(_) => "parcel",
            Self::Take(_) => "take",
            Self::Acknowledge(_) => "acknowledge",
            Self::Touch(_) => "touch",
            Self::Hush => "hush",
            Self::Fence(_) => "fence",
            Self::Unfence => "unfence",
            Self::StepDown => "step down",
            Self::Activate => "activate",
            Self::Retire => "retire",
            Self::Forget => "forget",
            Self::FinishTaker => "finish at the taker",
            Self::FinishGiver => "finish at the giver",
        }
    }
}

/// What a cell answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Offer`].
    Offer(Offer),
    /// To [`Question::Give`].
    Grant(Grant),
    /// To [`Question::Parcel`].
    Parcel(Parcel),
    /// To [`Question::Take`].
    Taken(Taken),
    /// To [`Question::Hush`].
    Hushed(Hushed),
    /// To [`Question::Fence`].
    Fenced(Fenced),
    /// To [`Question::Forget`].
    Forgotten(Forgotten),
    /// To the two that end it.
    Finished(Finished),
    /// To all others.
    Side(Side),
}

/// Why a cell did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may do it yet: it was not reached, or is busy.
    Passing(String),
    /// It is further than the question: what is in hand is old.
    Late(String),
    /// It does not know the move.
    Unknown(String),
    /// It will never do it.
    Never(String),
}

impl Failure {
    /// In words.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Passing(reason)
            | Self::Late(reason)
            | Self::Unknown(reason)
            | Self::Never(reason) => reason,
        }
    }
}

/// What came of the last steps of the present phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// What the taker offered.
    pub offer: Option<Offer>,
    /// What the giver granted.
    pub grant: Option<Grant>,
    /// A parcel that the taker does not have yet, and what it is about.
    pub parcel: Option<(Walk, Parcel)>,
    /// A parcel of changes that the giver does not know to be taken.
    pub taken: Option<i64>,
    /// Rows that the giver shall send again.
    pub differing: Option<String>,
    /// How far the walk of this phase is.
    pub walk: WalkState,
    /// Changes that are left, once it was asked for.
    pub pending: Option<i64>,
    /// Parcels of changes in this phase.
    pub rounds: u32,
    /// Rows that the walk has behind it.
    pub rows_done: i64,
    /// How many steps of the phase's list are through.
    pub done: usize,
    /// Whether the taker has nothing of the org any more.
    pub empty: bool,
    /// Mails and notices that are on their way out of the giver, which begins no others.
    pub deliveries: Option<u32>,
    /// How often it was asked for them.
    pub hushes: u32,
    /// What the giver said to the fence.
    pub fenced: Option<Fenced>,
    /// For how long whoever carries the move knows the giver to be stopped, by a clock that is never set.
    pub stopped: Duration,
    /// How many rows differed that must not.
    pub differences: i64,
    /// Questions that failed one after another.
    pub failures: u32,
    /// What the last of them failed by.
    pub last_failure: Option<String>,
    /// What ends the phase.
    pub hopeless: Option<String>,
    /// Whether a pause is due before the next step.
    pub tired: bool,
}

/// How far a walk over all rows is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WalkState {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// It goes on after this place.
    At(Option<Place>),
    /// It is at its end.
    Through,
}

impl View {
    /// Takes in an answer.
    pub fn note(&mut self, phase: Phase, question: &Question, answer: Answer) {
        self.failures = 0;
        match answer {
            Answer::Offer(offer) => self.offer = Some(offer),
            Answer::Grant(grant) => self.grant = Some(grant),
            Answer::Parcel(parcel) => self.note_parcel(question, parcel),
            Answer::Taken(taken) => self.note_taken(taken),
            Answer::Hushed(hushed) => {
                self.hushes += 1;
                self.deliveries = Some(hushed.under_way);
                if hushed.under_way > 0 {
                    // The org is served all the while: what changes meanwhile is shipped.
                    (self.pending, self.tired) = (None, true);
                }
            }
            Answer::Fenced(fenced) => self.fenced = Some(fenced),
            Answer::Forgotten(forgotten) => {
                self.empty = forgotten.empty;
                self.rows_done += forgotten.removed;
                self.tired = true;
            }
            Answer::Finished(_) => self.done += 1,
            Answer::Side(side) => self.note_side(phase, question, &side),
        }
    }

    fn note_parcel(&mut self, question: &Question, parcel: Parcel) {
        let Question::Parcel(walk) = question else {
            return;
        };
        self.pending = Some(parcel.pending);
        if parcel.items > 0 {
            self.parcel = Some((walk.clone(), parcel));
            return;
        }
        // Nothing to take.
        match walk {
            Walk::Changes => {
                self.rounds += 1;
                self.tired = true;
            }
            // Even an empty walk over the rows is taken: the taker learns that it is at its end.
            Walk::Rows(_) => self.parcel = Some((walk.clone(), parcel)),
            Walk::Ranges(_) | Walk::Checks(_) => self.go_on(parcel.next),
        }
    }

    fn note_taken(&mut self, taken: Taken) {
        let Some((walk, parcel)) = self.parcel.take() else {
            return;
        };
        match walk {
            Walk::Changes => {
                self.rounds += 1;
                self.taken = Some(parcel.seq);
            }
            Walk::Rows(_) => {
                self.rows_done += parcel.items;
                self.tired = true;
                self.go_on(parcel.next);
            }
            Walk::Ranges(_) => {
                self.differing = taken.differing;
                self.tired = true;
                self.go_on(parcel.next);
            }
            Walk::Checks(_) => {
                self.differences += taken.differences;
                self.go_on(parcel.next);
            }
        }
    }

    fn go_on(&mut self, next: Option<Place>) {
        self.walk = match next {
            Some(place) => WalkState::At(Some(place)),
            None => WalkState::Through,
        };
    }

    fn note_side(&mut self, phase: Phase, question: &Question, side: &Side) {
        match question {
            Question::Status => {
                self.walk = match (side.accepted, side.copied) {
                    (_, true) => WalkState::Through,
                    (true, false) => WalkState::At(side.place.clone()),
                    (false, false) => {
                        self.hopeless =
                            Some(String::from("the target lost what it had of the move"));
                        WalkState::Unknown
                    }
                };
            }
            Question::Acknowledge(_) => {
                self.taken = None;
                // Where nobody serves, there is no time to rest.
                self.tired = phase != Phase::Fenced;
            }
            Question::Touch(_) => self.differing = None,
            _ => self.done += 1,
        }
    }

    /// Takes in a failure.
    pub fn note_failure(&mut self, phase: Phase, question: &Question, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(failure.reason().to_owned());
        match failure {
            Failure::Passing(_) => self.tired = true,
            Failure::Unknown(_) if ends_by_unknown(phase, question) => self.skip(question),
            // It serves at a later epoch already, which whoever asked first has not told any more.
            Failure::Late(_) if *question == Question::StepDown => self.skip(question),
            // Whoever never served at an earlier epoch, or knows a later one, has nothing to step down from.
            Failure::Late(_) if phase.is_over() && *question == Question::Retire => {
                self.skip(question);
            }
            Failure::Late(_) | Failure::Never(_) if phase.is_over() => {
                // From the beginning: the cell may have come to serve meanwhile, by what was late, and has to step down.
                *self = Self {
                    failures: self.failures,
                    last_failure: self.last_failure.take(),
                    tired: true,
                    ..Self::default()
                };
            }
            Failure::Late(_) => {
                // Gathered anew. What is behind is not asked for again.
                *self = Self {
                    done: self.done,
                    failures: self.failures,
                    last_failure: self.last_failure.take(),
                    rows_done: self.rows_done,
                    rounds: self.rounds,
                    hushes: self.hushes,
                    tired: true,
                    ..Self::default()
                };
            }
            Failure::Unknown(reason) | Failure::Never(reason) => {
                self.hopeless = Some(reason);
                self.tired = true;
            }
        }
    }

    fn skip(&mut self, question: &Question) {
        match question {
            Question::Forget => self.empty = true,
            Question::Hush => self.deliveries = Some(0),
            _ => self.done += 1,
        }
    }
}

/// Where a cell that does not know the move is through with it, or never began.
fn ends_by_unknown(phase: Phase, question: &Question) -> bool {
    match phase {
        Phase::Undoing | Phase::Done | Phase::Undone => true,
        Phase::Purging => *question == Question::FinishGiver,
        // A cell of an earlier release does not know this question. One that does not know the move refuses its fence too.
        Phase::Closing => *question == Question::Hush,
        _ => false,
    }
}
