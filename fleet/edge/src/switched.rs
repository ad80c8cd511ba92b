//! Connections that go on in another protocol after an answer: bytes both ways until one side ends, or nobody has said
//! anything for long. A cell switches nothing that was not to be switched.

use crate::connection::Held;
use crate::headers::upgrade_of;
use http::{HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long neither side may say anything. Whoever keeps such a connection for long says something now and then.
const SILENCE_MAX: Duration = Duration::from_secs(3_600);

/// A connection that the client wants to switch to another protocol, and what it holds.
pub struct Switch {
    /// The client's side.
    pub client: OnUpgrade,
    /// Its place among all connections.
    pub held: Option<Held>,
}

/// What an answer makes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switching {
    /// Nothing.
    Stays,
    /// It is switched.
    Switches,
    /// It would be, and that was not asked for (RFC 9110 section 15.2.2): clients would take what follows for something else.
    Unasked,
}

/// What an answer makes of a connection whose client asked to switch it, or did not.
#[must_use]
pub fn decide_switching(asked: bool, status: StatusCode, headers: &HeaderMap) -> Switching {
    if status != StatusCode::SWITCHING_PROTOCOLS {
        Switching::Stays
    } else if asked && upgrade_of(headers).is_some() {
        Switching::Switches
    } else {
        Switching::Unasked
    }
}

/// Carries bytes both ways until one side ends or both are silent, and holds `body` and what the client's side holds meanwhile.
pub fn connect<B: Send + 'static>(switch: Switch, cell: OnUpgrade, body: B) {
    tokio::spawn(async move {
        if let (Ok(client), Ok(cell)) = tokio::join!(switch.client, cell) {
            carry(TokioIo::new(client), TokioIo::new(cell), SILENCE_MAX).await;
        }
        drop((switch.held, body));
    });
}

async fn carry<C, D>(client: C, mut cell: D, silence_max: Duration)
where
    C: AsyncRead + AsyncWrite + Unpin,
    D: AsyncRead + AsyncWrite + Unpin,
{
    let said = Notify::new();
    let mut client = Heard {
        inner: client,
        said: &said,
    };
    let carried = copy_bidirectional(&mut client, &mut cell);
    tokio::pin!(carried);
    loop {
        tokio::select! {
            ended = &mut carried => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a switched connection ended");
                }
                return;
            }
            heard = timeout(silence_max, said.notified()) => if heard.is_err() {
                tracing::debug!("a switched connection was silent for too long");
                return;
            },
        }
    }
}

/// A stream of which every byte that goes by is told.
struct Heard<'a, S> {
    inner: S,
    said: &'a Notify,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.inner).poll_read(context, buf))?;
        this.said.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<'_, S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let count = ready!(Pin::new(&mut this.inner).poll_write(context, bytes))?;
        this.said.notify_one();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::{SILENCE_MAX, Switching, carry, decide_switching};
    use http::{HeaderMap, HeaderValue, StatusCode};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    #[test]
    fn nothing_is_switched_that_was_not_to_be() {
        let (switching, ok) = (StatusCode::SWITCHING_PROTOCOLS, StatusCode::OK);
        let headers = |upgrade: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(to) = upgrade {
                headers.insert("connection", HeaderValue::from_static("upgrade"));
                headers.insert("upgrade", HeaderValue::from_static(to));
            }
            headers
        };
        for (asked, status, upgrade, verdict) in [
            (true, switching, Some("websocket"), Switching::Switches),
            (true, switching, Some("h2c"), Switching::Unasked),
            (true, switching, None, Switching::Unasked),
            (false, switching, Some("websocket"), Switching::Unasked),
            (false, switching, None, Switching::Unasked),
            (true, ok, Some("websocket"), Switching::Stays),
            (false, ok, None, Switching::Stays),
        ] {
            let found = decide_switching(asked, status, &headers(upgrade));
            assert_eq!(found, verdict, "{asked} {status} {upgrade:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_switched_connection_ends_when_neither_side_says_anything() {
        let ((mut client, ours), (theirs, mut cell)) = (duplex(64), duplex(64));
        let carried = tokio::spawn(carry(ours, theirs, SILENCE_MAX));
        let begun = Instant::now();
        let mut word = [0; 5];
        for _ in 0..3 {
            tokio::time::advance(SILENCE_MAX * 3 / 4).await;
            client.write_all(b"hello").await.unwrap();
            cell.read_exact(&mut word).await.unwrap();
            tokio::time::advance(SILENCE_MAX * 3 / 4).await;
            cell.write_all(b"hello").await.unwrap();
            client.read_exact(&mut word).await.unwrap();
        }
        assert!(!carried.is_finished());
        assert_eq!(client.read(&mut word).await.unwrap(), 0);
        assert!(begun.elapsed() > SILENCE_MAX * 4);
        carried.await.unwrap();
    }
}
