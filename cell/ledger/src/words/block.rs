//! The words of a block's rows, by mark. Most of what a row says the rows beside it say too, so that each value is taken apart
//! once, and after that only the rows are noted that have it. Pure.

use crate::words::EVENT_WORDS_MAX;
use crate::words::event::{Count, each_event_value, mark_of};
use crate::words::list::Written;
use protocol::keywords::each_word;
use std::collections::HashMap;
use std::ops::Range;

/// The longest value that is remembered, in bytes: whoever writes a longer one hardly writes it twice.
const VALUE_BYTES_MAX: usize = 256;

/// What some rows say, each row by its distance from the first.
#[derive(Debug, Default)]
pub(crate) struct Block {
    values: HashMap<Box<str>, Value>,
    /// The marks of all values, one after the other.
    marks: Vec<u32>,
    /// Marks with a row that has them apart from any value that is remembered.
    single: Vec<(u32, u32)>,
    room: String,
}

/// A value that is remembered.
#[derive(Debug)]
struct Value {
    /// Where its marks stand, as many as it has words.
    marks: Range<usize>,
    /// The rows that have all of them, rising.
    rows: Vec<u32>,
}

impl Block {
    /// Notes the words of an event, as far as they are searched. Rows come in rising order.
    pub(crate) fn add(&mut self, row: u32, body: &str) {
        let mut left = EVENT_WORDS_MAX;
        each_event_value(body, |value, count| {
            let mut free = usize::MAX;
            let counted = match count {
                Count::Bounded => &mut left,
                Count::Free => &mut free,
            };
            // Of a row of very many words no more is kept than is searched.
            if *counted == 0 {
                return;
            }
            if value.len() > VALUE_BYTES_MAX {
                self.add_once(row, value, counted);
            } else {
                self.add_value(row, value, counted);
            }
        });
    }

    /// Notes the first words of a value, no more than are left.
    fn add_once(&mut self, row: u32, value: &str, left: &mut usize) {
        let single = &mut self.single;
        each_word(value, &mut self.room, |word| {
            if let Some(less) = left.checked_sub(1) {
                *left = less;
                single.push((mark_of(word), row));
            }
        });
    }

    /// The same for a value that is remembered.
    fn add_value(&mut self, row: u32, value: &str, left: &mut usize) {
        let known = match self.values.get_mut(value) {
            Some(known) => known,
            None => {
                let (begin, marks) = (self.marks.len(), &mut self.marks);
                each_word(value, &mut self.room, |word| marks.push(mark_of(word)));
                let marks = begin..self.marks.len();
                if marks.is_empty() {
                    return;
                }
                let rows = Vec::new();
                let place = self.values.entry(value.into());
                place.or_insert(Value { marks, rows })
            }
        };
        if let Some(less) = left.checked_sub(known.marks.len()) {
            *left = less;
            if known.rows.last() != Some(&row) {
                known.rows.push(row);
            }
            return;
        }
        let marks = self.marks.get(known.marks.clone()).unwrap_or_default();
        let first = marks.iter().take(*left).map(|mark| (*mark, row));
        self.single.extend(first);
        *left = 0;
    }

    /// Writes them.
    pub(crate) fn render(self) -> Vec<u8> {
        let of_values = self.values.values().flat_map(|value| {
            let marks = self.marks.get(value.marks.clone()).unwrap_or_default();
            marks.iter().map(|mark| (*mark, value.rows.as_slice()))
        });
        let single = self.single.iter();
        let single = single.map(|(mark, row)| (*mark, std::slice::from_ref(row)));
        let mut lists: Vec<(u32, &[u32])> = of_values.chain(single).collect();
        lists.sort_unstable_by_key(|(mark, _)| *mark);
        let (mut written, mut merged) = (Written::default(), Vec::new());
        for same in lists.chunk_by(|(one, _), (next, _)| one == next) {
            let rows = match same {
                [(_, rows)] => *rows,
                _ => {
                    merged.clear();
                    merged.extend(same.iter().flat_map(|(_, rows)| rows.iter().copied()));
                    merged.sort_unstable();
                    merged.dedup();
                    merged.as_slice()
                }
            };
            if let (Some((mark, _)), false) = (same.first(), rows.is_empty()) {
                written.put(*mark, rows);
            }
        }
        written.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, VALUE_BYTES_MAX};
    use crate::words::EVENT_WORDS_MAX;
    use crate::words::event::{each_event_word, mark_of};
    use crate::words::list::Notes;
    use proptest::prelude::{Strategy, proptest};
    use serde_json::{Map, Value, json};

    /// What the rows say, each word for itself.
    fn noted(bodies: &[String]) -> Vec<u8> {
        let mut notes = Notes::default();
        for (row, body) in (0..).zip(bodies) {
            each_event_word(body, |word| notes.add(mark_of(word), row));
        }
        notes.render()
    }

    fn gathered(bodies: &[String]) -> Vec<u8> {
        let mut block = Block::default();
        for (row, body) in (0..).zip(bodies) {
            block.add(row, body);
        }
        block.render()
    }

    #[test]
    fn what_many_rows_say_is_noted_for_each() {
        let body = |number: u32| {
            json!({
                "uuid": format!("evt{number}"),
                "displayMessage": "Token granted to Ada, to Ada",
                "actor": { "id": "0oa1", "displayName": "Ada" },
                "target": [{ "id": "0oa1" }, { "id": format!("00u{}", number % 7) }],
            })
            .to_string()
        };
        let bodies: Vec<String> = (0..256).map(body).collect();
        assert_eq!(gathered(&bodies), noted(&bodies));
        assert!(gathered(&[]).is_empty());
        assert!(gathered(&[String::from("{}"), String::new()]).is_empty());
    }

    #[test]
    fn words_beyond_the_number_are_left_out_wherever_they_stand() {
        let words = |count: usize| (0..count).map(|n| format!("w{n} "));
        let many: String = words(EVENT_WORDS_MAX - 3).collect();
        let long = "x ".repeat(VALUE_BYTES_MAX);
        let short = "a b c d e f";
        let bodies = [
            json!({ "a": short, "b": many, "c": "late", "result": "DENY" }),
            json!({ "a": many, "b": short, "c": "late", "result": "DENY" }),
            json!({ "a": long, "b": long, "c": short, "id": many }),
        ]
        .map(|body| body.to_string());
        assert_eq!(gathered(&bodies), noted(&bodies));
    }

    proptest! {
        #[test]
        fn whatever_rows_say_is_noted(
            rows in proptest::collection::vec(
                proptest::collection::vec(("[a-c]|id|result", "[ab .@-]{0,6}|[a ]{250,600}").prop_map(|(name, value)| (name, Value::from(value))), 0..8),
                0..20,
            )
        ) {
            let bodies: Vec<String> = rows
                .into_iter()
                .map(|members| Value::from(Map::from_iter(members)).to_string())
                .collect();
            assert_eq!(gathered(&bodies), noted(&bodies));
        }
    }
}
