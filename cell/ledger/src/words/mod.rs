//! The words of the log: which of them stand in which rows, so that a search looks at those rows alone.
//!
//! Rows have numbers without gaps. Each 256 of them have a *block*, made when all of them are there; each 64 blocks become a
//! *stretch*, whose words lie on 256 *shelves*, each in the order of the log: a search walks along one shelf for each word. A word
//! is kept as a mark of 32 bits; what a mark finds is looked at, so that two words of one mark cost time and nothing else.
//!
//! All of it is made behind whoever writes, by a job, from the rows alone. Rows that have no block yet are looked at directly.

pub(crate) mod block;
pub(crate) mod event;
pub(crate) mod gather;
pub(crate) mod list;
pub(crate) mod search;
pub(crate) mod store;

/// Rows of a block.
pub(crate) const BLOCK_ROWS: i64 = 256;
/// Rows of a stretch.
pub(crate) const STRETCH_ROWS: i64 = 16_384;
/// Shelves of a stretch: as many as the first byte of a mark has values.
pub(crate) const SHELVES: i64 = 256;
/// The shelf on which blocks lie.
pub(crate) const BLOCKS_SHELF: i64 = 256;
/// Words of one event that are searched for; those beyond are not found.
pub(crate) const EVENT_WORDS_MAX: usize = 512;

/// Up to which rows of a log there are words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The last row that has a block or is part of a stretch.
    pub(crate) blocks_to: i64,
    /// The last row that is part of a stretch.
    pub(crate) stretches_to: i64,
}

/// The shelf of a stretch on which a mark lies.
pub(crate) fn shelf_of(mark: u32) -> i64 {
    i64::from(mark >> 24)
}

/// The first row of the block or stretch of so many rows that a row belongs to.
pub(crate) fn first_of(seq: i64, rows: i64) -> i64 {
    (seq - 1).div_euclid(rows) * rows + 1
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_ROWS, STRETCH_ROWS, first_of};

    #[test]
    fn rows_belong_to_blocks_and_blocks_to_stretches() {
        for (seq, block, stretch) in [
            (1, 1, 1),
            (256, 1, 1),
            (257, 257, 1),
            (16_384, 16_129, 1),
            (16_385, 16_385, 16_385),
        ] {
            assert_eq!(first_of(seq, BLOCK_ROWS), block);
            assert_eq!(first_of(seq, STRETCH_ROWS), stretch);
        }
        assert_eq!(STRETCH_ROWS % BLOCK_ROWS, 0);
    }
}
