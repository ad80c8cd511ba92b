//! A unit of work on its way to the writer thread, and the answer on its way back.

use tokio::sync::oneshot;

use crate::fault::DatabaseFault;
use crate::transaction::{TxFuture, WriteTx};
use crate::work::{decide_answer, run_at_once};

/// A unit of work as the writer sees it.
pub(crate) trait Job: Send {
    /// Whether anybody still waits for it; nobody does when the caller went away while it was queued.
    fn is_wanted(&self) -> bool;
    /// What it may do.
    fn kind(&self) -> UnitKind;
    /// Runs the work in the open transaction.
    fn run(self: Box<Self>, tx: &mut WriteTx) -> Verdict;
    /// Answers without having run.
    fn refuse(self: Box<Self>, fault: DatabaseFault);
}

/// What the work came to. The answer is held back until the batch is durable: even a refusal may rest on what another
/// caller of the same batch wrote.
pub(crate) struct Verdict {
    pub(crate) keep: Keep,
    pub(crate) answer: Box<dyn FnOnce(Option<DatabaseFault>) + Send>,
}

/// What a unit of work may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// Whatever it likes; it sees all that was written before.
    Whole,
    /// It may leave rows to be written with those of others.
    Leaving,
}

/// Whether the work's changes stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

/// A caller's closure and the way back to the caller.
pub(crate) struct CallerJob<T, E, F> {
    work: F,
    kind: UnitKind,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> CallerJob<T, E, F> {
    pub(crate) fn new(work: F, kind: UnitKind) -> (Box<Self>, oneshot::Receiver<Result<T, E>>) {
        let (answer, answered) = oneshot::channel();
        (Box::new(Self { work, kind, answer }), answered)
    }
}

impl<T, E, F> Job for CallerJob<T, E, F>
where
    T: Send + 'static,
    E: From<DatabaseFault> + Send + 'static,
    F: for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E> + Send + 'static,
{
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn kind(&self) -> UnitKind {
        self.kind
    }

    fn run(self: Box<Self>, tx: &mut WriteTx) -> Verdict {
        let Self { work, answer, .. } = *self;
        let outcome = run_at_once(work, tx);
        let result = decide_answer(outcome, tx.take_failure());
        let keep = if result.is_ok() { Keep::Yes } else { Keep::No };
        let answer = Box::new(move |spoiled: Option<DatabaseFault>| {
            let result = match spoiled {
                Some(fault) => Err(E::from(fault)),
                None => result,
            };
            // The caller may have gone away: then nobody needs the answer.
            let _ = answer.send(result);
        });
        Verdict { keep, answer }
    }

    fn refuse(self: Box<Self>, fault: DatabaseFault) {
        let _ = self.answer.send(Err(E::from(fault)));
    }
}
