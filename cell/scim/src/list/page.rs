//! One page of a list, by an index that is counted from the beginning, or by a cursor that goes on from where it was.
//!
//! An index costs a walk up to where it is, and goes [`INDEX_DEPTH_MAX`] deep; a cursor costs the same at any depth.

use crate::call::Call;
use crate::error::ScimError;
use crate::limits::{INDEX_DEPTH_MAX, INDEX_STEPS_MAX};
use crate::list::source::{Found, Source};
use identity::condition::Place;
use identity::cursor;
use identity::walk::EXAMINED_MAX;
use protocol::scim::problem::Kind;

/// A page.
#[derive(Debug, Default)]
pub struct Listed {
    /// What is on it.
    pub found: Vec<Found>,
    /// How many there are in all, where that was counted. One more than was counted stands for more.
    pub total: Option<usize>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// Which things a page by an index shows, as it passes one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    skip: usize,
    count: usize,
    passed: usize,
    shown: usize,
}

impl Window {
    /// Passes one thing; whether it is on the page.
    fn pass(&mut self) -> bool {
        let is_shown = self.passed >= self.skip && self.shown < self.count;
        self.passed += 1;
        self.shown += usize::from(is_shown);
        is_shown
    }

    /// How many more have to be passed until the page is full.
    const fn missing(self) -> usize {
        self.skip
            .saturating_add(self.count)
            .saturating_sub(self.passed)
    }
}

/// The page that begins at an index.
///
/// # Errors
/// [`ScimError`] for an index that is too deep, and if the store fails.
pub async fn by_index(
    call: &Call,
    sources: &[Source],
    start: usize,
    count: usize,
) -> Result<Listed, ScimError> {
    let mut window = Window {
        skip: start.saturating_sub(1),
        count,
        passed: 0,
        shown: 0,
    };
    let (mut found, mut steps) = (Vec::new(), 0);
    for source in sources {
        let known = source.count(call, INDEX_DEPTH_MAX + 1).await?;
        let has_more = known.is_some_and(|known| known > INDEX_DEPTH_MAX);
        if has_more && window.skip >= INDEX_DEPTH_MAX {
            return too_deep(window, found);
        }
        let (mut place, before) = (None, window.passed);
        loop {
            if let Some(known) = known
                && (window.missing() == 0 || window.skip >= before.saturating_add(known))
            {
                window.passed = window.passed.max(before.saturating_add(known));
                break;
            }
            if steps == INDEX_STEPS_MAX {
                return too_deep(window, found);
            }
            steps += 1;
            let limit = match known {
                Some(_) => window.missing().min(EXAMINED_MAX),
                None => EXAMINED_MAX,
            };
            let (met, next) = source.step(call, place, limit).await?;
            found.extend(met.into_iter().filter(|_| window.pass()));
            match next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
    }
    Ok(Listed {
        found,
        total: Some(window.passed),
        next: None,
    })
}

/// What was found on the way is shown; whoever wants what is further on is told how to get there.
fn too_deep(window: Window, found: Vec<Found>) -> Result<Listed, ScimError> {
    if found.is_empty() && window.count > 0 {
        let detail = format!(
            "startIndex: an index page looks at no more than {INDEX_DEPTH_MAX} resources; go on by cursor"
        );
        return Err(ScimError::bad(Kind::TooMany, detail));
    }
    Ok(Listed {
        found,
        total: Some(window.passed + 1),
        next: None,
    })
}

/// Stands for the beginning of a source, of which no place is known yet.
const BEGINNING: usize = usize::MAX;

/// The page behind a cursor; the first one for an empty cursor.
///
/// # Errors
/// [`ScimError`] for a cursor of another list, and if the store fails.
pub async fn by_cursor(
    call: &Call,
    sources: &[Source],
    mark: &str,
    cursor: &str,
    count: usize,
) -> Result<Listed, ScimError> {
    let (mut at, mut place) = match cursor {
        "" => (0, None),
        cursor => read_cursor(mark, sources.len(), cursor)?,
    };
    let mut found = Vec::new();
    while let Some(source) = sources.get(at) {
        let step = source.step(call, place.take(), count - found.len()).await;
        // A place that is not one of this list was made up.
        let (met, next) = step.map_err(|error| match error.kind() {
            Some(Kind::InvalidValue) => not_of_this_list(),
            _ => error,
        })?;
        found.extend(met);
        if let Some(next) = next {
            let next = render_cursor(mark, at, &next);
            return Ok(Listed {
                found,
                total: None,
                next: Some(next),
            });
        }
        at += 1;
        if found.len() == count && at < sources.len() {
            let beginning = Place {
                alternative: BEGINNING,
                ..Place::at("")
            };
            return Ok(Listed {
                found,
                total: None,
                next: Some(render_cursor(mark, at, &beginning)),
            });
        }
    }
    Ok(Listed {
        found,
        ..Listed::default()
    })
}

fn not_of_this_list() -> ScimError {
    ScimError::bad(Kind::InvalidCursor, "cursor: it is none of this list")
}

fn mark_of(mark: &str, at: usize) -> String {
    format!("{mark}{at}")
}

fn render_cursor(mark: &str, at: usize, place: &Place) -> String {
    cursor::render(&mark_of(mark, at), place)
}

fn read_cursor(
    mark: &str,
    sources: usize,
    text: &str,
) -> Result<(usize, Option<Place>), ScimError> {
    let found = (0..sources).find_map(|at| {
        let place = cursor::parse(&mark_of(mark, at), text)?;
        Some((
            at,
            Some(place).filter(|place| place.alternative != BEGINNING),
        ))
    });
    found.ok_or_else(not_of_this_list)
}

#[cfg(test)]
mod tests {
    use super::{BEGINNING, Place, Window, read_cursor, render_cursor};

    #[test]
    fn a_window_shows_what_is_in_it_and_counts_the_rest() {
        let mut window = Window {
            skip: 3,
            count: 2,
            passed: 0,
            shown: 0,
        };
        assert_eq!(window.missing(), 5);
        let shown: Vec<usize> = (0..10).filter(|_| window.pass()).collect();
        assert_eq!(
            (shown, window.passed, window.missing()),
            (vec![3, 4], 10, 0)
        );
        let deep = Window {
            skip: usize::MAX,
            ..window
        };
        assert_eq!(deep.missing(), usize::MAX - 10);
    }

    #[test]
    fn a_cursor_tells_which_source_it_is_of() {
        let place = Place {
            alternative: 1,
            key: "k".into(),
            id: "i".into(),
        };
        let text = render_cursor("mark", 1, &place);
        assert_eq!(read_cursor("mark", 2, &text).unwrap(), (1, Some(place)));
        assert!(read_cursor("other", 2, &text).is_err());
        assert!(read_cursor("mark", 1, &text).is_err());
        let beginning = Place {
            alternative: BEGINNING,
            ..Place::at("")
        };
        let text = render_cursor("mark", 1, &beginning);
        assert_eq!(read_cursor("mark", 2, &text).unwrap(), (1, None));
    }
}
