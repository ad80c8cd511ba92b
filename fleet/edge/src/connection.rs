//! One connection of a client, once it is known who speaks: HTTP/1.1 or HTTP/2 over any stream, within bounds.

use crate::capacity::{Capacity, Fill};
use crate::framing;
use crate::framing::guarded::Guarded;
use crate::lobby::Lobby;
use crate::proxy::Proxy;
use crate::pulse::{Patience, Pulse, Speaks, Verdict, Watched};
use crate::tls::handshake::Session;
use crate::trust::{GivenId, Trust};
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use reception::crowd::Place;
use reception::leaving::{Guest, Leaving};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval};

/// Largest request head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Requests at one time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Bytes of one request's body that a client may send ahead on an HTTP/2 connection.
const STREAM_AHEAD_BYTES: u32 = 256 * 1024;
/// The same of all requests of the connection together.
const CONNECTION_AHEAD_BYTES: u32 = 1024 * 1024;
/// Bytes of one answer that wait for a slow reader on an HTTP/2 connection.
const BEHIND_BYTES_MAX: usize = 64 * 1024;
/// Streams that a client may have reset before they were looked at (rapid reset, CVE-2023-44487).
const RESETS_PENDING_MAX: usize = 32;
/// Streams that a client may bring us to reset (MadeYouReset, CVE-2025-8671).
const RESETS_OURS_MAX: usize = 64;
/// How often it is asked whether a client is still there.
const PING_ROUND: Duration = Duration::from_secs(30);

/// What is known of a connection before its first request is read.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The other end of the socket.
    pub peer: SocketAddr,
    /// The client: the peer, unless a proxy that is trusted says otherwise.
    pub client: IpAddr,
    /// Whether somebody stands between us and the client.
    pub between: Between,
    /// How the client speaks: `http` or `https`.
    pub scheme: &'static str,
    /// The port of ours that it came in at.
    pub local_port: u16,
    /// By which of our doors.
    pub door: Door,
}

/// How requests are taken that come in by a door.
#[derive(Debug, Clone)]
pub enum Door {
    /// As they are.
    Plain,
    /// Over TLS.
    Tls(Arc<Session>),
    /// Not at all: they are sent on to TLS.
    Lobby(Arc<Lobby>),
}

/// Whether somebody stands between us and a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// As far as can be seen, nobody does.
    Nobody,
    /// A proxy that is trusted.
    Proxy,
    /// One that says of its client what is no address: it is not known who that is, and it is not the proxy.
    Unnaming,
}

/// On what terms connections are served.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How long each may do what.
    pub patience: Patience,
    /// Who is believed about whom.
    pub trust: Arc<Trust>,
    /// The places that all connections share.
    pub capacity: Capacity,
}

/// What a connection takes away from others, and what it hears. A switched connection keeps it beyond HTTP; clones share it.
#[derive(Debug, Clone)]
pub struct Held(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    guest: Guest,
    terms: Terms,
    _permit: OwnedSemaphorePermit,
    _place: Option<Place>,
}

impl Held {
    /// A place among all connections and one among those of the client; the guest hears when the process leaves.
    #[must_use]
    pub fn new(
        permit: OwnedSemaphorePermit,
        place: Option<Place>,
        guest: Guest,
        terms: Terms,
    ) -> Self {
        Self(Arc::new(Kept {
            guest,
            terms,
            _permit: permit,
            _place: place,
        }))
    }
}

/// Serves the requests of one connection until it ends or may not go on.
pub async fn serve<S>(stream: S, facts: Facts, proxy: Arc<Proxy>, held: Held)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (pulse, mut guest) = (Pulse::default(), held.0.guest.clone());
    let terms = held.0.terms.clone();
    let (asked, facts) = (pulse.clone(), Arc::new(facts));
    let client = facts.client;
    // What a balancer keeps is not taken from it, since a request may be on its way, of whomever.
    let balancer = terms.trust.believes(client);
    let service = service_fn(move |mut request: Request<Incoming>| {
        // A connection that may switch its protocol keeps its place beyond HTTP.
        if request.headers().contains_key(header::UPGRADE) {
            request.extensions_mut().insert(held.clone());
        }
        let (proxy, facts) = (Arc::clone(&proxy), Arc::clone(&facts));
        let (held, pulse) = (held.clone(), asked.clone());
        async move { Ok::<_, Infallible>(answer(request, &facts, &proxy, &held, &pulse).await) }
    });
    let builder = builder();
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(Guarded::new(stream, pulse.clone())), service);
    tokio::pin!(connection);
    let mut round = interval(terms.patience.round);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            _ = round.tick() => {}
            () = pulse.alarm() => {}
            () = guest.changed() => {}
        }
        let fill = if balancer {
            Fill::Roomy
        } else {
            terms.capacity.fill()
        };
        match pulse.judge(&terms.patience.when(fill), guest.leaving()) {
            Verdict::GoesOn => {}
            Verdict::Ends => connection.as_mut().graceful_shutdown(),
            Verdict::IsCut(why) => {
                tracing::debug!(why, %client, "a connection is cut");
                return;
            }
        }
    }
}

/// Answers one request, and says with the answer if it is the last of an HTTP/1 connection.
async fn answer(
    mut request: Request<Incoming>,
    facts: &Facts,
    proxy: &Proxy,
    held: &Held,
    pulse: &Pulse,
) -> Response<Watched<crate::answer::AnswerBody>> {
    let streams = request.version() == Version::HTTP_2;
    let under_way = pulse.begin(if streams {
        Speaks::Streams
    } else {
        Speaks::OneByOne
    });
    let last = framing::is_last(&request);
    let told = held.0.terms.trust.hear(facts, request.headers());
    let facts = Facts {
        client: told.client.unwrap_or(facts.client),
        between: match told.is_unnamed {
            true => Between::Unnaming,
            false => facts.between,
        },
        scheme: told.scheme.unwrap_or(facts.scheme),
        door: match &facts.door {
            // A proxy that speaks HTTP to us names hosts of many clients over one connection.
            Door::Tls(_) if held.0.terms.trust.believes(facts.client) => Door::Plain,
            door => door.clone(),
        },
        ..facts.clone()
    };
    if let Some(id) = told.request_id {
        request.extensions_mut().insert(GivenId(id));
    }
    let mut answer = match &facts.door {
        Door::Lobby(lobby) => lobby.answer(&request),
        Door::Plain | Door::Tls(_) => proxy.serve(request, &facts).await,
    };
    let leaves = !streams && held.0.guest.leaving() != Leaving::Stays;
    if (last || leaves) && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer.map(|body| under_way.answer(body))
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The time of a head is bounded by the pulse: the library's own timer would end idle connections as soon.
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_AHEAD_BYTES)
        .initial_connection_window_size(CONNECTION_AHEAD_BYTES)
        .max_send_buf_size(BEHIND_BYTES_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_OURS_MAX)
        .keep_alive_interval(PING_ROUND);
    builder
}
