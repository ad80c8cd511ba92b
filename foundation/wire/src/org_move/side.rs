//! What a side of a move answers to each question: pure, from what the cell's own store says. Cells decide by it, and so does the
//! model of a cell that the register's rules are tried against: the two cannot drift apart.
//!
//! Each question names the leg or the epoch that it is about. One that is late finds another leg, another role or a later
//! epoch, and is refused; one that comes twice finds its work done, and is answered as the first was.

use crate::names::CellName;
use crate::org_move::{AskGrant, AskOffer, Fence, Unfence};
use vocab::epoch::Epoch;
use vocab::id::OrgId;

/// Why a cell does not do what it is asked about a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SideRefusal {
    /// The move is not known here, or is over.
    #[error("this cell does not know the move")]
    NotFound,
    /// The question is late: a later one was answered.
    #[error("{0}")]
    Changed(&'static str),
    /// The cell does not do this to an org that stands so.
    #[error("{0}")]
    Refused(&'static str),
}

/// How an org stands in this cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceState {
    /// It is served.
    Serving,
    /// For a moment nobody serves it: it is about to move, or about to go on.
    Parked,
    /// Another cell serves it, and what changes there is copied here.
    Incoming,
    /// Another cell serves it.
    Gone,
}

impl PlaceState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Serving, Self::Parked, Self::Incoming, Self::Gone];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Parked => "parked",
            Self::Incoming => "incoming",
            Self::Gone => "gone",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How an org stands in this cell, and since which epoch. Of an incoming org, it is the epoch at which it is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The epoch.
    pub epoch: Epoch,
    /// How.
    pub state: PlaceState,
}

/// What a cell is to a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// It serves the org, or did until it was fenced.
    Giving,
    /// It gets what changes.
    Taking,
    /// It removes the org's rows, and takes nothing any more.
    Leaving,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Giving, Self::Taking, Self::Leaving];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Giving => "giving",
            Self::Taking => "taking",
            Self::Leaving => "leaving",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == text)
    }
}

/// A move as this cell knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The org.
    pub org: OrgId,
    /// The other cell.
    pub peer: CellName,
    /// What this cell is to it.
    pub part: Part,
    /// The epoch at which the giver of this leg serves.
    pub leg: Epoch,
    /// The number of the last parcel that was taken.
    pub taken_seq: i64,
    /// Where the walk over all rows goes on, as it is stored; empty before its first parcel and after its last.
    pub place: String,
    /// Whether that walk came to its end.
    pub copied: bool,
    /// The key of the move, wrapped; none before the grant was opened.
    pub transfer_key: Option<Vec<u8>>,
    /// The fence that stands, or stood last.
    pub fence_attempt: i64,
    /// Fences up to this one were taken back.
    pub unfenced_attempt: i64,
    /// Whether it is over.
    pub ended: bool,
}

/// Whether there is something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// There is.
    Do,
    /// It was done before: the same answer, once more.
    Repeat,
}

/// A verdict.
pub type Decided = Result<Deed, SideRefusal>;

const LATE: SideRefusal =
    SideRefusal::Changed("this cell knows a later leg, or has the other part");

/// The move, if it is not over.
///
/// # Errors
/// [`SideRefusal::NotFound`].
pub fn live(known: Option<Known>) -> Result<Known, SideRefusal> {
    known
        .filter(|known| !known.ended)
        .ok_or(SideRefusal::NotFound)
}

/// Whether this cell may be the taker of an org.
///
/// # Errors
/// Why not.
pub fn decide_offer(known: Option<&Known>, place: Option<Place>, ask: &AskOffer) -> Decided {
    if let Some(known) = known {
        return match known {
            _ if known.ended => Err(SideRefusal::NotFound),
            _ if known.org == ask.org
                && known.peer == ask.giver
                && known.part == Part::Taking
                && known.leg.next() == ask.epoch =>
            {
                Ok(Deed::Repeat)
            }
            _ => Err(LATE),
        };
    }
    match place {
        None => Ok(Deed::Do),
        Some(place) if place.state == PlaceState::Gone && place.epoch < ask.epoch => Ok(Deed::Do),
        Some(place) if place.epoch >= ask.epoch => Err(SideRefusal::Changed(
            "this cell knows the org at that epoch or a later one",
        )),
        Some(_) => Err(SideRefusal::Refused("this cell has the org already")),
    }
}

/// Whether this cell gives an org away.
///
/// # Errors
/// Why not.
pub fn decide_give(known: Option<&Known>, place: Option<Place>, ask: &AskGrant) -> Decided {
    if let Some(known) = known {
        return match known {
            _ if known.ended => Err(SideRefusal::NotFound),
            _ if known.org == ask.org
                && known.peer == ask.taker
                && known.part == Part::Giving
                && known.leg == ask.epoch =>
            {
                Ok(Deed::Repeat)
            }
            _ => Err(LATE),
        };
    }
    match place {
        Some(place) if place.epoch != ask.epoch => Err(SideRefusal::Changed(
            "this cell knows the org at another epoch",
        )),
        Some(place) if place.state == PlaceState::Serving => Ok(Deed::Do),
        _ => Err(SideRefusal::Refused("this cell does not serve the org")),
    }
}

/// Whether the grant is opened, or was.
///
/// # Errors
/// Why not.
pub fn decide_accept(known: &Known) -> Decided {
    match known.part {
        Part::Leaving => Err(LATE),
        _ if known.transfer_key.is_some() => Ok(Deed::Repeat),
        Part::Taking => Ok(Deed::Do),
        Part::Giving => Err(LATE),
    }
}

/// Whether this cell makes parcels of that leg, and hears what became of them.
///
/// # Errors
/// [`SideRefusal::Changed`].
pub fn decide_parcel(known: &Known, leg: Epoch) -> Result<(), SideRefusal> {
    let gives = known.part == Part::Giving && known.leg == leg;
    gives.then_some(()).ok_or(LATE)
}

/// Whether a parcel of that leg and number is taken.
///
/// # Errors
/// Why not.
pub fn decide_take(known: &Known, leg: Epoch, seq: i64) -> Decided {
    match known {
        _ if known.part != Part::Taking || known.leg != leg => Err(LATE),
        _ if known.transfer_key.is_none() => {
            Err(SideRefusal::Refused("this cell did not open the grant yet"))
        }
        _ if seq > known.taken_seq => Ok(Deed::Do),
        _ if seq == known.taken_seq => Ok(Deed::Repeat),
        _ => Err(SideRefusal::Changed("a later parcel was taken")),
    }
}

/// Whether the giver stops.
///
/// # Errors
/// Why not.
pub fn decide_fence(known: &Known, place: Option<Place>, ask: &Fence) -> Decided {
    decide_parcel(known, ask.epoch)?;
    if ask.attempt <= known.unfenced_attempt {
        return Err(SideRefusal::Changed("that fence was taken back"));
    }
    if ask.attempt < known.fence_attempt {
        return Err(SideRefusal::Changed("a later fence stood"));
    }
    match place {
        Some(place) if place.epoch == ask.epoch && place.state == PlaceState::Serving => {
            Ok(Deed::Do)
        }
        Some(place) if place.epoch == ask.epoch && place.state == PlaceState::Parked => {
            Ok(Deed::Repeat)
        }
        _ => Err(LATE),
    }
}

/// Whether the giver goes on. That the fence was taken back is noted either way, so that it never comes up again.
///
/// # Errors
/// Why not.
pub fn decide_unfence(known: &Known, place: Option<Place>, ask: &Unfence) -> Decided {
    decide_parcel(known, ask.epoch)?;
    match place {
        Some(place) if place.epoch != ask.epoch => Err(LATE),
        Some(place) if place.state == PlaceState::Serving => Ok(Deed::Repeat),
        Some(place) if place.state == PlaceState::Parked => {
            let taken_back = known.fence_attempt <= ask.attempt;
            let later = SideRefusal::Changed("a later fence stands");
            taken_back.then_some(Deed::Do).ok_or(later)
        }
        _ => Err(LATE),
    }
}

/// Whether the taker serves from that epoch on. One that was fenced at that epoch since serves no longer, whatever it hears late.
///
/// # Errors
/// Why not.
pub fn decide_activate(known: &Known, place: Option<Place>, epoch: Epoch) -> Decided {
    let stands = |state| place.is_some_and(|place| (place.epoch, place.state) == (epoch, state));
    match known.part {
        _ if place.is_some_and(|place| place.epoch > epoch) => Err(LATE),
        Part::Giving if known.leg == epoch && stands(PlaceState::Serving) => Ok(Deed::Repeat),
        Part::Taking if known.leg.next() != epoch => Err(LATE),
        Part::Taking if known.transfer_key.is_none() || !known.copied => Err(SideRefusal::Refused(
            "this cell does not have all rows of the org",
        )),
        Part::Taking => Ok(Deed::Do),
        Part::Giving | Part::Leaving => Err(LATE),
    }
}

/// Whether the giver serves no longer. Even one that was not fenced obeys: two cells must never serve.
///
/// # Errors
/// Why not.
pub fn decide_retire(known: &Known, epoch: Epoch) -> Decided {
    match known.part {
        Part::Taking | Part::Leaving if known.leg == epoch => Ok(Deed::Repeat),
        Part::Giving if known.leg.next() == epoch => Ok(Deed::Do),
        _ => Err(LATE),
    }
}

/// Whether the rows of the org are removed here.
///
/// # Errors
/// Why not.
pub fn decide_forget(known: &Known, place: Option<Place>, org: &OrgId) -> Decided {
    if known.org != *org {
        return Err(SideRefusal::Refused("the move is of another org"));
    }
    let serves =
        place.is_some_and(|place| matches!(place.state, PlaceState::Serving | PlaceState::Parked));
    match known.part {
        _ if serves => Err(SideRefusal::Refused("this cell serves the org")),
        Part::Giving => Err(LATE),
        Part::Taking => Ok(Deed::Do),
        Part::Leaving => Ok(Deed::Repeat),
    }
}

/// How a cell comes to be through with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It never heard of it: it is noted as over, so that what is still on its way does not begin it.
    Unheard,
    /// It was through before.
    Repeat,
    /// It goes on to serve the org.
    Serving,
    /// It must hold nothing of the org.
    Without,
}

/// Whether the cell is through with the move.
///
/// # Errors
/// Why not.
pub fn decide_finish(
    known: Option<&Known>,
    place: Option<Place>,
    org: &OrgId,
) -> Result<Ending, SideRefusal> {
    let Some(known) = known else {
        return Ok(Ending::Unheard);
    };
    if known.org != *org {
        return Err(SideRefusal::Refused("the move is of another org"));
    }
    if known.ended {
        return Ok(Ending::Repeat);
    }
    match place.map(|place| place.state) {
        Some(PlaceState::Serving) => Ok(Ending::Serving),
        Some(PlaceState::Parked) => Err(SideRefusal::Refused("the org is parked here")),
        Some(PlaceState::Incoming | PlaceState::Gone) | None => Ok(Ending::Without),
    }
}

#[cfg(test)]
mod tests;
