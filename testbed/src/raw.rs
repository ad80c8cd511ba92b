//! Bytes as no honest client would send them, and what comes back.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use anyhow::Context as _;

use crate::connection::Peer;

/// The longest that an answer, or the end of a connection, may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What came back until the server closed the connection.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status of the first answer; nothing when the server closed without one.
    pub status: Option<u16>,
    /// All that came, lower-cased head and body alike as they were.
    pub text: String,
}

impl Answer {
    /// The value of a header of the first answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The body of the first answer.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }
}

/// A connection that nothing has been made of.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    /// Opens one.
    ///
    /// # Errors
    /// When nothing listens.
    pub fn open(peer: &Peer) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(peer.address)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Sends bytes. A server that has answered already and closed is no failure: the answer is what counts.
    pub fn send(&mut self, bytes: &[u8]) {
        // A broken pipe shows in the answer.
        let _ = self.stream.write_all(bytes);
    }

    /// Ends the sending half.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads until these words have come; all that has come.
    ///
    /// # Errors
    /// When they do not come in time, or the server closes before.
    pub fn read_until(&mut self, words: &str) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        let mut buffer = [0_u8; 1];
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if text.contains(words) {
                return Ok(text.into_owned());
            }
            let count = self.stream.read(&mut buffer)?;
            anyhow::ensure!(count > 0, "the server closed after: {text}");
            bytes.extend_from_slice(&buffer);
        }
    }

    /// Reads until the server closes.
    ///
    /// # Errors
    /// When it neither answers nor closes in time.
    pub fn answer(mut self) -> anyhow::Result<Answer> {
        let mut bytes = Vec::new();
        let mut buffer = [0_u8; 4_096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                // What was not read of the request makes the server's end of the connection a reset.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => {
                    return Err(error).context("the server neither answers nor closes");
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok());
        Ok(Answer { status, text })
    }
}

/// Sends bytes on a connection of their own; the answer.
///
/// # Errors
/// When the server neither answers nor closes in time.
pub fn exchange(peer: &Peer, bytes: &[u8]) -> anyhow::Result<Answer> {
    let mut raw = Raw::open(peer)?;
    raw.send(bytes);
    raw.answer()
}
