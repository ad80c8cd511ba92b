//! How much of the edge one cell may take: a cell that hangs holds its share of what is under way, and no more. What a cell
//! must wait for clients with has a share of its own, so that clients who are slow keep nobody else from the cell.

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

/// Requests under way towards one cell at one time, until their answers have been read off it.
pub const UNDER_WAY_EACH_MAX: usize = 1_024;
/// Of them, those of one client.
pub const UNDER_WAY_CLIENT_MAX: usize = 256;
/// What is passed on as it comes, of one cell at one time: bodies that are too large to be held here, and such answers.
pub const DRAWN_EACH_MAX: usize = 1_024;
/// Of them, those of one client: whoever sends or reads slowly takes no more than a small part.
pub const DRAWN_CLIENT_MAX: usize = 32;

/// How a request is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its body is here whole, and so its answer will be: it is the cell alone that takes time.
    Whole,
    /// The client takes its time too.
    Drawn,
}

/// How many of one kind there may be at one time.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Of one cell.
    pub each: usize,
    /// Of one client with that cell.
    pub client: usize,
}

/// The shares of all cells; there are as many as the route map ever named.
#[derive(Debug)]
pub struct Shares {
    cells: Mutex<HashMap<CellName, OfCell>>,
    whole: Most,
    drawn: Most,
}

#[derive(Debug)]
struct OfCell {
    whole: OfKind,
    drawn: OfKind,
}

impl OfCell {
    const fn of(&self, kind: Kind) -> &OfKind {
        match kind {
            Kind::Whole => &self.whole,
            Kind::Drawn => &self.drawn,
        }
    }
}

#[derive(Debug, Clone)]
struct OfKind {
    all: Arc<Semaphore>,
    clients: Crowd,
}

/// A part of a cell's share; dropped, it is free.
#[derive(Debug)]
pub struct Share {
    kind: Kind,
    _of_all: OwnedSemaphorePermit,
    _of_client: Place,
}

impl OfKind {
    fn new(most: Most) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most.each)),
            clients: Crowd::new(most.client),
        }
    }
}

impl Default for Shares {
    fn default() -> Self {
        let whole = Most {
            each: UNDER_WAY_EACH_MAX,
            client: UNDER_WAY_CLIENT_MAX,
        };
        let drawn = Most {
            each: DRAWN_EACH_MAX,
            client: DRAWN_CLIENT_MAX,
        };
        Self::new(whole, drawn)
    }
}

impl Shares {
    /// At most so many requests of each kind.
    #[must_use]
    pub fn new(whole: Most, drawn: Most) -> Self {
        Self {
            cells: Mutex::default(),
            whole,
            drawn,
        }
    }

    /// A part of the cell's share, if any is left, to the client too.
    #[must_use]
    pub fn take(&self, cell: &CellName, client: IpAddr, kind: Kind) -> Option<Share> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = match cells.get(cell) {
            Some(known) => known.of(kind).clone(),
            None => {
                let new = OfCell {
                    whole: OfKind::new(self.whole),
                    drawn: OfKind::new(self.drawn),
                };
                let of_kind = new.of(kind).clone();
                cells.insert(cell.clone(), new);
                of_kind
            }
        };
        drop(cells);
        Some(Share {
            kind,
            _of_client: of_kind.clients.enter(client)?,
            _of_all: of_kind.all.try_acquire_owned().ok()?,
        })
    }

    /// The share of a request that goes on at its client's pace, in place of the one it has.
    #[must_use]
    pub fn draw(&self, share: Share, cell: &CellName, client: IpAddr) -> Option<Share> {
        match share.kind {
            Kind::Drawn => Some(share),
            Kind::Whole => self.take(cell, client, Kind::Drawn),
        }
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
    use super::{Kind, Most, Shares};
    use std::net::IpAddr;
    use wire::names::CellName;

    fn shares() -> Shares {
        let most = |each, client| Most { each, client };
        Shares::new(most(3, 2), most(2, 1))
    }

    fn cell(name: &str) -> CellName {
        CellName::parse(name).unwrap()
    }

    fn client(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_cell_takes_nothing_from_another_and_no_client_all_of_one() {
        let shares = shares();
        let take = |name: &str, last: u8| shares.take(&cell(name), client(last), Kind::Whole);
        let mut held: Vec<_> = (0..2).map(|_| take("cell-a", 1).unwrap()).collect();
        assert!(take("cell-a", 1).is_none(), "it has its part");
        held.push(take("cell-a", 2).unwrap());
        assert!(take("cell-a", 3).is_none(), "the cell has no more");
        assert!(take("cell-b", 1).is_some());
        held.remove(0);
        assert!(take("cell-a", 1).is_some());
    }

    #[test]
    fn what_goes_at_a_clients_pace_leaves_the_share_of_the_cell() {
        let (shares, cell) = (shares(), cell("cell-a"));
        let take = |last| shares.take(&cell, client(last), Kind::Whole);
        let draw = |last| shares.draw(take(last).unwrap(), &cell, client(last));
        let first = draw(1).unwrap();
        assert!(draw(1).is_none(), "the client has its part");
        let second = draw(2).unwrap();
        assert!(draw(3).is_none(), "the cell has no more");
        let whole: Vec<_> = [1, 2, 3].into_iter().map(take).collect();
        assert!(whole.iter().all(Option::is_some));
        let same = shares.draw(first, &cell, client(1));
        assert!(same.is_some(), "it has it already");
        drop((same, second, whole));
        assert!(draw(1).is_some());
    }
}
