//! Polls a unit of work so that its panic is a fault of that work alone, on both engines.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use crate::fault::{DatabaseFault, FaultKind};
use crate::transaction::{TxFuture, WriteTx};

/// What became of a unit of work: its own answer, or the fault of how it behaved.
pub(crate) type Outcome<T, E> = Result<Result<T, E>, DatabaseFault>;

/// Runs the work to its end without ever waiting: on the writer thread nothing may wait but the database.
pub(crate) fn run_at_once<T, E, F>(work: F, tx: &mut WriteTx) -> Outcome<T, E>
where
    F: for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E>,
{
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut future = work(tx);
        future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(answer)) => Ok(answer),
        Ok(Poll::Pending) => {
            let attempted = "work in a transaction waited for something else than its transaction";
            Err(DatabaseFault::new(FaultKind::Other, attempted))
        }
        Err(panic) => Err(fault_of_panic(panic.as_ref())),
    }
}

/// Runs the work to its end in the caller's task.
pub(crate) async fn run<T, E, F>(work: F, tx: &mut WriteTx) -> Outcome<T, E>
where
    F: for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E>,
{
    let mut future = catch_unwind(AssertUnwindSafe(|| work(tx)))
        .map_err(|panic| fault_of_panic(panic.as_ref()))?;
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
            Err(panic) => Poll::Ready(Err(fault_of_panic(panic.as_ref()))),
        },
    )
    .await
}

/// The work's own answer, or the fault that stands in its place: a failed statement spoils the whole transaction.
pub(crate) fn decide_answer<T, E: From<DatabaseFault>>(
    outcome: Outcome<T, E>,
    failed_statement: Option<DatabaseFault>,
) -> Result<T, E> {
    match (outcome, failed_statement) {
        (Ok(Err(error)), _) => Err(error),
        (Err(fault), _) | (Ok(Ok(_)), Some(fault)) => Err(E::from(fault)),
        (Ok(Ok(value)), None) => Ok(value),
    }
}

fn fault_of_panic(panic: &(dyn Any + Send)) -> DatabaseFault {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    DatabaseFault::caused(
        FaultKind::Other,
        "work in a transaction panicked",
        message.to_owned(),
    )
}
