//! Pages of lists: how long they are, and the opaque cursor that says where the next one begins.

use crate::view::part::Pager;
use crate::visit::Visit;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::condition::Place;
use identity::cursor;

/// Most rows of a page.
pub const PAGE_ROWS: usize = 50;
/// Most things that a search for one to add shows.
pub const FOUND_ROWS: i64 = 10;
/// Most groups that a form offers to tick.
pub const CHOICE_ROWS: i64 = 20;
/// Longest text that is searched for.
const SEARCH_CHARS_MAX: usize = 128;
/// Longest cursor that is read.
const CURSOR_CHARS_MAX: usize = 4_096;
/// The query parameter that carries the cursor.
const CURSOR_PARAMETER: &str = "after";

/// How many rows are asked for: one more than a page has tells whether another follows.
pub const LOAD_ROWS: i64 = PAGE_ROWS as i64 + 1;

/// A cursor made of the key of the last row.
#[must_use]
pub fn render_cursor(key: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::Value::from(key.to_vec()).to_string())
}

/// The key of a cursor; empty for one that is not ours, which begins at the beginning.
#[must_use]
pub fn parse_cursor(text: &str) -> Vec<String> {
    if text.is_empty() || text.len() > CURSOR_CHARS_MAX {
        return Vec::new();
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// The key after which the visitor's page begins.
#[must_use]
pub fn key_of(visit: &Visit) -> Vec<String> {
    parse_cursor(visit.parameter(CURSOR_PARAMETER))
}

/// The first part of the key after which the visitor's page begins.
#[must_use]
pub fn after_of(visit: &Visit) -> String {
    key_of(visit).into_iter().next().unwrap_or_default()
}

/// Whether the visitor is at the beginning of a list.
#[must_use]
pub fn is_first_page(visit: &Visit) -> bool {
    visit.parameter(CURSOR_PARAMETER).is_empty()
}

/// What the visitor searches for by that parameter, within bounds.
#[must_use]
pub fn search_of(visit: &Visit, parameter: &str) -> String {
    within_bounds(visit.parameter(parameter))
}

/// What is searched for, within bounds.
#[must_use]
pub fn within_bounds(text: &str) -> String {
    text.trim().chars().take(SEARCH_CHARS_MAX).collect()
}

/// Cuts what was loaded to a page; the cursor of the next page if there is one.
pub fn cut<T>(rows: &mut Vec<T>, cursor: impl Fn(&T) -> String) -> Option<String> {
    if rows.len() <= PAGE_ROWS {
        return None;
    }
    rows.truncate(PAGE_ROWS);
    rows.last().map(cursor)
}

/// The place behind which the visitor's page of a walked list begins; none for one that is not of this list.
#[must_use]
pub fn place_of(visit: &Visit, kept: &[&str]) -> Option<Place> {
    let text = visit.parameter(CURSOR_PARAMETER);
    (!text.is_empty() && text.len() <= CURSOR_CHARS_MAX)
        .then(|| cursor::parse(&mark(visit, kept), text))
        .flatten()
}

/// The cursor of a place of a walked list.
#[must_use]
pub fn render_place(visit: &Visit, kept: &[&str], place: &Place) -> String {
    cursor::render(&mark(visit, kept), place)
}

/// A place counts in the list in which it was told alone.
fn mark(visit: &Visit, kept: &[&str]) -> String {
    let parameters: Vec<(String, String)> = kept
        .iter()
        .map(|name| ((*name).to_owned(), visit.parameter(name).to_owned()))
        .collect();
    let path = visit.address().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    cursor::mark(&visit.context.org, path, &parameters)
}

/// The neighbours of a page, which keep the parameters that are named.
#[must_use]
pub fn pager(visit: &Visit, kept: &[&str], next: Option<String>) -> Pager {
    let address = |cursor: Option<&str>| {
        let mut query = form_urlencoded::Serializer::new(String::from("?"));
        for name in kept {
            let value = visit.parameter(name);
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if let Some(cursor) = cursor {
            query.append_pair(CURSOR_PARAMETER, cursor);
        }
        query.finish()
    };
    Pager {
        first: (!is_first_page(visit)).then(|| address(None)),
        next: next.map(|cursor| address(Some(&cursor))),
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_ROWS, cut, parse_cursor, render_cursor};

    #[test]
    fn cursors_are_read_back_and_foreign_ones_begin_at_the_beginning() {
        let key = ["ada lovelace\u{1f422}", "00u1"];
        assert_eq!(parse_cursor(&render_cursor(&key)), key);
        let long = "a".repeat(5_000);
        for foreign in ["", "*", "e30", "W10", long.as_str()] {
            assert!(parse_cursor(foreign).is_empty(), "{foreign}");
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_if_more_was_loaded() {
        let mut rows: Vec<usize> = (0..PAGE_ROWS).collect();
        assert_eq!(cut(&mut rows, ToString::to_string), None);
        rows.push(PAGE_ROWS);
        assert_eq!(
            cut(&mut rows, ToString::to_string),
            Some((PAGE_ROWS - 1).to_string())
        );
        assert_eq!(rows.len(), PAGE_ROWS);
    }
}
