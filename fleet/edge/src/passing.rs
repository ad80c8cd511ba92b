//! How a cell's answer goes on to its client. A small one is read off the cell at once and waits here: whoever reads slowly
//! costs the cell nothing. Every other is passed on as it comes, and never waits for its end.

use crate::answer::AnswerBody;
use crate::holding::Expected;
use crate::share::{Share, Shares, Sharing};
use crate::ways::Way;
use http::{Response, StatusCode};
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;
use wire::names::CellName;

/// Largest answer that waits here for its client.
const AHEAD_BYTES_MAX: u64 = 64 * 1024;
/// How long a cell may take to send such an answer, once it has begun.
const AHEAD_MAX: Duration = Duration::from_secs(30);

/// Why an answer that has begun does not go on.
#[derive(Debug)]
pub enum Stuck {
    /// It would go at its client's pace, and too many do already.
    TooMany,
    /// The cell did not go on with it.
    Late,
    /// The cell broke off.
    Broken(hyper::Error),
}

/// What is done with an answer.
#[derive(Debug, PartialEq, Eq)]
enum Passage {
    /// It is read off the cell, so many bytes.
    Ahead(usize),
    /// It goes on as it comes.
    AsItComes,
}

fn decide_passage(status: StatusCode, length: Option<u64>) -> Passage {
    let ahead = length.filter(|bytes| {
        // A switched connection goes on after an answer that has no bytes.
        *bytes <= AHEAD_BYTES_MAX && status != StatusCode::SWITCHING_PROTOCOLS
    });
    // A length that is not known may be that of a stream of events, each of which is waited for.
    let ahead = ahead.and_then(|bytes| usize::try_from(bytes).ok());
    ahead.map_or(Passage::AsItComes, Passage::Ahead)
}

/// Takes an answer off its cell if it may wait here, and gives the share of the cell back; else lets it pass on a share that
/// is for what goes at a client's pace.
///
/// # Errors
/// [`Stuck`].
pub async fn pass_on(
    (answer, way): (Response<Incoming>, Way),
    expected: Expected,
    share: Share,
    (shares, cell, client): (&Shares, &CellName, IpAddr),
) -> Result<Response<AnswerBody>, Stuck> {
    let (head, body) = answer.into_parts();
    if let Passage::Ahead(bytes) = decide_passage(head.status, body.size_hint().exact())
        && let Some(room) = expected.of(bytes)
    {
        let whole = match timeout(AHEAD_MAX, room.read(body)).await {
            Ok(read) => read.map_err(Stuck::Broken)?,
            Err(_) => return Err(Stuck::Late),
        };
        way.rest();
        return Ok(Response::from_parts(head, Either::Left(Full::new(whole))));
    }
    let share = shares.draw(share, cell, client).ok_or(Stuck::TooMany)?;
    let body = Sharing::new(body, share, way);
    Ok(Response::from_parts(head, Either::Right(body)))
}

#[cfg(test)]
mod tests {
    use super::{AHEAD_BYTES_MAX, Passage, decide_passage};
    use http::StatusCode;

    #[test]
    fn small_answers_are_read_and_no_other_is_waited_for() {
        let largest = usize::try_from(AHEAD_BYTES_MAX).unwrap();
        for (status, length, passage) in [
            (200, Some(0), Passage::Ahead(0)),
            (304, Some(0), Passage::Ahead(0)),
            (500, Some(7), Passage::Ahead(7)),
            (200, Some(AHEAD_BYTES_MAX), Passage::Ahead(largest)),
            (200, Some(AHEAD_BYTES_MAX + 1), Passage::AsItComes),
            (200, None, Passage::AsItComes),
            (101, Some(0), Passage::AsItComes),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let found = decide_passage(status, length);
            assert_eq!(found, passage, "{status} {length:?}");
        }
    }
}
