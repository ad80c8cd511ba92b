//! The one thread that writes. It takes work from a bounded queue, isolates each unit that changes something by a
//! savepoint, commits all that is waiting with one fsync, and only then answers: what was acknowledged is on disk.
//!
//! It must outlive every failure of the work it runs: a failed or panicking unit loses its own changes and nothing
//! else. Where the engine itself gave up the whole transaction, or what units left to its end cannot be written, every
//! unit of the batch is told so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, watch};

use crate::Limits;
use crate::fault::{DatabaseFault, FaultKind};
use crate::migrate::Migration;
use crate::open::OpenError;
use crate::sqlite::checkpoint::Checkpoints;
use crate::sqlite::job::{CallerJob, Job, Keep, UnitKind, Verdict};
use crate::sqlite::reader::{ReaderPool, step};
use crate::sqlite::unit::WriterConnection;
use crate::sqlite::{connection, file, migrate};
use crate::transaction::{TxEngine, TxFuture, WriteTx};
use crate::work::{decide_answer, run_at_once};

/// Units of work that may share one commit.
const BATCH_JOBS_MAX: usize = 256;

enum Message {
    Job(Box<dyn Job>),
    Close,
}

/// The way to the writer thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    ended: watch::Receiver<bool>,
    wait_max: Duration,
}

impl Writer {
    /// Opens and migrates the file on a new thread, which then writes until it is closed.
    pub(crate) async fn start(
        (path, readers): (PathBuf, Arc<ReaderPool>),
        migrations: &'static [Migration],
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = mpsc::channel(limits.queue_max);
        let (end, ended) = watch::channel(false);
        let (opened, opening) = tokio::sync::oneshot::channel();
        let spawned = std::thread::Builder::new()
            .name("database-writer".to_owned())
            .spawn(move || {
                match open(&path, migrations) {
                    Ok(connection) => {
                        let thread = WriterThread::new(
                            connection,
                            (&path, readers),
                            jobs,
                            limits.batch_time_max,
                        );
                        if opened.send(Ok(())).is_ok() {
                            thread.run();
                        }
                    }
                    // Nobody to tell when the opener went away.
                    Err(error) => drop(opened.send(Err(error))),
                }
                end.send_replace(true);
            });
        spawned.map_err(|error| OpenError::engine("start the writer thread", error))?;
        match opening.await {
            Ok(Ok(())) => Ok(Self {
                queue,
                ended,
                wait_max: limits.wait_max,
            }),
            Ok(Err(error)) => Err(error),
            Err(gone) => Err(OpenError::engine(
                "open the database: the writer thread ended",
                gone,
            )),
        }
    }

    /// Queues the work and waits until it is durable, or undone.
    pub(crate) async fn write<T, E, F>(&self, work: F, kind: UnitKind) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseFault> + Send + 'static,
        F: for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E> + Send + 'static,
    {
        let (job, answered) = CallerJob::new(work, kind);
        let place = match self.queue.try_reserve() {
            Ok(place) => place,
            Err(mpsc::error::TrySendError::Closed(())) => return Err(E::from(closed())),
            Err(mpsc::error::TrySendError::Full(())) => Box::pin(self.wait_for_place()).await?,
        };
        place.send(Message::Job(job));
        match answered.await {
            Ok(result) => result,
            Err(gone) => {
                let attempted = "write: the writer ended before it answered";
                Err(E::from(DatabaseFault::caused(
                    FaultKind::Unavailable,
                    attempted,
                    gone,
                )))
            }
        }
    }

    async fn wait_for_place(&self) -> Result<mpsc::Permit<'_, Message>, DatabaseFault> {
        match tokio::time::timeout(self.wait_max, self.queue.reserve()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(closed()),
            Err(elapsed) => Err(DatabaseFault::caused(
                FaultKind::Unavailable,
                "wait for the writer",
                elapsed,
            )),
        }
    }

    /// How many messages wait for the writer.
    #[cfg(test)]
    pub(crate) fn queued(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Takes no more work, finishes what is queued, and returns when the file is closed.
    pub(crate) async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.queue.send(Message::Close).await;
        let mut ended = self.ended.clone();
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

fn closed() -> DatabaseFault {
    DatabaseFault::new(FaultKind::Unavailable, "write after close")
}

fn open(path: &Path, migrations: &'static [Migration]) -> Result<Connection, OpenError> {
    if let Some(found) = connection::refused_version() {
        return Err(OpenError::EngineTooOld {
            found: found.to_owned(),
        });
    }
    file::check_ours(path, migrations)?;
    file::make_private(path)?;
    let connection =
        connection::open_writer(path).map_err(|error| OpenError::sqlite(path, error))?;
    connection::check_durable(&connection, path)?;
    migrate::apply_migrations(&connection, path, migrations)?;
    Ok(connection)
}

struct WriterThread {
    tx: WriteTx,
    readers: Arc<ReaderPool>,
    jobs: mpsc::Receiver<Message>,
    checkpoints: Checkpoints,
    batch_time_max: Duration,
    /// Whether every unit writes its own rows, from the commit on that was lost by what was left: the rows of one org cannot
    /// be written, and until the process begins anew its units fail alone.
    apart: bool,
}

/// What the units of one batch came to, held back until the commit.
struct Batch {
    answers: Vec<Box<dyn FnOnce(Option<DatabaseFault>) + Send>>,
    began: Instant,
}

impl WriterThread {
    fn new(
        connection: Connection,
        (path, readers): (&Path, Arc<ReaderPool>),
        jobs: mpsc::Receiver<Message>,
        batch_time_max: Duration,
    ) -> Self {
        let tx = WriteTx::new(TxEngine::SqliteWriter(WriterConnection::new(connection)));
        Self {
            tx,
            readers,
            jobs,
            checkpoints: Checkpoints::new(path),
            batch_time_max,
            apart: false,
        }
    }

    fn run(mut self) {
        while let Some(message) = self.jobs.blocking_recv() {
            match message {
                Message::Job(job) => self.run_batch(job),
                // What was queued before is still received; then `blocking_recv` says that there is no more.
                Message::Close => self.jobs.close(),
            }
        }
        if let Some(connection) = self.tx.writer_connection() {
            self.checkpoints.finish(connection);
        }
    }

    fn run_batch(&mut self, first: Box<dyn Job>) {
        if !first.is_wanted() {
            return;
        }
        // On one core nobody else has run since the first unit came. Whoever is about to write shares the fsync.
        std::thread::yield_now();
        if let Err(fault) = self.step("BEGIN IMMEDIATE") {
            self.recover();
            first.refuse(fault);
            return;
        }
        let mut batch = Batch {
            answers: Vec::new(),
            began: Instant::now(),
        };
        let ran = self.run_jobs(first, &mut batch);
        match ran.and_then(|()| self.write_left()) {
            Ok(()) => self.commit(batch),
            Err(fault) => {
                drop(self.tx.leaving.take());
                if let Some(writer) = self.tx.writer() {
                    writer.drop_unit();
                }
                self.recover();
                batch.answer(Some(fault));
            }
        }
        if let Some(connection) = self.tx.writer_connection() {
            self.checkpoints.after_batch(connection, &self.readers);
        }
    }

    /// An error means that the whole transaction is lost.
    fn run_jobs(&mut self, first: Box<dyn Job>, batch: &mut Batch) -> Result<(), DatabaseFault> {
        if self.jobs.is_empty() {
            // Alone, it needs no savepoint: to undo it is to undo all.
            self.begin_leaving(&*first);
            let verdict = self.run_shielded(first);
            batch.answers.push(verdict.answer);
            self.check_alive()?;
            self.end_leaving(0, verdict.keep);
            if verdict.keep == Keep::No {
                return self.step("ROLLBACK");
            }
        } else {
            self.run_isolated(first, batch)?;
        }
        while batch.answers.len() < BATCH_JOBS_MAX && batch.began.elapsed() < self.batch_time_max {
            match self.jobs.try_recv() {
                Ok(Message::Job(job)) => self.run_isolated(job, batch)?,
                Ok(Message::Close) => self.jobs.close(),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn run_isolated(&mut self, job: Box<dyn Job>, batch: &mut Batch) -> Result<(), DatabaseFault> {
        if !job.is_wanted() {
            return Ok(());
        }
        if job.kind() == UnitKind::Whole
            && let Err(fault) = self.write_left()
        {
            job.refuse(fault.clone());
            return Err(fault);
        }
        let left_before = self.tx.leaving.count();
        self.begin_leaving(&*job);
        if let Some(writer) = self.tx.writer() {
            writer.begin_unit();
        }
        let Verdict { keep, answer } = self.run_shielded(job);
        batch.answers.push(answer);
        self.check_alive()?;
        self.end_leaving(left_before, keep);
        self.tx
            .writer()
            .map_or(Ok(()), |writer| writer.end_unit(keep))
    }

    fn begin_leaving(&mut self, job: &dyn Job) {
        if job.kind() == UnitKind::Leaving && !self.apart {
            self.tx.leaving.allow();
        }
    }

    /// Keeps what was left before the unit, and what it left itself if its changes stay.
    fn end_leaving(&mut self, left_before: usize, keep: Keep) {
        let count = match keep {
            Keep::Yes => self.tx.leaving.count(),
            Keep::No => left_before,
        };
        self.tx.leaving.end_unit(count);
    }

    /// Writes what was left. Where that fails, the whole transaction is lost: the units that left it have run.
    fn write_left(&mut self) -> Result<(), DatabaseFault> {
        let Some(rows) = self.tx.leaving.take() else {
            return Ok(());
        };
        let outcome = run_at_once(|tx| rows.write(tx), &mut self.tx);
        decide_answer(outcome, self.tx.take_failure()).map_err(|fault| {
            tracing::error!(error = ?fault, "rows that were left to be written together are lost with their commit");
            if fault.is_unavailable() {
                return fault;
            }
            self.apart = true;
            // What is wrong with the rows of one unit is not for the others to draw conclusions from.
            DatabaseFault::caused(
                FaultKind::Unavailable,
                "write what was left to the end of the commit",
                fault,
            )
        })
    }

    /// The work's own panics are answered as faults; this is for what surrounds it, such as a conversion of the fault.
    fn run_shielded(&mut self, job: Box<dyn Job>) -> Verdict {
        let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut self.tx)));
        ran.unwrap_or_else(|_| {
            // The message was printed by the panic hook; the caller learns from its closed channel.
            let _ = self.tx.take_failure();
            Verdict {
                keep: Keep::No,
                answer: Box::new(|_| ()),
            }
        })
    }

    fn commit(&mut self, batch: Batch) {
        // A unit that ran alone and was undone has ended the transaction already.
        if self.is_idle() {
            return batch.answer(None);
        }
        // Over before anybody is answered: whoever then reads sees it.
        let committed = {
            let _quiet = self.readers.quiet();
            self.step("COMMIT")
        };
        match committed {
            Ok(()) => batch.answer(None),
            Err(fault) => {
                self.recover();
                batch.answer(Some(fault));
            }
        }
    }

    /// On a full disk, an I/O error or an exhausted memory SQLite rolls the whole transaction back by itself.
    fn check_alive(&self) -> Result<(), DatabaseFault> {
        if self.is_idle() {
            return Err(DatabaseFault::new(
                FaultKind::Unavailable,
                "transaction given up by the engine",
            ));
        }
        Ok(())
    }

    fn is_idle(&self) -> bool {
        self.tx
            .writer_connection()
            .is_none_or(Connection::is_autocommit)
    }

    /// Leaves no transaction open behind a batch that went wrong.
    fn recover(&self) {
        if self.is_idle() {
            return;
        }
        if let Err(fault) = self.step("ROLLBACK") {
            tracing::error!(error = ?fault, "the writer cannot roll back");
        }
    }

    fn step(&self, sql: &'static str) -> Result<(), DatabaseFault> {
        match self.tx.writer_connection() {
            Some(connection) => step(connection, sql),
            None => Err(DatabaseFault::new(FaultKind::Other, sql)),
        }
    }
}

impl Batch {
    fn answer(self, spoiled: Option<DatabaseFault>) {
        for answer in self.answers {
            let spoiled = spoiled.clone();
            // To answer can drop what the caller no longer waits for, and a drop can panic.
            let _ = catch_unwind(AssertUnwindSafe(move || answer(spoiled)));
        }
    }
}
