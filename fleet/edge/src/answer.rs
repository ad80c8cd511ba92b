//! What the edge says itself, where no cell is asked.

use crate::framing::Ambiguity;
use crate::share::Sharing;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;

/// The body of an answer: our own words, or what a cell sends, as it comes.
pub type AnswerBody = Either<Full<Bytes>, Sharing<Incoming>>;

/// Why a request was not taken to a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It could be understood in two ways.
    #[error("{0}")]
    Ambiguous(#[from] Ambiguity),
    /// Its body is too large.
    #[error("the body of the request is larger than {0} bytes")]
    Body(u64),
    /// Its body did not come in time.
    #[error("the body of the request did not come in time")]
    Slow,
    /// Its body was broken off, or is not what its head announced.
    #[error("the body of the request could not be read to its end")]
    Broken,
    /// No org answers at that host.
    #[error("no organisation answers at this address")]
    Unknown,
    /// The connection is for another host (RFC 9110 section 7.4).
    #[error("this connection is for another host; open a new one for this host")]
    Misdirected,
    /// There is nothing at that path of the fleet's own host.
    #[error("there is nothing here; an organisation is at /t/ and its short name")]
    Nothing,
    /// The route map was not had yet.
    #[error("this edge does not know the way to any organisation yet")]
    NoMap,
    /// The org's cell cannot be reached, or does not agree that it serves the org.
    #[error("the organisation cannot be reached at the moment; try again soon")]
    Unreachable,
    /// The org's cell has as much to do as it may take of the edge.
    #[error("the organisation has too much to do at the moment; try again soon")]
    Busy,
    /// The org's cell took no connection, or ended while it was asked something that may be repeated.
    #[error("the organisation cannot be reached at the moment; try again soon")]
    Unreached,
    /// The org's cell ended while it was asked something that may not be repeated.
    #[error(
        "the organisation broke off before it answered: it is not known whether this was done; look before it is done again"
    )]
    Unsure,
    /// The org's cell switched to another protocol, which nobody asked of it.
    #[error("the organisation answered what was not asked")]
    Unasked,
    /// The org's cell took too long.
    #[error("the organisation did not answer in time")]
    Late,
}

impl Refused {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Ambiguous(Ambiguity::Fields) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Ambiguous(_) | Self::Broken => StatusCode::BAD_REQUEST,
            Self::Body(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Unknown | Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Nothing => StatusCode::NOT_FOUND,
            Self::NoMap | Self::Unreachable | Self::Unreached | Self::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            // Never with the leave to try again that 503 gives: programs would do it twice.
            Self::Unsure | Self::Unasked => StatusCode::BAD_GATEWAY,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// The refusal on the wire.
#[must_use]
pub fn refuse(refused: &Refused, request_id: &str) -> Response<AnswerBody> {
    let mut answer = say(
        refused.status(),
        format!("{refused}\nRequest id: {request_id}\n"),
    );
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        let soon = HeaderValue::from_static("1");
        answer.headers_mut().insert(header::RETRY_AFTER, soon);
    }
    if matches!(
        refused,
        Refused::Ambiguous(_) | Refused::Body(_) | Refused::Slow | Refused::Broken
    ) {
        // What follows on the connection may be the rest of this request.
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}

/// Plain words.
#[must_use]
pub fn say(status: StatusCode, text: impl Into<Bytes>) -> Response<AnswerBody> {
    let mut answer = Response::new(Either::Left(Full::new(text.into())));
    *answer.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
