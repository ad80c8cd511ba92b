//! What a cell answers to a question about a move that it does not do.

use database::DatabaseFault;
use identity::fault::Fault;
use keys::KeyFault;
use wire::org_move::seal::SealError;
use wire::org_move::side::SideRefusal;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum MoveRefusal {
    /// The move is not known here, or is over.
    #[error("this cell does not know the move")]
    NotFound,
    /// The question is late: a later one was answered.
    #[error("{0}")]
    Changed(&'static str),
    /// The key of the offer went with a restart, or the grant was sealed to an earlier offer.
    #[error("the offer that the grant is sealed to is gone; offer anew")]
    OfferLost,
    /// The two cells do not have the same tables.
    #[error("the two cells do not have the same tables: one of them runs another release")]
    TooOld,
    /// Another org has a name, a host or a key of this one.
    #[error("{0}")]
    Taken(String),
    /// The cell does not do this to an org that stands so.
    #[error("{0}")]
    Refused(String),
    /// It is not written as it should be.
    #[error("{0}")]
    Invalid(String),
    /// Not yet.
    #[error("{0}")]
    Busy(&'static str),
    /// The store or a root of trust failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl MoveRefusal {
    /// What the cell does not do.
    pub(crate) fn refused(what: &str) -> Self {
        Self::Refused(what.to_owned())
    }
}

impl From<SideRefusal> for MoveRefusal {
    fn from(refusal: SideRefusal) -> Self {
        match refusal {
            SideRefusal::NotFound => Self::NotFound,
            SideRefusal::Changed(why) => Self::Changed(why),
            SideRefusal::Refused(why) => Self::refused(why),
        }
    }
}

impl From<DatabaseFault> for MoveRefusal {
    fn from(fault: DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<KeyFault> for MoveRefusal {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<SealError> for MoveRefusal {
    fn from(error: SealError) -> Self {
        Self::Refused(error.to_string())
    }
}
