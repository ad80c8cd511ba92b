//! How a copy of the route map follows the signed one: whole changes that lead to the signed root, or nothing.

use crate::routes::RouteError;
use crate::routes::entry::Change;
use crate::routes::map::RouteMap;
use crate::routes::signature::{RouteVerifier, SignedHead};
use serde::{Deserialize, Serialize};

/// What a follower gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// Whether the changes begin with an empty map.
    pub whole: bool,
    /// The cursor that the changes begin after; 0 if they are whole.
    pub after: i64,
    /// The changes, in their order.
    pub changes: Vec<Change>,
    /// What comes of them.
    pub head: SignedHead,
}

/// A copy, and what proves it.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    /// The copy.
    pub map: RouteMap,
    /// Its proof; none before the first.
    pub head: Option<SignedHead>,
}

impl Followed {
    /// The last change that is in it; 0 before the first.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        self.head.as_ref().map_or(0, |head| head.head.cursor)
    }
}

/// A whole copy in the place of the one in use, if it is not older.
///
/// # Errors
/// [`RouteError::Older`]; the copy stays what it was.
pub fn accept_whole(known: &Followed, offered: Followed) -> Result<Followed, RouteError> {
    if offered.cursor() < known.cursor() {
        return Err(RouteError::Older {
            known: known.cursor(),
            offered: offered.cursor(),
        });
    }
    Ok(offered)
}

/// The copy after a delta.
///
/// # Errors
/// [`RouteError`]; the copy stays what it was.
pub fn accept(
    known: &Followed,
    delta: Delta,
    verifier: &RouteVerifier,
) -> Result<Followed, RouteError> {
    if !verifier.verify(&delta.head) {
        return Err(RouteError::Signature);
    }
    let (ours, offered) = (known.cursor(), delta.head.head.cursor);
    if offered < ours {
        return Err(RouteError::Older {
            known: ours,
            offered,
        });
    }
    if !delta.whole && delta.after != ours {
        return Err(RouteError::Gap {
            known: ours,
            offered: delta.after,
        });
    }
    let base = if delta.whole {
        RouteMap::default()
    } else {
        known.map.clone()
    };
    let map = base.apply(delta.changes)?;
    if map.root() != delta.head.head.root {
        return Err(RouteError::Root);
    }
    Ok(Followed {
        map,
        head: Some(delta.head),
    })
}
