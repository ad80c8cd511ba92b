//! The bytes of a block or shelf: each mark with the rows in which it stands, in the order of the marks. Pure.
//!
//! An entry is the distance from the mark before, the length of its rows twice, plus one where they are a map of bits, and the
//! rows: distances from one to the next, or a bit for each row. Whichever is shorter was taken. All numbers are LEB128.

/// The bytes cannot be read. Whoever searches then looks at every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// In which rows which marks stand, each row by its distance from the first: noted in any order, and as often as one likes.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<u64>);

impl Notes {
    /// The mark stands in the row.
    pub(crate) fn add(&mut self, mark: u32, row: u32) {
        // One number of both, so that to sort them is to compare numbers.
        self.0.push(u64::from(mark) << 32 | u64::from(row));
    }

    /// Writes them.
    pub(crate) fn render(mut self) -> Vec<u8> {
        self.0.sort_unstable();
        self.0.dedup();
        let (mut written, mut rows) = (Written::default(), Vec::new());
        for notes in self.0.chunk_by(|one, next| mark_of(*one) == mark_of(*next)) {
            rows.clear();
            rows.extend(notes.iter().map(|note| row_of(*note)));
            let mark = notes.first().map_or(0, |note| mark_of(*note));
            written.put(mark, &rows);
        }
        written.into_bytes()
    }
}

/// The bytes of a block or shelf, as far as they are written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    bytes: Vec<u8>,
    last: u32,
    room: Vec<u8>,
}

impl Written {
    /// Adds a mark with its rows. Marks come in rising order, each once, and so do the rows of a mark.
    pub(crate) fn put(&mut self, mark: u32, rows: &[u32]) {
        put(&mut self.bytes, mark.wrapping_sub(self.last));
        self.last = mark;
        let is_mapped = render_rows(rows, &mut self.room);
        let length = u32::try_from(self.room.len()).unwrap_or(u32::MAX / 2);
        put(&mut self.bytes, length * 2 + u32::from(is_mapped));
        self.bytes.extend_from_slice(&self.room);
    }

    /// All that was added.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn mark_of(note: u64) -> u32 {
    u32::try_from(note >> 32).unwrap_or(u32::MAX)
}

fn row_of(note: u64) -> u32 {
    u32::try_from(note & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Writes rows in the shorter way; whether that is a map of bits.
fn render_rows(rows: &[u32], bytes: &mut Vec<u8>) -> bool {
    bytes.clear();
    let mut next = 0;
    for row in rows {
        put(bytes, row.wrapping_sub(next));
        next = row.wrapping_add(1);
    }
    let mapped = rows.last().and_then(|last| usize::try_from(*last).ok());
    let Some(length) = mapped.map(|last| last / 8 + 1) else {
        return false;
    };
    if length >= bytes.len() {
        return false;
    }
    bytes.clear();
    bytes.resize(length, 0);
    for row in rows {
        let byte = usize::try_from(row / 8).ok();
        if let Some(byte) = byte.and_then(|place| bytes.get_mut(place)) {
            *byte |= 1 << (row % 8);
        }
    }
    true
}

fn put(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Result<u32, Damaged> {
    let (mut number, mut shift) = (0_u32, 0);
    loop {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        let part = u32::from(byte & 0x7f);
        if shift > 28 || (shift == 28 && part > 0x0f) {
            return Err(Damaged);
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
        shift += 7;
    }
}

/// One mark and its rows, as they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'b> {
    pub(crate) mark: u32,
    rows: &'b [u8],
    is_mapped: bool,
}

/// How far some bytes have been read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    at: usize,
    last: Option<u32>,
}

/// Walks over the entries of a block or shelf.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'b> {
    bytes: &'b [u8],
    last: Option<u32>,
}

impl<'b> Entries<'b> {
    pub(crate) fn of(bytes: &'b [u8]) -> Self {
        Self { bytes, last: None }
    }

    /// Goes on from a spot of these bytes.
    pub(crate) fn from(bytes: &'b [u8], Spot { at, last }: Spot) -> Self {
        let bytes = bytes.get(at..).unwrap_or_default();
        Self { bytes, last }
    }

    /// How far these bytes have been read.
    pub(crate) fn spot(&self, whole: &[u8]) -> Spot {
        Spot {
            at: whole.len().saturating_sub(self.bytes.len()),
            last: self.last,
        }
    }

    fn take(&mut self) -> Result<Entry<'b>, Damaged> {
        let distance = take(&mut self.bytes)?;
        let mark = match self.last {
            None => distance,
            Some(_) if distance == 0 => return Err(Damaged),
            Some(last) => last.checked_add(distance).ok_or(Damaged)?,
        };
        let head = take(&mut self.bytes)?;
        let length = usize::try_from(head / 2).map_err(|_| Damaged)?;
        let (rows, rest) = self.bytes.split_at_checked(length).ok_or(Damaged)?;
        self.bytes = rest;
        self.last = Some(mark);
        Ok(Entry {
            mark,
            rows,
            is_mapped: head % 2 == 1,
        })
    }
}

impl<'b> Iterator for Entries<'b> {
    type Item = Result<Entry<'b>, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_err() {
            self.bytes = &[];
        }
        Some(taken)
    }
}

impl Entry<'_> {
    /// Calls `visit` with the distance of each row from the first, rising; none is as large as `count`.
    pub(crate) fn each_row(&self, count: u32, mut visit: impl FnMut(u32)) -> Result<(), Damaged> {
        if self.is_mapped {
            for (place, byte) in (0_u32..).zip(self.rows) {
                for bit in (0..8).filter(|bit| byte & (1 << bit) != 0) {
                    let row = place.checked_mul(8).ok_or(Damaged)? + bit;
                    within(row, count, &mut visit)?;
                }
            }
            return Ok(());
        }
        let (mut bytes, mut next) = (self.rows, 0_u32);
        while !bytes.is_empty() {
            let row = next.checked_add(take(&mut bytes)?).ok_or(Damaged)?;
            within(row, count, &mut visit)?;
            next = row + 1;
        }
        Ok(())
    }
}

fn within(row: u32, count: u32, visit: &mut impl FnMut(u32)) -> Result<(), Damaged> {
    if row >= count {
        return Err(Damaged);
    }
    visit(row);
    Ok(())
}

/// Whether all entries can be read, with rows within a count.
pub(crate) fn is_whole(bytes: &[u8], count: u32) -> bool {
    Entries::of(bytes).all(|entry| entry.is_ok_and(|entry| entry.each_row(count, |_| ()).is_ok()))
}

/// The entry of a mark, if there is one.
pub(crate) fn find(bytes: &[u8], mark: u32) -> Result<Option<Entry<'_>>, Damaged> {
    for entry in Entries::of(bytes) {
        let entry = entry?;
        if entry.mark >= mark {
            return Ok((entry.mark == mark).then_some(entry));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{Damaged, Entries, Notes, find, is_whole};
    use proptest::collection::{btree_map, btree_set, vec};
    use proptest::prelude::{any, proptest};
    use std::collections::BTreeMap;

    type Lists = BTreeMap<u32, Vec<u32>>;

    /// Notes everything twice, and the last first.
    fn render(lists: &Lists) -> Vec<u8> {
        let mut notes = Notes::default();
        for (mark, rows) in lists.iter().chain(lists).rev() {
            for row in rows.iter().rev() {
                notes.add(*mark, *row);
            }
        }
        notes.render()
    }

    fn rows_of(bytes: &[u8], mark: u32, count: u32) -> Result<Vec<u32>, Damaged> {
        let mut rows = Vec::new();
        if let Some(entry) = find(bytes, mark)? {
            entry.each_row(count, |row| rows.push(row))?;
        }
        Ok(rows)
    }

    #[test]
    fn rare_words_are_lists_and_common_ones_are_maps() {
        let all: Vec<u32> = (0..16_384).collect();
        let lists = Lists::from([(7, vec![16_383]), (u32::MAX, all.clone())]);
        let bytes = render(&lists);
        assert!(bytes.len() < 2_100, "{}", bytes.len());
        assert_eq!(rows_of(&bytes, 7, 16_384), Ok(vec![16_383]));
        assert_eq!(rows_of(&bytes, u32::MAX, 16_384), Ok(all));
        assert_eq!(rows_of(&bytes, 8, 16_384), Ok(vec![]));
        assert_eq!(
            rows_of(&bytes, 7, 16_383),
            Err(Damaged),
            "beyond the last row"
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            lists in btree_map(any::<u32>(), btree_set(0_u32..16_384, 1..40), 0..40)
        ) {
            let lists: Lists = lists.into_iter().map(|(mark, rows)| (mark, rows.into_iter().collect())).collect();
            let bytes = render(&lists);
            assert!(is_whole(&bytes, 16_384));
            let mut halves = Entries::of(&bytes);
            halves.next();
            let rest = Entries::from(&bytes, halves.spot(&bytes));
            assert_eq!(rest.count(), lists.len().saturating_sub(1));
            let marks: Vec<u32> = Entries::of(&bytes).map(|entry| entry.unwrap().mark).collect();
            assert_eq!(marks, lists.keys().copied().collect::<Vec<_>>());
            for (mark, rows) in &lists {
                assert_eq!(rows_of(&bytes, *mark, 16_384).unwrap(), *rows);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), mark: u32) {
            assert!(!bytes.is_empty() || is_whole(&bytes, 0));
            let mut last = None;
            for entry in Entries::of(&bytes).map_while(Result::ok) {
                assert!(last < Some(entry.mark));
                last = Some(entry.mark);
                let mut row_before = None;
                let _ = entry.each_row(1_000, |row| {
                    assert!(row < 1_000 && row_before < Some(row));
                    row_before = Some(row);
                });
            }
            let _ = find(&bytes, mark);
        }
    }
}
