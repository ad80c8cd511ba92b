//! Rows that units of work leave to be written together. A row of a chain costs its reading of the chain's head, its
//! change of it and a savepoint; what many units of one commit have left costs that once.
//!
//! Only units that say so leave rows ([`crate::Database::write_leaving`]). What was left is written before any other unit
//! runs and before the commit, so that nobody ever sees a store without it, and no unit is answered before it is durable.

use std::any::Any;

use crate::fault::DatabaseFault;
use crate::transaction::{TxFuture, WriteTx};

/// Rows that were left, of one kind. They must not fail for a reason that their own unit could have been told.
pub trait LeftRows: Any + Send {
    /// How many there are.
    fn count(&self) -> usize;
    /// Forgets all but the first so many: the unit that left the others is undone.
    fn truncate(&mut self, count: usize);
    /// Writes them.
    fn write(self: Box<Self>, tx: &mut WriteTx) -> TxFuture<'_, (), DatabaseFault>;
}

/// What the transaction has of them.
#[derive(Default)]
pub(crate) enum Leaving {
    /// The unit that runs must write its rows itself.
    #[default]
    Refused,
    /// The unit may leave rows to those of the units before it.
    Allowed(Option<Box<dyn LeftRows>>),
    /// Rows of units before, beside which no other unit may run.
    Kept(Box<dyn LeftRows>),
}

impl Leaving {
    /// The rows of that kind, made if there are none; nothing where rows must be written at once.
    pub(crate) fn rows<L: LeftRows + Default>(&mut self) -> Option<&mut L> {
        let Self::Allowed(rows) = self else {
            return None;
        };
        let rows = rows.get_or_insert_with(|| Box::new(L::default()));
        let rows: &mut dyn Any = rows.as_mut();
        rows.downcast_mut()
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Refused | Self::Allowed(None) => 0,
            Self::Allowed(Some(rows)) | Self::Kept(rows) => rows.count(),
        }
    }

    /// The next unit may leave rows.
    pub(crate) fn allow(&mut self) {
        *self = Self::Allowed(self.take());
    }

    /// The unit is over; the first so many rows are kept.
    pub(crate) fn end_unit(&mut self, count: usize) {
        *self = match self.take() {
            Some(mut rows) if count > 0 => {
                rows.truncate(count);
                Self::Kept(rows)
            }
            _ => Self::Refused,
        };
    }

    /// The rows, taken out to be written or to be forgotten.
    pub(crate) fn take(&mut self) -> Option<Box<dyn LeftRows>> {
        match std::mem::take(self) {
            Self::Refused => None,
            Self::Allowed(rows) => rows,
            Self::Kept(rows) => Some(rows),
        }
    }
}
