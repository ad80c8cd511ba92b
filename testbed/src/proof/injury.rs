//! What is done to one part of the fleet while the others are watched, and how it is undone.

use std::fs::{self, File};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::Context as _;
use rustix::process::Signal;

use crate::fleet::Fleet;
use crate::proof::plan::Draws;

/// The files of a cell's store, the main one first.
const STORE_FILES: [&str; 2] = ["testudo.db", "testudo.db-wal"];
/// The index of the second, which is made anew where it is missing.
const STORE_INDEX: &str = "testudo.db-shm";
/// What the disk is filled with.
const BALLAST_FILE: &str = "ballast";
/// How much is written at once.
const BALLAST_BYTES: usize = 64 * 1024;
/// The part of a store that stays as it is: with its first page broken, a store is told from none at once.
const KEPT_BYTES: u64 = 4_096;

/// What an injury destroys, as it was before. It is kept in memory: to write it down would be one more burden on the disk
/// that those who are watched write to, and none that the injury brings.
#[derive(Debug, Default)]
pub struct Saved(Vec<(&'static str, Vec<u8>)>);

/// An injury.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injury {
    /// Its process is killed (SIGKILL).
    Kill,
    /// Its process hangs: it is stopped (SIGSTOP) and goes on when the phase is over.
    Stop,
    /// All but the first page of its store is overwritten while it runs; then it is killed and must start from that.
    Corrupt,
    /// Its disk is full until the phase is over.
    Fill,
    /// One of its organisations sends fifty times its share.
    Flood,
}

impl Injury {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "a cell is killed",
            Self::Stop => "a cell hangs",
            Self::Corrupt => "a cell's store is corrupt",
            Self::Fill => "a cell's disk is full",
            Self::Flood => "an org sends 50 times its share",
        }
    }

    /// Whether what the cell acknowledged meanwhile may be gone: its operator sets the store back.
    #[must_use]
    pub const fn loses_writes(self) -> bool {
        matches!(self, Self::Corrupt)
    }

    /// Hurts a member of the fleet; what it takes to undo that.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn begin(self, fleet: &Fleet, cell: &str) -> anyhow::Result<Saved> {
        match self {
            Self::Kill => fleet.signal(cell, Signal::KILL).map(drop)?,
            Self::Stop => fleet.signal(cell, Signal::STOP).map(drop)?,
            Self::Corrupt => return corrupt(fleet, cell),
            Self::Fill => fill(&fleet.data_of(cell))?,
            Self::Flood => {}
        }
        Ok(Saved::default())
    }

    /// Undoes what does not heal by itself.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn end(self, fleet: &Fleet, cell: &str, saved: &Saved) -> anyhow::Result<()> {
        match self {
            Self::Kill | Self::Flood => Ok(()),
            Self::Stop => fleet.signal(cell, Signal::CONT).map(drop),
            Self::Corrupt => restore(fleet, cell, saved),
            Self::Fill => Ok(fs::remove_file(fleet.data_of(cell).join(BALLAST_FILE))?),
        }
    }
}

fn corrupt(fleet: &Fleet, cell: &str) -> anyhow::Result<Saved> {
    let data = fleet.data_of(cell);
    let mut saved = Saved::default();
    // The copy is of one moment.
    fleet.signal(cell, Signal::STOP)?;
    for name in STORE_FILES {
        if data.join(name).exists() {
            saved.0.push((name, fs::read(data.join(name))?));
        }
    }
    let mut draws = Draws(1);
    for name in STORE_FILES {
        scribble(&data.join(name), &mut draws).with_context(|| format!("{name} of {cell}"))?;
    }
    fleet.signal(cell, Signal::CONT)?;
    fleet.signal(cell, Signal::KILL)?;
    Ok(saved)
}

fn scribble(path: &Path, draws: &mut Draws) -> anyhow::Result<()> {
    let file = File::options().write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut file = BufWriter::new(file);
    file.seek(SeekFrom::Start(KEPT_BYTES))?;
    for _ in 0..length.saturating_sub(KEPT_BYTES) / 8 {
        file.write_all(&draws.number().to_le_bytes())?;
    }
    Ok(file.flush()?)
}

/// Puts the copy back, under whatever process there is, and lets it start anew.
fn restore(fleet: &Fleet, cell: &str, saved: &Saved) -> anyhow::Result<()> {
    let data = fleet.data_of(cell);
    if let Some(process) = fleet.process_of(cell)? {
        rustix::process::kill_process(process, Signal::STOP)?;
    }
    for name in STORE_FILES {
        // Of the same file system as the store, so that it takes its place in one step.
        let aside = data.join(format!("{name}.copy"));
        if let Some((_, bytes)) = saved.0.iter().find(|(of, _)| *of == name) {
            fs::write(&aside, bytes)?;
            fs::rename(aside, data.join(name))?;
        } else if data.join(name).exists() {
            fs::remove_file(data.join(name))?;
        }
    }
    let _ = fs::remove_file(data.join(STORE_INDEX));
    if let Some(process) = fleet.process_of(cell)? {
        rustix::process::kill_process(process, Signal::KILL)?;
    }
    Ok(())
}

/// Writes until the disk takes no more.
fn fill(data: &Path) -> anyhow::Result<()> {
    let mut ballast = File::create(data.join(BALLAST_FILE))?;
    let block = [0_u8; BALLAST_BYTES];
    for size in [BALLAST_BYTES, 1] {
        while ballast.write_all(&block[..size]).is_ok() {}
    }
    Ok(())
}
