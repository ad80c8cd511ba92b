//! What operators say and hear about org moves.

use crate::names::CellName;
use serde::{Deserialize, Serialize};
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use vocab::slug::Slug;
use vocab::time::Timestamp;

/// How far a move is. Each is durable before what it names is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Both cells learn of it.
    Preparing,
    /// Rows are copied; the giver serves.
    Copying,
    /// Copies are compared; the giver serves.
    Verifying,
    /// What changed meanwhile is shipped until little is left; the giver serves.
    Closing,
    /// The giver stops.
    Fencing,
    /// Nobody serves: the rest is shipped and compared.
    Fenced,
    /// The fence is taken back: it stood too long.
    Loosening,
    /// The placement is switched; both cells learn of it.
    Activating,
    /// The new cell serves; what changes there is shipped back, in case the move is taken back.
    Following,
    /// The way back is closed: the cell that serves notes no changes any more.
    Purging,
    /// It is over for the org. The other cell may still have rows to remove.
    Done,
    /// It is given up: the cell that serves goes on.
    Undoing,
    /// It was given up, and the org is as before. The other cell may still have rows to remove.
    Undone,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 13] = [
        Self::Preparing,
        Self::Copying,
        Self::Verifying,
        Self::Closing,
        Self::Fencing,
        Self::Fenced,
        Self::Loosening,
        Self::Activating,
        Self::Following,
        Self::Purging,
        Self::Done,
        Self::Undoing,
        Self::Undone,
    ];

    /// The phase as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Copying => "copying",
            Self::Verifying => "verifying",
            Self::Closing => "closing",
            Self::Fencing => "fencing",
            Self::Fenced => "fenced",
            Self::Loosening => "loosening",
            Self::Activating => "activating",
            Self::Following => "following",
            Self::Purging => "purging",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }

    /// Whether nothing more happens.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Undone)
    }
}

/// An org shall move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartMove {
    /// Where to; the emptiest cell that may have it if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<CellName>,
    /// How long it can be taken back after the switch, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_secs: Option<i64>,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveView {
    /// Its id.
    pub id: MoveId,
    /// The org's short name.
    pub slug: Slug,
    /// Where the org was.
    pub source: CellName,
    /// Where it shall be.
    pub target: CellName,
    /// How far it is.
    pub phase: Phase,
    /// The cell that serves the org, or did last.
    pub serving: CellName,
    /// The epoch at which it does.
    pub epoch: Epoch,
    /// Whether it is being taken back.
    pub returning: bool,
    /// Rows that the org had when the copying began.
    pub rows_total: i64,
    /// Rows that were copied or compared in this phase.
    pub rows_done: i64,
    /// How long nobody served the org, in microseconds, once that is over.
    pub pause_micros: Option<i64>,
    /// Until when it can be taken back, once it is switched.
    pub until: Option<Timestamp>,
    /// Why it was given up, or what keeps it waiting.
    pub reason: Option<String>,
    /// Of a move that is over: the cell that has to remove yet what it kept of the org.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<CellName>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it came to its phase.
    pub updated_at: Timestamp,
}

/// Moves, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovePage {
    /// The moves.
    pub moves: Vec<MoveView>,
}

#[cfg(test)]
mod tests {
    use super::Phase;

    #[test]
    fn phases_are_read_as_they_were_written() {
        for phase in Phase::ALL {
            assert_eq!(Phase::parse(phase.as_str()), Some(phase));
        }
        assert_eq!(Phase::parse("lost"), None);
    }
}
