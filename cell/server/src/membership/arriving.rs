//! Bodies that are still on their way when their org stops to be served here.
//!
//! Whoever is let in is waited for, and a body comes as slowly as its sender likes: without an end of its own, one
//! stranger's upload would keep a whole org waiting. Small bodies come whole, since the edge reads them before it asks; a
//! large one is cut off. Nothing was done for its request by then, because every handler reads the whole body first.

use crate::membership::seats::UnderWay;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::sync::futures::OwnedNotified;
use wire::placement::HELD_BYTES_MAX;

/// Seconds after which a request that was cut off is sent again: longer than a move keeps an org waiting.
const AGAIN_SECS: u16 = 1;

/// Says whether a body was cut off.
pub(crate) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// Whether the body was cut off before its end.
    pub(crate) fn was_cut(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Watches the body of a request that may come slowly; nothing of one that comes whole.
pub(crate) fn watch(
    request: Request<Body>,
    under_way: &UnderWay,
) -> (Request<Body>, Option<Arrival>) {
    if request.body().is_end_stream() || comes_whole(&request.body().size_hint()) {
        return (request, None);
    }
    let was_cut = Arc::new(AtomicBool::new(false));
    let arrival = Arrival(Arc::clone(&was_cut));
    let cut = Box::pin(under_way.cut());
    let watched = request.map(|body| Body::new(Arriving { body, cut, was_cut }));
    (watched, Some(arrival))
}

fn comes_whole(size: &SizeHint) -> bool {
    size.upper().is_some_and(|most| most <= HELD_BYTES_MAX)
}

/// The answer to a request whose body was cut off. Nothing was done for it.
pub(crate) fn refuse_cut() -> Response {
    let text = "the organisation moves to another cell, and the body of the request had not come whole; send it again\n";
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    let again = HeaderValue::from(AGAIN_SECS);
    response.headers_mut().insert(header::RETRY_AFTER, again);
    response
}

/// The body was cut off.
#[derive(Debug, thiserror::Error)]
#[error("the organisation moves to another cell")]
struct CutOff;

struct Arriving {
    body: Body,
    cut: Pin<Box<OwnedNotified>>,
    was_cut: Arc<AtomicBool>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.was_cut.load(Ordering::Acquire) {
            return Poll::Ready(None);
        }
        // What has come is taken first: a body that is whole by now is none that was cut off.
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            return frame;
        }
        if self.cut.as_mut().poll(context).is_ready() {
            self.was_cut.store(true, Ordering::Release);
            return Poll::Ready(Some(Err(axum::Error::new(CutOff))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, HELD_BYTES_MAX, Request, refuse_cut, watch};
    use crate::membership::seats::{Entry, Kind, Seat, UnderWay};
    use axum::body::{Body, Bytes};
    use axum::http::{StatusCode, header};
    use http_body::Frame;
    use http_body_util::channel::Sender;
    use http_body_util::{BodyExt as _, Channel, Full};
    use std::convert::Infallible;
    use std::sync::Arc;
    use vocab::epoch::Epoch;
    use wire::org_move::side::{Place, PlaceState};

    type Rest = Sender<Bytes, Infallible>;

    fn enter() -> (Arc<Seat>, UnderWay) {
        let seat = Arc::new(Seat::default());
        seat.set(Place {
            epoch: Epoch::FIRST,
            state: PlaceState::Serving,
        });
        let Entry::Entered(under_way) = Arc::clone(&seat).enter(None, Kind::Request) else {
            panic!("the org is served");
        };
        (seat, under_way)
    }

    fn slow(under_way: &UnderWay) -> (Request<Body>, Arrival, Rest) {
        let (rest, body) = Channel::new(2);
        let (request, arrival) = watch(Request::new(Body::new(body)), under_way);
        (request, arrival.expect("it says no length"), rest)
    }

    #[test]
    fn only_what_may_come_slowly_is_watched() {
        let (_seat, under_way) = enter();
        let most = usize::try_from(HELD_BYTES_MAX).unwrap();
        for (bytes, is_watched) in [(0, false), (most, false), (most + 1, true)] {
            let body = Body::new(Full::new(Bytes::from(vec![0; bytes])));
            let (_, arrival) = watch(Request::new(body), &under_way);
            assert_eq!(arrival.is_some(), is_watched, "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_body_that_has_not_come_whole_is_cut_off() {
        let (seat, under_way) = enter();
        let (request, arrival, mut rest) = slow(&under_way);
        let mut body = request.into_body();
        rest.send(Frame::data(Bytes::from("half"))).await.unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "half");
        assert!(!arrival.was_cut());
        let waiting = tokio::spawn(async move {
            let cut = body.frame().await.map(|frame| frame.is_err());
            (cut, body.frame().await.is_none())
        });
        seat.cut();
        assert_eq!(waiting.await.unwrap(), (Some(true), true));
        assert!(arrival.was_cut());
        let refused = refuse_cut();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
    }

    #[tokio::test]
    async fn a_body_that_has_come_whole_is_not() {
        let (seat, under_way) = enter();
        let (request, arrival, mut rest) = slow(&under_way);
        rest.send(Frame::data(Bytes::from("all"))).await.unwrap();
        drop(rest);
        seat.cut();
        let whole = request.into_body().collect().await.unwrap();
        assert_eq!(whole.to_bytes(), "all");
        assert!(!arrival.was_cut());
    }

    #[tokio::test]
    async fn whoever_comes_later_is_not_cut_off_with_those_before() {
        let (seat, under_way) = enter();
        seat.cut();
        let (request, arrival, mut rest) = slow(&under_way);
        rest.send(Frame::data(Bytes::from("all"))).await.unwrap();
        drop(rest);
        let whole = request.into_body().collect().await.unwrap();
        assert_eq!(
            (whole.to_bytes().as_ref(), arrival.was_cut()),
            (b"all".as_slice(), false)
        );
    }
}
