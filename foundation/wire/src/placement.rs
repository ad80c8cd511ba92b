//! What edge and cell say about an org's place with every request and refusal.

use std::fmt;
use vocab::epoch::Epoch;
use vocab::id::OrgId;

/// Most header fields of a request at a cell; an edge lets in as many fewer as it adds.
pub const FIELDS_MAX: usize = 64;
/// Longest body, in bytes, that an edge reads whole before it asks a cell; it can send such a request once more.
pub const HELD_BYTES_MAX: u64 = 1024 * 1024;
/// Request header: the org and the epoch at which the edge believes the cell to serve it.
pub const PLACEMENT_HEADER: &str = "testudo-placement";
/// Request header: how many milliseconds the edge still waits for the answer.
pub const DEADLINE_HEADER: &str = "testudo-deadline-ms";
/// Request header: the client is on the edge's own machine, with nothing between them.
pub const LOCAL_HEADER: &str = "testudo-local-client";
/// Answer header of a refusal: what the cell knows about the org's place.
pub const STANDING_HEADER: &str = "testudo-standing";

/// The org a request is for and the epoch of its placement that the edge went by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The org.
    pub org: OrgId,
    /// The epoch of the edge's route.
    pub epoch: Epoch,
}

/// What a cell says about an org that it does not serve at the epoch it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The epoch that the cell knows.
    pub epoch: Epoch,
    /// What is the matter.
    pub kind: StandingKind,
}

/// Why a cell does not answer for an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandingKind {
    /// It serves the org, at another epoch.
    Serving,
    /// It serves nobody of the org for a moment; the request was not begun and may be sent again.
    Parked,
    /// Another cell serves it.
    Gone,
}

/// Why a header could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a placement header")]
pub struct PlacementError;

impl Placement {
    /// Reads `<org> <epoch>`.
    ///
    /// # Errors
    /// [`PlacementError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, PlacementError> {
        let (org, epoch) = text.split_once(' ').ok_or(PlacementError)?;
        Ok(Self {
            org: OrgId::parse(org).map_err(|_| PlacementError)?,
            epoch: Epoch::parse(epoch).map_err(|_| PlacementError)?,
        })
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.org, self.epoch)
    }
}

impl StandingKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Parked => "parked",
            Self::Gone => "gone",
        }
    }
}

impl Standing {
    /// Reads `<epoch> <serving|parked|gone>`.
    ///
    /// # Errors
    /// [`PlacementError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, PlacementError> {
        let (epoch, kind) = text.split_once(' ').ok_or(PlacementError)?;
        let kind = [
            StandingKind::Serving,
            StandingKind::Parked,
            StandingKind::Gone,
        ]
        .into_iter()
        .find(|known| known.as_str() == kind)
        .ok_or(PlacementError)?;
        Ok(Self {
            epoch: Epoch::parse(epoch).map_err(|_| PlacementError)?,
            kind,
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.epoch, self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Placement, Standing, StandingKind};
    use proptest::prelude::{any, proptest};
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;

    #[test]
    fn headers_are_read_as_they_were_written() {
        let placement = Placement {
            org: OrgId::generate(&SeededEntropy::new(1)),
            epoch: Epoch::FIRST.next(),
        };
        assert_eq!(Placement::parse(&placement.to_string()), Ok(placement));
        for kind in [
            StandingKind::Serving,
            StandingKind::Parked,
            StandingKind::Gone,
        ] {
            let epoch = Epoch::FIRST;
            let standing = Standing { epoch, kind };
            assert_eq!(Standing::parse(&standing.to_string()), Ok(standing));
        }
        for bad in ["", "1", "1 lost", "0 gone", "1  gone", "gone 1"] {
            assert!(Standing::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(placement) = Placement::parse(&text) {
                assert_eq!(placement.to_string(), text);
            }
            if let Ok(standing) = Standing::parse(&text) {
                assert_eq!(standing.to_string(), text);
            }
        }
    }
}
