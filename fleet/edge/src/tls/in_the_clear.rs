//! Plain HTTP at a door of TLS: told in its own words that this door is another one. A browser that only heard an alert
//! would say that the server sent something broken.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// How long whoever is told may take.
const TOLD_SECS_MAX: u64 = 2;
/// What is read of the request, so that the end of the connection does not overtake the answer.
const READ_BYTES_MAX: u64 = 16 * 1024;
/// What is said.
const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 58\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n\
    TLS is spoken here: begin the address with https, not http";

/// Whether the client's first byte begins a method of HTTP, and not a record of TLS (RFC 8446 section 5.1). A client that
/// says nothing until the deadline does not.
pub async fn is_plain(stream: &TcpStream, deadline: Instant) -> bool {
    let mut first = [0_u8; 1];
    let read = timeout_at(deadline, stream.peek(&mut first)).await;
    matches!(read, Ok(Ok(1))) && first.iter().all(u8::is_ascii_uppercase)
}

/// Tells the client, as far as it listens.
pub async fn tell(stream: TcpStream) {
    let time = Duration::from_secs(TOLD_SECS_MAX);
    if let Ok(Err(error)) = timeout(time, say(stream)).await {
        tracing::debug!(%error, "a client that speaks in the clear was not told so");
    }
}

async fn say(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(ANSWER.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(READ_BYTES_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ANSWER;

    #[test]
    fn the_answer_says_its_own_length() {
        let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
        let length = format!("content-length: {}", body.len());
        assert!(head.lines().any(|line| line == length), "{head} {length}");
    }
}
