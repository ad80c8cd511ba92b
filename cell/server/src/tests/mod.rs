//! Tests of the whole cell: every route, called by everybody.

pub(crate) mod matrix;
