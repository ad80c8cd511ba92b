//! How much of the edge one cell may take: a cell that hangs holds its share of what is under way, and no more.

use crate::ways::Way;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use reception::crowd::{Crowd, Place};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::names::CellName;

/// Requests under way towards one cell at one time, until the last byte of their answers.
pub const UNDER_WAY_EACH_MAX: usize = 1_024;

/// Of them, those of one client: whoever reads no answers, or sends bodies that never end, holds a part and not the whole.
pub const UNDER_WAY_CLIENT_MAX: usize = 256;

/// The shares of all cells; there are as many as the route map ever named.
#[derive(Debug)]
pub struct Shares {
    cells: Mutex<HashMap<CellName, OfCell>>,
    each_max: usize,
    client_max: usize,
}

#[derive(Debug, Clone)]
struct OfCell {
    all: Arc<Semaphore>,
    clients: Crowd,
}

/// A part of a cell's share; dropped, it is free.
#[derive(Debug)]
pub struct Share {
    _of_all: OwnedSemaphorePermit,
    _of_client: Place,
}

impl Shares {
    /// At most so many requests under way towards each cell, and so many of them of one client.
    #[must_use]
    pub fn new(each_max: usize, client_max: usize) -> Self {
        Self {
            cells: Mutex::default(),
            each_max,
            client_max,
        }
    }

    /// A part of the cell's share, if any is left, to the client too.
    #[must_use]
    pub fn take(&self, cell: &CellName, client: IpAddr) -> Option<Share> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let of_cell = match cells.get(cell) {
            Some(known) => known.clone(),
            None => {
                let new = OfCell {
                    all: Arc::new(Semaphore::new(self.each_max)),
                    clients: Crowd::new(self.client_max),
                };
                cells.insert(cell.clone(), new.clone());
                new
            }
        };
        drop(cells);
        Some(Share {
            _of_client: of_cell.clients.enter(client)?,
            _of_all: of_cell.all.try_acquire_owned().ok()?,
        })
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
    use std::net::IpAddr;
    use wire::names::CellName;

    #[test]
    fn one_cell_takes_nothing_from_another_and_no_client_all_of_one() {
        let shares = Shares::new(3, 2);
        let cell = |name: &str| CellName::parse(name).unwrap();
        let client = |last: u8| IpAddr::from([192, 0, 2, last]);
        let take = |name: &str, last: u8| shares.take(&cell(name), client(last));
        let mut held: Vec<_> = (0..2).map(|_| take("cell-a", 1).unwrap()).collect();
        assert!(take("cell-a", 1).is_none(), "it has its part");
        held.push(take("cell-a", 2).unwrap());
        assert!(take("cell-a", 3).is_none(), "the cell has no more");
        assert!(take("cell-b", 1).is_some());
        held.remove(0);
        assert!(take("cell-a", 1).is_some());
    }
}
