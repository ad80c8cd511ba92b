//! The way of one request: understood, its org found, sent to the org's cell, the answer sent back as it comes.

use crate::address::{Origin, Wanted, split_host};
use crate::answer::{AnswerBody, Refused, refuse, say};
use crate::connection::{Door, Facts, Held};
use crate::follower::Routes;
use crate::framing;
use crate::headers::{Said, prepare_answer, prepare_request, random_hex, upgrade_of};
use crate::hosts::{Hosts, find_org};
use crate::parking::{
    PARKED_SECS_MAX, Parking, Repeat, Spot, UNREACHED_SECS_MAX, Wait, decide_repeat,
};
use crate::share::{Shares, Sharing, UNDER_WAY_EACH_MAX};
use crate::traffic::{Outcome, Traffic};
use crate::trust::GivenId;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use reception::timed_body::{TimedBody, TooSlow};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use vocab::entropy::Entropy;
use wire::identity::{FleetIdentity, FleetRole, IdentityError, server_name};
use wire::names::CellName;
use wire::placement::{Placement, STANDING_HEADER, Standing};
use wire::routes::entry::OrgRoute;
use wire::routes::follow::Followed;

/// Largest body of a request.
pub const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// A body up to this size is held, so that the request can be sent once more where a cell refused to begin it.
const HELD_BYTES_MAX: u64 = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_SECS_MAX: u64 = 30;
/// How long a cell may take to begin its answer.
const ANSWER_SECS_MAX: u64 = 60;
/// How long an idle connection to a cell is kept; shorter than cells keep them.
const IDLE_SECS_MAX: u64 = 10;
/// How long a connection to a cell may take.
const CONNECT_SECS_MAX: u64 = 3;
/// For a year no browser that saw a host over TLS speaks to it otherwise (RFC 6797).
const STRICT_TRANSPORT: &str = "max-age=31536000";

type SentBody = Either<Full<Bytes>, TimedBody<Limited<Incoming>>>;

/// Everything that the way of a request needs.
pub struct Proxy {
    origin: Origin,
    hosts: Hosts,
    routes: Routes,
    traffic: Arc<Traffic>,
    entropy: Arc<dyn Entropy>,
    pub(crate) shares: Shares,
    parking: Parking,
    cells: Client<HttpsConnector<HttpConnector<CellResolver>>, SentBody>,
}

/// A request whose org is known.
struct Bound {
    head: Parts,
    body: SentBody,
    /// The same body once more, if it was held.
    held: Option<Bytes>,
    upgrade: Option<Switch>,
    host: HeaderValue,
}

/// A connection that the client wants to switch to another protocol, and what it holds.
struct Switch {
    client: OnUpgrade,
    held: Option<Held>,
}

impl Proxy {
    /// A proxy that shows this certificate to cells.
    ///
    /// # Errors
    /// [`IdentityError`] if the certificate makes no configuration.
    pub fn new(
        identity: &FleetIdentity,
        origin: Origin,
        routes: Routes,
        traffic: Arc<Traffic>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, IdentityError> {
        let mut plain = HttpConnector::new_with_resolver(CellResolver(routes.clone()));
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(Duration::from_secs(CONNECT_SECS_MAX)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(identity.client_config()?)
            .https_only()
            .enable_http1()
            .wrap_connector(plain);
        let cells = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_SECS_MAX))
            .build(connector);
        Ok(Self {
            hosts: Hosts::new(origin.clone(), routes.clone()),
            origin,
            routes,
            traffic,
            entropy,
            shares: Shares::new(UNDER_WAY_EACH_MAX),
            parking: Parking::default(),
            cells,
        })
    }

    /// How clients are told to speak: `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.origin.scheme()
    }

    /// Answers one request.
    pub async fn serve(&self, request: Request<Incoming>, facts: &Facts) -> Response<AnswerBody> {
        let given = request.extensions().get::<GivenId>();
        let given = given.map(|GivenId(id)| id.clone());
        let id = given.unwrap_or_else(|| random_hex::<16>(self.entropy.as_ref()));
        let mut answer = match self.handle(request, facts, &id).await {
            Ok(mut answer) => {
                let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
                let upgrade = upgrade_of(answer.headers()).filter(|_| switches);
                prepare_answer(answer.headers_mut(), &id);
                if let Some(upgrade) = upgrade {
                    let headers = answer.headers_mut();
                    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                    headers.insert(header::UPGRADE, upgrade);
                }
                answer
            }
            Err(refused) => refuse(&refused, &id),
        };
        // Browsers would keep it for all that answers on this machine (RFC 6797 section 8.3).
        if matches!(facts.door, Door::Tls(_)) && !self.origin.is_local() {
            let strict = HeaderValue::from_static(STRICT_TRANSPORT);
            answer
                .headers_mut()
                .insert(header::STRICT_TRANSPORT_SECURITY, strict);
        }
        answer
    }

    async fn handle(
        &self,
        request: Request<Incoming>,
        facts: &Facts,
        id: &str,
    ) -> Result<Response<AnswerBody>, Refused> {
        let host = framing::check(&request)?;
        let name = split_host(host).map_err(|_| Refused::Unknown)?;
        if let Door::Tls(session) = &facts.door
            && !session.carries(&name, &self.hosts)
        {
            return Err(Refused::Misdirected);
        }
        let wanted = self.origin.place(name, request.uri().path());
        let host = HeaderValue::from_str(host).map_err(|_| Refused::Unknown)?;
        let map = self.routes.current();
        if wanted == Wanted::Fleet {
            return self.answer_for_fleet(request.uri().path(), &map);
        }
        if map.head.is_none() {
            return Err(Refused::NoMap);
        }
        let route = find_org(&map, &wanted).cloned().ok_or(Refused::Unknown)?;
        let bound = bind(request, host).await?;
        let (begun, cell) = (Instant::now(), route.cell.clone());
        let answer = self.take_to_cell(bound, &wanted, route, facts, id).await;
        let failed = answer
            .as_ref()
            .map_or(true, |answer| answer.status().is_server_error());
        let outcome = if failed {
            Outcome::Failed
        } else {
            Outcome::Answered
        };
        self.traffic.count(&cell, outcome, begun.elapsed());
        answer
    }

    fn answer_for_fleet(
        &self,
        path: &str,
        map: &Followed,
    ) -> Result<Response<AnswerBody>, Refused> {
        match path {
            "/health/live" => Ok(say(StatusCode::OK, "live\n")),
            "/health/ready" if map.head.is_some() => Ok(say(StatusCode::OK, "ready\n")),
            "/health/ready" => Err(Refused::NoMap),
            _ => Err(Refused::Nothing),
        }
    }

    /// Sends the request to the cell of the route, and again as long as it was not begun there and may be elsewhere, or later.
    async fn take_to_cell(
        &self,
        mut bound: Bound,
        wanted: &Wanted,
        mut route: OrgRoute,
        facts: &Facts,
        id: &str,
    ) -> Result<Response<AnswerBody>, Refused> {
        let (held, upgrade) = (bound.held.take(), bound.upgrade.take());
        let (head, host) = (bound.head.clone(), bound.host.clone());
        let begun = tokio::time::Instant::now();
        let mut spot: Option<Spot> = None;
        loop {
            let (repeat, wait, patience) = match self.send(bound, &route, facts, id).await {
                Ok(answer) => match standing_of(&answer) {
                    Some(standing) => {
                        tracing::debug!(org = %route.slug, cell = %route.cell, ours = %route.epoch, theirs = ?standing, "a cell does not serve an org at our epoch");
                        (
                            decide_repeat(route.epoch, standing),
                            Wait::Org,
                            PARKED_SECS_MAX,
                        )
                    }
                    None => {
                        if let Some(spot) = spot {
                            spot.leave();
                        }
                        return Ok(self.connect_upgrade(answer, upgrade));
                    }
                },
                // No connection, no request: nothing was begun.
                Err(Refused::Unreached) => (Repeat::WhenOpen, Wait::Cell, UNREACHED_SECS_MAX),
                Err(refused) => return Err(refused),
            };
            let (Some(body), true) = (&held, repeat != Repeat::Never) else {
                return Err(Refused::Unreachable);
            };
            let waiting = match &mut spot {
                Some(spot) => spot,
                none => {
                    let entered = self.parking.enter(&route.org, wait, body.len());
                    none.insert(entered.ok_or(Refused::Busy)?)
                }
            };
            let deadline = begun + Duration::from_secs(patience);
            let newer = self
                .routes
                .wait_for(Duration::from_secs(patience), |map: &Followed| {
                    find_org(map, wanted).is_none_or(|known| known.epoch > route.epoch)
                });
            let probes = repeat == Repeat::WhenOpen;
            if !waiting.wait(newer, probes, deadline).await {
                return Err(Refused::Unreachable);
            }
            let known = find_org(&self.routes.current(), wanted).cloned();
            route = known.ok_or(Refused::Unknown)?;
            bound = Bound {
                head: head.clone(),
                body: Either::Left(Full::new(body.clone())),
                held: None,
                upgrade: None,
                host: host.clone(),
            };
        }
    }

    async fn send(
        &self,
        bound: Bound,
        route: &OrgRoute,
        facts: &Facts,
        id: &str,
    ) -> Result<Response<Sharing<Incoming>>, Refused> {
        let share = self.shares.take(&route.cell).ok_or(Refused::Busy)?;
        let map = self.routes.current();
        let cell = map.map.cell(&route.cell).ok_or(Refused::Unreachable)?;
        let placement = Placement {
            org: route.org.clone(),
            epoch: route.epoch,
        };
        let mut head = bound.head;
        prepare_request(
            &mut head.headers,
            &Said {
                client: facts.client,
                between: facts.between,
                scheme: facts.scheme,
                placement: &placement,
                deadline_millis: ANSWER_SECS_MAX * 1_000,
                request_id: id,
            },
            self.entropy.as_ref(),
        );
        // Afterwards: a client may have listed it among what is about one connection alone.
        head.headers.insert(header::HOST, bound.host);
        head.version = Version::HTTP_11;
        head.uri = cell_uri(&route.cell, &cell.address, &head.uri).ok_or(Refused::Unreachable)?;
        head.extensions.clear();
        let is_look = matches!(head.method, Method::GET | Method::HEAD);
        let sent = self.cells.request(Request::from_parts(head, bound.body));
        match tokio::time::timeout(Duration::from_secs(ANSWER_SECS_MAX), sent).await {
            Ok(Ok(answer)) => Ok(answer.map(|body| Sharing::new(body, share))),
            Ok(Err(error)) => {
                if let Some(refused) = fault_of_body(&error) {
                    return Err(refused);
                }
                tracing::warn!(cell = %route.cell, %error, cause = ?std::error::Error::source(&error), request = id, "a cell could not be asked");
                // Reading may be repeated, whatever became of it (RFC 9110 section 9.2.2).
                if error.is_connect() || is_look {
                    return Err(Refused::Unreached);
                }
                Err(Refused::Unreachable)
            }
            Err(_) => Err(Refused::Late),
        }
    }

    /// After "101 Switching Protocols" bytes go both ways until one side ends.
    fn connect_upgrade(
        &self,
        mut answer: Response<Sharing<Incoming>>,
        switch: Option<Switch>,
    ) -> Response<AnswerBody> {
        let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let Some(switch) = switch.filter(|_| switches) else {
            return answer.map(Either::Right);
        };
        let cell = hyper::upgrade::on(&mut answer);
        let (head, body) = answer.into_parts();
        let share = body.into_share();
        tokio::spawn(async move {
            if let (Ok(client), Ok(cell)) = tokio::join!(switch.client, cell) {
                let (mut client, mut cell) = (TokioIo::new(client), TokioIo::new(cell));
                if let Err(error) = tokio::io::copy_bidirectional(&mut client, &mut cell).await {
                    tracing::debug!(%error, "a switched connection ended");
                }
            }
            drop((switch.held, share));
        });
        Response::from_parts(head, Either::Left(Full::default()))
    }
}

/// Holds a body that is small, and bounds one that is not.
async fn bind(mut request: Request<Incoming>, host: HeaderValue) -> Result<Bound, Refused> {
    let wants_upgrade = upgrade_of(request.headers()).is_some();
    let upgrade = wants_upgrade.then(|| Switch {
        client: hyper::upgrade::on(&mut request),
        held: request.extensions().get().cloned(),
    });
    let (head, body) = request.into_parts();
    let size = body.size_hint();
    if size.lower() > BODY_BYTES_MAX {
        return Err(Refused::Body(BODY_BYTES_MAX));
    }
    // A body that does not say its length has to be small: it is held, so that no cell waits for the rest of it.
    let small = size.exact().is_none_or(|bytes| bytes <= HELD_BYTES_MAX);
    let (body, held) = if small {
        let time = Duration::from_secs(BODY_SECS_MAX);
        let body = Limited::new(body, usize::try_from(HELD_BYTES_MAX).unwrap_or(usize::MAX));
        let bytes = match tokio::time::timeout(time, body.collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if !error.is::<LengthLimitError>() => return Err(Refused::Broken),
            Ok(Err(_)) | Err(_) => return Err(Refused::Body(HELD_BYTES_MAX)),
        };
        (Either::Left(Full::new(bytes.clone())), Some(bytes))
    } else {
        let limit = usize::try_from(BODY_BYTES_MAX).unwrap_or(usize::MAX);
        let time = Duration::from_secs(BODY_SECS_MAX);
        let body = TimedBody::new(Limited::new(body, limit), time);
        (Either::Right(body), None)
    };
    Ok(Bound {
        head,
        body,
        held,
        upgrade,
        host,
    })
}

/// What a cell says that does not serve the org; such a request was not begun.
fn standing_of<B>(answer: &Response<B>) -> Option<Option<Standing>> {
    let header = answer.headers().get(STANDING_HEADER);
    let standing = header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| Standing::parse(text).ok());
    (answer.status() == StatusCode::MISDIRECTED_REQUEST).then_some(standing)
}

/// The cell's name in its certificate, at the port where it listens; [`CellResolver`] knows the machine.
fn cell_uri(cell: &CellName, address: &str, target: &Uri) -> Option<Uri> {
    let (_, port) = address.rsplit_once(':')?;
    let name = server_name(FleetRole::Cell, cell.as_str());
    let path = target.path_and_query()?;
    Uri::builder()
        .scheme("https")
        .authority(format!("{name}:{port}"))
        .path_and_query(path.clone())
        .build()
        .ok()
}

/// Whether it was the client's body that failed, and not the cell.
fn fault_of_body(error: &hyper_util::client::legacy::Error) -> Option<Refused> {
    let mut cause = std::error::Error::source(error);
    let mut of_body = None;
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() || error.is::<TooSlow>() {
            return Some(Refused::Body(BODY_BYTES_MAX));
        }
        if error.downcast_ref().is_some_and(hyper::Error::is_user) {
            of_body = Some(Refused::Broken);
        }
        cause = error.source();
    }
    of_body
}

/// Finds the machine of a cell in the route map; asks DNS only where the map has a name.
#[derive(Clone)]
struct CellResolver(Routes);

impl tower::Service<Name> for CellResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let cell = name.as_str().split('.').next().unwrap_or_default();
        let map = self.0.current();
        let cell = CellName::parse(cell).ok();
        let address = cell.and_then(|cell| map.map.cell(&cell).map(|cell| cell.address.clone()));
        Box::pin(async move {
            let address = address.ok_or(io::ErrorKind::NotFound)?;
            let found: Vec<_> = tokio::net::lookup_host(address).await?.collect();
            Ok(found.into_iter())
        })
    }
}
