//! What one connection is doing, and whether it may go on: nobody holds one, or what an answer needs, for ever.

use crate::capacity::Fill;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use reception::leaving::Leaving;
use tokio::sync::Notify;
use tokio::time::Instant;

/// So many requests a client may give up on one connection before their share of all is looked at (rapid reset,
/// CVE-2023-44487, and streams that it brings us to reset, CVE-2025-8671). Each costs a connection to a cell.
const GIVEN_UP_MAX: u64 = 100;

/// Answers go on in pieces of at most so many bytes, each of which may lie unread for as long as [`Patience`] says.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// How long a connection may do what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Say nothing of its first request. Frames of HTTP/2 that belong to no request count for nothing.
    pub first: Duration,
    /// Be without a request under way.
    pub idle: Duration,
    /// The same while places are few.
    pub idle_crowded: Duration,
    /// Send the head of a request, from its first byte on.
    pub head: Duration,
    /// Let a piece of an answer lie ready without taking it.
    pub unread: Duration,
    /// Take new requests.
    pub age: Duration,
    /// Go on with what is under way after that.
    pub ending: Duration,
    /// How often it is looked.
    pub round: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // Browsers open connections ahead of what they ask, and open another one when that was closed.
            first: Duration::from_secs(10),
            // Longer than balancers keep connections to us: whoever closes an idle one may meet a request on its way.
            idle: Duration::from_secs(75),
            idle_crowded: Duration::from_secs(10),
            head: Duration::from_secs(15),
            unread: Duration::from_secs(30),
            age: Duration::from_secs(3_600),
            ending: Duration::from_secs(60),
            round: Duration::from_secs(5),
        }
    }
}

impl Patience {
    /// With so many places left.
    #[must_use]
    pub fn when(self, fill: Fill) -> Self {
        let idle = match fill {
            Fill::Roomy => self.idle,
            Fill::Crowded => self.idle.min(self.idle_crowded),
        };
        Self { idle, ..self }
    }
}

/// What is known of a connection. Clones share it.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    alarm: Notify,
}

#[derive(Debug, Clone)]
struct State {
    opened: Instant,
    speaks: Speaks,
    under_way: u64,
    idle_since: Instant,
    /// Since when a head has begun and is not complete.
    head_since: Option<Instant>,
    begun: u64,
    given_up: u64,
    /// Since when the last piece of an answer lies unread, with the number of its request; there are few at a time.
    unread: Vec<(u64, Instant)>,
    ending_since: Option<Instant>,
}

impl State {
    fn unread_since(&mut self, number: u64) -> Option<&mut Instant> {
        let mut unread = self.unread.iter_mut();
        unread.find_map(|(of, since)| (*of == number).then_some(since))
    }

    /// A piece of the answer to that request lies unread from now on.
    fn note_unread(&mut self, number: u64) {
        let now = Instant::now();
        match self.unread_since(number) {
            Some(since) => *since = now,
            None => self.unread.push((number, now)),
        }
    }

    /// Nothing of that answer lies unread.
    fn note_read(&mut self, number: u64) {
        self.unread.retain(|(of, _)| *of != number);
    }
}

/// Which protocol, as soon as a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// None came yet, or they come one after another.
    OneByOne,
    /// Many at a time: HTTP/2.
    Streams,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    GoesOn,
    /// What is under way goes on, and nothing new is taken.
    Ends,
    /// It is closed.
    IsCut(&'static str),
}

fn decide(state: &State, patience: &Patience, leaving: Leaving, now: Instant) -> Verdict {
    let since = |then: Instant| now.saturating_duration_since(then);
    if state.given_up > GIVEN_UP_MAX && state.given_up.saturating_mul(2) > state.begun {
        return Verdict::IsCut("most of its requests were given up");
    }
    if state
        .unread
        .iter()
        .any(|(_, then)| since(*then) > patience.unread)
    {
        return Verdict::IsCut("an answer was not read");
    }
    // While something is under way, what comes behind it is not read.
    if state.under_way == 0
        && state
            .head_since
            .is_some_and(|then| since(then) > patience.head)
    {
        return Verdict::IsCut("a head took too long");
    }
    let unasked = state.begun == 0 && state.head_since.is_none();
    if let Some(ending) = state.ending_since {
        // Of a connection that never asked anything nothing is under way.
        let time = if unasked {
            patience.round
        } else {
            patience.ending
        };
        let late = since(ending) > time && leaving == Leaving::Stays;
        return if late {
            Verdict::IsCut("it did not end in time")
        } else {
            Verdict::GoesOn
        };
    }
    let idle = (state.under_way == 0 && since(state.idle_since) > patience.idle)
        || (unasked && since(state.opened) > patience.first);
    let ends = match leaving {
        Leaving::Stays => idle || since(state.opened) > patience.age,
        // Of HTTP/1 the next answer says that it is the last. To close a connection that is idle at the moment would meet
        // requests that are on their way.
        Leaving::Patiently => idle || state.speaks == Speaks::Streams,
        Leaving::Now => true,
    };
    if ends { Verdict::Ends } else { Verdict::GoesOn }
}

impl Default for Pulse {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                opened: now,
                speaks: Speaks::OneByOne,
                under_way: 0,
                idle_since: now,
                head_since: None,
                begun: 0,
                given_up: 0,
                unread: Vec::new(),
                ending_since: None,
            }),
            alarm: Notify::new(),
        }))
    }
}

impl Pulse {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    #[must_use]
    pub fn begin(&self, speaks: Speaks) -> UnderWay {
        let mut state = self.state();
        if state.speaks != speaks {
            state.speaks = speaks;
            self.0.alarm.notify_one();
        }
        state.under_way += 1;
        state.begun += 1;
        UnderWay {
            pulse: self.clone(),
            number: state.begun,
            stage: Stage::Asked,
        }
    }

    /// A head has begun, or is complete.
    pub fn note_head(&self, begun: bool) {
        self.state().head_since = begun.then(Instant::now);
    }

    /// Resolves when something happened that may change the verdict.
    pub async fn alarm(&self) {
        self.0.alarm.notified().await;
    }

    /// What is to be done at this time.
    #[must_use]
    pub fn judge(&self, patience: &Patience, leaving: Leaving) -> Verdict {
        let now = Instant::now();
        let mut state = self.state();
        let verdict = decide(&state, patience, leaving, now);
        if verdict == Verdict::Ends {
            state.ending_since = Some(now);
        }
        verdict
    }
}

/// A request until its answer is sent.
#[derive(Debug)]
pub struct UnderWay {
    pulse: Pulse,
    number: u64,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Asked,
    Answered,
}

impl UnderWay {
    /// There is an answer; the request is under way until its body is sent.
    pub fn answer<B>(mut self, body: B) -> Watched<B> {
        self.stage = Stage::Answered;
        // Who leaves no room for it is never asked for the first piece.
        self.pulse.state().note_unread(self.number);
        Watched {
            inner: body,
            rest: Bytes::new(),
            request: Arc::new(self),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.note_read(self.number);
        state.under_way = state.under_way.saturating_sub(1);
        state.idle_since = Instant::now();
        state.head_since = state.head_since.map(|_| state.idle_since);
        if self.stage == Stage::Asked {
            state.given_up += 1;
            if state.given_up > GIVEN_UP_MAX {
                self.pulse.0.alarm.notify_one();
            }
        }
    }
}

/// The body of an answer; it is noted when a piece of it lies unread.
#[derive(Debug)]
pub struct Watched<B> {
    inner: B,
    /// What is still to be said of what came.
    rest: Bytes,
    request: Arc<UnderWay>,
}

/// A piece of an answer until it is sent: the HTTP library takes what there is, long before a client has room for it.
struct Piece {
    bytes: Bytes,
    request: Arc<UnderWay>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut state = self.request.pulse.state();
        if let Some(since) = state.unread_since(self.request.number) {
            *since = Instant::now();
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Watched<B> {
    /// The next piece, and that it lies unread.
    fn piece(&mut self, mut bytes: Bytes) -> Frame<Bytes> {
        self.rest = bytes.split_off(bytes.len().min(PIECE_BYTES_MAX));
        self.request.pulse.state().note_unread(self.request.number);
        Frame::data(Bytes::from_owner(Piece {
            bytes,
            request: Arc::clone(&self.request),
        }))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.piece(rest))));
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(bytes) => this.piece(bytes),
                Err(trailers) => trailers,
            }))),
            Poll::Pending => {
                // There is room for the next piece: the last one was taken.
                this.request.pulse.state().note_read(this.request.number);
                Poll::Pending
            }
            // Pieces may be on their way for longer.
            ended => ended,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(inner.lower().saturating_add(rest));
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::{GIVEN_UP_MAX, PIECE_BYTES_MAX, Patience, Pulse, Speaks, State, Verdict, decide};
    use crate::capacity::Fill;
    use bytes::Bytes;
    use http_body::Body as _;
    use http_body_util::Full;
    use reception::leaving::Leaving;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn a_connection_goes_on_while_it_is_of_use() {
        let (start, patience) = (Instant::now(), Patience::default());
        let Patience {
            first,
            idle,
            idle_crowded,
            head,
            round,
            unread: left_lying,
            age,
            ending: end,
            ..
        } = patience;
        let more = Duration::from_secs(1);
        let new = Pulse::default().state().clone();
        let new = State {
            opened: start,
            idle_since: start,
            ..new
        };
        let kept = State {
            begun: 1,
            ..new.clone()
        };
        let busy = State {
            under_way: 1,
            ..kept.clone()
        };
        let streams = State {
            speaks: Speaks::Streams,
            ..busy.clone()
        };
        let in_head = State {
            head_since: Some(start),
            ..new.clone()
        };
        let behind = State {
            under_way: 1,
            begun: 1,
            ..in_head.clone()
        };
        let unread = State {
            unread: [(1, start)].into(),
            ..busy.clone()
        };
        let ending = State {
            ending_since: Some(start),
            ..unread.clone()
        };
        let ending_idle = State {
            ending_since: Some(start),
            ..kept.clone()
        };
        let ending_unasked = State {
            ending_since: Some(start),
            ..new.clone()
        };
        let many = GIVEN_UP_MAX + 1;
        let few_of_all = State {
            given_up: many,
            begun: many * 2,
            ..busy.clone()
        };
        let most_of_all = State {
            given_up: many,
            begun: many * 2 - 1,
            ..busy.clone()
        };
        let (stays, patiently, now) = (Leaving::Stays, Leaving::Patiently, Leaving::Now);
        let (on, ends) = ("goes on", "ends");
        for (what, state, leaving, after, verdict) in [
            ("silent", &new, stays, first, on),
            ("silent", &new, stays, first + more, ends),
            ("kept", &kept, stays, idle, on),
            ("kept", &kept, stays, idle + more, ends),
            ("busy", &busy, stays, idle + more, on),
            ("slow", &in_head, stays, head, on),
            ("slow", &in_head, stays, head + more, "cut"),
            ("slow behind another", &behind, stays, head + more, on),
            ("old", &busy, stays, age + more, ends),
            ("read slowly", &unread, stays, left_lying, on),
            ("not read", &unread, stays, left_lying + more, "cut"),
            (
                "not read at the end",
                &ending,
                now,
                left_lying + more,
                "cut",
            ),
            ("silent to the end", &ending_unasked, stays, round, on),
            (
                "silent to the end",
                &ending_unasked,
                stays,
                round + more,
                "cut",
            ),
            ("ending", &ending_idle, stays, end, on),
            ("ending", &ending_idle, stays, end + more, "cut"),
            (
                "ending, bounded by the leave",
                &ending_idle,
                patiently,
                end + more,
                on,
            ),
            ("impatient", &few_of_all, stays, more, on),
            ("a flood", &most_of_all, stays, more, "cut"),
            ("left", &new, now, more, ends),
            ("left", &busy, now, more, ends),
            ("left patiently", &new, patiently, more, on),
            ("left patiently", &busy, patiently, more, on),
            ("left patiently", &kept, patiently, idle, on),
            ("left patiently", &kept, patiently, idle + more, ends),
            ("left patiently", &new, patiently, first + more, ends),
            ("left patiently", &streams, patiently, more, ends),
        ] {
            let found = match decide(state, &patience, leaving, start + after) {
                Verdict::GoesOn => "goes on",
                Verdict::Ends => "ends",
                Verdict::IsCut(_) => "cut",
            };
            assert_eq!(found, verdict, "{what} {leaving:?} after {after:?}");
        }
        let crowded = patience.when(Fill::Crowded);
        for (after, verdict) in [
            (idle_crowded, Verdict::GoesOn),
            (idle_crowded + more, Verdict::Ends),
        ] {
            assert_eq!(decide(&kept, &crowded, stays, start + after), verdict);
            let roomy = patience.when(Fill::Roomy);
            assert_eq!(decide(&kept, &roomy, stays, start + after), Verdict::GoesOn);
            assert_eq!(
                decide(&busy, &crowded, stays, start + after),
                Verdict::GoesOn
            );
        }
    }

    #[test]
    fn an_answer_is_unread_until_the_last_piece_of_it_is_sent() {
        let pulse = Pulse::default();
        let said = Bytes::from(vec![0; PIECE_BYTES_MAX + 1]);
        let mut answer = pulse.begin(Speaks::Streams).answer(Full::new(said.clone()));
        let unread = || {
            let state = pulse.state();
            (state.under_way, state.unread.len())
        };
        assert_eq!(unread(), (1, 1), "nobody has asked for it yet");
        let mut context = Context::from_waker(Waker::noop());
        let mut pieces = Vec::new();
        assert_eq!(answer.size_hint().exact(), Some(said.len() as u64));
        while let Poll::Ready(Some(piece)) = Pin::new(&mut answer).poll_frame(&mut context) {
            pieces.push(piece.unwrap().into_data().unwrap());
            let left = said.len() - pieces.iter().map(Bytes::len).sum::<usize>();
            assert_eq!(answer.size_hint().exact(), Some(left as u64));
            assert_eq!(answer.is_end_stream(), left == 0);
        }
        let lengths: Vec<_> = pieces.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [PIECE_BYTES_MAX, 1]);
        drop(answer);
        pieces.remove(0);
        assert_eq!(unread(), (1, 1));
        drop(pieces);
        assert_eq!(unread(), (0, 0));
    }
}
