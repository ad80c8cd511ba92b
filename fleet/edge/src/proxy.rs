//! The way of one request: understood, its org found, sent to the org's cell, the answer sent back as it comes.

use crate::address::{Origin, Wanted, split_host};
use crate::answer::{AnswerBody, Refused, refuse, say};
use crate::breaker::{Breaker, Breakers, Probed};
use crate::complaints::Complaints;
use crate::connection::{Door, Facts};
use crate::follower::Routes;
use crate::framing;
use crate::headers::{Marks, Said, prepare_answer, prepare_request, upgrade_of};
use crate::holding::{HeldBody, Room, STILL_MAX};
use crate::hosts::{Hosts, find_org};
use crate::parking::{
    PARKED_SECS_MAX, Parking, Repeat, Spot, UNREACHED_SECS_MAX, Wait, decide_repeat,
};
use crate::passing::{Stuck, pass_on};
use crate::share::{Kind, Shares};
use crate::switched::{self, Switch, Switching, decide_switching};
use crate::traffic::{Outcome, Traffic};
use crate::trust::GivenId;
use crate::ways::{NoAnswer, Way, Ways};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use reception::timed_body::{TimedBody, TooSlow};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vocab::entropy::Entropy;
use wire::identity::{FleetIdentity, IdentityError};
use wire::names::CellName;
use wire::placement::{HELD_BYTES_MAX, Placement, STANDING_HEADER, Standing};
use wire::routes::entry::OrgRoute;
use wire::routes::follow::Followed;

/// Largest body of a request.
pub const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_SECS_MAX: u64 = 30;
/// How long a cell may take to begin its answer.
const ANSWER_SECS_MAX: u64 = 60;
/// Where a cell says that it lives.
const LIVE_PATH: &str = "/health/live";
/// For a year no browser that saw a host over TLS speaks to it otherwise (RFC 6797).
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// The body of a request as it is sent to a cell.
pub type SentBody = Either<Full<Bytes>, TimedBody<Limited<Incoming>>>;
type Answered = Result<(Response<Incoming>, Way), NoAnswer>;

/// Everything that the way of a request needs.
pub struct Proxy {
    origin: Origin,
    hosts: Hosts,
    routes: Routes,
    traffic: Arc<Traffic>,
    entropy: Arc<dyn Entropy>,
    pub(crate) shares: Shares,
    pub(crate) breakers: Breakers,
    parking: Parking,
    complaints: Complaints,
    room: Room,
    answers: Room,
    ways: Arc<Ways>,
}

/// A request whose org is known.
struct Bound {
    asked: Asked,
    body: SentBody,
    /// The same body once more, if it was held.
    held: Option<HeldBody>,
    upgrade: Option<Switch>,
}

/// What the client asks for, however often it is sent.
struct Asked {
    method: Method,
    target: PathAndQuery,
    headers: HeaderMap,
    host: HeaderValue,
}

impl Asked {
    /// Reading may be repeated, whatever became of it (RFC 9110 section 9.2.2).
    fn is_look(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
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
        Ok(Self {
            hosts: Hosts::new(origin.clone(), routes.clone()),
            origin,
            routes,
            traffic,
            entropy,
            shares: Shares::default(),
            breakers: Breakers::default(),
            parking: Parking::default(),
            complaints: Complaints::default(),
            room: Room::for_bodies(),
            answers: Room::for_answers(),
            ways: Arc::new(Ways::new(identity)?),
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
        let marks = Marks::new(given, self.entropy.as_ref());
        let id = marks.request_id.as_str();
        let mut answer = match self.handle(request, facts, &marks).await {
            Ok(mut answer) => {
                let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
                let upgrade = upgrade_of(answer.headers()).filter(|_| switches);
                prepare_answer(answer.headers_mut(), id);
                if let Some(upgrade) = upgrade {
                    let headers = answer.headers_mut();
                    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                    headers.insert(header::UPGRADE, upgrade);
                }
                answer
            }
            Err(refused) => refuse(&refused, id),
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
        marks: &Marks,
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
        let bound = bind(request, host, (&self.room, facts.client)).await?;
        let (begun, cell) = (Instant::now(), route.cell.clone());
        let answer = self.take_to_cell(bound, &wanted, route, facts, marks).await;
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
        bound: Bound,
        wanted: &Wanted,
        mut route: OrgRoute,
        facts: &Facts,
        marks: &Marks,
    ) -> Result<Response<AnswerBody>, Refused> {
        let Bound {
            asked,
            mut body,
            held,
            upgrade,
        } = bound;
        let begun = tokio::time::Instant::now();
        let mut spot: Option<Spot> = None;
        loop {
            let (repeat, wait, patience) = match self.send(&asked, body, &route, facts, marks).await
            {
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
                        return connect_upgrade(answer, upgrade);
                    }
                },
                // No connection, no request: nothing was begun.
                Err(Refused::Unreached) => (Repeat::WhenOpen, Wait::Cell, UNREACHED_SECS_MAX),
                Err(refused) => return Err(refused),
            };
            let (Some(held), true) = (&held, repeat != Repeat::Never) else {
                return Err(Refused::Unreachable);
            };
            let waiting = match &mut spot {
                Some(spot) => spot,
                none => {
                    let entered =
                        self.parking
                            .enter(&route.org, facts.client, wait, held.bytes.len());
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
            // Apart, since all that waiting holds would be room that every request takes along.
            if !Box::pin(waiting.wait(newer, probes, deadline)).await {
                return Err(Refused::Unreachable);
            }
            let known = find_org(&self.routes.current(), wanted).cloned();
            route = known.ok_or(Refused::Unknown)?;
            body = Either::Left(Full::new(held.bytes.clone()));
        }
    }

    async fn send(
        &self,
        asked: &Asked,
        body: SentBody,
        route: &OrgRoute,
        facts: &Facts,
        marks: &Marks,
    ) -> Result<Response<AnswerBody>, Refused> {
        let breaker = self.breakers.of(&route.cell);
        if breaker.is_open() {
            return Err(Refused::Unreachable);
        }
        // Where the client is still sending, it may be the client who takes long.
        let kind = match &body {
            Either::Left(_) => Kind::Whole,
            Either::Right(_) => Kind::Drawn,
        };
        let (cell, client) = (&route.cell, facts.client);
        let share = self.shares.take(cell, client, kind).ok_or(Refused::Busy)?;
        let expected = self.answers.expect_answer(client).ok_or(Refused::Busy)?;
        let map = self.routes.current();
        let known = map.map.cell(cell).ok_or(Refused::Unreachable)?;
        let placement = Placement {
            org: route.org.clone(),
            epoch: route.epoch,
        };
        let said = Said {
            client: facts.client,
            between: facts.between,
            scheme: facts.scheme,
            placement: &placement,
            deadline_millis: ANSWER_SECS_MAX * 1_000,
            host: &asked.host,
            marks,
        };
        let mut request = Request::new(body);
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = Uri::from(asked.target.clone());
        *request.headers_mut() = prepare_request(&asked.headers, &said);
        let sent = self.ways.ask(cell, &known.address, request);
        let watched = (kind == Kind::Whole).then_some(&breaker);
        let error = match self.wait_for_head(sent, watched, cell).await {
            Some(Ok(answer)) => {
                breaker.note_head();
                let whose = (&self.shares, cell, client);
                match pass_on(answer, expected, share, whose).await {
                    Ok(answer) => return Ok(answer),
                    Err(Stuck::Late) => return Err(Refused::Late),
                    // Else it was done, and to try it again would do it twice.
                    Err(Stuck::TooMany) if asked.is_look() => return Err(Refused::Busy),
                    Err(Stuck::TooMany) => return Err(Refused::Unsure),
                    Err(Stuck::Broken(error)) => NoAnswer::Broken(error),
                }
            }
            Some(Err(error)) => error,
            None if breaker.is_open() && asked.is_look() => return Err(Refused::Unreachable),
            None => return Err(Refused::Late),
        };
        if let NoAnswer::Broken(error) = &error
            && let Some(refused) = fault_of_body(error)
        {
            return Err(refused);
        }
        if self.complaints.is_due(cell, Instant::now()) {
            tracing::warn!(%cell, %error, cause = ?std::error::Error::source(&error), request = marks.request_id, "a cell could not be asked");
        }
        if asked.is_look() || matches!(error, NoAnswer::NotConnected(_)) {
            return Err(Refused::Unreached);
        }
        Err(Refused::Unsure)
    }

    /// The head of a cell's answer, or why there is none; nothing if it takes too long, or the cell is given up meanwhile.
    async fn wait_for_head(
        &self,
        sent: impl Future<Output = Answered>,
        breaker: Option<&Arc<Breaker>>,
        cell: &CellName,
    ) -> Option<Answered> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(ANSWER_SECS_MAX);
        tokio::pin!(sent);
        let Some(breaker) = breaker else {
            return tokio::time::timeout_at(deadline, sent).await.ok();
        };
        let soon = tokio::time::timeout(breaker.head_max(), sent.as_mut()).await;
        let is_late = match &soon {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => error.is_timeout(),
            Err(_) => true,
        };
        if is_late {
            let (ways, routes, cell) = (Arc::clone(&self.ways), self.routes.clone(), cell.clone());
            breaker.note_late(move || ask_life(Arc::clone(&ways), routes.clone(), cell.clone()));
        }
        if let Ok(done) = soon {
            return Some(done);
        }
        tokio::select! {
            done = tokio::time::timeout_at(deadline, sent) => done.ok(),
            () = breaker.opens() => None,
        }
    }
}

/// The answer for the client, whose connection goes on with the cell after it if both want that.
fn connect_upgrade(
    mut answer: Response<AnswerBody>,
    switch: Option<Switch>,
) -> Result<Response<AnswerBody>, Refused> {
    match decide_switching(switch.is_some(), answer.status(), answer.headers()) {
        Switching::Stays => Ok(answer),
        Switching::Unasked => Err(Refused::Unasked),
        Switching::Switches => {
            let cell = hyper::upgrade::on(&mut answer);
            let (head, body) = answer.into_parts();
            if let Some(switch) = switch {
                switched::connect(switch, cell, body);
            }
            Ok(Response::from_parts(head, Either::Left(Full::default())))
        }
    }
}

/// Asks a cell whether it lives; any answer will do.
async fn ask_life(ways: Arc<Ways>, routes: Routes, cell: CellName) -> Probed {
    let map = routes.current();
    let Some(known) = map.map.cell(&cell) else {
        return Probed::Gone;
    };
    let mut question = Request::new(Either::Left(Full::default()));
    *question.uri_mut() = Uri::from_static(LIVE_PATH);
    match ways.ask(&cell, &known.address, question).await {
        Ok(_) => Probed::Lives,
        Err(_) => Probed::Silent,
    }
}

/// Holds a body that is small, and bounds one that is not.
async fn bind(
    mut request: Request<Incoming>,
    host: HeaderValue,
    (room, client): (&Room, IpAddr),
) -> Result<Bound, Refused> {
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
        let held = match tokio::time::timeout(time, room.hold(body, client)).await {
            Ok(held) => held?,
            Err(_) => return Err(Refused::Slow),
        };
        (Either::Left(Full::new(held.bytes.clone())), Some(held))
    } else {
        let limit = usize::try_from(BODY_BYTES_MAX).unwrap_or(usize::MAX);
        let time = Duration::from_secs(BODY_SECS_MAX);
        let body = TimedBody::new(Limited::new(body, limit), time).never_still_for(STILL_MAX);
        (Either::Right(body), None)
    };
    let target = head.uri.into_parts().path_and_query;
    Ok(Bound {
        asked: Asked {
            method: head.method,
            target: target.unwrap_or_else(|| PathAndQuery::from_static("/")),
            headers: head.headers,
            host,
        },
        body,
        held,
        upgrade,
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

/// Whether it was the client's body that failed, and not the cell.
fn fault_of_body(error: &hyper::Error) -> Option<Refused> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut of_body = None;
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Some(Refused::Body(BODY_BYTES_MAX));
        }
        if error.is::<TooSlow>() {
            return Some(Refused::Slow);
        }
        if error.downcast_ref().is_some_and(hyper::Error::is_user) {
            of_body = Some(Refused::Broken);
        }
        cause = error.source();
    }
    of_body
}
