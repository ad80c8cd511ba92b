//! A request's body that must arrive in time: who sends a byte now and then would hold a connection for ever.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// The body was not complete in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body took too long")]
pub struct TooSlow;

/// A body that fails with [`TooSlow`] when it is not complete within a time, counted from the first wait for it.
pub struct TimedBody<B> {
    inner: B,
    time: Duration,
    still: Duration,
    /// There is none while nothing had to be waited for: most bodies come with the head.
    wait: Option<Wait>,
}

struct Wait {
    deadline: Instant,
    /// Ends with the deadline, or when the body has stood still for too long.
    alarm: Pin<Box<Sleep>>,
    /// Something has come since the alarm was set.
    goes_on: bool,
}

impl<B> TimedBody<B> {
    /// A body that must be complete within `time`.
    pub fn new(inner: B, time: Duration) -> Self {
        Self {
            inner,
            time,
            still: time,
            wait: None,
        }
    }

    /// The same, and it fails as soon as it has brought nothing for so long while somebody waited for it.
    #[must_use]
    pub fn never_still_for(self, still: Duration) -> Self {
        Self { still, ..self }
    }
}

impl<B> Body for TimedBody<B>
where
    B: Body + Unpin,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            if let Some(wait) = &mut this.wait {
                wait.goes_on = true;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let (now, time) = (Instant::now(), this.time);
        let wait = this.wait.get_or_insert_with(|| Wait {
            deadline: now + time,
            alarm: Box::pin(sleep_until(now)),
            goes_on: true,
        });
        if std::mem::take(&mut wait.goes_on) {
            let end = wait.deadline.min(now + this.still);
            wait.alarm.as_mut().reset(end);
        }
        let late = wait.alarm.as_mut().poll(context);
        late.map(|()| Some(Err(TooSlow.into())))
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
    use super::{TimedBody, TooSlow};
    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Channel, Full};
    use std::convert::Infallible;
    use std::time::Duration;

    const TIME: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_time_is_whole() {
        let body = TimedBody::new(Full::new(Bytes::from("a=b")), TIME);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "a=b");
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let reading = tokio::spawn(TimedBody::new(body, TIME).collect());
        sender.send_data(Bytes::from("a=")).await.unwrap();
        tokio::time::advance(TIME / 2).await;
        sender.send_data(Bytes::from("b")).await.unwrap();
        drop(sender);
        assert_eq!(reading.await.unwrap().unwrap().to_bytes(), "a=b");
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_does_not_help() {
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let reading = tokio::spawn(TimedBody::new(body, TIME).collect());
        let mut sent = 0;
        while sender.send_data(Bytes::from("a")).await.is_ok() {
            tokio::time::advance(TIME / 10).await;
            sent += 1;
            assert!(sent < 100, "it never ends");
        }
        let error = reading.await.unwrap().unwrap_err();
        assert!(error.is::<TooSlow>(), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_given_up_earlier() {
        let still = TIME / 6;
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let timed = TimedBody::new(body, TIME).never_still_for(still);
        let reading = tokio::spawn(timed.collect());
        for _ in 0..5 {
            sender.send_data(Bytes::from("a")).await.unwrap();
            tokio::task::yield_now().await;
            tokio::time::advance(still * 3 / 4).await;
        }
        assert!(!reading.is_finished());
        let since = tokio::time::Instant::now();
        let error = reading.await.unwrap().unwrap_err();
        assert!(error.is::<TooSlow>(), "{error}");
        assert!(since.elapsed() <= still);
        drop(sender);
    }
}
