//! How much of the edge one cell may take: a cell that hangs holds its share of what is under way, and no more.

use crate::ways::Way;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::names::CellName;

/// Requests under way towards one cell at one time, until the last byte of their answers.
pub const UNDER_WAY_EACH_MAX: usize = 1_024;

/// The shares of all cells; there are as many as the route map ever named.
#[derive(Debug)]
pub struct Shares {
    cells: Mutex<HashMap<CellName, Arc<Semaphore>>>,
    each_max: usize,
}

/// A part of a cell's share; dropped, it is free.
pub type Share = OwnedSemaphorePermit;

impl Shares {
    /// At most so many requests under way towards each cell.
    #[must_use]
    pub fn new(each_max: usize) -> Self {
        Self {
            cells: Mutex::default(),
            each_max,
        }
    }

    /// A part of the cell's share, if any is left.
    #[must_use]
    pub fn take(&self, cell: &CellName) -> Option<Share> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let share = match cells.get(cell) {
            Some(share) => Arc::clone(share),
            None => {
                let share = Arc::new(Semaphore::new(self.each_max));
                cells.insert(cell.clone(), Arc::clone(&share));
                share
            }
        };
        drop(cells);
        share.try_acquire_owned().ok()
    }
}

/// The body of a cell's answer: it keeps its share until it is sent, and gives its connection back when it was read whole.
pub struct Sharing<B: Body> {
    inner: B,
    _share: Share,
    way: Option<Way>,
}

impl<B: Body> Sharing<B> {
    /// A body, its share, and the connection that it comes by.
    pub const fn new(inner: B, share: Share, way: Way) -> Self {
        Self {
            inner,
            _share: share,
            way: Some(way),
        }
    }
}

impl<B: Body> Drop for Sharing<B> {
    fn drop(&mut self) {
        if self.inner.is_end_stream()
            && let Some(way) = self.way.take()
        {
            way.rest();
        }
    }
}

impl<B: Body + Unpin> Body for Sharing<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None))
            && let Some(way) = this.way.take()
        {
            way.rest();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use wire::names::CellName;

    #[test]
    fn one_cell_takes_nothing_from_another() {
        let shares = Shares::new(1);
        let cell = |name: &str| CellName::parse(name).unwrap();
        let held = shares.take(&cell("cell-a"));
        assert!(held.is_some() && shares.take(&cell("cell-a")).is_none());
        assert!(shares.take(&cell("cell-b")).is_some());
        drop(held);
        assert!(shares.take(&cell("cell-a")).is_some());
    }
}
