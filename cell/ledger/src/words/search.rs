//! A page of the rows that have all keywords, or meet several conditions, by the words of the log.
//!
//! What a filter asks for is searched for like keywords, since it stands in the event like any other word: so few rows are found
//! that are not wanted. Each row that is found is looked at before it is shown. A page looks at a bounded number of rows and reads a
//! bounded number of shelves; it may come back short, even empty, with a place to go on from.

use crate::page::{Direction, LogFilter, LogPage, LogRow, SCAN_BATCH_ROWS, Span, matches_filter};
use crate::store as log_store;
use crate::words::event::{has_words, mark_of};
use crate::words::list::{Damaged, find};
use crate::words::store::{self, ROWS_TOGETHER};
use crate::words::{BLOCK_ROWS, BLOCKS_SHELF, Places, STRETCH_ROWS, first_of, shelf_of};
use database::{DatabaseFault, ReadTx};
use protocol::keywords::each_word;
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::OrgId;

/// Most rows that are looked at for one page.
const LOOKED_ROWS_MAX: usize = 2_000;
/// Most blocks and shelves that are read for one page.
const READ_MAX: usize = 2_048;
/// Most blocks, or stretches, of which shelves are read together.
const TOGETHER_MAX: i64 = 64;
/// Most words by which rows are found; all keywords are, and what the filter asks as far as there is room.
const MARKS_MAX: usize = 16;

/// Which rows of a block or stretch are found: a bit for each.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found(Vec<u64>);

impl Found {
    fn nothing(rows: i64) -> Self {
        let words = usize::try_from(rows / 64).unwrap_or(0);
        Self(vec![0; words])
    }

    fn everything(rows: i64) -> Self {
        let Self(words) = Self::nothing(rows);
        Self(vec![u64::MAX; words.len()])
    }

    fn add(&mut self, row: u32) {
        let word = usize::try_from(row / 64).unwrap_or(usize::MAX);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (row % 64);
        }
    }

    fn keep(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The numbers of the rows, rising.
    fn seqs(&self, first_seq: i64) -> Vec<i64> {
        let mut seqs = Vec::new();
        for (place, word) in (0_i64..).zip(&self.0) {
            let mut left = *word;
            while left != 0 {
                seqs.push(first_seq + place * 64 + i64::from(left.trailing_zeros()));
                left &= left - 1;
            }
        }
        seqs
    }
}

/// What is searched for.
struct Wanted<'f> {
    filter: &'f LogFilter,
    marks: BTreeSet<u32>,
}

impl<'f> Wanted<'f> {
    fn of(filter: &'f LogFilter) -> Self {
        let mut marks: BTreeSet<u32> = filter.keywords.iter().map(mark_of).collect();
        let besides = [
            filter.target.as_deref(),
            filter.actor.as_deref(),
            filter.event_type.map(crate::EventType::as_str),
            filter.outcome.map(crate::Outcome::as_str),
        ];
        let mut room = String::new();
        for value in besides.into_iter().flatten() {
            each_word(value, &mut room, |word| {
                if marks.len() < MARKS_MAX {
                    marks.insert(mark_of(word));
                }
            });
        }
        Self { filter, marks }
    }

    /// The marks by the shelves on which they lie.
    fn shelves(&self, rows: i64) -> BTreeMap<i64, Vec<u32>> {
        let mut shelves: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for mark in &self.marks {
            let shelf = if rows == BLOCK_ROWS {
                BLOCKS_SHELF
            } else {
                shelf_of(*mark)
            };
            shelves.entry(shelf).or_default().push(*mark);
        }
        shelves
    }

    fn is_met_by(&self, row: &LogRow) -> bool {
        let has_target = |target: &String| {
            row.event()
                .is_some_and(|event| event.target.iter().any(|known| known.id == *target))
        };
        matches_filter(row, self.filter)
            && has_words(&row.body, &self.filter.keywords)
            && self.filter.target.as_ref().is_none_or(has_target)
    }
}

/// Which part of the log comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Rows that have no words yet.
    Bare,
    /// Rows of blocks or stretches of so many rows.
    Sorted(i64),
}

/// The part that a span begins with, and the span of the rows of that part alone.
fn plan_part(span: Span, places: Places) -> (Part, Span) {
    let parts = [
        (Part::Sorted(STRETCH_ROWS), 0, places.stretches_to + 1),
        (
            Part::Sorted(BLOCK_ROWS),
            places.stretches_to,
            places.blocks_to + 1,
        ),
        (Part::Bare, places.blocks_to, i64::MAX),
    ];
    let first = match span.direction {
        Direction::NewestFirst => span.before - 1,
        Direction::OldestFirst => span.after + 1,
    };
    let holds_first = |(_, after, before): &(Part, i64, i64)| *after < first && first < *before;
    let (part, after, before) =
        parts
            .into_iter()
            .find(holds_first)
            .unwrap_or((Part::Bare, span.after, span.before));
    let within = Span {
        after: span.after.max(after),
        before: span.before.min(before),
        ..span
    };
    (part, within)
}

/// A page under way.
struct Search<'s> {
    org: &'s OrgId,
    wanted: Wanted<'s>,
    /// What is still to be looked at.
    span: Span,
    rows: Vec<LogRow>,
    /// Rows that are wanted, one more than the page has.
    rows_max: usize,
    looked: usize,
    read: usize,
    /// Blocks or stretches that are read together the next time: few at first, for common words.
    together: i64,
}

/// A page of a filter with keywords, or with several conditions.
pub(crate) async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    span: Span,
    limit: usize,
) -> Result<LogPage, DatabaseFault> {
    let places = store::load_places(tx, org).await?;
    let newest = log_store::load_head(tx, org)
        .await?
        .map_or(0, |head| head.seq);
    let mut search = Search {
        org,
        wanted: Wanted::of(filter),
        span: Span {
            after: span.after.max(0),
            before: span.before.min(newest.saturating_add(1)),
            ..span
        },
        rows: Vec::new(),
        rows_max: limit + 1,
        looked: 0,
        read: 0,
        together: 1,
    };
    while !search.is_over() {
        match plan_part(search.span, places) {
            (Part::Bare, within) => search.look_through(tx, within).await?,
            (Part::Sorted(rows), within) => search.look_up(tx, rows, within).await?,
        }
    }
    Ok(search.end(limit))
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.span.is_empty()
            || self.rows.len() >= self.rows_max
            || self.looked >= LOOKED_ROWS_MAX
            || self.read >= READ_MAX
    }

    fn end(mut self, limit: usize) -> LogPage {
        let next = if self.rows.len() > limit {
            self.rows.truncate(limit);
            self.rows.last().map(|row| row.seq)
        } else if self.span.is_empty() {
            None
        } else {
            Some(self.span.reached())
        };
        LogPage {
            rows: self.rows,
            next,
        }
    }

    /// Looks at rows one after the other.
    async fn look_through(&mut self, tx: &mut ReadTx, within: Span) -> Result<(), DatabaseFault> {
        let most = i64::try_from(SCAN_BATCH_ROWS).unwrap_or(i64::MAX);
        let batch = log_store::load_rows(tx, self.org, within, most).await?;
        if batch.len() < SCAN_BATCH_ROWS {
            self.span = self.span.without(within);
        } else if let Some(last) = batch.last() {
            self.span = self.span.beyond(last.seq);
        }
        self.looked += batch.len();
        self.take(batch);
        Ok(())
    }

    fn take(&mut self, batch: Vec<LogRow>) {
        for row in batch {
            if self.rows.len() < self.rows_max && self.wanted.is_met_by(&row) {
                self.rows.push(row);
            }
        }
    }

    /// Looks up in which rows of some blocks or stretches all words stand, and looks at those.
    async fn look_up(
        &mut self,
        tx: &mut ReadTx,
        rows: i64,
        within: Span,
    ) -> Result<(), DatabaseFault> {
        let pieces = self.plan_pieces(rows, within);
        let mut found = self.load_found(tx, rows, &pieces).await?;
        for piece in pieces {
            let mut seqs = found
                .remove(&piece)
                .map_or_else(Vec::new, |found| found.seqs(piece));
            seqs.retain(|seq| within.after < *seq && *seq < within.before);
            if self.span.direction == Direction::NewestFirst {
                seqs.reverse();
            }
            for some in seqs.chunks(ROWS_TOGETHER) {
                if self.is_over() {
                    return Ok(());
                }
                let batch =
                    log_store::load_numbered(tx, self.org, some, self.span.direction).await?;
                self.looked += some.len();
                if let Some(last) = some.last() {
                    self.span = self.span.beyond(*last);
                }
                self.take(batch);
            }
            if self.rows.len() >= self.rows_max {
                return Ok(());
            }
            let whole = Span {
                after: piece - 1,
                before: piece + rows,
                ..within
            };
            self.span = self.span.without(whole);
        }
        Ok(())
    }

    /// The first rows of the blocks or stretches that come next, in the order of the search.
    fn plan_pieces(&mut self, rows: i64, within: Span) -> Vec<i64> {
        let (first, last) = (
            first_of(within.after + 1, rows),
            first_of(within.before - 1, rows),
        );
        let count = ((last - first) / rows + 1).min(self.together);
        self.together = (self.together * 4).min(TOGETHER_MAX);
        (0..count)
            .map(|number| match within.direction {
                Direction::NewestFirst => last - number * rows,
                Direction::OldestFirst => first + number * rows,
            })
            .collect()
    }

    /// The rows of each piece in which all words stand; of a piece without an entry, none.
    async fn load_found(
        &mut self,
        tx: &mut ReadTx,
        rows: i64,
        pieces: &[i64],
    ) -> Result<BTreeMap<i64, Found>, DatabaseFault> {
        let mut found: Option<BTreeMap<i64, Found>> = None;
        if self.wanted.marks.is_empty() {
            // What is asked for has no word: any row may have it.
            let all = pieces.iter();
            return Ok(all.map(|piece| (*piece, Found::everything(rows))).collect());
        }
        for (shelf, marks) in self.wanted.shelves(rows) {
            let first = pieces.iter().min().copied().unwrap_or(0);
            let last = pieces.iter().max().copied().unwrap_or(0);
            let loaded = store::load_shelf(tx, self.org, shelf, (first, last)).await?;
            self.read += pieces.len();
            let mut here = BTreeMap::new();
            for (piece, bytes) in loaded {
                let before = match &found {
                    None => Found::everything(rows),
                    Some(found) => match found.get(&piece) {
                        Some(before) => before.clone(),
                        None => continue,
                    },
                };
                let kept = keep_marked(before, &bytes, &marks, rows);
                if !kept.is_empty() {
                    here.insert(piece, kept);
                }
            }
            if here.is_empty() {
                return Ok(here);
            }
            found = Some(here);
        }
        Ok(found.unwrap_or_default())
    }
}

/// Those of the rows in which all marks stand. Where that cannot be read, all of them may be.
fn keep_marked(mut found: Found, bytes: &[u8], marks: &[u32], rows: i64) -> Found {
    for mark in marks {
        match rows_of(bytes, *mark, rows) {
            Ok(marked) => found.keep(&marked),
            Err(Damaged) => return found,
        }
        if found.is_empty() {
            break;
        }
    }
    found
}

fn rows_of(bytes: &[u8], mark: u32, rows: i64) -> Result<Found, Damaged> {
    let mut found = Found::nothing(rows);
    if let Some(entry) = find(bytes, mark)? {
        let count = u32::try_from(rows).map_err(|_| Damaged)?;
        entry.each_row(count, |row| found.add(row))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Found, Part, plan_part};
    use crate::page::{Direction, Span};
    use crate::words::{BLOCK_ROWS, Places, STRETCH_ROWS};

    #[test]
    fn a_span_begins_in_one_part_of_the_log() {
        let places = Places {
            blocks_to: 16_384 + 512,
            stretches_to: 16_384,
        };
        let (stretches, blocks) = (Part::Sorted(STRETCH_ROWS), Part::Sorted(BLOCK_ROWS));
        use Direction::{NewestFirst, OldestFirst};
        for (direction, span, part, within) in [
            (NewestFirst, (0, 20_001), Part::Bare, (16_896, 20_001)),
            (NewestFirst, (0, 16_897), blocks, (16_384, 16_897)),
            (NewestFirst, (16_400, 16_500), blocks, (16_400, 16_500)),
            (NewestFirst, (0, 16_385), stretches, (0, 16_385)),
            (OldestFirst, (0, 20_001), stretches, (0, 16_385)),
            (OldestFirst, (16_384, 20_001), blocks, (16_384, 16_897)),
            (OldestFirst, (16_896, 20_001), Part::Bare, (16_896, 20_001)),
        ] {
            let (after, before) = span;
            let span = Span {
                direction,
                after,
                before,
            };
            let (seen, seen_within) = plan_part(span, places);
            assert_eq!(
                (seen, (seen_within.after, seen_within.before)),
                (part, within)
            );
        }
    }

    #[test]
    fn rows_are_found_by_their_bits() {
        let mut found = Found::nothing(BLOCK_ROWS);
        assert!(found.is_empty());
        for row in [0, 63, 64, 255, 256] {
            found.add(row);
        }
        assert_eq!(found.seqs(257), [257, 320, 321, 512]);
        let mut all = Found::everything(BLOCK_ROWS);
        assert_eq!(all.seqs(1).len(), 256);
        all.keep(&found);
        assert_eq!(all, found);
    }
}
