//! What the control plane asks of the two cells of an org move.
//!
//! The *giver* serves the org, the *taker* gets what changes there; after the switch they swap. The epoch at which the giver
//! serves names the leg. Every question may come late, twice, or from two control planes at once: each names what it is
//! about so that a cell can refuse it. What passes between the cells is sealed; whoever carries it cannot read it.

pub mod seal;
pub mod side;
pub mod view;

use crate::names::CellName;
use serde::{Deserialize, Serialize};
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;

/// What a cell is asked to do about a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// The taker offers to take the org: [`AskOffer`] → [`Offer`].
    Offer,
    /// The giver begins to give: [`AskGrant`] → [`Grant`].
    Give,
    /// The taker accepts the grant: [`Accept`] → [`Side`].
    Accept,
    /// The giver makes a parcel: [`AskParcel`] → [`Parcel`].
    Parcel,
    /// The taker takes a parcel: [`Take`] → [`Taken`].
    Take,
    /// The giver hears that a parcel of changes was taken: [`Acknowledge`] → [`Side`].
    Acknowledge,
    /// The giver shall send some rows again: [`Touch`] → [`Side`].
    Touch,
    /// The giver, which goes on to serve, sends nothing of the org any more: [`AtEpoch`] → [`Hushed`].
    Hush,
    /// The giver stops: [`Fence`] → [`Fenced`].
    Fence,
    /// The giver goes on: [`Unfence`] → [`Side`].
    Unfence,
    /// The taker serves: [`AtEpoch`] → [`Side`].
    Activate,
    /// The giver serves no longer: [`AtEpoch`] → [`Side`].
    Retire,
    /// Whoever does not serve removes rows of the org: [`Forget`] → [`Forgotten`].
    Forget,
    /// The cell is through with the move: [`Forget`] → [`Finished`].
    Finish,
    /// How far the cell is: [`Forget`] → [`Side`].
    Status,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Self; 15] = [
        Self::Offer,
        Self::Give,
        Self::Accept,
        Self::Parcel,
        Self::Take,
        Self::Acknowledge,
        Self::Touch,
        Self::Hush,
        Self::Fence,
        Self::Unfence,
        Self::Activate,
        Self::Retire,
        Self::Forget,
        Self::Finish,
        Self::Status,
    ];

    /// The last part of the path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Give => "give",
            Self::Accept => "accept",
            Self::Parcel => "parcel",
            Self::Take => "take",
            Self::Acknowledge => "acknowledge",
            Self::Touch => "touch",
            Self::Hush => "hush",
            Self::Fence => "fence",
            Self::Unfence => "unfence",
            Self::Activate => "activate",
            Self::Retire => "retire",
            Self::Forget => "forget",
            Self::Finish => "finish",
            Self::Status => "status",
        }
    }
}

/// Where a cell is asked about a move: `POST`.
#[must_use]
pub fn path(id: &MoveId, verb: Verb) -> String {
    format!("/fleet/v1/moves/{id}/{}", verb.as_str())
}

/// Words in [`crate::control::Problem::error`] that mean something to whoever carries a move out.
pub mod word {
    /// The cell does not know the move (any more).
    pub const NOT_FOUND: &str = "not_found";
    /// The cell knows a later epoch, another leg, or has the other role: the question is late.
    pub const CHANGED: &str = "changed";
    /// The key of the offer is gone with a restart: offer anew.
    pub const OFFER_LOST: &str = "offer_lost";
    /// The taker's schema is not the giver's: its release is too old, or too new.
    pub const TOO_OLD: &str = "too_old";
    /// The taker has another org with a name of this one.
    pub const TAKEN: &str = "taken";
    /// The cell does not do this for an org in this standing.
    pub const REFUSED: &str = "refused";
    /// The store cannot be reached, or is busy: try again.
    pub const UNAVAILABLE: &str = "unavailable";
}

/// Asks the taker for an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskOffer {
    /// The org.
    pub org: OrgId,
    /// Its short name.
    pub slug: Slug,
    /// The cell that serves it.
    pub giver: CellName,
    /// The epoch at which the taker will serve it.
    pub epoch: Epoch,
}

/// The taker's offer: a key to seal to, proved to be that cell's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Base64 of the key and its proof.
    pub sealed_to: String,
    /// What tables and columns the taker has: equal for equal schemas.
    pub schema: String,
    /// The taker's release, for people.
    pub version: String,
}

/// Asks the giver to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskGrant {
    /// The org.
    pub org: OrgId,
    /// The cell that gets it.
    pub taker: CellName,
    /// The epoch at which the giver serves it.
    pub epoch: Epoch,
    /// What the taker offered.
    pub offer: Offer,
}

/// The giver has begun: from now on it notes what changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Base64 of the key of this move, sealed to the taker.
    pub sealed: String,
    /// How many rows the org has, to show progress by; of a very large org, how many were counted.
    pub rows: i64,
}

/// The taker shall open the grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// [`Grant::sealed`].
    pub sealed: String,
}

/// A place in a walk over an org's rows, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub String);

/// What a parcel is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Walk {
    /// All rows, table after table, after a place.
    Rows(Option<Place>),
    /// The rows that changed since they were sent last.
    Changes,
    /// Digests of ranges of all rows, after a place.
    Ranges(Option<Place>),
    /// Digests of every row that changed since the ranges were asked for from the beginning, after a place.
    Checks(Option<Place>),
}

/// Asks the giver for a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskParcel {
    /// The leg: the epoch at which the giver serves the org.
    pub leg: Epoch,
    /// What shall be in it.
    pub walk: Walk,
}

/// Something for the taker that only the taker can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Counts the parcels of the move; a later one is never older in what it says.
    pub seq: i64,
    /// Base64.
    pub sealed: String,
    /// Rows, ranges or checks in it.
    pub items: i64,
    /// Where the walk goes on; none at its end.
    pub next: Option<Place>,
    /// Changes that are in no parcel that was acknowledged, those of this one included.
    pub pending: i64,
}

/// The taker shall take a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// The leg it was made on.
    pub leg: Epoch,
    /// [`Parcel::seq`].
    pub seq: i64,
    /// [`Parcel::sealed`].
    pub sealed: String,
}

/// The parcel is taken, durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Of ranges: what the giver shall send again, sealed for it; none if all are equal.
    pub differing: Option<String>,
    /// Of ranges and checks: how many differ.
    pub differences: i64,
}

/// A parcel of changes was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// The leg.
    pub leg: Epoch,
    /// [`Parcel::seq`].
    pub seq: i64,
}

/// Some ranges differ: their rows count as changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touch {
    /// The leg.
    pub leg: Epoch,
    /// [`Taken::differing`].
    pub differing: String,
}

/// The giver stops to serve the org: nothing is written after its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// The epoch at which it serves.
    pub epoch: Epoch,
    /// Counts the fences of the move. One that was taken back is never put up again by a late question.
    pub attempt: i64,
    /// Whether requests that do not end in time are cut off; else the fence is given up. Mails and notices that are on
    /// their way out are never cut off: they would be sent again.
    pub force: bool,
}

/// What is still on its way out of a cell that sends nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hushed {
    /// Deliveries that were begun before.
    pub under_way: u32,
}

/// The giver takes its fence back. A later fence stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfence {
    /// The epoch at which it serves.
    pub epoch: Epoch,
    /// The fence, and all before it.
    pub attempt: i64,
}

/// Whether the giver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fenced {
    /// No write is possible any more.
    pub closed: bool,
    /// Requests that were still under way when it was given up.
    pub under_way: u32,
}

/// The org is served at a new epoch: here, or elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtEpoch {
    /// The new epoch.
    pub epoch: Epoch,
}

/// About an org that is not served here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// The org.
    pub org: OrgId,
}

/// Rows were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// By this call.
    pub removed: i64,
    /// Whether none is left: it was looked for in every table of the schema, and every wrapped key of the org is gone.
    pub empty: bool,
}

/// The cell is through with the move, or was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {}

/// What a cell is to the move at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It serves the org, or did until it was fenced.
    Giving,
    /// It gets what changes.
    Taking,
}

/// How far a cell is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// What it is.
    pub role: Role,
    /// The leg.
    pub leg: Epoch,
    /// Of a taker: where the walk over all rows goes on; none before its first parcel, and after its last.
    pub place: Option<Place>,
    /// Of a taker: whether the walk over all rows came to its end.
    pub copied: bool,
    /// Of a taker: whether it opened the grant.
    pub accepted: bool,
}

#[cfg(test)]
mod tests {
    use super::Verb;
    use std::collections::HashSet;

    #[test]
    fn each_verb_has_its_own_path() {
        let words: HashSet<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
        assert_eq!(words.len(), Verb::ALL.len());
    }
}
