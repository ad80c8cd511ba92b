//! Behaviours: what is unusual of a sign-in, told from those of the same person that went through before. Rules of sign-on policies
//! name them, and ask for more, or refuse, where one is detected.
//!
//! What this product can know without a database of places is the address and the device. A sign-in becomes part of the history when
//! it is through, with what was proved in it: to a rule it is usual only if as much was proved there as that rule asks for, so that
//! nobody makes a device usual by a door that asks for less.

pub mod detect;
pub mod operations;
pub mod place;
pub mod store;
#[cfg(test)]
mod tests;

use crate::fault::Refusal;
use vocab::id::BehaviorId;
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Most behaviours of one org: each sign-in has them at hand.
pub const BEHAVIORS_MAX: usize = 50;
/// Longest name.
pub const NAME_CHARS_MAX: usize = 128;
/// Most sign-ins that a behaviour can be told from, and so the most that are kept of a person with the same proof.
pub const EVENTS_MAX: u32 = 100;
/// Most sign-ins that can be needed before anything is told.
pub const EVENTS_NEEDED_MAX: u32 = 10;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BehaviorKind {
    /// The device: a browser in which the person got in.
    AnomalousDevice,
    /// The address; of IPv6 the network that one customer has.
    AnomalousIp,
}

impl BehaviorKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::AnomalousDevice, Self::AnomalousIp];

    /// The stored word, which is that of the interface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnomalousDevice => "ANOMALOUS_DEVICE",
            Self::AnomalousIp => "ANOMALOUS_IP",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// From how many sign-ins it is told unless something else is said.
    #[must_use]
    pub const fn usual_events_max(self) -> u32 {
        match self {
            Self::AnomalousDevice => 20,
            Self::AnomalousIp => 50,
        }
    }

    /// The fewest from which it can be told. An address can be new whatever came before; a device cannot.
    #[must_use]
    pub const fn least_events_max(self) -> u32 {
        match self {
            Self::AnomalousDevice => 1,
            Self::AnomalousIp => 0,
        }
    }
}

/// A behaviour, as far as a sign-in is held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behavior {
    /// Its id.
    pub id: BehaviorId,
    /// Its name, which no other of the org has.
    pub name: String,
    /// What is compared; it never changes.
    pub kind: BehaviorKind,
    /// With how many of the newest sign-ins.
    pub events_max: u32,
    /// How many there must be before anything is told.
    pub events_min: u32,
    /// Whether it counts; one that rests is never detected.
    pub active: bool,
}

/// A behaviour as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBehavior {
    /// The behaviour.
    pub behavior: Behavior,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// Holds a behaviour against its bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_behavior(behavior: &Behavior) -> Result<(), Refusal> {
    let name = &behavior.name;
    let visible = name.trim() == name && !name.chars().any(disguises);
    if !visible || !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 128 characters on one line",
        ));
    }
    let least = behavior.kind.least_events_max();
    if !(least..=EVENTS_MAX).contains(&behavior.events_max) {
        let problem = match least {
            0 => "use a number from 0 to 100",
            _ => "use a number from 1 to 100",
        };
        return Err(Refusal::invalid("events_max", problem));
    }
    if behavior.events_min > EVENTS_NEEDED_MAX {
        return Err(Refusal::invalid("events_min", "use a number from 0 to 10"));
    }
    Ok(())
}
