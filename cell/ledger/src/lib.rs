//! The system log and the outbox: rows that are always written in the caller's own transaction.
//!
//! Every act of a cell is one row of its org's log, and each row carries the hash of the one before it: a row that was
//! changed, removed, moved or cut off is found by [`verify_chain`]. What must leave the cell (mail) is a row of the
//! [`outbox`] that is delivered after the commit.
//!
//! Nothing here decides what is allowed, sends anything, or reads a clock. No secret may enter an event: whoever may
//! read the log reads all of it.

mod append;
pub mod body;
mod chain;
mod client;
mod event;
mod event_type;
pub mod outbox;
mod page;
mod party;
mod store;
mod text;
mod verify;
mod words;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod tests;

pub use crate::append::{append, append_all};
pub use crate::body::LogEvent;
pub use crate::chain::ChainHead;
pub use crate::client::{ClientFacts, name_browser, name_system};
pub use crate::event::{Event, Outcome};
pub use crate::event_type::EventType;
pub use crate::page::{LogFilter, LogPage, LogRow, PAGE_ROWS_MAX, load_after, load_page};
pub use crate::party::{Actor, Target};
pub use crate::store::{load_event, load_head, load_oldest, next_org};
pub use crate::verify::{BreakReason, BrokenRow, ChainVerdict, VerifiedChain, verify_chain};
pub use crate::words::gather::{Gathering, Portion, load_behind, store_portion};

/// The tables of this crate: the first step of the cell's schema.
pub const MIGRATION: database::Migration = database::Migration {
    version: 1,
    name: "ledger",
    sql: include_str!("schema/001_ledger.sql"),
};

/// What a cell notes of orgs that are moving.
pub const MIGRATION_ORG_MOVES: database::Migration = database::Migration {
    version: 8,
    name: "fences and changes of moving orgs",
    sql: include_str!("schema/008_org_moves.sql"),
};

/// In which rows of the log which words stand.
pub const MIGRATION_LOG_WORDS: database::Migration = database::Migration {
    version: 24,
    name: "words of the log",
    sql: include_str!("schema/024_log_words.sql"),
};

/// Takes the indexes away whose work the words do.
pub const MIGRATION_LOG_BY_WORDS: database::Migration = database::Migration {
    version: 27,
    name: "the log is found by its words",
    sql: include_str!("schema/027_log_by_words.sql"),
};
