//! Who is killed at which step of a move: the list that the proof of crashes goes through. Pure.

use std::fmt;

use crate::proof::plan::Draws;

/// How a move comes to the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing hinders it.
    Straight,
    /// The target is held up while it copies, and the organisation writes meanwhile: there are changes to ship.
    Changed,
    /// The target is held up while it copies, and the move is given up.
    Undone,
    /// The target is held up while nobody serves, until the source goes on.
    Loosened,
    /// The move is taken back after its switch.
    Back,
}

/// Whose process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The control plane, which carries the move.
    Control,
    /// The cell that the organisation leaves.
    Source,
    /// The cell that it goes to.
    Target,
    /// The edge, over which everybody comes.
    Edge,
}

impl Victim {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Control, Self::Source, Self::Target, Self::Edge];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control plane",
            Self::Source => "source",
            Self::Target => "target",
            Self::Edge => "edge",
        }
    }
}

/// A step of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How the move comes to it.
    pub way: Way,
    /// The phase, as the record says it.
    pub phase: &'static str,
    /// What is done in it, as the control plane's log says it.
    pub word: &'static str,
}

/// One crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// At which step.
    pub step: Step,
    /// Whose.
    pub victim: Victim,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way {
            Way::Straight | Way::Changed | Way::Undone | Way::Loosened => {}
            Way::Back => write!(formatter, "on the way back ")?,
        }
        write!(formatter, "{}/{}", self.phase, self.word)
    }
}

/// The control plane changes its own record: nobody else is part of it.
const ENTER: &str = "enter";

/// Every step that a move has, but for one: rows that differ although all changes were shipped are sent again, which
/// happens where a row is written in between, and cannot be brought about from outside. What the other cell removes is no
/// step of it: a move is over before that, and the next one to the same cell waits for it.
const STEPS: &[(Way, &str, &[&str])] = &[
    (
        Way::Straight,
        "preparing",
        &["offer", "give", "accept", ENTER],
    ),
    (
        Way::Straight,
        "copying",
        &["status", "parcel", "take", ENTER],
    ),
    (Way::Straight, "verifying", &["parcel", "take", ENTER]),
    (Way::Changed, "verifying", &["acknowledge"]),
    (Way::Straight, "closing", &["parcel", "hush", ENTER]),
    (Way::Straight, "fencing", &["fence", ENTER]),
    (Way::Straight, "fenced", &["parcel", "take", "switch"]),
    (Way::Loosened, "loosening", &["unfence", ENTER]),
    (Way::Straight, "activating", &["activate", ENTER]),
    (Way::Straight, "following", &["retire", "parcel", ENTER]),
    (Way::Straight, "purging", &["finish at the giver", ENTER]),
    (
        Way::Undone,
        "undoing",
        &["unfence", "finish at the giver", ENTER],
    ),
    (Way::Back, "closing", &["parcel"]),
    (Way::Back, "fencing", &["fence"]),
    (Way::Back, "fenced", &["parcel", "take", "switch"]),
    (Way::Back, "activating", &["activate"]),
    (Way::Back, "purging", &["finish at the giver"]),
];

/// At which of them the edge is replaced by another one, which nobody may notice.
pub const HANDED_OVER: &[Step] = &[
    straight("copying", "take"),
    straight("fencing", "fence"),
    straight("fenced", "take"),
    straight("fenced", "switch"),
    straight("activating", "activate"),
];

const fn straight(phase: &'static str, word: &'static str) -> Step {
    Step {
        way: Way::Straight,
        phase,
        word,
    }
}

/// Every crash, or so many of them that a seed draws.
#[must_use]
pub fn plan_cases(most: Option<usize>, draws: &mut Draws) -> Vec<Case> {
    let steps = STEPS.iter().flat_map(|(way, phase, words)| {
        words.iter().map(|word| Step {
            way: *way,
            phase,
            word,
        })
    });
    let cases = steps.flat_map(|step| {
        let victims: &[Victim] = match step.word {
            ENTER => &[Victim::Control],
            _ => &Victim::ALL,
        };
        victims.iter().map(move |&victim| Case { step, victim })
    });
    let cases: Vec<Case> = cases.collect();
    match most {
        Some(most) => draws.shuffled(&cases).into_iter().take(most).collect(),
        None => cases,
    }
}

#[cfg(test)]
mod tests {
    use super::{Draws, Victim, plan_cases};

    #[test]
    fn every_step_meets_the_death_of_each_who_takes_part() {
        let all = plan_cases(None, &mut Draws(1));
        for victim in Victim::ALL {
            let met = |way| {
                let mut cases = all.iter();
                cases.any(|case| case.victim == victim && case.step.to_string() == way)
            };
            for step in [
                "preparing/offer",
                "fenced/switch",
                "undoing/unfence",
                "on the way back activating/activate",
            ] {
                assert!(met(step), "{victim:?} {step}");
            }
        }
        for (number, case) in all.iter().enumerate() {
            assert!(!all[..number].contains(case), "{case:?} twice");
        }
    }

    #[test]
    fn a_few_are_drawn_by_a_seed() {
        let few = |seed| plan_cases(Some(5), &mut Draws(seed));
        assert_eq!(few(7).len(), 5);
        assert_eq!(few(7), few(7));
        assert_ne!(few(7), few(8));
    }
}
