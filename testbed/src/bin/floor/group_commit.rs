//! A file that many write to and that is brought to the disk once for all who wait: the cheapest durable write there is.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;

use anyhow::Context as _;
use tokio::sync::oneshot;

/// The most records that share one trip to the disk.
const BATCH_MAX: usize = 1_024;

type Written = oneshot::Sender<bool>;

/// The writer's queue.
pub struct GroupCommit {
    queue: mpsc::SyncSender<(Vec<u8>, Written)>,
}

impl GroupCommit {
    /// Opens the file and starts its writer.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let (queue, waiting) = mpsc::sync_channel(BATCH_MAX);
        std::thread::Builder::new()
            .name("group-commit".to_owned())
            .spawn(move || write_batches(file, &waiting))?;
        Ok(Self { queue })
    }

    /// Returns when the record is on the disk.
    pub async fn append(&self, record: Vec<u8>) -> anyhow::Result<()> {
        let (done, written) = oneshot::channel();
        self.queue
            .try_send((record, done))
            .map_err(|_| anyhow::anyhow!("the queue is full"))?;
        anyhow::ensure!(written.await?, "the disk refused the record");
        Ok(())
    }
}

fn write_batches(mut file: File, waiting: &mpsc::Receiver<(Vec<u8>, Written)>) {
    while let Ok((mut bytes, first)) = waiting.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            let Ok((record, done)) = waiting.try_recv() else {
                break;
            };
            bytes.extend_from_slice(&record);
            batch.push(done);
        }
        let is_durable = file.write_all(&bytes).is_ok() && file.sync_data().is_ok();
        for done in batch {
            // Whoever waited may have gone.
            let _ = done.send(is_durable);
        }
    }
}
