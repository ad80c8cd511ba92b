//! Tests of the whole cell: every route, called by everybody.

mod blocked;
mod cors;
mod event_hooks;
pub(crate) mod matrix;
mod two_answers;
pub(crate) mod two_orgs;
