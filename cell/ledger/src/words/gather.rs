//! Makes blocks and stretches out of rows that are there: a job's work, in pieces that are small enough to be done beside others.
//!
//! What is made of rows is always the same, and the places move by compare-and-swap: who is killed in between, or does what
//! another process does too, leaves nothing wrong behind.

use crate::store as log_store;
use crate::words::block::Block;
use crate::words::list::{Entries, Notes, Spot, is_whole};
use crate::words::store::{self, WordRow};
use crate::words::{BLOCK_ROWS, BLOCKS_SHELF, Places, SHELVES, STRETCH_ROWS, shelf_of};
use database::{DatabaseFault, ReadTx, WriteTx};
use vocab::id::OrgId;

/// Blocks that are stored together.
const BLOCKS_AT_ONCE_MAX: usize = 8;
/// How far a row may lie from the first of its block.
const BLOCK_PLACES: u32 = 256;
/// Shelves that are stored together: on the embedded store all other writers wait meanwhile.
const SHELVES_AT_ONCE: i64 = 16;

/// So many orgs whose logs have rows for another block, behind that one in their order.
///
/// # Errors
/// The store's fault.
pub async fn load_behind(
    tx: &mut ReadTx,
    after: Option<&OrgId>,
    limit: i64,
) -> Result<Vec<OrgId>, DatabaseFault> {
    store::load_behind(tx, after, limit).await
}

/// Words of some rows on their way into the store.
#[derive(Debug)]
pub struct Gathering {
    org: OrgId,
    begun: Places,
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// Blocks that are made, and the newest row that there is.
    Blocks { made: Vec<WordRow>, newest: i64 },
    /// The blocks of a stretch, how far each has been read, and the next shelf.
    Stretch {
        blocks: Vec<(i64, Vec<u8>)>,
        read: Vec<Spot>,
        shelf: i64,
    },
    /// A block of the stretch is missing or damaged: all of them are made anew.
    Anew,
}

/// Some of what is to be stored.
#[derive(Debug)]
pub struct Portion {
    org: OrgId,
    begun: Places,
    rows: Vec<WordRow>,
    /// The places when all is stored; none where more of the same follows.
    reached: Option<Places>,
}

impl Portion {
    /// Whether it is the last of what was begun.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.reached.is_some()
    }
}

impl Gathering {
    /// Looks what is to be done for a log; none where there is nothing.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn begin(tx: &mut ReadTx, org: &OrgId) -> Result<Option<Self>, DatabaseFault> {
        let begun = store::load_places(tx, org).await?;
        let newest = log_store::load_head(tx, org)
            .await?
            .map_or(0, |head| head.seq);
        let work = if begun.blocks_to - begun.stretches_to >= STRETCH_ROWS {
            let (first, last) = (begun.stretches_to + 1, begun.stretches_to + STRETCH_ROWS);
            let blocks = store::load_shelf(tx, org, BLOCKS_SHELF, (first, last)).await?;
            plan_stretch(blocks)
        } else if newest - begun.blocks_to >= BLOCK_ROWS {
            let made = Vec::new();
            Work::Blocks { made, newest }
        } else {
            return Ok(None);
        };
        Ok(Some(Self {
            org: org.clone(),
            begun,
            work,
        }))
    }

    /// Makes a little more of it; what is to be stored, once it is enough to be.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn go_on(&mut self, tx: &mut ReadTx) -> Result<Option<Portion>, DatabaseFault> {
        let begun = self.begun;
        let (rows, reached) = match &mut self.work {
            Work::Blocks { made, newest } => {
                let done = i64::try_from(made.len()).unwrap_or(i64::MAX) * BLOCK_ROWS;
                let first = begun.blocks_to + done + 1;
                made.push(make_block(tx, &self.org, first).await?);
                let last = first + BLOCK_ROWS - 1;
                // A stretch is made before blocks of the next one are.
                let is_full = last - begun.stretches_to >= STRETCH_ROWS;
                if !is_full && made.len() < BLOCKS_AT_ONCE_MAX && *newest - last >= BLOCK_ROWS {
                    return Ok(None);
                }
                let reached = Places {
                    blocks_to: last,
                    ..begun
                };
                (std::mem::take(made), Some(reached))
            }
            Work::Stretch {
                blocks,
                read,
                shelf,
            } => {
                let first = begun.stretches_to + 1;
                let mut rows = Vec::new();
                for _ in 0..SHELVES_AT_ONCE {
                    rows.push(WordRow {
                        shelf: *shelf,
                        first_seq: first,
                        words: take_shelf(first, blocks, read, *shelf).render(),
                    });
                    *shelf += 1;
                }
                let reached = (*shelf >= SHELVES).then_some(Places {
                    stretches_to: begun.stretches_to + STRETCH_ROWS,
                    ..begun
                });
                (rows, reached)
            }
            Work::Anew => {
                let reached = Places {
                    blocks_to: begun.stretches_to,
                    ..begun
                };
                (Vec::new(), Some(reached))
            }
        };
        Ok(Some(Portion {
            org: self.org.clone(),
            begun,
            rows,
            reached,
        }))
    }
}

/// What is to be done with the blocks that a stretch is made of.
fn plan_stretch(blocks: Vec<(i64, Vec<u8>)>) -> Work {
    let count = i64::try_from(blocks.len()).unwrap_or(i64::MAX);
    let are_whole = blocks
        .iter()
        .all(|(_, bytes)| is_whole(bytes, BLOCK_PLACES));
    if count * BLOCK_ROWS != STRETCH_ROWS || !are_whole {
        return Work::Anew;
    }
    Work::Stretch {
        read: vec![Spot::default(); blocks.len()],
        blocks,
        shelf: 0,
    }
}

async fn make_block(
    tx: &mut ReadTx,
    org: &OrgId,
    first_seq: i64,
) -> Result<WordRow, DatabaseFault> {
    let last = first_seq + BLOCK_ROWS - 1;
    let mut block = Block::default();
    for (seq, body) in log_store::load_bodies(tx, org, first_seq, last).await? {
        let place = u32::try_from(seq - first_seq).unwrap_or(u32::MAX);
        block.add(place, &body);
    }
    Ok(WordRow {
        shelf: BLOCKS_SHELF,
        first_seq,
        words: block.render(),
    })
}

/// What stands on one shelf, out of all blocks of a stretch, which are whole; each block is read on from where the shelf before
/// ended.
fn take_shelf(first_seq: i64, blocks: &[(i64, Vec<u8>)], read: &mut [Spot], shelf: i64) -> Notes {
    let mut notes = Notes::default();
    for ((block_seq, bytes), read) in blocks.iter().zip(read) {
        let before = u32::try_from(block_seq - first_seq).unwrap_or(0);
        let mut entries = Entries::from(bytes, *read);
        while let Some(Ok(entry)) = entries.next() {
            if shelf_of(entry.mark) != shelf {
                break;
            }
            *read = entries.spot(bytes);
            let _ = entry.each_row(BLOCK_PLACES, |row| notes.add(entry.mark, before + row));
        }
    }
    notes
}

/// Stores a portion. False if another process has stored the same meanwhile: then nothing was done.
///
/// # Errors
/// The store's fault.
pub async fn store_portion(tx: &mut WriteTx, portion: Portion) -> Result<bool, DatabaseFault> {
    let Portion {
        org,
        begun,
        rows,
        reached,
    } = portion;
    if let Some(reached) = reached
        && !store::move_places(tx, &org, begun, reached).await?
    {
        return Ok(false);
    }
    for row in &rows {
        store::put_words(tx, &org, row).await?;
    }
    if let Some(reached) = reached.filter(|reached| reached.stretches_to > begun.stretches_to) {
        let blocks_of = reached.stretches_to;
        store::remove_shelf(tx, &org, BLOCKS_SHELF, blocks_of).await?;
        remove_gone(tx, &org).await?;
    }
    Ok(true)
}

/// Removes the words of stretches whose rows are no longer there.
async fn remove_gone(tx: &mut WriteTx, org: &OrgId) -> Result<(), DatabaseFault> {
    let oldest = log_store::load_oldest(tx, org).await?.unwrap_or(0);
    let gone_to = oldest - STRETCH_ROWS;
    if gone_to < 1 {
        return Ok(());
    }
    for shelf in 0..SHELVES {
        store::remove_shelf(tx, org, shelf, gone_to).await?;
    }
    Ok(())
}
