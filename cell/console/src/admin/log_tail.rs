//! The live tail of the system log: server-sent events, read from the log by the number of the last row.
//!
//! Whoever goes on from a number misses no row and sees none twice, whatever is written meanwhile. A tail proves again
//! at each step that it may read: it ends with the session, with the role, and when the process stops.

use crate::admin::caller::{Answer, administrator, loaded};
use crate::admin::log::{Events, asked_of, decide_events, load_filter};
use crate::admin::row::log_row;
use crate::view::admin::{LogFilter as Asked, LogTailPage, TailRow};
use crate::visit::Visit;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use database::{DatabaseFault, ReadTx};
use http_body::{Body as HttpBody, Frame};
use identity::access::Permission;
use ledger::{LogFilter, LogRow};
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use vocab::id::{OrgId, UserId};

/// Most tails of one org at one time.
const ORG_TAILS_MAX: usize = 50;
/// Most tails of one person at one time: a browser opens six connections to a host, and pages need some.
const PERSON_TAILS_MAX: usize = 3;
/// How often the log is looked at, and the right to read it.
const TICK: Duration = Duration::from_secs(1);
/// Most rows that are sent at one look.
const TICK_ROWS_MAX: usize = 200;
/// After so many looks without a row a comment is sent, so that proxies keep the connection.
const QUIET_TICKS_MAX: u32 = 15;
/// Pieces that wait for a slow reader.
const WAITING_PIECES_MAX: usize = 16;
/// How long a reader may take none.
const READ_WAIT: Duration = Duration::from_secs(30);
/// How soon the browser tries again after the connection broke.
const RETRY_MILLIS: u32 = 2_000;

/// The tails that are open; clones share them.
#[derive(Clone)]
pub struct Tails(Arc<Inner>);

struct Inner {
    open: Mutex<HashMap<OrgId, OfOrg>>,
    closed: watch::Sender<bool>,
}

/// The tails of one org.
#[derive(Default)]
struct OfOrg {
    people: HashMap<UserId, usize>,
    /// Counts how often all of them were ended.
    ended: watch::Sender<u64>,
}

impl Default for Tails {
    fn default() -> Self {
        Self(Arc::new(Inner {
            open: Mutex::new(HashMap::new()),
            closed: watch::Sender::new(false),
        }))
    }
}

impl Tails {
    /// Ends every tail, for good: a connection that never ends would hold up the end of the process.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }

    /// Ends every tail of an org that is open: another process serves it from now on, and browsers find it by themselves.
    pub fn end_org(&self, org: &OrgId) {
        let open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_org) = open.get(org) {
            of_org.ended.send_modify(|times| *times += 1);
        }
    }

    /// A place for one more tail, if there is one.
    fn take(&self, org: &OrgId, user: &UserId) -> Option<Seat> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_org = open.entry(org.clone()).or_default();
        let all: usize = of_org.people.values().sum();
        let own = of_org.people.entry(user.clone()).or_default();
        if all >= ORG_TAILS_MAX || *own >= PERSON_TAILS_MAX {
            return None;
        }
        *own += 1;
        Some(Seat {
            tails: self.clone(),
            org: org.clone(),
            user: user.clone(),
            ended: of_org.ended.subscribe(),
        })
    }

    fn give_back(&self, org: &OrgId, user: &UserId) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_org) = open.get_mut(org) {
            if let Some(own) = of_org.people.get_mut(user) {
                *own = own.saturating_sub(1);
            }
            of_org.people.retain(|_, count| *count > 0);
            if of_org.people.is_empty() {
                open.remove(org);
            }
        }
    }
}

/// A place that is given back when the tail ends, however it ends.
struct Seat {
    tails: Tails,
    org: OrgId,
    user: UserId,
    ended: watch::Receiver<u64>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.tails.give_back(&self.org, &self.user);
    }
}

/// `GET /admin/log/live`: the page, which goes on from the newest row of now.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadLog).await?;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let head = ledger::load_head(&mut tx, &visit.context.org).await;
    drop(tx);
    let after = loaded(&visit, head)?.map_or(0, |head| head.seq);
    let filter = Asked {
        from: String::new(),
        to: String::new(),
        ..asked_of(&visit)
    };
    Ok(visit.page(&LogTailPage {
        shell: visit.shell(),
        filter,
        after,
    }))
}

/// `GET /admin/log/tail?after=…`: the stream. A browser that comes back names the last row that it saw itself.
pub async fn stream(Extension(tails): Extension<Tails>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadLog).await?;
    let asked = asked_of(&visit);
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let filter = loaded(&visit, load_filter(&mut tx, permit.org(), &asked).await)?;
    let head = loaded(&visit, ledger::load_head(&mut tx, permit.org()).await)?;
    drop(tx);
    let named = visit
        .header("last-event-id")
        .or(Some(visit.parameter("after")))
        .and_then(|text| text.parse::<i64>().ok());
    let seat = permit
        .own_user()
        .and_then(|user| tails.take(permit.org(), user));
    let (sender, receiver) = mpsc::channel(WAITING_PIECES_MAX);
    let Some(mut seat) = seat else {
        // Said inside the stream: a browser gives up for good on any other answer, and cannot tell why.
        let _ = sender.try_send(render_end("full"));
        return Ok(respond(receiver));
    };
    let tail = Tail {
        events: decide_events(&asked),
        beginning: asked.event,
        filter,
        after: named.unwrap_or_else(|| head.map_or(0, |head| head.seq)),
        sender,
        quiet_ticks: 0,
        visit,
    };
    let closed = tails.0.closed.subscribe();
    tokio::spawn(async move {
        tokio::select! {
            () = tail.run(closed) => {}
            _ = seat.ended.changed() => {}
        }
        drop(seat);
    });
    Ok(respond(receiver))
}

/// One tail, as its task carries it.
struct Tail {
    visit: Visit,
    filter: LogFilter,
    events: Events,
    beginning: String,
    after: i64,
    sender: mpsc::Sender<Bytes>,
    quiet_ticks: u32,
}

/// Why a tail ends.
enum End {
    /// The reader may read no more, or something failed: said to the reader.
    Said(&'static str),
    /// Nobody reads.
    Silent,
}

impl Tail {
    async fn run(mut self, mut closed: watch::Receiver<bool>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reader = self.sender.clone();
        let end = async {
            self.send(format!("retry: {RETRY_MILLIS}\n\n")).await?;
            loop {
                ticks.tick().await;
                self.step().await?;
            }
        };
        let end: Result<Infallible, End> = tokio::select! {
            // The process stops: the browser comes back by itself to whoever serves next.
            _ = closed.wait_for(|closed| *closed) => Err(End::Silent),
            () = reader.closed() => Err(End::Silent),
            end = end => end,
        };
        if let Err(End::Said(why)) = end {
            let _ = reader.try_send(render_end(why));
        }
    }

    /// What one look brings.
    async fn step(&mut self) -> Result<(), End> {
        self.check().await?;
        let rows = self.load_news().await.map_err(|fault| {
            tracing::error!(error = %fault, "a tail of the log cannot be read");
            End::Said("failed")
        })?;
        let t = self.visit.shell().t;
        let mut text = String::new();
        for row in &rows {
            let shown = serde_json::to_string(&TailRow::of(t, log_row(t, row))).unwrap_or_default();
            text.push_str(&render_row(row.seq, &shown));
        }
        self.quiet_ticks += 1;
        if text.is_empty() && self.quiet_ticks >= QUIET_TICKS_MAX {
            text.push_str(": nothing new\n\n");
        }
        if !text.is_empty() {
            self.quiet_ticks = 0;
            self.send(text).await?;
        }
        Ok(())
    }

    /// Whether the reader may still read: the session as it is now, by the policies of now. A tail does not count as
    /// use of the session: who only watches is signed out like everybody else.
    async fn check(&mut self) -> Result<(), End> {
        let session = match &self.visit.facts.session {
            Some(signed_in) => signed_in.session.id.clone(),
            None => return Err(End::Said("ended")),
        };
        let (cell, org) = (&self.visit.cell, &self.visit.context.org);
        let signed_in = cell.session_by_id(org, &session).await;
        let snapshot = cell.snapshot(org).await;
        let (Ok(Some(signed_in)), Ok(Some(snapshot))) = (signed_in, snapshot) else {
            return Err(End::Said("ended"));
        };
        let facts = Arc::make_mut(&mut self.visit.facts);
        facts.now = cell.now();
        facts.session = Some(Arc::new(signed_in));
        self.visit.snapshot = snapshot;
        let permit = administrator(&self.visit, Permission::ReadLog).await;
        permit.map(drop).map_err(|_| End::Said("ended"))
    }

    async fn load_news(&mut self) -> Result<Vec<LogRow>, DatabaseFault> {
        let mut tx = self.visit.cell.database.read().await?;
        self.load_after(&mut tx).await
    }

    /// The rows since the last look, a bounded number. Rows that the filter leaves out are passed over for good.
    async fn load_after(&mut self, tx: &mut ReadTx) -> Result<Vec<LogRow>, DatabaseFault> {
        let org = &self.visit.context.org;
        // In the same snapshot: no row up to the head can come to be later.
        let head = ledger::load_head(tx, org).await?.map_or(0, |head| head.seq);
        let filter = match self.events {
            Events::None => {
                self.after = head;
                return Ok(Vec::new());
            }
            Events::One(event_type) => LogFilter {
                event_type: Some(event_type),
                ..self.filter.clone()
            },
            Events::All | Events::Family => self.filter.clone(),
        };
        let page = ledger::load_after(tx, org, &filter, self.after, TICK_ROWS_MAX).await?;
        self.after = page.next.unwrap_or_else(|| head.max(self.after));
        let mut rows = page.rows;
        rows.retain(|row| row.event_type.starts_with(&self.beginning));
        Ok(rows)
    }

    async fn send(&self, text: String) -> Result<(), End> {
        match timeout(READ_WAIT, self.sender.send(Bytes::from(text))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Silent),
        }
    }
}

/// A row as an event, under its number.
fn render_row(seq: i64, json: &str) -> String {
    format!("id: {seq}\ndata: {json}\n\n")
}

/// The event that says that no more will come, and why.
fn render_end(why: &str) -> Bytes {
    Bytes::from(format!("event: end\ndata: {why}\n\n"))
}

fn respond(receiver: mpsc::Receiver<Bytes>) -> Response {
    let mut response = Body::new(Pieces(receiver)).into_response();
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies hand on what they get at once.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A body that comes piece by piece.
struct Pieces(mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::{ORG_TAILS_MAX, PERSON_TAILS_MAX, Tails, render_end, render_row};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserId};

    #[test]
    fn a_person_and_an_org_have_so_many_tails_and_get_them_back() {
        let entropy = SeededEntropy::new(3);
        let (tails, org) = (Tails::default(), OrgId::generate(&entropy));
        let user = UserId::generate(&entropy);
        let mut seats: Vec<_> = (0..PERSON_TAILS_MAX)
            .map(|_| tails.take(&org, &user).unwrap())
            .collect();
        assert!(tails.take(&org, &user).is_none());
        seats.pop();
        assert!(tails.take(&org, &user).is_some());
        drop(seats);
        let many: Vec<_> = (0..ORG_TAILS_MAX)
            .map(|_| tails.take(&org, &UserId::generate(&entropy)).unwrap())
            .collect();
        assert!(tails.take(&org, &user).is_none());
        assert!(tails.take(&OrgId::generate(&entropy), &user).is_some());
        drop(many);
        assert!(tails.0.open.lock().unwrap().is_empty());
    }

    #[test]
    fn the_tails_of_one_org_are_ended_and_later_ones_are_not() {
        let entropy = SeededEntropy::new(4);
        let (tails, user) = (Tails::default(), UserId::generate(&entropy));
        let [org, other] = [0, 1].map(|_| OrgId::generate(&entropy));
        let seats = [&org, &other].map(|org| tails.take(org, &user).unwrap());
        tails.end_org(&org);
        let late = tails.take(&org, &user).unwrap();
        let ended = seats.iter().chain([&late]);
        let ended: Vec<_> = ended
            .map(|seat| seat.ended.has_changed().unwrap())
            .collect();
        assert_eq!(ended, [true, false, false]);
    }

    #[test]
    fn events_are_framed_as_browsers_read_them() {
        assert_eq!(render_row(7, "{}"), "id: 7\ndata: {}\n\n");
        assert_eq!(render_end("full"), "event: end\ndata: full\n\n");
    }
}
