//! Lists that are short enough to be read whole: filtered, and cut into pages, in the order in which they were read.

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::Page;
use crate::search::{Kind, parse_condition};
use identity::condition::{Condition, Place};

/// The filter that a call names, over attributes that `known` gives the names of.
///
/// # Errors
/// [`ApiError`] for what is no filter, and for names and literals that mean nothing.
pub(crate) fn find_filter<A>(
    call: &Call,
    known: &dyn Fn(&str) -> Option<(A, Kind)>,
) -> Result<Option<Condition<A>>, ApiError> {
    let filter = call.query.get("filter");
    filter.map(|text| parse_condition(text, known)).transpose()
}

/// A page of a list that is short enough to be read whole.
///
/// # Errors
/// [`ApiError`] for a cursor behind something that is no more.
pub(crate) fn page_of<T>(
    call: &Call,
    mut things: Vec<T>,
    page: Page,
    id: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<Place>), ApiError> {
    let limit = call.query.limit(page)?;
    if let Some(place) = call.place()? {
        let gone = || ApiError::invalid("after", "what the page began behind is no more");
        let last = things.iter().position(|thing| id(thing) == place.id);
        things.drain(..=last.ok_or_else(gone)?);
    }
    let is_last = things.len() <= limit;
    things.truncate(limit);
    let next = things.last().filter(|_| !is_last);
    let next = next.map(|thing| Place::at(id(thing)));
    Ok((things, next))
}
