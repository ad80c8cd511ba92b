//! A stream whose request heads are looked at on their way to the HTTP library.

use super::heads::Heads;
use crate::pulse::Pulse;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What the library reads in place of a head that is refused. No head may have the first byte, so that it answers
/// "400 Bad Request" in its turn, after the answers to what came before, and closes.
const POISON: &[u8] = b"\0\r\n\r\n";
/// How much is still read, and thrown away, of a client whose request was not read to its end: a socket that is closed over
/// unread bytes resets the connection, and the client might never see the answer that says why.
const LINGER_BYTES_MAX: usize = 1024 * 1024;
/// How long.
const LINGER: Duration = Duration::from_secs(2);
/// Room for what is thrown away at a time.
const WASTE_BYTES: usize = 4096;

/// A stream of a client.
pub struct Guarded<S> {
    inner: S,
    heads: Heads,
    /// Hears when a head begins and when it is complete.
    pulse: Pulse,
    verdict: Verdict,
    linger: Option<Linger>,
}

enum Verdict {
    Fine,
    /// What is still to be read of [`POISON`].
    Refused(&'static [u8]),
}

struct Linger {
    left: usize,
    end: Pin<Box<Sleep>>,
}

impl<S> Guarded<S> {
    /// From the first byte on.
    #[must_use]
    pub fn new(inner: S, pulse: Pulse) -> Self {
        Self {
            inner,
            heads: Heads::default(),
            pulse,
            verdict: Verdict::Fine,
            linger: None,
        }
    }

    fn look(&mut self, before: usize, buf: &mut ReadBuf<'_>) {
        let Some(bytes) = buf.filled().get(before..) else {
            return;
        };
        let before_in_head = self.heads.is_in_head();
        let followed = self.heads.follow(bytes);
        let in_head = followed.is_ok() && self.heads.is_in_head();
        if in_head != before_in_head {
            self.pulse.note_head(in_head);
        }
        if let Err(refusal) = followed {
            tracing::debug!(why = %refusal.why, "a request head is refused");
            buf.set_filled(before + refusal.at);
            self.verdict = Verdict::Refused(pour(POISON, buf));
        }
    }
}

/// Puts in what fits, and says what is left.
fn pour(poison: &'static [u8], buf: &mut ReadBuf<'_>) -> &'static [u8] {
    let (now, later) = poison.split_at(poison.len().min(buf.remaining()));
    buf.put_slice(now);
    later
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Verdict::Refused(poison) = this.verdict {
            this.verdict = Verdict::Refused(pour(poison, buf));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buf))?;
        this.look(before, buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.inner).poll_shutdown(context))?;
            if this.heads.is_between() && matches!(this.verdict, Verdict::Fine) {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = this.linger.get_or_insert_with(|| Linger {
            left: LINGER_BYTES_MAX,
            end: Box::pin(tokio::time::sleep(LINGER)),
        });
        linger.poll(&mut this.inner, context).map(Ok)
    }
}

impl Linger {
    /// Ends with the client's end, with an error, or with the bounds.
    fn poll<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let mut waste = [0_u8; WASTE_BYTES];
        while self.left > 0 {
            let mut buf = ReadBuf::new(&mut waste);
            match Pin::new(&mut *stream).poll_read(context, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.left = self.left.saturating_sub(buf.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.end.as_mut().poll(context),
            }
        }
        Poll::Ready(())
    }
}
