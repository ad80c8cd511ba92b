//! The statements of these tests: what no operation does.

/// Rows that a store no longer has.
pub(super) const FORGET_ROWS: &str = "DELETE FROM log_events WHERE org_id = $1 AND seq <= $2";
/// A place that was not noted.
pub(super) const STEP_BACK: &str =
    "UPDATE log_streams SET followed = followed - 1 WHERE org_id = $1";
