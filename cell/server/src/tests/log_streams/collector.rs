//! A receiver of syslog over TLS that listens, and reads what it is sent or misbehaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// What a receiver of syslog does with its next connection, in place of reading it to its end.
pub(super) enum Manner {
    /// It takes leave after so many bytes, and goes by a reset, as from every kernel whose program has not read what had come.
    EndAfter(usize),
    /// It reads nothing and stays.
    Hang,
    /// It reads all, and does not end.
    Stay,
}

/// A receiver of syslog over TLS: each connection that it has read to its end, frame by frame.
pub(super) struct Collector {
    pub(super) port: u16,
    manners: Arc<Mutex<VecDeque<Manner>>>,
    taken: mpsc::UnboundedReceiver<Vec<String>>,
}

impl Collector {
    pub(super) async fn start(acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let manners: Arc<Mutex<VecDeque<Manner>>> = Arc::default();
        let (tell, taken) = mpsc::unbounded_channel();
        let next = Arc::clone(&manners);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let manner = next.lock().unwrap().pop_front();
                let (acceptor, tell) = (acceptor.clone(), tell.clone());
                tokio::spawn(async move {
                    // A client that does not trust us turns away.
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut bytes = Vec::new();
                    match manner {
                        None => {
                            stream.read_to_end(&mut bytes).await.unwrap();
                            let _ = tell.send(parse_frames(&bytes));
                            stream.shutdown().await.unwrap();
                        }
                        Some(Manner::EndAfter(count)) => {
                            bytes.resize(count, 0);
                            stream.read_exact(&mut bytes).await.unwrap();
                            // What TLS has read ahead is nothing that the kernel knows to be unread.
                            stream.get_ref().0.set_zero_linger().unwrap();
                            stream.get_mut().1.send_close_notify();
                            let _ = stream.flush().await;
                        }
                        Some(Manner::Hang) => std::future::pending().await,
                        Some(Manner::Stay) => {
                            stream.read_to_end(&mut bytes).await.unwrap();
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self {
            port,
            manners,
            taken,
        }
    }

    pub(super) fn will(&self, manners: impl IntoIterator<Item = Manner>) {
        self.manners.lock().unwrap().extend(manners);
    }

    pub(super) fn took(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.taken.try_recv().ok())
            .flatten()
            .collect()
    }
}

/// The messages of a connection, by the count before each.
fn parse_frames(mut bytes: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let (count, rest) = bytes.split_at(space);
        let count: usize = std::str::from_utf8(count).unwrap().parse().unwrap();
        let (message, rest) = rest[1..].split_at(count);
        messages.push(String::from_utf8(message.to_vec()).unwrap());
        bytes = rest;
    }
    messages
}
