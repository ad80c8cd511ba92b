//! What can go wrong with an operation of this crate: the caller's fault, or ours.

use crate::feature::Feature;
use crate::problem::Problem;
use database::DatabaseFault;

/// Our fault or a supplier's. The caller sees a reference id; the cause is logged where it is handled.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error("the store failed")]
    Database(#[from] DatabaseFault),
    /// A key could not be had or used.
    #[error("a key could not be used")]
    Key(#[from] keys::KeyFault),
    /// Stored data does not have the shape that this release writes.
    #[error("stored {what} cannot be read: {why}")]
    Stored {
        /// Which thing.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// When to come back after the store took nothing: it is looked at every second or so until it does again.
pub const RETRY_AFTER_SECS: u32 = 5;

impl Fault {
    /// Whether the store is out of reach, full or lost a race once too often: nothing is wrong with the request, and the same one may
    /// succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let fault = match self {
            Self::Database(fault) | Self::Key(keys::KeyFault::Database(fault)) => fault,
            Self::Key(_) | Self::Stored { .. } => return false,
        };
        fault.is_unavailable() || fault.is_retryable()
    }

    /// Stored JSON that does not parse.
    pub fn stored(what: &'static str, error: &impl ToString) -> Self {
        Self::Stored {
            what,
            why: error.to_string(),
        }
    }
}

/// Why an operation on the directory was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing in this org.
    #[error("not found")]
    NotFound,
    /// The caller may not do this.
    #[error("not allowed")]
    Forbidden,
    /// The caller may do such things, but not to this one, which stands above them.
    #[error("not allowed: {0}")]
    OutOfReach(&'static str),
    /// A field has an unusable value.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field, as the API names it.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: Problem,
    },
    /// Another thing of this org has that name already.
    #[error("{field}: already in use in this organisation")]
    Taken {
        /// The field that must be unique.
        field: &'static str,
    },
    /// The thing was changed since the caller read it.
    #[error("it was changed meanwhile; read it again")]
    Changed,
    /// The thing's state does not permit this now.
    #[error("not possible now: {0}")]
    WrongState(&'static str),
    /// The org has shut the door by which the caller came.
    #[error("switched off in this organisation: {}", .0.name())]
    Shut(Feature),
    /// A bound on the number of such things is reached.
    #[error("at most {max} {what} are possible")]
    TooMany {
        /// Which things.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// Not the caller's fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Refusal {
    /// A field that cannot be used.
    pub fn invalid(field: &'static str, problem: impl Into<Problem>) -> Self {
        Self::Invalid {
            field,
            problem: problem.into(),
        }
    }
}

impl From<vocab::slug::SlugError> for Refusal {
    fn from(error: vocab::slug::SlugError) -> Self {
        Self::invalid("slug", error.to_string())
    }
}

impl From<DatabaseFault> for Refusal {
    fn from(fault: DatabaseFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<keys::KeyFault> for Refusal {
    fn from(fault: keys::KeyFault) -> Self {
        Self::Fault(fault.into())
    }
}
